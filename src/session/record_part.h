// Recording in a running session: starts a Recorder on the engine's streams and tells it when tracks begin to be heard.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "session/recorder.h"
#include "session/session.h"

namespace tactus::session {

class RecordPart {
 public:
  // `session` was made with options.streams and outlives this. Null, and a plain sentence in `error`.
  static std::unique_ptr<RecordPart> start(const RecordOptions& options, Session& session, std::string* error);

  // The control thread, after Session::tick.
  void after_tick(const Session& session, const std::function<void(const std::string&)>& notice);
  // When no audio comes any more: completes the files.
  void finish(const std::function<void(const std::string&)>& notice);

 private:
  explicit RecordPart(SampleRate rate) : latency_(rt::Engine::latency(rate)) {}
  void tell(const std::function<void(const std::string&)>& notice);

  const std::int64_t latency_;
  std::array<std::uint64_t, msg::kMaxDecks> marked_{};  // the track whose beginning was told
  std::mutex mutex_;
  std::vector<std::string> notices_;
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace tactus::session
