#include "io/osc/sockets.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace tactus::io {

namespace {

std::string reason() { return std::strerror(errno); }

bool unix_address(const std::string& path, sockaddr_un* a) {
  *a = {};
  a->sun_family = AF_UNIX;
  if (path.size() >= sizeof a->sun_path) return false;
  std::memcpy(a->sun_path, path.data(), path.size());
  return true;
}

}  // namespace

UniqueFd listen_unix(const std::string& path, std::string* error) {
  sockaddr_un a;
  if (!unix_address(path, &a)) {
    *error = path + ": too long for a socket's path";
    return {};
  }
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto bound = [&] { return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) == 0; };
  const mode_t before = ::umask(0177);
  bool ok = fd && bound();
  if (!ok && errno == EADDRINUSE) {
    // Left behind by an engine that was killed, or is it alive?
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) == 0) {
      errno = EADDRINUSE;
    } else if (::unlink(path.c_str()) == 0) {
      ok = bound();
    }
  }
  const int why = errno;
  ::umask(before);
  errno = why;
  if (ok && ::listen(fd.get(), SOMAXCONN) == 0) return fd;
  *error = path + ": " + reason();
  return {};
}

UniqueFd bind_inet(const std::string& where, int type, std::string* error) {
  const std::size_t colon = where.rfind(':');
  const std::string host = colon == std::string::npos ? "127.0.0.1" : where.substr(0, colon);
  const std::string port = colon == std::string::npos ? where : where.substr(colon + 1);
  addrinfo hints{}, *found = nullptr;
  hints.ai_family = AF_INET;
  hints.ai_socktype = type;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
    *error = "OSC on " + where + ": " + ::gai_strerror(code) + "; say PORT or HOST:PORT";
    return {};
  }
  const sockaddr_in a = *reinterpret_cast<sockaddr_in*>(found->ai_addr);
  ::freeaddrinfo(found);
  UniqueFd fd(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0 &&
      (type == SOCK_DGRAM || ::listen(fd.get(), SOMAXCONN) == 0)) {
    return fd;
  }
  *error = "OSC on " + where + ": " + reason();
  return {};
}

std::string address_text(const sockaddr_in& a) {
  char host[INET_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET, &a.sin_addr, host, sizeof host);
  return std::string(host) + ":" + std::to_string(ntohs(a.sin_port));
}

std::string bound_address(int fd) {
  sockaddr_in a{};
  socklen_t size = sizeof a;
  if (fd < 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) != 0) return {};
  return address_text(a);
}

ssize_t send_pieces(int fd, std::span<iovec> pieces, int passed) {
  msghdr header{};
  header.msg_iov = pieces.data();
  header.msg_iovlen = pieces.size();
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (passed >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(c), &passed, sizeof passed);
  }
  return ::sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

std::string peer_process(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return "local";
  return "pid " + std::to_string(who.pid);
}

}  // namespace tactus::io
