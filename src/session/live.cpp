#include "session/live.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <future>

#include "io/ahead.h"

namespace tactus::session {

namespace {
constexpr auto kTick = std::chrono::milliseconds(3);
constexpr auto kFade = std::chrono::milliseconds(100);            // of /silence
constexpr auto kDevicePatience = std::chrono::milliseconds(300);  // with a device that should have played it
const schedule::Source kOwner{"owner", schedule::Source::Kind::hand, 1};

Session::Options with_streams(const LiveOptions& options) {
  Session::Options session = options.session;
  if (options.record) session.streams |= options.record->streams;
  if (options.outcomes) session.outcomes = true;
  return session;
}

}  // namespace

int default_feeder_threads() { return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2u, 5u)) - 1; }

std::unique_ptr<Live> Live::start(const LiveOptions& options, TrackSource& source, OnNotice notice, OnTick on_tick,
                                  std::string* error) {
  std::unique_ptr<Live> live(new Live(options, source, std::move(notice), std::move(on_tick)));
  if (options.outcomes) live->outcomes_ = std::make_unique<OutcomeKeeper>(*options.outcomes, live->session_);
  char level[32];
  std::snprintf(level, sizeof level, "/mixer/master %.2f", options.master_db);
  const schedule::Fate fate = live->session_.submit(level, kOwner);
  if (fate.verdict == schedule::Fate::Verdict::refused) {
    *error = fate.reason;
    return nullptr;
  }
  if (options.record) {
    live->record_ = RecordPart::start(*options.record, live->session_, error);
    if (!live->record_) return nullptr;
  }
  io::AudioOptions audio = options.audio;
  live->link_ = std::make_unique<LinkPart>(options.link, live->session_);
  audio.before_block = live->link_->hook();
  live->block_time_ = std::make_unique<BlockTime>(live->session_.host(), options.session.rate, audio.before_block);
  audio.before_block = live->block_time_->hook();
  io::OpenedAudio opened = io::open_audio(audio, live->session_.host().callback());
  if (!opened.audio) {
    *error = opened.error;
    return nullptr;
  }
  live->audio_ = std::move(opened.audio);
  live->control_ = std::thread([l = live.get()] { l->run(); });
  return live;
}

Live::Live(const LiveOptions& options, TrackSource& source, OnNotice notice, OnTick on_tick)
    : notice_(std::move(notice)),
      on_tick_(std::move(on_tick)),
      on_wake_(options.on_wake),
      session_(with_streams(options), source,
               {options.executed, [this](const std::string& text) { notice_(text); }, options.failed, options.midi}) {}

Live::~Live() {
  if (!control_.joinable()) return;
  fade_out();
  stop_.store(true);
  control_.join();
  audio_.reset();
  if (outcomes_) outcomes_->finish();
  if (record_) record_->finish(notice_);
}

void Live::fade_out() {
  if (session_.held()) return;
  call([](Session& s) { s.submit("/silence", kOwner); });
  std::this_thread::sleep_for(2 * kTick);  // by then the engine has been told
  // It begins with the next block, and its end is to be heard, not only made; but a device that has stopped is not
  // waited for.
  const double rate = session_.options().rate.hz;
  const int block = std::max(session_.options().max_block, audio_->status().device.block);
  const std::chrono::duration<double> fade = kFade + std::chrono::duration<double>(2 * block / rate);
  const auto silent = session_.host().frame() + std::llround(fade.count() * rate);
  const auto give_up = std::chrono::steady_clock::now() + 2 * fade + kDevicePatience;
  while (std::chrono::steady_clock::now() < give_up) {
    const BlockStamp last = block_time_->stamp();
    if (last.known() && last.frame >= silent && io::monotonic_ns() >= last.heard_ns) return;
    std::this_thread::sleep_for(kTick);
  }
}

void Live::post(std::function<void(Session&)> task) {
  session_.post([this, task = std::move(task)] { task(session_); });
}

void Live::call(const std::function<void(Session&)>& task) {
  std::promise<void> done;
  post([&](Session& s) {
    task(s);
    done.set_value();
  });
  done.get_future().wait();
}

void Live::run() {
  pthread_setname_np(pthread_self(), "tactus-control");
  io::Ahead ahead;
  auto next = std::chrono::steady_clock::now();
  while (!stop_.load(std::memory_order_relaxed)) {
    const io::Prelisten prelisten = audio_->prelisten();
    session_.set_no_prelisten(prelisten.possible ? "" : prelisten.reason);
    if (on_tick_) on_tick_(session_);
    link_->before_tick(session_);
    session_.tick();
    link_->after_tick(session_, notice_);
    stretch_watch_.after_tick(session_, notice_);
    if (record_) record_->after_tick(session_, notice_);
    if (outcomes_) outcomes_->after_tick();
    for (const io::Notice& n : audio_->take_notices()) notice_(n.text);
    ahead.turn();
    next = std::max(next + kTick, std::chrono::steady_clock::now());
    rest_until(next);
  }
}

void Live::rest_until(std::chrono::steady_clock::time_point next) {
  std::unique_lock lock(wake_mutex_);
  while (wake_.wait_until(lock, next, [this] { return woken_; })) {
    woken_ = false;
    lock.unlock();
    session_.attend();
    if (on_wake_) on_wake_(session_);
    lock.lock();
    if (std::chrono::steady_clock::now() >= next) return;
  }
}

void Live::wake() {
  {
    const std::lock_guard lock(wake_mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

}  // namespace tactus::session
