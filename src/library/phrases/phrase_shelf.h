// The phrases of a library, found again by their sound: the index file beside the database, and what the database has
// that is newer.
//
//   folder/phrases.index   made of the database, and made anew whenever it isn't whole; it may be deleted at any time
//   folder/phrases.lock    held by whoever writes it
//
// Whoever keeps a shelf open calls read_on() now and then (when the database's data_version changes, or before a
// search). One thread at a time, but for index(), which any number may search. Everything may block on the disk and
// throws StoreError.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "library/phrases/local_index.h"
#include "library/store/sql.h"

namespace tactus::library {

class PhraseShelf {
 public:
  // Maps the file, where it fits the database. `db` is borrowed; it need only be read.
  PhraseShelf(Database& db, std::string folder);
  PhraseShelf(Database& db, std::string folder, const LocalIndex::Options& options);

  // Takes in what is new in the database, for at most about so long. True: all of it. Until then the index holds a
  // part.
  bool read_on(std::chrono::milliseconds most);
  void read_all();

  // Of one embedder, the one that the newest phrase has a vector of. Stays as it is while somebody holds it; read_on()
  // may put another one in its place.
  std::shared_ptr<LocalIndex> index() const { return index_; }
  // Why there was no file to go on from; empty: there was.
  const std::string& notice() const { return notice_; }

  // So much is beside the file that every search takes notice.
  bool worth_writing() const;
  // Writes the file anew, of all that was read. False: somebody else is at it, or `progress` ended it.
  bool write(const BuildProgress& progress = {});
  // Lets a writer forget the changes that the file holds. `writer` is the database, to be written.
  void forget_written(Database& writer) const;

 private:
  struct Log {
    std::uint64_t forgotten = 0, newest = 0;  // changes up to that one are no longer told; the last one
  };
  Log log();
  void start_over();
  bool read_changes(std::chrono::steady_clock::time_point until);
  bool read_rows(std::chrono::steady_clock::time_point until);
  void take(Statement& row, int first_column);

  Database& db_;
  const std::string folder_;
  const LocalIndex::Options options_;
  std::shared_ptr<LocalIndex> index_;
  std::uint64_t read_ = 0;        // changes up to this one are in the index
  std::int64_t rows_after_ = -1;  // all rows are being read, these are next; -1: they have been
  std::string notice_;
};

}  // namespace tactus::library
