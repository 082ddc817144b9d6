// A person's changes to the library, which can be taken back: each is one transaction, kept with what it changed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "library/store/store.h"

struct sqlite3_session;

namespace tactus::library {

// How many changes can be taken back.
constexpr std::int64_t kChangesKept = 10'000;

// From here to commit() all that is written into the tables of edits (tracks, marks, grids, crates, the prepare list)
// is one change. Not within another transaction.
class Edit {
 public:
  // `who`: what made it, "tactus library edit". `what`: the change in words.
  Edit(Store& store, std::string who, std::string what);
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;
  ~Edit();  // takes back what wasn't committed
  Database& db() { return db_; }
  // On the disk when it returns, with what was written into other tables. False: nothing of the tables of edits was
  // changed. What had been undone can't be done again after a new
  // change.
  bool commit();

 private:
  struct EndSession {
    void operator()(sqlite3_session* session) const;
  };
  Database& db_;
  std::string who_, what_;
  std::optional<Transaction> transaction_;
  std::unique_ptr<sqlite3_session, EndSession> session_;
};

struct Change {
  std::int64_t id = 0, at = 0;  // seconds since 1970
  std::string who, what;
  bool undone = false;
};
// The newest first.
std::vector<Change> changes(Database& db, int most);

// Takes back the last change that isn't taken back, or does the last one again. What was changed since by others than
// persons gives way. Nothing: there is none. Throws `refused` where what it was about is no longer there.
std::optional<Change> undo(Store& store);
std::optional<Change> redo(Store& store);

}  // namespace tactus::library
