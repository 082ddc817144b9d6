// What /undo takes back: for each source its reversible intents, latest last, with what brings back the state before.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "schedule/host_action.h"
#include "schedule/intent.h"

namespace tactus::schedule {

struct UndoStep {
  std::uint64_t id = 0;     // of the intent
  std::string control;      // what it moved, to gather a sweep into one step
  bool continuous = false;  // one move of a sweep
  Frame at;                 // when it was asked for, its last move if a sweep
  std::vector<msg::Command> commands;
  std::vector<HostAction> actions;
  std::string text;  // the intent, for people
};

class UndoLog {
 public:
  // A move of the same control by the same source within a second of the last one belongs to the same sweep: the state
  // before the first move stays the one to come back to.
  void add(const std::string& source, UndoStep step, Frames second);
  // The latest step of `source`; null if there is none. Valid until the next call.
  const UndoStep* latest(const std::string& source) const;
  void drop_latest(const std::string& source);
  // The intent never happened.
  void forget(std::uint64_t id);

 private:
  static constexpr std::size_t kSteps = 32;    // a source
  static constexpr std::size_t kSources = 64;  // beyond which the longest unused is forgotten
  struct Steps {
    std::string source;
    std::deque<UndoStep> steps;
  };
  Steps& of(const std::string& source);
  std::deque<Steps> sources_;  // latest used last
};

}  // namespace tactus::schedule
