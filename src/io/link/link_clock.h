// Ableton Link: the tempo, beat and phase that other programs on the network share with us.
//
//   LinkClock link({120});
//   link.enable(true);
//   // in the driver's callback, outside `process`, once a block:
//   link.capture(first_frame, clock, rate);
//   // on the control thread:
//   const LinkReading r = link.reading();   // which Link beat sounds with which of our frames
//
// Host times are CLOCK_MONOTONIC in nanoseconds, as everywhere in io/; Link itself counts CLOCK_MONOTONIC_RAW, and the
// two are compared anew at each use, since they drift apart. Link's rule for joining holds: who joins takes up the
// session's tempo and phase, never the other way round; alone, enabling changes nothing. Of two sessions that meet the
// younger one joins; where neither is older by half a second, Link picks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/units.h"
#include "engine/msg/callback.h"

namespace tactus::io {

// What Link said when a block was rendered.
struct LinkReading {
  std::int64_t frame = -1;    // session frame, the block's first; < 0: nothing was captured yet
  std::int64_t heard_ns = 0;  // host time at which that frame leaves the speakers
  double beat = 0;            // Link's beat at heard_ns; its phase within the quantum is shared, its magnitude is not
  double bpm = 120;
  double quantum = 4;  // beats
  std::size_t peers = 0;
  bool enabled = false;
  bool playing = false;  // start/stop state, meaningful when that is synchronised
};

class LinkClock {
 public:
  // Off at first, alone, at `bpm`. Starts Link's thread.
  explicit LinkClock(Bpm bpm);
  ~LinkClock();  // leaves the session; the others play on
  LinkClock(const LinkClock&) = delete;
  LinkClock& operator=(const LinkClock&) = delete;

  // --- the audio thread ---

  // Once a block, before the engine renders it: `frame` is its first session frame, `clock` the block's, `rate` the
  // session's. Realtime-safe (Link's promise for audio session states, and two reads of a clock that need no system
  // call on x86-64 and arm64 Linux), but it belongs outside a system-call trap. One thread at a time.
  void capture(std::int64_t frame, const msg::BlockClock& clock, SampleRate rate) noexcept;

  // --- the control thread; not realtime-safe ---

  void enable(bool on);
  bool enabled() const;
  void sync_start_stop(bool on);
  std::size_t peers() const;
  // Beats after which phases agree, above 0; 4 at first.
  void set_quantum(double beats);
  // Positive: our sound reaches the listener so much later than the back end says. Milliseconds, -500 to 500.
  void set_offset_ms(double ms);

  // How much later than its block's time a frame leaves the engine, in session frames.
  void set_engine_latency(Frames latency);

  // The last block's. Holds what it held before when no audio runs.
  LinkReading reading();

  // Link's view at a host time, asked for directly.
  Bpm tempo() const;
  double beat_at(std::int64_t host_ns) const;

  // Tells the session of a tempo of ours, 20 to 999 BPM, in force from a host time on; beats go on from there without a
  // jump. Everyone follows, so only for what a person or a leading deck did.
  void commit_tempo(Bpm bpm, std::int64_t host_ns);
  // Alone: `beat` is at host_ns from now on, and true. With peers nothing changes, since it would make them jump:
  // false.
  bool set_beat_when_alone(double beat, std::int64_t host_ns);
  // Starts or stops those who synchronise that.
  void commit_playing(bool playing, std::int64_t host_ns);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::io
