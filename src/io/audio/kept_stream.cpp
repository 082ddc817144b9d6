#include "io/audio/kept_stream.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace tactus::io {

// One closing-and-opening on a detached thread. Shared by that thread and the keeper, so either may go first: what is
// opened after the keeper has gone is closed again at once.
struct KeptStream::Job {
  std::mutex mutex;
  std::condition_variable changed;
  bool closing = true, abandoned = false, done = false;
  MadeStream made;

  bool wait(std::int64_t ns) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::nanoseconds(ns), [this] { return done; });
  }

  // True if it still closes: then it opens nothing afterwards, and nobody waits for it any more.
  bool abandon() {
    const std::lock_guard lock(mutex);
    return abandoned = closing;
  }

  // Closes `old`, then runs `make` (may be null).
  static std::shared_ptr<Job> start(std::shared_ptr<LiveStream> old, MakeStream make) {
    auto job = std::make_shared<Job>();
    std::thread([job, old = std::move(old), make = std::move(make)]() mutable {
      old.reset();
      {
        const std::lock_guard lock(job->mutex);
        job->closing = false;
        if (job->abandoned) return;
      }
      MadeStream made = make ? make() : MadeStream{};
      const std::lock_guard lock(job->mutex);
      job->made = std::move(made);
      job->done = true;
      job->changed.notify_all();
    }).detach();
    return job;
  }
};

KeptStream::~KeptStream() {
  // What is being opened is closed again; a server that hangs is left to its thread.
  if (job_ && job_->wait(kCloseNs)) live_ = std::move(job_->made.live);
  if (live_) Job::start(std::move(live_), nullptr)->wait(kCloseNs);
}

std::string KeptStream::open(std::int64_t wait_ns, const std::string& who) {
  start_job();
  if (!job_->wait(wait_ns)) return who + " does not answer";
  const auto job = std::exchange(job_, nullptr);
  live_ = std::move(job->made.live);
  return job->made.error;
}

void KeptStream::start_job() {
  job_ = Job::start(std::move(live_), make_);
  live_ = nullptr;
  steady_since_ns_ = opened_ns_ = job_since_ns_ = 0;
}

KeptStream::Change KeptStream::tick(std::int64_t now_ns) {
  if (job_) return finish_job(now_ns);
  if (live_) return look(now_ns);
  if (now_ns >= retry_at_ns_) start_job();
  return Change::none;
}

KeptStream::Change KeptStream::finish_job(std::int64_t now_ns) {
  if (!job_->wait(0)) {
    if (job_since_ns_ == 0) job_since_ns_ = now_ns;
    if (now_ns - job_since_ns_ > kStuckNs && job_->abandon()) job_ = nullptr;
    return Change::none;
  }
  const auto job = std::exchange(job_, nullptr);
  live_ = std::move(job->made.live);
  if (live_) {
    retry_after_ns_ = kFirstRetryNs;
    told_ = false;
    return Change::opened;
  }
  error_ = job->made.error;
  retry_at_ns_ = now_ns + retry_after_ns_;
  retry_after_ns_ = std::min(2 * retry_after_ns_, kLastRetryNs);
  return std::exchange(told_, true) ? Change::none : Change::failed;
}

KeptStream::Change KeptStream::look(std::int64_t now_ns) {
  if (opened_ns_ == 0) {
    opened_ns_ = window_ns_ = now_ns;
    window_frames_ = live_->beat().frames.load(std::memory_order_relaxed);
  }
  const std::int64_t beat = live_->beat().ns.load(std::memory_order_relaxed);
  if (beat == 0 || now_ns - beat > longest_gap_ns()) {
    steady_since_ns_ = 0;
  } else if (steady_since_ns_ == 0) {
    steady_since_ns_ = now_ns;
  }
  const bool given_up = now_ns - std::max(beat, opened_ns_) > live_->stream().give_up_ns();
  if (live_->stream().running() && !given_up && !runaway(now_ns)) return Change::none;
  start_job();
  return Change::lost;
}

bool KeptStream::runaway(std::int64_t now_ns) {
  const double seconds = static_cast<double>(now_ns - window_ns_) * 1e-9;
  if (now_ns - window_ns_ < kWindowNs) return false;
  const std::int64_t frames = live_->beat().frames.load(std::memory_order_relaxed);
  const double played = static_cast<double>(frames - std::exchange(window_frames_, frames));
  window_ns_ = now_ns;
  return played > kRunaway * seconds * live_->stream().info().rate;
}

// Three periods, and no less than a busy machine's hiccup.
std::int64_t KeptStream::longest_gap_ns() const noexcept {
  const StreamInfo& info = live_->stream().info();
  return std::max<std::int64_t>(30'000'000, std::int64_t{3'000'000'000} * info.block / info.rate);
}

bool KeptStream::steady(std::int64_t now_ns) const noexcept {
  return live_ && steady_since_ns_ != 0 && now_ns - steady_since_ns_ >= kSteadyNs;
}

bool KeptStream::heard(std::int64_t now_ns) const noexcept {
  if (!live_) return false;
  const std::int64_t beat = live_->beat().ns.load(std::memory_order_relaxed);
  return opened_ns_ == 0 || now_ns - std::max(beat, opened_ns_) <= kHeardNs;
}

}  // namespace tactus::io
