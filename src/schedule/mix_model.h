// What every control is set to, and who could be heard. The scheduler is the only way to the sound, so remembering what
// it sent is knowing what is set. Pure; one owner.
#pragma once

#include <array>
#include <compare>
#include <map>
#include <optional>

#include "schedule/host_action.h"
#include "schedule/world.h"

namespace tactus::schedule {

// Gains below this are silence to the guards: -40 dB.
constexpr double kSilence = 0.01;
// And so is a deck that is sent to where less than this of its track is left: nobody can bring in another in time.
constexpr double kEndSeconds = 4;

// One control.
struct ParamKey {
  msg::Param param = msg::Param::trim;
  std::uint8_t deck = 0, index = 0, sub = 0;
  auto operator<=>(const ParamKey&) const = default;
  static ParamKey of(const msg::Command& c) { return {c.param, c.deck, c.index, c.sub}; }
};

// The frame at which the ramp of a command that executes at `at` is through, as the map is now.
Frame ramp_end(const msg::Command& c, Frame at, const World& world);

// The value at which a control does nothing to the sound; nothing for those that /panic leaves alone.
std::optional<double> neutral(msg::Param param);

// The target of each control, remembered from the commands that set it.
class ParamMemory {
 public:
  // What `key` was last set to; before that what the engine's snapshot says, or how the engine begins.
  double value(const ParamKey& key, const msg::Snapshot& snapshot) const;
  // What it was set to, if it ever was: where it came from and when, its value, and when its ramp is through.
  struct Set {
    double from = 0, value = 0;
    Frame at, until;
    msg::Curve curve = msg::Curve::linear;
    // Where it is, taken as linear in time.
    double now(Frame f) const;
  };
  std::optional<Set> known(const ParamKey& key) const;
  // Command::Op::set_param executing at `at`; older than what is known is ignored.
  void set(const msg::Command& c, Frame at, const World& world);
  // The frame until which a ramp that bears on a deck's loudness is under way.
  Frame fading_until(int deck) const { return fading_[static_cast<std::size_t>(deck)]; }

 private:
  std::map<ParamKey, Set> known_;
  std::array<Frame, msg::kMaxDecks> fading_{};
};

// A mix that can be played forward: memory and snapshot, then commands on top.
class MixModel {
 public:
  // `fades`: fading_out() will be asked. Who was heard before each command and who after takes as long as all the rest.
  MixModel(const ParamMemory& memory, const World& world, bool fades) : memory_(memory), world_(world), fades_(fades) {}

  // What executes at `at`; calls come in order of time.
  void apply(const msg::Command& c, Frame at);
  void apply(const HostAction& a);

  double value(const ParamKey& key) const;
  bool loaded(int deck) const;
  bool playing(int deck) const;
  bool audible(int deck) const;  // on the master bus, above kSilence, and neither held nor about to end by a command
  bool any_audible() const;
  // Whether a deck that isn't audible, or is on its way to that, can still be heard at `at`.
  bool fading_out(int deck, Frame at) const;

 private:
  struct Deck {
    std::optional<bool> loaded, playing, reversed, looping;
    Frame fades_until;
    // What commands made of it: a hand stopped the platter; it was sent to the end of its track.
    bool held = false, ending = false;
    // Where a command sent it, in track frames, and when.
    std::optional<std::pair<double, Frame>> sent;
  };
  void transport(const msg::Command& c, Frame at);
  void send_to(int deck, double place, Frame at);
  void turn(int deck, bool reversed, Frame at);
  void loop(const msg::Command& c, Frame at);
  double place(int deck, Frame at) const;  // track frame
  double beat_frames(int deck) const;      // track frames a beat
  bool near_end(int deck, double place) const;
  double deck_value(msg::Param param, int deck, int index = 0) const;
  double stem_gain(int deck) const;
  double bands_gain(int deck) const;
  Deck& deck(int n) { return decks_[static_cast<std::size_t>(n)]; }
  const Deck& deck(int n) const { return decks_[static_cast<std::size_t>(n)]; }

  const ParamMemory& memory_;
  const World& world_;
  const bool fades_;
  std::map<ParamKey, double> set_;
  std::array<Deck, msg::kMaxDecks> decks_{};
};

}  // namespace tactus::schedule
