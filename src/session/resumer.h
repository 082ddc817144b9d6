// Brings a set back into a fresh session: settings, tracks, then, once their audio is there, positions, loops and
// everybody's start at one frame, so that what was in phase is in phase. All of it as intents. Control thread only.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "schedule/comeback.h"
#include "session/session.h"

namespace tactus::session {

class Resumer {
 public:
  // `clock`: now, in nanoseconds, on the clock of checkpoints; a test's own otherwise.
  Resumer(schedule::Comeback back, std::int64_t (*clock)());

  // Once a tick. False when there is nothing left to do.
  bool tick(Session& session);

 private:
  struct Deck {
    schedule::DeckPoint point;
    enum class Step { loading, placed, started } step = Step::loading;
  };
  void begin(Session& session);
  void place(Session& session, Deck& deck);
  bool ready(const Session& session, const Deck& deck) const;
  void start(Session& session);
  void start_deck(Session& session, Deck& deck, Frame at);
  double position(const Session& session, const Deck& deck, Frame at) const;
  double gone_by(const Session& session, Frame at) const;

  schedule::Comeback back_;
  std::int64_t (*clock_)();
  std::int64_t began_ns_ = 0;
  std::vector<Deck> decks_;
  bool started_ = false;
};

}  // namespace tactus::session
