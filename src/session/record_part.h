// Recording in a running session: runs a Recorder on the engine's streams while one is wanted, and tells it when tracks
// begin to be heard.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "session/recorder.h"
#include "session/session.h"

namespace tactus::session {

class RecordPart {
 public:
  // `session` was made with options.streams and outlives this. With options.on it begins at once; then null, and a
  // plain sentence in `error`, when it can't.
  static std::unique_ptr<RecordPart> start(const RecordOptions& options, Session& session, std::string* error);

  using Notice = std::function<void(const std::string&)>;
  ~RecordPart();

  // The control thread, after Session::tick: begins and ends as Session::record_wish() says. Files are made and
  // completed by another thread: a disk that hangs holds nobody up.
  void after_tick(Session& session, const Notice& notice);
  // When no audio comes any more: completes the files.
  void finish(const Notice& notice);

  // The control thread.
  bool recording() const { return recorder_ != nullptr; }

 private:
  RecordPart(const RecordOptions& options, SampleRate rate)
      : options_(options), rate_(rate), latency_(rt::Engine::latency(rate)) {}
  std::unique_ptr<Recorder> make(ctl::EngineHost& host, std::string* error);
  void turn(Session& session, const Notice& notice);
  void mark(const Session& session);
  void tell(const Notice& notice);

  const RecordOptions options_;
  const SampleRate rate_;
  const std::int64_t latency_;
  std::array<std::uint64_t, msg::kMaxDecks> marked_{};  // the track whose beginning was told
  std::mutex mutex_;
  std::vector<std::string> notices_;
  std::unique_ptr<Recorder> recorder_;

  // One of them begins or ends a recording at a time.
  std::thread turner_;
  std::atomic<bool> turned_{false};
  std::unique_ptr<Recorder> made_;  // the turner's until it has turned
  std::string error_;
};

}  // namespace tactus::session
