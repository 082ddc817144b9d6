#include "consideration.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace tactus::app {

using namespace std::chrono_literals;

namespace {
constexpr auto kCalm = 3s;
constexpr auto kAskAgain = 2s;
}  // namespace

void Consideration::look(const sidecar::BoardState& state) {
  const bool behind = std::any_of(std::begin(state.decks), std::end(state.decks),
                                  [](const sidecar::BoardDeck& deck) { return deck.stretching != deck.stretch; });
  const bool same_engine = std::exchange(epoch_, state.epoch) == state.epoch;
  const bool stepped = std::exchange(steps_, state.degraded) != state.degraded && same_engine;
  const auto now = Clock::now();
  if (behind || stepped) calm_since_ = now;
  paused_ = behind || stepped || (paused_ && now - calm_since_ < kCalm);
  pool_.pause_idle(paused_);
}

void Consideration::look() {
  const auto now = Clock::now();
  if ((!client_ || client_->closed()) && now - asked_ >= kAskAgain) {
    asked_ = now;
    std::string no_engine;
    client_ = client::Client::connect({.name = "analysis", .kind = "script"}, &no_engine);
  }
  if (!client_ || client_->closed()) return pool_.pause_idle(paused_ = false);
  while (client_->next(0ms)) {
  }
  if (const auto state = client_->board().read(); state && state->version != 0) look(*state);
}

}  // namespace tactus::app
