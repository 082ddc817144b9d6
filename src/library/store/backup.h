// Copies of a library's database: made by SQLite while it is in use, kept in the library's folder (backups/), brought
// back whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "library/store/sql.h"
#include "library/store/writer_lock.h"

namespace tactus::library {

// How many of each kind are kept; older ones are removed when a new one is there.
constexpr std::size_t kBackupsKept = 5;

struct Backup {
  std::string name;  // library-2026-11-30-183000-daily.db
  std::string path;
  std::int64_t size = 0;  // bytes
  std::int64_t made = 0;  // seconds since 1970
};

// The newest first.
std::vector<Backup> backups(const std::string& folder);
// One of any kind, by this machine's calendar.
bool backed_up_today(const std::string& folder);

// Of what is committed now. It appears under its name when it is whole. `kind`: daily, by-hand, before-update,
// before-restore. Throws StoreError, and leaves nothing behind, when it can't be made.
Backup make_backup(Database& db, const std::string& folder, const std::string& kind);

// Puts a backup, a path or a name among backups(), in the place of the library; what the library was until then becomes
// a backup of its own, or, where it is too damaged for that, is renamed (library.db-damaged-…). Takes the writer's
// lock; readers that are open see the restored library. A backup that is damaged, or from a newer Tactus, is refused
// and changes nothing. Gives what it has done, a sentence each.
std::vector<std::string> restore_backup(const std::string& folder, const std::string& backup, const std::string& who,
                                        const RoleWait& wait = {});

}  // namespace tactus::library
