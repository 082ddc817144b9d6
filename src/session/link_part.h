// Ableton Link in a running session: captures it with each block, shows it to the session and tells it what is ours.
#pragma once

#include <functional>
#include <string>

#include "io/audio/gate.h"
#include "io/link/link_clock.h"
#include "session/session.h"

namespace tactus::session {

struct LinkOptions {
  double offset_ms = 0;  // our sound is heard so much later than the back end says, -500 to 500
};

class LinkPart {
 public:
  // Joins Link's session at once. `session` outlives the last block.
  LinkPart(const LinkOptions& options, Session& session);

  // For io::AudioOptions::before_block; valid as long as this.
  io::BlockHook hook();

  // The control thread, around Session::tick. `notice` hears of others that come and go.
  void before_tick(Session& session);
  void after_tick(Session& session, const std::function<void(const std::string&)>& notice);

 private:
  ctl::EngineHost& host_;
  const SampleRate rate_;
  io::LinkClock clock_;
  io::LinkReading reading_;
  std::size_t peers_ = 0;
  double quantum_ = 0;
};

}  // namespace tactus::session
