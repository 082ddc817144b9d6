#include "library/store/backup.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "library/store/store.h"

namespace tactus::library {

namespace fs = std::filesystem;

namespace {

// As part of a name: 2026-11-30-183000.
std::string time_text(std::time_t time) {
  std::tm local{};
  ::localtime_r(&time, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d-%H%M%S", &local);
  return text;
}

std::string backup_folder(const std::string& folder) { return folder + "/backups"; }

// Page by page, as one transaction of the target.
void copy_database(Database& from, Database& to) {
  sqlite3_backup* copy = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (!copy) to.raise(sqlite3_extended_errcode(to.handle()));
  const int stepped = sqlite3_backup_step(copy, -1);
  const int finished = sqlite3_backup_finish(copy);
  if (stepped != SQLITE_DONE) to.raise(finished != SQLITE_OK ? finished : stepped);
}

void remove_database(const std::string& path) {
  std::error_code ignored;
  for (const char* part : {"", "-journal", "-wal", "-shm"}) fs::remove(path + part, ignored);
}

void remove_old(const std::string& folder, const std::string& kind) {
  std::size_t kept = 0;
  for (const Backup& b : backups(folder)) {
    if (!b.name.ends_with("-" + kind + ".db") || ++kept <= kBackupsKept) continue;
    std::error_code ignored;
    fs::remove(b.path, ignored);
  }
}

std::string sound_backup(const std::string& folder, const std::string& named) {
  std::error_code ignored;
  std::string path = named;
  if (!fs::exists(path, ignored)) path = backup_folder(folder) + "/" + named;
  if (!fs::exists(path, ignored)) throw StoreError(StoreError::Kind::missing, "there is no backup " + named);
  Database db(path, Database::Mode::read, kBusyMs);
  if (check_version(db) == 0) throw StoreError(StoreError::Kind::corrupt, path + ": it is empty");
  const std::string said = db.text("PRAGMA integrity_check(1)").value_or("");
  if (said != "ok") throw StoreError(StoreError::Kind::corrupt, path + ": the backup is damaged: " + said);
  return path;
}

// The library as it is now, out of the way. Gives what became of it.
std::string put_aside(const std::string& folder) {
  const std::string path = database_file(folder);
  try {
    Database db(path, Database::Mode::write, kBusyMs);
    if (db.text("PRAGMA quick_check(1)") == "ok")
      return "what the library was until now is kept as " + make_backup(db, folder, "before-restore").name;
  } catch (const StoreError& e) {
    // A full disk is no reason to give up a sound library.
    if (e.kind() != StoreError::Kind::corrupt) throw;
  }
  const std::string aside = path + "-damaged-" + time_text(std::time(nullptr));
  for (const char* part : {"", "-wal"}) {
    std::error_code code;
    fs::rename(path + part, aside + part, code);
    if (code && std::string(part).empty())
      throw StoreError(StoreError::Kind::other, path + ": it can't be renamed: " + code.message());
  }
  std::error_code ignored;
  fs::remove(path + "-shm", ignored);
  return "the library was damaged; it is kept as " + aside;
}

}  // namespace

std::vector<Backup> backups(const std::string& folder) {
  std::vector<Backup> out;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(backup_folder(folder), code)) {
    const std::string name = entry.path().filename().string();
    struct stat status {};
    if (!name.starts_with("library-") || !name.ends_with(".db") || ::stat(entry.path().c_str(), &status) != 0) continue;
    out.push_back({name, entry.path().string(), status.st_size, status.st_mtime});
  }
  std::sort(out.begin(), out.end(), [](const Backup& a, const Backup& b) { return a.name > b.name; });
  return out;
}

bool backed_up_today(const std::string& folder) {
  const std::string today = "library-" + time_text(std::time(nullptr)).substr(0, 10);
  const std::vector<Backup> all = backups(folder);
  return std::any_of(all.begin(), all.end(), [&](const Backup& b) { return b.name.starts_with(today); });
}

Backup make_backup(Database& db, const std::string& folder, const std::string& kind) {
  std::error_code code;
  fs::create_directories(backup_folder(folder), code);
  if (code) throw StoreError(StoreError::Kind::other, backup_folder(folder) + ": it can't be made: " + code.message());
  // One that was made in the same second keeps its name.
  std::time_t now = std::time(nullptr);
  std::string name;
  do {
    name = "library-" + time_text(now++) + "-" + kind + ".db";
  } while (fs::exists(backup_folder(folder) + "/" + name));
  const std::string path = backup_folder(folder) + "/" + name, part = path + ".part";
  remove_database(part);
  try {
    Database copy(part, Database::Mode::create, 0);
    copy_database(db, copy);
    // In the place of a log: a backup is one file.
    copy.execute("PRAGMA journal_mode = DELETE");
  } catch (const StoreError&) {
    remove_database(part);
    throw;
  }
  fs::rename(part, path, code);
  if (code) {
    remove_database(part);
    throw StoreError(StoreError::Kind::other, path + ": it can't be made: " + code.message());
  }
  remove_old(folder, kind);
  return {name, path, static_cast<std::int64_t>(fs::file_size(path, code)), std::time(nullptr)};
}

std::vector<std::string> restore_backup(const std::string& folder, const std::string& backup, const std::string& who,
                                        const RoleWait& wait) {
  std::error_code code;
  fs::create_directories(folder, code);
  const WriterLock lock(lock_file(folder), who, wait);
  const std::string path = sound_backup(folder, backup);
  std::vector<std::string> said;
  if (fs::exists(database_file(folder), code)) said.push_back(put_aside(folder));
  Database from(path, Database::Mode::read, kBusyMs);
  Database to(database_file(folder), Database::Mode::create, kBusyMs);
  copy_database(from, to);
  to.execute("PRAGMA journal_mode = WAL");
  // Of the library as it was until now; made anew of this one.
  fs::remove(fs::path(folder) / "phrases.index", code);
  said.push_back("the library is again what it was in " + path);
  return said;
}

}  // namespace tactus::library
