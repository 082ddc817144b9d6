#include "io/midi/clock_out.h"

#include <algorithm>
#include <cmath>

namespace tactus::io {
namespace {

constexpr std::int64_t kClocksPerSixteenth = 6;  // what song positions count
// A rewritten map may put ticks that were about to go a little into the past: they go at once. More than so many
// beats is a jump, whose ticks nobody needs.
constexpr double kJump = 0.25;
constexpr double kSameTick = 1e-6;

}  // namespace

void MidiClockOut::transport(Transport what, Beat beat) {
  asked_ = Asked{what, static_cast<std::int64_t>(std::ceil(beat.value() * kClocksPerBeat - kSameTick))};
}

void MidiClockOut::before_tick(double frame, std::vector<TimedMidi>& out) {
  if (!asked_ || *next_ < asked_->tick) return;
  const std::int64_t song = *next_ - origin_;
  switch (asked_->what) {
    case Transport::start:
      origin_ = *next_;
      out.push_back({frame, MidiMessage::realtime(MidiMessage::kStart)});
      running_ = true;
      break;
    case Transport::go_on:
      // A position can only be told where a sixteenth begins.
      if (song % kClocksPerSixteenth != 0) return;
      out.push_back({frame, MidiMessage::song_position(static_cast<int>(song / kClocksPerSixteenth) & 0x3fff)});
      out.push_back({frame, MidiMessage::realtime(MidiMessage::kContinue)});
      running_ = true;
      break;
    case Transport::stop:
      out.push_back({frame, MidiMessage::realtime(MidiMessage::kStop)});
      running_ = false;
      break;
  }
  asked_.reset();
}

void MidiClockOut::events(const music::TempoMap& map, double from, double to, std::vector<TimedMidi>& out) {
  const double begin = map.beat_of(from) * kClocksPerBeat;
  const auto first = static_cast<std::int64_t>(std::ceil(begin - kSameTick));
  // However it came about, a tick is never as far off as that.
  if (!next_ || std::fabs(begin - static_cast<double>(*next_)) > kJump * kClocksPerBeat) next_ = first;
  while (true) {
    const double frame = std::max(from, map.frame_of(static_cast<double>(*next_) / kClocksPerBeat));
    if (!(frame < to)) return;
    before_tick(frame, out);
    out.push_back({frame, MidiMessage::realtime(MidiMessage::kClock)});
    ++*next_;
  }
}

}  // namespace tactus::io
