// A library on disk: a folder with an SQLite database (`library.db`), its backups and the lock of who writes.
//
// One process writes at a time (Store), any number read (Reader); neither waits for the other, since the database keeps
// its changes in a log of its own (WAL) until they are moved over. Readers copy a page of rows out and reset their
// statement at once: while a statement stands in the middle of its rows, the log can't shrink. Everything throws
// StoreError; everything may block on the disk, so nothing of it is for the control or the audio thread. A Reader or
// Store belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "library/store/schema.h"
#include "library/store/sql.h"
#include "library/store/writer_lock.h"

namespace tactus::library {

// $TACTUS_LIBRARY, else $XDG_DATA_HOME/tactus/library (by default ~/.local/share/tactus/library). Empty: none is known.
std::string default_folder();
std::string database_file(const std::string& folder);
std::string lock_file(const std::string& folder);

// How long a connection waits for another program that holds the database locked.
constexpr int kBusyMs = 5000;
// The most rows that one page has.
constexpr int kMostRows = 1000;

class Reader {
 public:
  // Throws `missing` where there is no library yet. One of an older layout is refused: a Store brings it up to date.
  explicit Reader(const std::string& folder);
  Database& db() { return db_; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  Database db_;
};

class Store {
 public:
  struct Options {
    std::string who = "another Tactus";  // what others are told who holds the lock
    RoleWait wait{};                     // for another writer
    bool create = true;                  // the folder and an empty library, where there is none
    bool upkeep = true;                  // false: an older layout is refused, and no backup is made
    int busy_ms = kBusyMs;
    std::span<const SchemaStep> steps = schema_steps();
  };
  // Takes the role of the writer; brings an older layout up to date; makes the day's backup (backup.h). A migration is
  // refused where no backup can be made before it.
  explicit Store(const std::string& folder);
  Store(const std::string& folder, const Options& options);
  // The same for who holds the role already.
  Store(const std::string& folder, WriterLock lock, const Options& options);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  // Moves the log into the database as far as readers let it.
  ~Store();
  Database& db() { return db_; }
  const std::string& folder() const { return folder_; }
  // What somebody should know, a sentence each: that the day's backup couldn't be made.
  const std::vector<std::string>& notices() const { return notices_; }

  // As much of the log into the database as readers let it, and the log's file cut to nothing; false: a reader is in
  // the way (log.h).
  bool shrink_log();

 private:
  std::string folder_;
  WriterLock lock_;
  int busy_ms_;
  Database db_;
  std::vector<std::string> notices_;
};

}  // namespace tactus::library
