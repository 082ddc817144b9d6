#include "session/cue_writer.h"

#include <pthread.h>

#include <chrono>
#include <utility>

namespace tactus::session {

namespace {
constexpr auto kAgain = std::chrono::seconds(5);  // after a disk that refused
}

CueWriter::CueWriter(analysis::CueStore store) : store_(std::move(store)), thread_([this] { run(); }) {}

CueWriter::~CueWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CueWriter::add(const std::string& content, const analysis::CueChanges& changes) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, seconds] : changes) waiting_[content][number] = seconds;
    refused_ = false;  // it is tried at once
  }
  changed_.notify_all();
}

std::vector<std::string> CueWriter::take_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

void CueWriter::run() {
  ::pthread_setname_np(::pthread_self(), "tactus-cues");
  std::unique_lock lock(mutex_);
  while (true) {
    const auto wanted = [this] { return stop_ || (!waiting_.empty() && !refused_); };
    if (refused_) {
      changed_.wait_for(lock, kAgain, wanted);
      refused_ = false;
    } else {
      changed_.wait(lock, wanted);
    }
    const bool last = stop_;
    Changes now = std::exchange(waiting_, {});
    lock.unlock();
    Changes left = write(std::move(now));
    lock.lock();
    // What was changed again meanwhile goes before.
    refused_ = !left.empty() && waiting_.empty();
    for (auto& [content, changes] : left) waiting_[content].merge(changes);
    if (last) return;
  }
}

// What the disk refused.
CueWriter::Changes CueWriter::write(Changes changes) {
  Changes left;
  std::string why;
  for (auto& [content, change] : changes) {
    std::string aside;
    const media::Status done = store_.change(content, change, &aside);
    if (!aside.empty()) say("A file with cues that couldn't be understood is kept as " + aside + ".");
    if (done.ok()) continue;
    why = done.error().text();
    left[content] = std::move(change);
  }
  if (!left.empty() && !std::exchange(told_, true)) {
    say("Cues and hot cues can't be kept: " + why +
        ". They hold until the engine ends, and are written when they can be.");
  } else if (left.empty() && !changes.empty() && std::exchange(told_, false)) {
    say("Cues and hot cues are kept again.");
  }
  return left;
}

void CueWriter::say(std::string text) {
  const std::lock_guard lock(mutex_);
  notices_.push_back(std::move(text));
}

}  // namespace tactus::session
