// What tests with Link peers share: a network of their own, and a peer of the bare library, a process of its own.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

namespace tactus::test {

// Why there is no network namespace of our own; empty: there is, with only the loopback up. Entered by main(), before
// any thread starts.
const std::string& no_network();

class Peer {
 public:
  Peer();
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  // One line of link_peer.cpp's, and its answer; empty when it died.
  std::string ask(const std::string& line);
  double number(const std::string& line);
  double beat(std::int64_t ns);  // at a CLOCK_MONOTONIC time, quantum 4

 private:
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

// Looks every 5 ms. The limit only ends a test that has failed.
bool within(double seconds, const std::function<bool()>& done);
// Of two sessions that meet, Link keeps the one that is older by half a second; of equals it keeps either. A session
// that everyone else has left is founded anew, so its age counts from there.
void grow_old();

}  // namespace tactus::test
