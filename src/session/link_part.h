// Ableton Link in a running session: captures it with each block, shows it to the session and tells it what is ours.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "io/audio/gate.h"
#include "io/link/link_clock.h"
#include "session/session.h"

namespace tactus::session {

struct LinkOptions {
  bool on = false;       // from the start
  double offset_ms = 0;  // our sound is heard so much later than the back end says, -500 to 500
};

class LinkPart {
 public:
  // `session` outlives the last block. Until Session::link_wish() says so there is no thread, no socket and no peer.
  LinkPart(const LinkOptions& options, Session& session);

  // For io::AudioOptions::before_block; valid as long as this.
  io::BlockHook hook();

  // The control thread, around Session::tick. `notice` hears of others that come and go.
  void before_tick(Session& session);
  void after_tick(Session& session, const std::function<void(const std::string&)>& notice);

 private:
  void obey(Session& session);
  void tell(const schedule::LinkTell& what);
  void share_transport(Session& session, const std::function<void(const std::string&)>& notice);
  void count_peers(const std::function<void(const std::string&)>& notice);

  const LinkOptions options_;
  ctl::EngineHost& host_;
  const SampleRate rate_;
  std::unique_ptr<io::LinkClock> clock_;           // once it was wanted; kept, since a block may be captured right now
  std::atomic<io::LinkClock*> captured_{nullptr};  // of each block; null: off
  LinkWish wish_;                                  // as obeyed
  io::LinkReading reading_;
  std::size_t peers_ = 0;
  double quantum_ = 0;

  bool they_play_ = false;                      // as it was last seen, or told by us
  bool we_play_ = false;                        // any deck
  int patience_ = 0;                            // ticks that they have to take up what we told
  std::array<bool, msg::kMaxDecks> stopped_{};  // decks that a stop of theirs has paused
};

}  // namespace tactus::session
