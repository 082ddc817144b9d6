#include "io/audio/clock_stream.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace tactus::io {

namespace {

// Below where JACK puts its clients, above all that isn't audio. False without the right to.
bool ask_for_fifo() {
  sched_param param{};
  param.sched_priority = 60;
  return pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) == 0;
}

void sleep_until(std::int64_t ns) {
#if defined(__linux__)
  const timespec at{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
#else
  std::this_thread::sleep_for(std::chrono::nanoseconds(ns - monotonic_ns()));
#endif
}

}  // namespace

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

ClockStream::ClockStream(const StreamInfo& info, std::unique_ptr<WavSink> sink) : info_(info), sink_(std::move(sink)) {
  info_.inputs = 0;
  info_.output_latency = 0;
}

ClockStream::~ClockStream() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
}

std::string ClockStream::start(PeriodHandler handler) {
  thread_ = std::thread([this, handler] { run(handler); });
  return {};
}

void ClockStream::run(PeriodHandler handler) {
  ask_for_fifo();
  const auto block = static_cast<std::size_t>(info_.block);
  std::vector<float> storage(block * static_cast<std::size_t>(info_.outputs));
  std::vector<float*> planes;
  for (int c = 0; c < info_.outputs; ++c) planes.push_back(storage.data() + static_cast<std::size_t>(c) * block);
  Pacer pacer(info_.rate, info_.block, monotonic_ns());
  while (!stop_.load(std::memory_order_relaxed)) {
    sleep_until(pacer.due_ns());
    // A disk that can't keep up slows a file down; it never leaves a hole in it.
    while (sink_ && !sink_->has_room(info_.block) && !stop_.load(std::memory_order_relaxed)) {
      sleep_until(monotonic_ns() + 2'000'000);
    }
    const std::int64_t now = monotonic_ns();
    const bool missed = pacer.missed(now) && !sink_;  // nobody hears when a file is written
    handler.function(handler.context, {nullptr, planes.data(), 0, info_.outputs, info_.block, now, missed});
    if (sink_) sink_->write(planes.data(), info_.block);
    pacer.passed(monotonic_ns());
  }
}

}  // namespace tactus::io
