#include "io/midi/clock_in.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tactus::io {
namespace {

constexpr double kMs = 1e6;
constexpr double kMinute = 60e9;
constexpr int kMemory = 240;           // ticks: ten beats; at 300 BPM and +-1 ms 0.012 BPM rms are left
constexpr double kGuess = 0.7 * kMs;   // jitter of a master that we don't know yet
constexpr double kLeast = 0.25 * kMs;  // no master is trusted to be better, or its smallest whim would count as a step
constexpr int kNoiseTicks = 48;
// Page's test on residuals in units of their noise: lean that is let pass, sum that is a step. One false alarm in hours
// of normally distributed jitter; a single stray tick can't raise one.
constexpr double kLean = 0.5, kStep = 14, kMostOfOne = 6;
constexpr double kSpread = 4.2 * kMs;  // of intervals under +-1 ms of jitter
constexpr double period_at(double bpm) { return kMinute / (bpm * kClocksPerBeat); }
// Beyond the range by what a few jittered ticks may show.
constexpr double kShortest = period_at(MidiClockIn::kFastest) * 0.8, kLongest = period_at(MidiClockIn::kSlowest) * 1.1;

}  // namespace

void MidiClockIn::on_message(const MidiMessage& m, std::int64_t time_ns) {
  if (m.size == 3 && m.bytes[0] == MidiMessage::kSongPosition) {
    if (((m.bytes[1] | m.bytes[2]) & 0x80) != 0) return;
    position_ = (m.bytes[1] | m.bytes[2] << 7) * 6;
    waiting_ = running_;
    return;
  }
  if (m.size != 1) return;
  switch (m.bytes[0]) {
    case MidiMessage::kClock:
      on_clock(time_ns);
      break;
    case MidiMessage::kStart:
      position_ = 0;
      running_ = waiting_ = true;
      break;
    case MidiMessage::kContinue:
      if (running_) break;
      running_ = waiting_ = true;
      break;
    case MidiMessage::kStop:
      if (running_ && !waiting_) position_ = index_ + 1 - song_index_;
      running_ = waiting_ = false;
      break;
    default:
      break;
  }
}

void MidiClockIn::tick(std::int64_t now_ns) {
  if (phase_ != Phase::silent && now_ns - last_ns_ > kSilenceNs) lose();
}

void MidiClockIn::lose() {
  phase_ = Phase::silent;
  locked_ = false;
  count_ = 0;
  odd_ones_ = 0;
  odd_run_ = 0;
}

double MidiClockIn::noise() const { return std::max(std::sqrt(variance_), kLeast); }

void MidiClockIn::keep(const Arrival& arrival) {
  kept_[static_cast<std::size_t>(count_ % kKept)] = arrival;
  ++count_;
  odd_ones_ = static_cast<std::uint8_t>(odd_ones_ << 1 | (arrival.odd ? 1 : 0));
  odd_run_ = arrival.odd ? odd_run_ + 1 : 0;
}

// The song's place among the ticks is settled by the first one after Start, Continue or a new position.
void MidiClockIn::place_song() {
  if (!waiting_) return;
  song_index_ = index_ - position_;
  waiting_ = false;
}

void MidiClockIn::on_clock(std::int64_t time_ns) {
  tick(time_ns);
  if (phase_ == Phase::silent) {
    phase_ = Phase::gathering;
    origin_ns_ = last_ns_ = time_ns;
    time_ = 0;  // what beat_at goes by until there is a line again
  }
  last_ns_ = std::max(last_ns_, time_ns);
  const auto time = static_cast<double>(last_ns_ - origin_ns_);
  if (phase_ == Phase::gathering) {
    gather(time);
  } else {
    track(time);
  }
}

// Whether the last arrivals are as evenly spaced as the ticks of a clock in range.
bool MidiClockIn::even(int arrivals) const {
  if (arrivals < 3 || arrivals > count_ || arrivals > kKept) return false;
  double least = 1e18, most = 0;
  for (int k = 0; k + 1 < arrivals; ++k) {
    const double interval = ago(k).time - ago(k + 1).time;
    least = std::min(least, interval);
    most = std::max(most, interval);
  }
  const double mean = (ago(0).time - ago(arrivals - 1).time) / (arrivals - 1);
  return mean >= kShortest && mean <= kLongest && most - least <= std::min(0.6 * mean, kSpread + 0.05 * mean);
}

void MidiClockIn::gather(double time) {
  ++index_;
  time_ = time;
  keep({time, index_, false, false});
  place_song();
  if (!even(kGather)) return;
  phase_ = Phase::tracking;
  variance_ = kGuess * kGuess;
  refit(kGather);
}

// A straight line, by least squares, through the last arrivals; goes on from its end.
void MidiClockIn::refit(int arrivals) {
  double n = 0, si = 0, st = 0, sii = 0, sit = 0;
  const std::int64_t i0 = ago(0).index;
  const double t0 = ago(0).time;
  for (int k = 0; k < arrivals; ++k) {
    if (ago(k).copy) continue;
    const auto i = static_cast<double>(ago(k).index - i0);
    const double t = ago(k).time - t0;
    ++n;
    si += i;
    st += t;
    sii += i * i;
    sit += i * t;
  }
  const double det = n * sii - si * si;
  if (det > 0) period_ = std::clamp((n * sit - si * st) / det, kShortest, kLongest);
  index_ = i0;
  if (n > 0) time_ = t0 + (st - period_ * si) / n;
  memory_ = settling_ = std::max(3, static_cast<int>(n));
  above_ = below_ = 0;
  since_above_ = since_below_ = 0;
}

