// Says when a deck's stretching gives way to what the machine can do, and when it comes back.
//
// Control thread only.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "session/session.h"

namespace tactus::session {

class StretchWatch {
 public:
  // After each control tick. `notice` hears a sentence for each step of a deck.
  void after_tick(const Session& session, const std::function<void(const std::string&)>& notice);

  // The sentence for a deck (from 0) whose stretcher was, is, and was asked to be this; "" where nothing is to be said.
  static std::string sentence(int deck, msg::StretchMode before, msg::StretchMode now, msg::StretchMode asked);

 private:
  std::array<msg::StretchMode, msg::kMaxDecks> asked_{}, now_{};
};

}  // namespace tactus::session
