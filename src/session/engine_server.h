// What clients see of a running session: takes their requests from the OSC hub, submits their intents, tells each its
// fate, and keeps the StateBoard. docs/clients.md describes the messages.
//
// Control thread only, but for what is said to be for any thread.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "io/audio/backend.h"
#include "io/osc/allowance.h"
#include "io/osc/hub.h"
#include "session/session.h"
#include "sidecar/board.h"

namespace tactus::session {

class EngineServer {
 public:
  // `wake`: makes the control thread call serve() soon; from any thread. Null, and a plain sentence in `error`, when a
  // socket can't be had.
  static std::unique_ptr<EngineServer> open(const io::HubOptions& options, std::string version,
                                            std::function<void()> wake, std::string* error);

  // What came in since the last time, as far as half of the thread's time goes: clients take turns.
  void serve(Session& session);
  // Once a control tick: the board, and what subscribers are owed.
  void tick(Session& session, const io::AudioStatus& audio);
  void executed(const Executed& e);
  void failed(const std::string& text, const std::string& why);
  // A plain sentence for the user: to those who subscribed to events, and onto the board.
  void notice(const std::string& text);

  // As it was last shown; what the server doesn't know of, its owner may fill in.
  sidecar::BoardState& board() { return state_; }

  // Any thread: whether a client asked the engine to end.
  bool stop_asked() const { return stop_.load(std::memory_order_relaxed); }
  const io::OscHub& hub() const { return *hub_; }

 private:
  struct Client {
    schedule::Source source;
    io::Incoming::Way way = io::Incoming::Way::local;
    bool events = false, fates = true;
    double state_hz = 0;
    std::string state_prefix;
    std::int64_t state_due_ns = 0;
    std::unique_ptr<sidecar::BoardState> shown;  // what was sent last
  };

  EngineServer(std::unique_ptr<io::OscHub> hub, std::unique_ptr<sidecar::BoardWriter> board, std::string version);
  Client& client_of(const io::Incoming& in);
  void put(io::Incoming in);
  void handle(Session& session, const io::Incoming& in);
  bool request(Session& session, Client& client, const io::Incoming& in);
  void hello(Client& client, const io::Incoming& in);
  void subscribe(Client& client, const io::Incoming& in, bool on);
  void intent(Session& session, Client& client, const io::Incoming& in);
  void tell_events(const osc::Message& message);
  void show_states();
  void show_state(io::ClientId id, Client& client);
  void fill(const Session& session, const io::AudioStatus& audio);

  std::unique_ptr<io::OscHub> hub_;
  std::unique_ptr<sidecar::BoardWriter> board_;
  std::string version_;
  std::map<io::ClientId, Client> clients_;
  std::map<io::ClientId, std::deque<io::Incoming>> waiting_;  // nobody's is empty
  std::size_t heaped_ = 0;                                    // in all of them
  std::deque<io::ClientId> turns_;                            // who has something waiting, each once
  io::Allowance serving_;
  io::ClientId last_shown_ = 0;
  sidecar::BoardState state_{};
  std::atomic<bool> stop_{false};
};

}  // namespace tactus::session