void MidiClockIn::track(double time) {
  const double expected = time_ + period_;
  const auto missing = std::llround((time - expected) / period_);
  const double residual = time - expected - static_cast<double>(missing) * period_;
  const double gate = std::min(0.3 * period_, std::max(6 * noise(), 2.5 * kMs));
  const bool fits = std::abs(residual) <= gate;
  if (waiting_ && (!fits || missing < 0)) {
    // Some masters begin a new row of ticks when they start: another phase, the same tempo.
    begin_row(time);
  } else if (missing < 0) {
    // A second copy, or the rest of a burst whose last tick has been counted: the first of a burst lands on the tick
    // that is due, and so stands for all of it.
    keep({time, index_, true, true});
  } else {
    const int advance = static_cast<int>(missing) + 1;
    index_ += advance;
    time_ += advance * period_;
    keep({time, index_, advance > 1 || !fits, false});
    if (fits) correct(residual, advance);
    place_song();
    if (leaning(residual)) start_again();
  }

  // Half of all ticks odd, and yet evenly spaced: another tempo, too far away for residuals to tell.
  if (std::popcount(odd_ones_) >= 4 && even(kGather)) {
    const double interval = (ago(0).time - ago(kGather - 1).time) / (kGather - 1);
    if (std::abs(interval / period_ - 1) > 0.08) start_again();
  }
  if (odd_run_ > kClocksPerBeat) {
    lose();
    return;
  }
  if (memory_ >= kLockTicks) locked_ = true;
}

void MidiClockIn::begin_row(double time) {
  time_ = time;
  ++index_;
  settling_ = 1;
  above_ = below_ = 0;
  since_above_ = since_below_ = 0;
  count_ = 0;  // no line goes through ticks of both rows
  keep({time, index_, false, false});
  place_song();
}

// One step of the filter. The gains of least squares over n ticks; g = 2(2n-1)/(n(n+1)), h = 6/(n(n+1)).
void MidiClockIn::correct(double residual, int advance) {
  memory_ = std::min(memory_ + 1, kMemory);
  ++settling_;
  const double n = memory_;
  const double gain = 2 * (2 * n - 1) / (n * (n + 1));
  const double phase_gain = std::max(gain, 1.0 / settling_);
  time_ += phase_gain * residual;
  period_ = std::clamp(period_ + 6 / (n * (n + 1)) * residual / advance, kShortest, kLongest);

  // What a prediction misses by is the tick's own jitter and the filter's: of least squares, 1 / (1 - g) in all.
  const double limit = 9 * std::max(variance_, kLeast * kLeast);
  const double square = std::min(residual * residual, limit) * (1 - gain);
  variance_ += (square - variance_) / kNoiseTicks;
}

bool MidiClockIn::leaning(double residual) {
  if (memory_ < kGather + 1) return false;
  const double n = memory_;
  const double scale = noise() / std::sqrt(1 - std::min(0.8, 2 * (2 * n - 1) / (n * (n + 1))));
  const double lean = std::clamp(residual / scale, -kMostOfOne, kMostOfOne);
  above_ = std::max(0.0, above_ + lean - kLean);
  below_ = std::max(0.0, below_ - lean - kLean);
  since_above_ = above_ > 0 ? since_above_ + 1 : 0;
  since_below_ = below_ > 0 ? since_below_ + 1 : 0;
  return above_ > kStep || below_ > kStep;
}

// The master has changed: a line through the ticks since it did, as far back as Page's sum or the odd ones say.
void MidiClockIn::start_again() {
  int n = above_ > kStep ? since_above_ : below_ > kStep ? since_below_ : kGather;
  const int most = static_cast<int>(std::min<std::int64_t>(count_, kKept)) - 1;
  n = std::clamp(n, 3, std::max(3, most));
  // Evenly spaced ones are counted, since that is sure; else each stays the tick that it was taken for.
  if (n < most && even(n)) {
    const double interval = (ago(0).time - ago(n - 1).time) / (n - 1);
    const double gap = ago(n - 1).time - ago(n).time;
    std::int64_t index = std::abs(gap - interval) < 0.3 * interval ? ago(n).index + 1 : ago(n - 1).index;
    for (int k = n - 1; k >= 0; --k) {
      Arrival& a = kept_[static_cast<std::size_t>((count_ - 1 - k) % kKept)];
      a = {a.time, index++, false, false};
    }
  }
  refit(n);
  odd_ones_ = 0;
  odd_run_ = 0;
}

std::optional<MidiClockState> MidiClockIn::state() const {
  if (period_ <= 0) return std::nullopt;
  MidiClockState s;
  s.locked = locked_;
  s.running = running_;
  s.bpm = kMinute / (period_ * kClocksPerBeat);
  s.jitter_ms = std::sqrt(variance_) / kMs;
  s.at_ns = origin_ns_ + std::llround(time_);
  const bool moving = running_ && !waiting_;
  s.beat = static_cast<double>(moving ? index_ - song_index_ : position_) / kClocksPerBeat;
  s.clock_beat = static_cast<double>(index_) / kClocksPerBeat;
  s.beats_per_ns = moving && phase_ != Phase::silent ? 1 / (period_ * kClocksPerBeat) : 0;
  return s;
}

}  // namespace tactus::io
