// Our own view of a JACK server: RtMidi doesn't notice when it goes, nor when a port goes and comes back between two
// looks. Internal to io/midi.
#pragma once

#include <atomic>
#include <string>

struct _jack_client;

namespace tactus::io {

// One thread; calls may wait for the server.
class JackView {
 public:
  // Never starts a server.
  JackView();
  ~JackView();
  JackView(const JackView&) = delete;
  JackView& operator=(const JackView&) = delete;

  // Whether there is a server, and has been since.
  bool here() const { return client_ && !gone_.load(); }
  // Whether `port` is connected to a port of a client whose name begins so.
  bool connected(const std::string& port, const std::string& client) const;

 private:
  _jack_client* client_ = nullptr;
  std::atomic<bool> gone_{false};
};

}  // namespace tactus::io
