// What an engine does with the journal of the one before it: nothing if that one ended by its own will; else its set
// goes on. Pure.
//
// - Music that stopped a moment ago plays on where it would be by now; what stopped long ago, or before the machine was
//   started anew, is put on the decks and stands still: nobody expects sound then. So does a set that was on hold.
// - A file that was loaded within the last minute of two crashes in a row isn't loaded again.
// - After three crashes in a minute the decks stay empty.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schedule/checkpoint.h"
#include "schedule/journal.h"

namespace tactus::schedule {

enum class ComebackMode {
  now,      // where the music would be by now
  stopped,  // where it stopped
  off,      // empty decks
};

struct Comeback {
  std::optional<Checkpoint> set;     // what to bring back; without the files that aren't trusted
  bool play = false;                 // what played plays on; else it stands where it stopped
  double gone_seconds = 0;           // how far the music went on meanwhile ...
  std::int64_t at_ns = 0;            // ... until then; 0: it stands
  std::set<std::string> distrusted;  // files that aren't loaded again
  std::vector<std::string> notices;  // plain sentences for the user
};

constexpr const char* kWhyDistrusted = "it isn't loaded again until the engine has been stopped and started";
constexpr double kFreshSeconds = 60;  // a stop longer ago isn't played on from
constexpr std::size_t kManyCrashes = 3;
constexpr double kCrashWindow = 60;  // seconds

// Settings (Scheduler::settings) as they are `seconds` later: ramps under way have gone on, taken as linear in time.
std::vector<std::string> settings_after(std::vector<std::string> settings, double seconds);

// `now_ns`, `boot`: as in Checkpoint.
Comeback come_back(const ReadJournal& tail, std::int64_t now_ns, const std::string& boot, ComebackMode mode);

}  // namespace tactus::schedule
