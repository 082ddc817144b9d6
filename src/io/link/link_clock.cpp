#include "io/link/link_clock.h"

#include <time.h>

#include <ableton/Link.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>

#include "lockfree/triple_buffer.h"

namespace tactus::io {
namespace {

using std::chrono::microseconds;

std::int64_t read_clock(clockid_t id) noexcept {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// How far Link's clock is ahead of CLOCK_MONOTONIC now. A thread that is interrupted between the reads would see too
// much; the nearest pair of three is taken.
std::int64_t link_ahead_ns(const ableton::Link::Clock& clock) noexcept {
  std::int64_t best = 0, least = INT64_MAX;
  for (int i = 0; i < 3; ++i) {
    const std::int64_t before = read_clock(CLOCK_MONOTONIC);
    const std::int64_t link_ns = clock.micros().count() * 1000;
    const std::int64_t after = read_clock(CLOCK_MONOTONIC);
    if (after - before >= least) continue;
    least = after - before;
    best = link_ns - (before + least / 2);
  }
  return best;
}

}  // namespace

struct LinkClock::Impl {
  explicit Impl(Bpm bpm) : link(bpm.v) {}

  microseconds link_time(std::int64_t host_ns) const noexcept {
    return microseconds((host_ns + link_ahead_ns(link.clock())) / 1000);
  }

  ableton::Link link;
  std::atomic<double> quantum{4}, offset_ns{0};
  std::atomic<std::int64_t> engine_latency{0};
  lockfree::TripleBuffer<LinkReading> readings;
};

LinkClock::LinkClock(Bpm bpm) : impl_(std::make_unique<Impl>(bpm)) {}
LinkClock::~LinkClock() { impl_->link.enable(false); }

void LinkClock::capture(std::int64_t frame, const msg::BlockClock& clock, SampleRate rate) noexcept {
  Impl& i = *impl_;
  const auto state = i.link.captureAudioSessionState();
  LinkReading r;
  r.frame = frame;
  const double later =
      static_cast<double>(clock.output_latency_frames + i.engine_latency.load(std::memory_order_relaxed)) * 1e9 /
          rate.hz +
      i.offset_ns.load(std::memory_order_relaxed);
  r.heard_ns = clock.host_ns + static_cast<std::int64_t>(later);
  r.quantum = i.quantum.load(std::memory_order_relaxed);
  r.beat = state.beatAtTime(i.link_time(r.heard_ns), r.quantum);
  r.bpm = state.tempo();
  r.peers = i.link.numPeers();
  r.enabled = i.link.isEnabled();
  r.playing = state.isPlaying();
  i.readings.write(r);
}

void LinkClock::enable(bool on) { impl_->link.enable(on); }
bool LinkClock::enabled() const { return impl_->link.isEnabled(); }
void LinkClock::sync_start_stop(bool on) { impl_->link.enableStartStopSync(on); }
std::size_t LinkClock::peers() const { return impl_->link.numPeers(); }
void LinkClock::set_quantum(double beats) {
  if (beats > 0) impl_->quantum.store(beats, std::memory_order_relaxed);
}
void LinkClock::set_offset_ms(double ms) {
  impl_->offset_ns.store(std::clamp(ms, -500.0, 500.0) * 1e6, std::memory_order_relaxed);
}

void LinkClock::set_engine_latency(Frames latency) {
  impl_->engine_latency.store(latency.v, std::memory_order_relaxed);
}

LinkReading LinkClock::reading() {
  impl_->readings.update();
  return impl_->readings.front();
}

Bpm LinkClock::tempo() const { return {impl_->link.captureAppSessionState().tempo()}; }

double LinkClock::beat_at(std::int64_t host_ns) const {
  return impl_->link.captureAppSessionState().beatAtTime(impl_->link_time(host_ns), impl_->quantum.load());
}

void LinkClock::commit_tempo(Bpm bpm, std::int64_t host_ns) {
  auto state = impl_->link.captureAppSessionState();
  state.setTempo(std::clamp(bpm.v, 20.0, 999.0), impl_->link_time(host_ns));
  impl_->link.commitAppSessionState(state);
}

bool LinkClock::set_beat_when_alone(double beat, std::int64_t host_ns) {
  if (impl_->link.isEnabled() && impl_->link.numPeers() > 0) return false;
  auto state = impl_->link.captureAppSessionState();
  state.requestBeatAtTime(beat, impl_->link_time(host_ns), impl_->quantum.load());
  impl_->link.commitAppSessionState(state);
  return true;
}

void LinkClock::commit_playing(bool playing, std::int64_t host_ns) {
  auto state = impl_->link.captureAppSessionState();
  state.setIsPlaying(playing, impl_->link_time(host_ns));
  impl_->link.commitAppSessionState(state);
}

}  // namespace tactus::io
