// The tempo and song position of another machine's MIDI clock, with the jitter of its ticks filtered out.
//
//   MidiClockIn clock;
//   clock.on_message(m, time_ns);   // every message of the port, in order
//   clock.tick(now_ns);             // now and then: notices silence
//   if (auto s = clock.state()) beat = s->beat_at(now_ns);
//
// A phase-locked loop over tick times: an alpha-beta filter whose gains are those of least squares over all ticks so
// far (expanding-memory filter: E. Brookner, Tracking and Kalman Filtering Made Easy, 1998, ch. 7), until they reach
// the gains of 240 ticks, where they stay. So it is wide open at first and narrow afterwards, and at each moment as
// good as a straight line through what it has seen. When the master's tempo changes, the residuals lean to one side: a
// cumulative sum (E. S. Page, Continuous inspection schemes, Biometrika 41, 1954) notices that, says since when, and
// the loop starts again from a line through the ticks since then.
//
// Pure: no thread, no clock of its own. One thread. Doesn't allocate. Nothing that comes in is an error: messages that
// are none of a clock's are passed over.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "io/midi/message.h"

namespace tactus::io {

struct MidiClockState {
  bool locked = false;   // ticks come, and tempo and phase can be relied on
  bool running = false;  // the master plays: between its Start or Continue and its Stop
  double bpm = 120;
  double jitter_ms = 0;  // root mean square of the ticks' distance from the filtered ones
  std::int64_t at_ns = 0;
  double beat = 0;          // song position at at_ns
  double beats_per_ns = 0;  // 0 while the song stands
  double clock_beat = 0;    // ticks so far / 24, at at_ns; goes on while the song stands

  double clock_beat_at(std::int64_t time_ns) const {
    return clock_beat + static_cast<double>(time_ns - at_ns) * bpm / 60e9;
  }
  // Song position in quarter notes at a host time. While the master is stopped: where it will go on.
  double beat_at(std::int64_t time_ns) const { return beat + static_cast<double>(time_ns - at_ns) * beats_per_ns; }
};

class MidiClockIn {
 public:
  static constexpr double kSlowest = 20, kFastest = 300;   // BPM
  static constexpr std::int64_t kSilenceNs = 500'000'000;  // after so long without a tick nothing is locked
  static constexpr int kLockTicks = 36;

  // A message and the host time of its arrival, CLOCK_MONOTONIC in nanoseconds. A time before the last one counts as
  // the last one.
  void on_message(const MidiMessage& message, std::int64_t time_ns);
  // Notices that ticks have stopped coming.
  void tick(std::int64_t now_ns);

  // Nothing until five even ticks have come. After silence: the last tempo, not locked.
  std::optional<MidiClockState> state() const;

 private:
  struct Arrival {
    double time = 0;
    std::int64_t index = 0;  // the tick it was taken for
    bool odd = false;        // didn't come where a tick was expected
    bool copy = false;       // of a tick that has been counted
  };
  enum class Phase : std::uint8_t { silent, gathering, tracking };

  static constexpr int kKept = 64;
  static constexpr int kGather = 5;

  const Arrival& ago(int k) const { return kept_[static_cast<std::size_t>((count_ - 1 - k) % kKept)]; }
  void keep(const Arrival& arrival);
  void on_clock(std::int64_t time_ns);
  void gather(double time);
  void track(double time);
  void begin_row(double time);
  void correct(double residual, int advance);
  bool leaning(double residual);
  bool even(int arrivals) const;
  void refit(int arrivals);
  void start_again();
  void place_song();
  void lose();
  double noise() const;

  std::array<Arrival, kKept> kept_{};
  std::int64_t count_ = 0;      // arrivals kept since the first tick or the last silence
  std::int64_t origin_ns_ = 0;  // doubles count from here
  std::int64_t last_ns_ = 0;    // the last tick's arrival
  Phase phase_ = Phase::silent;

  std::int64_t index_ = -1;                // of the last tick; goes on after silence
  double time_ = 0;                        // filtered, of tick index_
  double period_ = 0;                      // nanoseconds; 0: never known
  int memory_ = 0;                         // ticks that the gains stand for
  int settling_ = 0;                       // ticks since the phase was set anew, which decide its gain alone
  double variance_ = 0;                    // of the residuals, ns^2
  double above_ = 0, below_ = 0;           // Page's sums
  int since_above_ = 0, since_below_ = 0;  // arrivals since each was 0
  std::uint8_t odd_ones_ = 0;              // of the last eight arrivals, a bit each
  int odd_run_ = 0;
  bool locked_ = false;

  bool running_ = false;
  bool waiting_ = false;         // started, and the next tick is the one that `position_` names
  std::int64_t position_ = 0;    // of the song, in ticks: where it starts, or goes on
  std::int64_t song_index_ = 0;  // the tick at which the song was at 0
};

}  // namespace tactus::io
