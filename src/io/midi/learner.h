// Finds out what a control of an unknown controller sends, from what comes in while a person moves it.
//
// Pure: no thread, no port, no clock of its own. One thread. Not realtime-safe (it allocates).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/midi/mapping.h"

namespace tactus::io {

// Listens for one control at a time.
class ControlLearner {
 public:
  enum class Wanted : std::uint8_t {
    key,   // pressed and released once
    knob,  // moved over its whole range and back: a knob, a fader, or an encoder turned both ways
    turn,  // a wheel or encoder, turned both ways
  };
  static constexpr std::int64_t kQuietNs = 600'000'000;  // a control that sends nothing for so long was moved enough

  explicit ControlLearner(Wanted wanted) : wanted_(wanted) {}

  void on_message(const MidiMessage& m, std::int64_t now_ns);
  // What was moved, once it rests; nothing while that can't be said. Then `hint` says what is still missing, if
  // anything was moved at all.
  std::optional<MidiTrigger> learned(std::int64_t now_ns, std::string* hint) const;
  // Begins again.
  void forget() { *this = ControlLearner(wanted_); }

 private:
  struct Moved {
    MidiMessage first;  // status and number; of pitch bend the status alone
    std::vector<int> values;
  };
  const Moved* most(int kind) const;
  std::optional<MidiTrigger> learned_key() const;
  std::optional<MidiTrigger> learned_knob(std::string* hint) const;
  std::optional<MidiTrigger> learned_turn(std::string* hint) const;
  std::optional<MidiTrigger> pair_of(const Moved& cc) const;

  Wanted wanted_;
  std::vector<Moved> moved_;
  std::int64_t last_ns_ = 0;
};

// Ticks of a relative control: counts a wheel's revolution.
class TickCounter {
 public:
  explicit TickCounter(const MidiTrigger& turn) : turn_(turn) {}
  void on_message(const MidiMessage& m, std::int64_t now_ns);
  // Of the whole turn, either way round; 0: it hasn't been turned, or not come to rest.
  int ticks(std::int64_t now_ns) const;

 private:
  MidiTrigger turn_;
  int ticks_ = 0;
  std::int64_t last_ns_ = 0;
};

// One question of a walk through a controller.
struct LearnQuestion {
  std::string title;  // "Deck 1, PLAY"
  ControlLearner::Wanted wanted = ControlLearner::Wanted::key;
  std::string lines;   // of its [[control]], without `midi`
  double step = 0;     // of an encoder in a knob's place
  int touch_deck = 0;  // > 0: the answer is the touch of this deck's wheel
  int turn_deck = 0;   // > 0: it is its turning
};

struct LearnedControl {
  LearnQuestion question;
  MidiTrigger trigger;
  int ticks = 0;  // of a wheel; 0: wasn't counted
};

// All that is asked of a controller of so many decks, 1 to 4, in order.
std::vector<LearnQuestion> learn_questions(int decks);
// What is the device's own in a port's name: not the client's name before it, nor the number behind it that ALSA gives
// anew each time.
std::string device_part(const std::string& port);
// The mapping file of what was answered.
std::string learned_mapping(const std::string& name, const std::string& device,
                            const std::vector<LearnedControl>& controls);

}  // namespace tactus::io
