// One who speaks to the hub: what it is called, what it may send and cost, and what it hasn't been told yet.
//
// The hub's thread only.
#pragma once

#include <netinet/in.h>

#include <deque>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "io/osc/allowance.h"
#include "io/osc/hub.h"
#include "osc/framing.h"

namespace tactus::io {

inline double now_s() { return seconds_of(CLOCK_MONOTONIC); }

struct OscPacket {
  std::vector<std::byte> bytes;
  std::size_t sent = 0;
  UniqueFd fd;
};

// A peer's share of the hub's time, for long, and seconds of it at once; who has just come has less.
constexpr double kPeerShare = 0.1, kPeerMost = 0.010, kPeerFirst = 0.003;

struct Peer {
  ClientId id = 0;
  Incoming::Way way = Incoming::Way::local;
  std::string place, name;  // where it is; what it is called
  UniqueFd fd;              // of a stream
  sockaddr_in address{};    // of a UDP sender
  sockaddr_in replies{};    // where that one listens
  double tokens = 0, refilled = 0, heard = 0, told = 0;
  std::uint64_t refused = 0;  // since it was told
  osc::Unframer in;
  std::deque<OscPacket> out;
  std::size_t out_bytes = 0;
  std::uint64_t lost = 0;  // replies, since it was told
  bool gone = false;
  bool owed = false;  // replies that were put since it was last written to
  Allowance work{kPeerShare, kPeerMost, kPeerFirst, now_s()};

  // What of `out` the socket takes.
  void write_out();
};

}  // namespace tactus::io
