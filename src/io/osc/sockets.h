// Sockets of the hub: non-blocking, closed on exec. Each returns an empty descriptor and a plain sentence in `error`
// when it can't be had.
#pragma once

#include <netinet/in.h>
#include <sys/uio.h>

#include <span>
#include <string>

#include "base/unique_fd.h"

namespace tactus::io {

// Listens on `path`, mode 0600. A socket file that nobody listens on any more is replaced.
UniqueFd listen_unix(const std::string& path, std::string* error);
// "PORT" or "HOST:PORT"; 127.0.0.1 without a host. type: SOCK_DGRAM or SOCK_STREAM (listening).
UniqueFd bind_inet(const std::string& where, int type, std::string* error);
// "127.0.0.1:9000"
std::string address_text(const sockaddr_in& a);
std::string bound_address(int fd);
// What of `pieces` the socket takes, without waiting; -1 with errno. `passed` >= 0: a descriptor that travels with it.
ssize_t send_pieces(int fd, std::span<iovec> pieces, int passed);
// "pid 1234" of a Unix peer.
std::string peer_process(int fd);

}  // namespace tactus::io
