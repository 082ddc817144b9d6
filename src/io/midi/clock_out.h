// Our clock as a MIDI clock: 24 ticks a beat, start, stop, continue, song position (MIDI 1.0).
//
// The caller asks for what is due in one window of frames after the other, a little ahead of the sound. Ticks are
// numbered by the session's beat, so each goes out once and in order however the map is rewritten in between; when the
// beat line jumps forward, those in the gap are left out. Pure; one thread; not realtime-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "io/midi/message.h"
#include "music/tempo_map.h"

namespace tactus::io {

struct TimedMidi {
  double frame = 0;  // session frame at which it is due
  MidiMessage message;
};

class MidiClockOut {
 public:
  enum class Transport : std::uint8_t { start, stop, go_on };

  // From the first tick at or after `beat` on; a later call replaces one that hasn't happened yet.
  void transport(Transport what, Beat beat);
  // Appends what is due in frames [from, to). Windows follow each other without gaps.
  void events(const music::TempoMap& map, double from, double to, std::vector<TimedMidi>& out);

  bool running() const { return running_; }

 private:
  void before_tick(double frame, std::vector<TimedMidi>& out);

  std::optional<std::int64_t> next_;  // tick
  std::int64_t origin_ = 0;           // the tick at which the song began
  bool running_ = false;
  struct Asked {
    Transport what;
    std::int64_t tick;
  };
  std::optional<Asked> asked_;
};

}  // namespace tactus::io
