// Holds a library's phrase index for all who ask: what is newer than its file is then read, and kept, once (ADR 022).
//
//   IndexServer server("/home/dj/.local/share/tactus/library");
//   std::string why;
//   if (!server.start(&why)) complain(why);   // another process serves already, or the folder can't be written to
//   ...
//   server.stop();                            // or its end
//
// Works in a thread of its own; start() and stop() from one thread. It asks nothing of who starts it: a library that
// isn't there yet, is locked or broken is tried again every second, and meanwhile it answers that it isn't complete.
//
//   folder/phrases.serve   locked by the one that serves; so it is free again however that one ends
//   folder/phrases.sock    what it is asked by (index_wire.h)
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/unique_fd.h"

namespace tactus::library {

class IndexServer {
 public:
  // Of more one is sent away: who has asked nothing yet, else who was silent for the longest.
  static constexpr std::size_t kMostClients = 64;

  explicit IndexServer(std::string folder) : folder_(std::move(folder)) {}
  IndexServer(const IndexServer&) = delete;
  IndexServer& operator=(const IndexServer&) = delete;
  ~IndexServer() { stop(); }

  // False, and why: another process serves, or the folder has no room for a socket. It may be tried again.
  bool start(std::string* why);
  void stop();
  // All of the database is in the index.
  bool complete() const { return complete_; }

 private:
  class Work;
  const std::string folder_;
  UniqueFd lock_, listening_, wake_;
  std::thread thread_;
  std::atomic<bool> complete_ = false;
};

}  // namespace tactus::library
