// Background work that shares a machine with a running engine stands still while that can't stretch a deck as well as
// was asked, and for a few seconds after.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "client/client.h"
#include "media/worker_pool.h"

namespace tactus::app {

class Consideration {
 public:
  explicit Consideration(media::WorkerPool& pool) : pool_(pool) {}
  // What the engine shows now; some ten times a second.
  void look(const sidecar::BoardState& state);
  // The same by a client of its own, where an engine runs on the default session.
  void look();

 private:
  using Clock = std::chrono::steady_clock;

  media::WorkerPool& pool_;
  std::unique_ptr<client::Client> client_;
  Clock::time_point asked_{};            // for an engine
  Clock::time_point calm_since_{};       // none: it can't keep up now
  std::uint64_t epoch_ = 0, steps_ = 0;  // as seen last
  bool paused_ = false;
};

}  // namespace tactus::app
