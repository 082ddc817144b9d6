#include "library/store/edit.h"

#include <sqlite3.h>

#include <array>
#include <ctime>

namespace tactus::library {

namespace {

constexpr std::array kEditedTables = {"track", "mark", "grid", "crate", "crate_track", "prepare"};

struct SqliteFree {
  void operator()(void* memory) const { sqlite3_free(memory); }
};

// A person's change is on the disk before it is told; bulk work may lose its last moments with the power, never more.
void keep_on_disk(Database& db, bool at_once) {
  db.execute(at_once ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

// What SQLite asks where a row isn't what the change left behind.
int on_conflict(void*, int kind, sqlite3_changeset_iter*) {
  switch (kind) {
    case SQLITE_CHANGESET_DATA:
    case SQLITE_CHANGESET_CONFLICT:
      return SQLITE_CHANGESET_REPLACE;
    case SQLITE_CHANGESET_NOTFOUND:
      return SQLITE_CHANGESET_OMIT;
    default:
      return SQLITE_CHANGESET_ABORT;
  }
}

void apply_changeset(Database& db, std::string& changeset) {
  const int code = sqlite3changeset_apply(db.handle(), static_cast<int>(changeset.size()), changeset.data(), nullptr,
                                          on_conflict, nullptr);
  if (code == SQLITE_OK) return;
  if (code == SQLITE_ABORT || code == SQLITE_CONSTRAINT || code == SQLITE_SCHEMA)
    throw StoreError(StoreError::Kind::refused, "that can't be done any more: what it was about has gone");
  db.raise(code);
}

std::string inverted(Database& db, std::string& changeset) {
  int size = 0;
  void* bytes = nullptr;
  const int code = sqlite3changeset_invert(static_cast<int>(changeset.size()), changeset.data(), &size, &bytes);
  const std::unique_ptr<void, SqliteFree> owned(bytes);
  if (code != SQLITE_OK) db.raise(code);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::optional<Change> turn(Store& store, bool back) {
  Database& db = store.db();
  keep_on_disk(db, true);
  std::optional<Change> out;
  {
    Transaction transaction(db);
    std::string changeset;
    db.statement(back ? "SELECT id, at, who, what, changeset FROM change WHERE NOT undone ORDER BY id DESC LIMIT 1"
                      : "SELECT id, at, who, what, changeset FROM change WHERE undone ORDER BY id LIMIT 1")
        .bind()
        .each([&](const Statement& s) {
          out = Change{s.integer(0), s.integer(1), s.text(2), s.text(3), back};
          changeset = s.text(4);
        });
    if (out) {
      if (back) changeset = inverted(db, changeset);
      apply_changeset(db, changeset);
      db.run("UPDATE change SET undone = ?2 WHERE id = ?1", out->id, back);
      transaction.commit();
    }
  }
  keep_on_disk(db, false);
  return out;
}

}  // namespace

void Edit::EndSession::operator()(sqlite3_session* session) const { sqlite3session_delete(session); }

Edit::Edit(Store& store, std::string who, std::string what)
    : db_(store.db()), who_(std::move(who)), what_(std::move(what)) {
  keep_on_disk(db_, true);
  transaction_.emplace(db_);
  sqlite3_session* session = nullptr;
  int code = sqlite3session_create(db_.handle(), "main", &session);
  session_.reset(session);
  for (const char* table : kEditedTables)
    if (code == SQLITE_OK) code = sqlite3session_attach(session, table);
  if (code != SQLITE_OK) db_.raise(code);
}

Edit::~Edit() {
  session_.reset();
  transaction_.reset();
  try {
    keep_on_disk(db_, false);
  } catch (const StoreError&) {  // slower, no worse
  }
}

bool Edit::commit() {
  int size = 0;
  void* bytes = nullptr;
  const int code = sqlite3session_changeset(session_.get(), &size, &bytes);
  const std::unique_ptr<void, SqliteFree> owned(bytes);
  if (code != SQLITE_OK) db_.raise(code);
  if (size == 0) {
    transaction_->commit();
    return false;
  }
  db_.run("DELETE FROM change WHERE undone");
  db_.run("INSERT INTO change(at, who, what, changeset) VALUES(?1, ?2, ?3, ?4)",
          static_cast<std::int64_t>(std::time(nullptr)), who_, what_,
          Bytes{{static_cast<const char*>(bytes), static_cast<std::size_t>(size)}});
  db_.run("DELETE FROM change WHERE id <= ?1", db_.last_id() - kChangesKept);
  transaction_->commit();
  return true;
}

std::vector<Change> changes(Database& db, int most) {
  std::vector<Change> out;
  db.statement("SELECT id, at, who, what, undone FROM change ORDER BY id DESC LIMIT ?1")
      .bind(std::min(most, kMostRows))
      .each([&](const Statement& s) {
        out.push_back({s.integer(0), s.integer(1), s.text(2), s.text(3), s.integer(4) != 0});
      });
  return out;
}

std::optional<Change> undo(Store& store) { return turn(store, true); }
std::optional<Change> redo(Store& store) { return turn(store, false); }

}  // namespace tactus::library
