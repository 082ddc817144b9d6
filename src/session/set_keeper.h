// Keeps what the next engine needs should this one die: checkpoints for the journal, soon after anything changed.
// Control thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "schedule/checkpoint.h"
#include "session/session.h"

namespace tactus::session {

// Nanoseconds on a clock that nobody sets and that runs on while the machine sleeps, and which start of the machine it
// counts from. Any thread.
std::int64_t boot_time_ns();
std::string boot_name();

// What is where now. `since`: the session frame at which each deck was loaded.
schedule::Checkpoint checkpoint_of(const Session& session, const std::array<std::int64_t, msg::kMaxDecks>& since);

class SetKeeper {
 public:
  // `write` takes a line with its newline.
  explicit SetKeeper(std::function<void(std::string)> write) : write_(std::move(write)), boot_(boot_name()) {}

  // Once a tick. Writes when something was changed, at most every 25 ms; while something plays every 2 s, so that the
  // time of a crash is known; else every 10 s.
  void tick(const Session& session);

 private:
  bool jumped(const schedule::Checkpoint& now) const;

  std::function<void(std::string)> write_;
  std::string boot_;
  std::array<std::uint64_t, msg::kMaxDecks> track_{};
  std::array<std::int64_t, msg::kMaxDecks> since_{};
  std::int64_t looked_ns_ = 0;
  std::optional<schedule::Checkpoint> last_;
  std::string settled_;
};

}  // namespace tactus::session
