#include "session/renderer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "session/loudness_meter.h"

namespace tactus::session {

namespace {

// Control runs at these frames whatever the block size, so that what it decides is the same every time.
constexpr std::int64_t kTickFrames = 1024;
// Events go to the scheduler so long before they are due: it holds them, but files are opened at once, so not earlier
// than is good for the memory.
constexpr double kAheadSeconds = 10;
constexpr double kTailSeconds = 2;
constexpr double kMostTailSeconds = 30;
constexpr double kLoopOutBeats = 16;
constexpr float kSilent = 1e-5f;  // -100 dBFS

class Run {
 public:
  Run(const std::vector<ScriptEvent>& events, const RenderOptions& options, TrackSource& source, const RenderSink& sink,
      const RenderProgress& progress)
      : options_(options),
        sink_(sink),
        progress_(progress),
        meter_(static_cast<int>(options.rate.hz)),
        session_(session_options(options), source,
                 {[this](const Executed& e) { report_.events.push_back(e); },
                  [this](const std::string& text) { report_.notices.push_back(text); },
                  [this](const std::string& text, const std::string& why) {
                    report_.refused.push_back({text, why});
                  },
                  {}}),
        player_(events, {"set", schedule::Source::Kind::script, 1}),
        trim_(rt::Engine::latency(options.rate)) {}

  RenderReport go() {
    const auto start = std::chrono::steady_clock::now();
    bool more = true;
    while (more && !finished()) {
      player_.play(session_, kAheadSeconds, [this](const Refused& r) { report_.refused.push_back(r); });
      session_.tick();
      more = render_tick();
    }
    session_.tick();  // the last blocks' events
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report_.realtime_factor = static_cast<double>(report_.frames) / options_.rate.hz / std::max(wall, 1e-9);
    report_.lufs = meter_.lufs();
    report_.true_peak_db = meter_.true_peak_db();
    return std::move(report_);
  }

 private:
  static Session::Options session_options(const RenderOptions& o) {
    Session::Options s;
    s.rate = o.rate;
    s.tempo = o.tempo;
    s.metre = o.metre;
    s.max_block = o.block;
    s.target_lufs = o.target_lufs;
    return s;
  }

  std::int64_t now() const { return session_.world().now.v; }

  bool finished() {
    const double seconds = static_cast<double>(now()) / options_.rate.hz;
    if (options_.max_seconds > 0 && seconds >= options_.max_seconds) return true;
    if (!player_.done() || !session_.idle()) {
      still_since_ = loop_since_ = -1;
      return false;
    }
    bool moving = false, all_loop = true;
    const msg::Snapshot& s = session_.world().snapshot;
    for (int d = 0; d < session_.options().decks; ++d) {
      if (s.decks[d].speed == 0) continue;
      moving = true;
      all_loop = all_loop && s.decks[d].loop_active;
    }
    if (!moving) {
      if (still_since_ < 0) still_since_ = seconds;
      const double still = seconds - still_since_;
      return (still >= kTailSeconds && quiet_) || still >= kMostTailSeconds;
    }
    still_since_ = -1;
    if (!all_loop) {
      loop_since_ = -1;
      return false;
    }
    if (loop_since_ < 0) loop_since_ = s.beat;
    return s.beat >= loop_since_ + kLoopOutBeats;
  }

  // Blocks up to the next tick. False when the sink wants no more.
  bool render_tick() {
    const std::int64_t end = (now_ / kTickFrames + 1) * kTickFrames;
    quiet_ = true;
    while (now_ < end) {
      const int n = static_cast<int>(std::min<std::int64_t>(options_.block, end - now_));
      session_.host().feed(n);
      left_.resize(static_cast<std::size_t>(n));
      right_.resize(static_cast<std::size_t>(n));
      float* out[2] = {left_.data(), right_.data()};
      msg::AudioBlock block;
      block.out = out;
      block.outputs = 2;
      block.frames = n;
      const msg::Callback callback = session_.host().callback();
      callback.process(callback.context, block, {});
      now_ += n;
      report_.limited_db = std::max(report_.limited_db, -double{session_.host().snapshot().gain_reduction_db});
      if (!deliver(n)) return false;
    }
    if (progress_) progress_(static_cast<double>(now_) / options_.rate.hz, expected_seconds());
    return true;
  }

  // What is known: the last event's place, or the longest remaining track.
  double expected_seconds() const {
    double end = static_cast<double>(player_.end(session_));
    const msg::Snapshot& s = session_.world().snapshot;
    for (int d = 0; d < session_.options().decks; ++d) {
      const msg::DeckSnapshot& deck = s.decks[d];
      if (deck.speed > 0) end = std::max(end, static_cast<double>(now_) + (deck.length - deck.position) / deck.speed);
    }
    return end / options_.rate.hz;
  }

  bool deliver(int n) {
    interleaved_.clear();
    for (int i = 0; i < n; ++i) {
      const float l = left_[static_cast<std::size_t>(i)], r = right_[static_cast<std::size_t>(i)];
      if (std::fabs(l) > kSilent || std::fabs(r) > kSilent) quiet_ = false;
      if (trim_ > 0) {
        --trim_;
        continue;
      }
      interleaved_.push_back(l);
      interleaved_.push_back(r);
    }
    meter_.feed(interleaved_);
    report_.frames += static_cast<std::int64_t>(interleaved_.size() / 2);
    return interleaved_.empty() || sink_(interleaved_);
  }

  RenderOptions options_;
  const RenderSink& sink_;
  const RenderProgress& progress_;
  RenderReport report_;
  LoudnessMeter meter_;
  Session session_;
  ScriptPlayer player_;
  int trim_;
  std::int64_t now_ = 0;
  double still_since_ = -1, loop_since_ = -1;
  bool quiet_ = true;
  std::vector<float> left_, right_, interleaved_;
};

}  // namespace

RenderReport render(const std::vector<ScriptEvent>& events, const RenderOptions& options, TrackSource& source,
                    const RenderSink& sink, const RenderProgress& progress) {
  return Run(events, options, source, sink, progress).go();
}

}  // namespace tactus::session
