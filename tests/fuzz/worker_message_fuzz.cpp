// Any bytes from a media worker: garbage, or a message, whose text may be no track info.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "media/track_info_json.h"
#include "media/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::media;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) std::abort();
  if (::send(ends[0], data, size, 0) == static_cast<ssize_t>(size)) {
    Message message;
    const Received received = receive_message(ends[1], message, false);
    if (received == Received::message) static_cast<void>(track_info_from_json(message.text));
  }
  static_cast<void>(track_info_from_json({reinterpret_cast<const char*>(data), size}));
  ::close(ends[0]);
  ::close(ends[1]);
  return 0;
}
