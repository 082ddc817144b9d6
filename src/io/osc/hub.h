// Everybody who speaks OSC to the engine: clients on a Unix socket, and UDP and TCP where the user turned them on. One
// thread owns all sockets; the control thread takes what came in and gives what goes out, and waits for nobody.
//
// Its thread goes ahead of other programs (io/ahead.h), so what it does for each is bounded (Allowance): a storm waits
// in its own socket, and who has been calm is read first.
//
// Nobody can do harm from here: packets are bounded and decoded by osc::decode; a stream that breaks the framing is
// closed; each sender may send so many messages a second and no more; a client that doesn't read its replies loses them
// (and is told how many), nobody else does; connections and names are counted and bounded.
//
// A wall clock that is set while we run moves nothing: a time tag becomes a wait the moment it comes in.
//
// By UDP, `/reply_to PORT` has the sender's replies sent to that port of the same host: who sends from one socket and
// listens on another says so. Never to another host: nobody may have us send to strangers.
//
// Streams (Unix and TCP) carry packets behind their length, a big-endian int32 (OSC 1.0, "OSC Packets").
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "osc/message.h"

namespace tactus::io {

using ClientId = std::uint32_t;  // never 0, never used twice

struct HubOptions {
  std::string unix_path;     // of the socket; made with mode 0600. Empty: none
  std::string udp, tcp;      // "PORT" or "HOST:PORT"; without a host 127.0.0.1. Empty: none
  double per_second = 8000;  // messages of one sender
  double burst = 4000;
  std::size_t most_clients = 256;
  std::size_t backlog = 1 << 18;  // bytes that wait for a client that doesn't read
  // Seconds since 1970, by which time tags are told; empty: CLOCK_REALTIME. Asked once a packet, when it comes in.
  std::function<double()> wall_clock = {};
};

struct Incoming {
  enum class What : std::uint8_t { joined, message, left };
  enum class Way : std::uint8_t { local, tcp, udp };
  What what = What::message;
  Way way = Way::local;
  ClientId client = 0;
  std::string peer;  // "192.168.1.7:5000" or "pid 1234"
  osc::Message message;
  double wait_seconds = 0;  // until its bundle's time tag; 0: at once
};

struct HubStats {
  std::uint64_t messages = 0, malformed = 0, throttled = 0, refused = 0, lost_replies = 0;
  std::uint32_t clients = 0;
};

class OscHub {
 public:
  // `wake` is called from the hub's thread after messages were queued; it must not block. Null, and a plain sentence in
  // `error`, when a socket can't be had.
  static std::unique_ptr<OscHub> open(const HubOptions& options, std::function<void()> wake, std::string* error);
  virtual ~OscHub() = default;

  // Control thread: the oldest that came in. False: none.
  virtual bool take(Incoming& incoming) = 0;
  // Control thread: a packet for one client; unknown ones are ignored. `fd` >= 0: a descriptor that travels with it,
  // over a Unix socket only (it is duplicated).
  virtual void send(ClientId client, const osc::Message& message, int fd = -1) = 0;
  // Control thread: while on, what is sent waits; all of it goes when it is turned off.
  virtual void hold(bool on) = 0;
  virtual HubStats stats() const = 0;           // any thread
  virtual std::string udp_address() const = 0;  // as bound; empty: none
  virtual std::string tcp_address() const = 0;
};

}  // namespace tactus::io
