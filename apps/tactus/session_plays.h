// What a session's journal says was played, taken into the library: all at once (tactus library history --take), or bit
// by bit while the session plays (tactus library keep). Taken in again and again, each play counts once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "library/store/plays.h"
#include "schedule/heard.h"

namespace tactus::app {

class SessionPlays {
 public:
  // The session's folder. Begins at the journal's first line.
  explicit SessionPlays(const std::filesystem::path& session);
  // From where the library has it that nothing earlier is open.
  void go_on_from_mark(library::Database& db);

  // What the journal has more than the last time; no journal: nothing. May block on the disk.
  void read();
  // Something is to be taken in: a play that began, or has ended.
  bool due() const;
  // Takes in what is due, and looks again for what wasn't in the library. How many plays were new.
  std::size_t take(library::Store& store);

  bool readable() const { return readable_; }
  // Of the journal's last run: it ended by its own will.
  bool ended() const { return heard_.ended(); }
  // Files that were played, and are in no library.
  const std::set<std::string>& unknown() const { return unknown_; }

 private:
  struct Taken {
    double until = -1;  // as the library has it; negative: nothing of it
    bool unknown = false;
  };
  library::Play play_of(library::Database& db, const schedule::HeardTrack& heard, library::TrackId track) const;
  void begin_at(std::uint64_t offset);

  std::string session_, name_;  // the folder, and what a session is called
  std::filesystem::path file_;
  std::uint64_t position_ = 0;
  bool readable_ = false;
  schedule::HeardTracks heard_;
  std::vector<Taken> taken_;  // of each that was heard
  std::set<std::string> unknown_;
  std::string marked_;
};

}  // namespace tactus::app
