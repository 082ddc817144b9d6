// A mapping at work: messages of a controller become intents, and states become messages to its lights.
//
// Pure: no thread, no port, no clock of its own. One owner, the control thread. Not realtime-safe (it allocates).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/midi/mapping.h"

namespace tactus::io {

// What a mapper asks of the running set.
class MapperView {
 public:
  virtual ~MapperView() = default;
  // A field that the mapping's FieldFinder named.
  virtual double field(int field) const = 0;
  // What the open argument of `intent` would have to be to leave things as they are; nothing: can't be said.
  virtual std::optional<double> setting(const schedule::Intent& intent) const = 0;
};

// Makes the platter follow a hand on a jog wheel: a wheel reports single ticks, the platter needs a speed. A
// phase-locked loop of second order, critically damped (Gardner, Phaselock Techniques, ch. 2), whose phase is the place
// of the record: its speed is what moves its own phase, so the record ends where the hand does, however coarse the
// ticks are.
class PlatterHand {
 public:
  // A hand is on, and the record stands. `tick_seconds`: how much of the record a tick of the wheel is.
  void take(std::int64_t now_ns, double tick_seconds);
  // Turned by so many seconds of record.
  void turn(double seconds) { ahead_ += seconds; }
  // The speed from now until the next call. Calls some milliseconds apart.
  double speed(std::int64_t now_ns);

 private:
  double ahead_ = 0;  // of the hand before the record, seconds
  double steady_ = 0, speed_ = 0;
  double bandwidth_ = 0;
  std::int64_t at_ns_ = 0;
};

class Mapper {
 public:
  explicit Mapper(Mapping mapping);

  const Mapping& mapping() const { return mapping_; }

  // What a message asks for, appended to `out`. Others' messages and garbage ask for nothing.
  void on_message(const MidiMessage& m, std::int64_t now_ns, const MapperView& view,
                  std::vector<schedule::Intent>& out);
  // Once a control period: what jog wheels do between their ticks.
  void tick(std::int64_t now_ns, std::vector<schedule::Intent>& out);
  // The lights that changed since the last call, appended to `out`. Every 30 ms or so.
  void lights(const MapperView& view, std::vector<MidiMessage>& out);
  // The device is new: all lights are sent again.
  void forget_lights() { shown_.clear(); }
  // The device has gone: what was held is let go, hands are off the wheels.
  void let_go(std::vector<schedule::Intent>& out);

 private:
  struct Halves {  // of a 14-bit pair; -1: hasn't come yet
    int msb = -1, lsb = -1;
  };
  struct Knob {
    double place = -1;  // where it was last; -1: unknown
    double sent = 0;
    std::int64_t sent_ns = INT64_MIN / 2;
    bool owned = false;
    Halves halves;
    double value = 0;  // of an encoder
  };
  struct Wheel {
    bool touched = false;
    PlatterHand hand;
    double sent = 0, push = 0;
    Halves turn, rim;
  };

  bool lasts(const std::string& layer) const;
  int control_for(const std::vector<int>& list) const;
  static int take_half(const MidiTrigger& t, const MidiMessage& m, Halves& halves);
  void pressed(int index, bool down, const MapperView& view, std::vector<schedule::Intent>& out);
  void turned(int index, const MidiMessage& m, std::int64_t now_ns, const MapperView& view,
              std::vector<schedule::Intent>& out);
  void moved(const MidiControl& c, Knob& k, double place, std::int64_t now_ns, const MapperView& view,
             std::vector<schedule::Intent>& out);
  void ticked(const MidiControl& c, Knob& k, int ticks, std::int64_t now_ns, const MapperView& view,
              std::vector<schedule::Intent>& out);
  void wheel(std::size_t index, const MidiMessage& m, std::int64_t now_ns, std::vector<schedule::Intent>& out);
  void touch(std::size_t index, bool down, std::int64_t now_ns, std::vector<schedule::Intent>& out);
  double state_of(const StateTest& test, const MapperView& view) const;

  Mapping mapping_;
  std::map<std::uint32_t, std::vector<int>> by_message_;  // controls of a message, those with a layer first
  std::vector<Knob> knobs_;
  std::vector<Wheel> wheels_;
  std::map<std::uint32_t, int> down_;   // the control that took a press
  std::map<std::string, int> layers_;   // keys that hold each
  std::map<std::uint32_t, int> shown_;  // by place: the value that was sent
};

}  // namespace tactus::io
