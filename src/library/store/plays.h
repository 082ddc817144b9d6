// What was played: by session, and how often.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "library/store/store.h"

namespace tactus::library {

struct Play {
  std::int64_t track = 0;
  std::string session;       // the name of its folder
  std::int64_t started = 0;  // seconds since 1970
  double seconds = 0;        // for which it was heard
  int deck = 1;
};

// In one transaction; the same play again counts once, for as long as it is known to have been heard. Raises the
// tracks' counts. How many were new.
std::size_t record_plays(Store& store, const std::vector<Play>& plays);

struct PlayedSession {
  std::string session;
  std::int64_t started = 0, plays = 0;
  double seconds = 0;
};
// The newest first.
std::vector<PlayedSession> sessions(Database& db, int most);
// In the order in which they began.
std::vector<Play> plays_of(Database& db, const std::string& session);

}  // namespace tactus::library
