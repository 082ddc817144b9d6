// A session that sounds: engine, feeders, audio device and the control thread that ticks it.
//
// Functions may be called from any one thread that isn't the control thread, unless stated.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/audio/backend.h"
#include "session/block_time.h"
#include "session/link_part.h"
#include "session/outcome_keeper.h"
#include "session/record_part.h"
#include "session/session.h"
#include "session/stretch_watch.h"

namespace tactus::session {

// Cores less one for the audio thread, at least one.
int default_feeder_threads();

struct LiveOptions {
  io::AudioOptions audio;
  Session::Options session;
  double master_db = 0;  // where the master stands at the start
  LinkOptions link;
  std::optional<RecordOptions> record;     // none: nothing can be recorded
  std::optional<OutcomeOptions> outcomes;  // none: the run can't be played again exactly
  // On the control thread: each intent that the engine executed, or that was accepted and then failed.
  std::function<void(const Executed&)> executed;
  std::function<void(const std::string& text, const std::string& why)> failed;
  // On the control thread, soon after wake().
  std::function<void(Session&)> on_wake;
  // On the control thread: what is for the MIDI outputs.
  std::function<std::string(const schedule::HostAction&)> midi;
};

class Live {
 public:
  // On the control thread, once a tick (about every 3 ms), before the session's own.
  using OnTick = std::function<void(Session&)>;
  // Plain sentences for the user; on the control thread.
  using OnNotice = std::function<void(const std::string&)>;

  // Starts engine and device. Null, and a plain sentence in `error`, when no device can be opened.
  static std::unique_ptr<Live> start(const LiveOptions& options, TrackSource& source, OnNotice notice, OnTick on_tick,
                                     std::string* error);
  // Fades out in a tenth of a second if something sounds, and stops.
  ~Live();

  // Runs `task` on the control thread at its next tick.
  void post(std::function<void(Session&)> task);
  // The same, and waits for its end.
  void call(const std::function<void(Session&)>& task);

  // Any thread; never blocks for long: on_wake is called soon, without waiting for the next tick.
  void wake();

  io::AudioStatus audio_status() const { return audio_->status(); }
  // The control thread: whether a recording runs.
  bool recording() const { return record_ && record_->recording(); }
  // When the last block is heard. Any thread.
  BlockStamp block_stamp() const { return block_time_->stamp(); }
  io::Prelisten prelisten() const { return audio_->prelisten(); }
  // Blocks that the audio thread and all feeders have passed; for TrackCache::Config::grace. Any thread.
  std::uint64_t grace() const { return session_.host().grace(); }

 private:
  Live(const LiveOptions& options, TrackSource& source, OnNotice notice, OnTick on_tick);
  void run();
  void fade_out();
  void rest_until(std::chrono::steady_clock::time_point next);

  OnNotice notice_;
  OnTick on_tick_;
  std::function<void(Session&)> on_wake_;
  mutable Session session_;
  std::unique_ptr<LinkPart> link_;
  StretchWatch stretch_watch_;
  std::unique_ptr<BlockTime> block_time_;
  std::unique_ptr<RecordPart> record_;
  std::unique_ptr<OutcomeKeeper> outcomes_;
  std::unique_ptr<io::AudioOut> audio_;
  std::atomic<bool> stop_{false};
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  std::thread control_;
};

}  // namespace tactus::session
