#include "library/store/health.h"

#include <sys/stat.h>

#include <ctime>
#include <limits>

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

// Rows at a time, so that no statement reads a large table from end to end: a reader resets soon.
constexpr std::int64_t kCountedAtOnce = 20'000;

struct Counted {
  std::int64_t rows = 0, first = 0, second = 0;  // and those of them for which a condition holds
};

Counted count_rows(Database& db, const std::string& table, const std::string& first = "0",
                   const std::string& second = "0") {
  Statement& s = db.statement("SELECT count(*), sum(a), sum(b), max(id) FROM (SELECT id, " + first + " AS a, " +
                              second + " AS b FROM " + table + " WHERE id > ?1 ORDER BY id LIMIT ?2)");
  Counted out;
  std::int64_t after = std::numeric_limits<std::int64_t>::min(), rows = 0;
  do {
    s.bind(after, kCountedAtOnce).each([&](const Statement& row) {
      rows = row.integer(0);
      out.rows += rows;
      out.first += row.integer(1);
      out.second += row.integer(2);
      after = row.integer(3);
    });
  } while (rows == kCountedAtOnce);
  return out;
}

// Tracks that lie in more than one place.
std::int64_t count_duplicates(Database& db) {
  Statement& s = db.statement(
      "SELECT track, count(*) FROM file WHERE track > ?1 AND missing_since IS NULL GROUP BY track ORDER BY track "
      "LIMIT ?2");
  std::int64_t out = 0, after = std::numeric_limits<std::int64_t>::min(), rows = 0;
  do {
    rows = 0;
    s.bind(after, kCountedAtOnce).each([&](const Statement& row) {
      after = row.integer(0);
      out += row.integer(1) > 1;
      ++rows;
    });
  } while (rows == kCountedAtOnce);
  return out;
}

}  // namespace

LibraryCounts count_library(Database& db) {
  LibraryCounts out;
  const Counted tracks = count_rows(db, "track", "analysed IS NOT NULL");
  out.tracks = tracks.rows;
  out.analysed = tracks.first;
  const Counted files = count_rows(db, "file", "missing_since IS NOT NULL", "error IS NOT NULL");
  out.files = files.rows;
  out.missing = files.first;
  out.broken = files.second;
  out.duplicates = count_duplicates(db);
  out.phrases = count_rows(db, "phrase").rows;
  out.crates = count_rows(db, "crate").rows;
  out.plays = count_rows(db, "play").rows;
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
