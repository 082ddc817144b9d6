#include "library/store/store.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "library/store/backup.h"

namespace tactus::library {

namespace {

// Without the folder the lock can't be taken, so it comes first of all.
std::string made_folder(const std::string& folder, bool create) {
  if (folder.empty()) throw StoreError(StoreError::Kind::missing, "no folder for the library is known: set HOME");
  std::error_code code;
  if (create) {
    std::filesystem::create_directories(folder, code);
    if (code) throw StoreError(StoreError::Kind::other, folder + ": it can't be made: " + code.message());
  } else if (!std::filesystem::exists(database_file(folder), code)) {
    throw StoreError(StoreError::Kind::missing,
                     "there is no library in " + folder + "; `tactus library scan FOLDER` makes one");
  }
  return folder;
}

std::string existing_database(const std::string& folder) {
  made_folder(folder, false);
  return database_file(folder);
}

// Sizes and settings of a connection; those that are kept in the file are set where it is made.
void set_up(Database& db, bool writes) {
  db.execute("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768");
  db.execute("PRAGMA mmap_size = 1073741824");
  if (writes) {
    db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    // What a stopped reader made grow is given back once it has gone.
    db.execute("PRAGMA journal_size_limit = 16777216");
  } else {
    db.execute("PRAGMA query_only = ON");
  }
}

[[noreturn]] void throw_older(const std::string& folder) {
  throw StoreError(StoreError::Kind::refused, folder +
                                                  ": the library has the layout of an older Tactus; "
                                                  "`tactus library doctor` brings it up to date");
}

}  // namespace

std::string default_folder() {
  const char* own = std::getenv("TACTUS_LIBRARY");
  if (own && *own) return own;
  const char* xdg = std::getenv("XDG_DATA_HOME");
  if (xdg && *xdg == '/') return std::string(xdg) + "/tactus/library";
  const char* home = std::getenv("HOME");
  return home && *home == '/' ? std::string(home) + "/.local/share/tactus/library" : std::string();
}
std::string database_file(const std::string& folder) { return folder + "/library.db"; }
std::string lock_file(const std::string& folder) { return folder + "/library.lock"; }

Reader::Reader(const std::string& folder)
    : folder_(folder), db_(existing_database(folder), Database::Mode::write, kBusyMs) {
  set_up(db_, false);
  const int version = check_version(db_);
  if (version == 0) throw StoreError(StoreError::Kind::missing, folder + ": the library is being made just now");
  if (version < schema_version()) throw_older(folder);
}

Store::Store(const std::string& folder) : Store(folder, Options()) {}

Store::Store(const std::string& folder, const Options& options)
    : Store(folder, WriterLock(lock_file(made_folder(folder, options.create)), options.who, options.wait), options) {}

Store::Store(const std::string& folder, WriterLock lock, const Options& options)
    : folder_(made_folder(folder, options.create)),
      lock_(std::move(lock)),
      busy_ms_(options.busy_ms),
      db_(database_file(folder), Database::Mode::create, busy_ms_) {
  const int version = check_version(db_, options.steps);  // before anything is written into somebody else's database
  const bool older = version > 0 && version < options.steps.back().version;
  if (older && !options.upkeep) throw_older(folder);
  set_up(db_, true);
  if (older) {
    make_backup(db_, folder_, "before-update");
  } else if (version > 0 && options.upkeep && !backed_up_today(folder_)) {
    try {
      make_backup(db_, folder_, "daily");
    } catch (const StoreError& e) {
      notices_.push_back(std::string("today's backup of the library couldn't be made: ") + e.what());
    }
  }
  migrate(db_, options.steps);
}

Store::~Store() {
  try {
    shrink_log();
  } catch (const StoreError&) {  // the next writer tries again
  }
}

bool Store::shrink_log() {
  sqlite3_busy_timeout(db_.handle(), 0);  // a reader that hangs is no reason to wait
  const bool whole = db_.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
  sqlite3_busy_timeout(db_.handle(), busy_ms_);
  return whole;
}

}  // namespace tactus::library
