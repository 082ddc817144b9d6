#include "io/osc/hub_peer.h"

#include <algorithm>
#include <cerrno>
#include <span>

#include "io/osc/sockets.h"

namespace tactus::io {

namespace {
constexpr std::size_t kPieces = 32;  // replies that go out in one call
}

void Peer::write_out() {
  while (!out.empty() && !gone) {
    iovec pieces[kPieces];
    std::size_t n = 0;
    for (OscPacket& p : out) {
      if (n == kPieces || (n > 0 && p.fd)) break;  // a descriptor travels with the first byte
      pieces[n++] = {p.bytes.data() + p.sent, p.bytes.size() - p.sent};
    }
    const bool pass = out.front().fd && way == Incoming::Way::local;
    ssize_t sent = send_pieces(fd.get(), std::span(pieces, n), pass ? out.front().fd.get() : -1);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) gone = true;
      return;
    }
    out.front().fd.reset();
    while (sent > 0) {
      OscPacket& p = out.front();
      const auto part = std::min(static_cast<std::size_t>(sent), p.bytes.size() - p.sent);
      sent -= static_cast<ssize_t>(part);
      p.sent += part;
      if (p.sent < p.bytes.size()) return;
      out_bytes -= p.bytes.size();
      out.pop_front();
    }
  }
}

}  // namespace tactus::io
