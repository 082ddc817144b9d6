#include "library/store/health.h"

#include <sys/stat.h>

#include <ctime>

#include "library/store/backup.h"

namespace tactus::library {

namespace {

void check_database(Database& db, Health& out) {
  db.statement("PRAGMA integrity_check(20)").bind().each([&](const Statement& s) {
    if (s.view(0) != "ok") out.faults.push_back("the database is damaged: " + s.text(0));
  });
  std::int64_t dangling = 0;
  db.statement("PRAGMA foreign_key_check").bind().each([&](const Statement&) { ++dangling; });
  if (dangling > 0)
    out.faults.push_back(std::to_string(dangling) + " rows belong to tracks or crates that aren't there");
}

void note_backups(const std::string& folder, Health& out) {
  const std::vector<Backup> all = backups(folder);
  if (all.empty()) {
    out.notes.push_back("there is no backup yet; the next change makes one, or `tactus library backup`");
    return;
  }
  const std::int64_t days = (static_cast<std::int64_t>(std::time(nullptr)) - all.front().made) / 86400;
  if (days > 7) out.notes.push_back("the last backup is " + std::to_string(days) + " days old");
}

}  // namespace

LibraryCounts count_library(Database& db) {
  const auto count = [&](const char* of) { return db.integer(std::string("SELECT count(*) FROM ") + of).value_or(0); };
  LibraryCounts out;
  out.tracks = count("track");
  out.files = count("file");
  out.missing = count("file WHERE missing_since IS NOT NULL");
  out.broken = count("file WHERE error IS NOT NULL");
  out.duplicates = count(
      "(SELECT 1 FROM file WHERE missing_since IS NULL AND track IS NOT NULL GROUP BY track HAVING count(*) > 1)");
  out.analysed = count("track WHERE analysed IS NOT NULL");
  out.phrases = count("phrase");
  out.crates = count("crate");
  out.plays = count("play");
  struct stat status {};
  if (::stat(db.path().c_str(), &status) == 0) out.bytes = status.st_size;
  return out;
}

Health examine(const std::string& folder) {
  Health out;
  out.writer = WriterLock::holder(lock_file(folder));
  out.log = log_state(folder);
  try {
    Reader reader(folder);
    check_database(reader.db(), out);
  } catch (const StoreError& e) {
    if (e.kind() != StoreError::Kind::corrupt) throw;
    out.faults.push_back(e.what());
  }
  if (const std::string trouble = log_trouble(out.log); !trouble.empty()) out.notes.push_back(trouble);
  note_backups(folder, out);
  return out;
}

}  // namespace tactus::library
