#include "library/store/role_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tactus::library {

namespace {

constexpr int kBacklog = 64;

UniqueFd role_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

UniqueFd opened_folder(const std::string& folder) {
  return UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// A socket's path may have 107 bytes only, a library's folder any number: so it is named by the opened folder.
sockaddr_un role_address(const UniqueFd& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(folder.get()) + "/library.sock";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace

UniqueFd listen_for_role(const std::string& folder, std::string* error) {
  const auto fail = [&] {
    *error = folder + "/library.sock: nobody can be lent the role of the writer: " + std::strerror(errno);
    return UniqueFd();
  };
  const UniqueFd at = opened_folder(folder);
  UniqueFd socket = role_socket();
  if (!at || !socket) return fail();
  const sockaddr_un address = role_address(at);
  ::unlinkat(at.get(), "library.sock", 0);
  // Before it has a name, so that nobody else gets in.
  if (::fchmod(socket.get(), 0600) != 0) return fail();
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return fail();
  if (::listen(socket.get(), kBacklog) != 0) return fail();
  return socket;
}

UniqueFd connect_to_keeper(const std::string& folder) {
  const UniqueFd at = opened_folder(folder);
  UniqueFd socket = role_socket();
  if (!at || !socket) return {};
  const sockaddr_un address = role_address(at);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

bool send_role(int socket, std::string_view text, int file) {
  text = text.substr(0, kMostRoleText);
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (file >= 0) {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &file, sizeof file);
  }
  ssize_t sent = 0;
  do sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(text.size());
}

RoleMessage receive_role(int socket) {
  std::array<char, kMostRoleText> text{};
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  const ssize_t n = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  RoleMessage out;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return out;
  for (cmsghdr* head = n < 0 ? nullptr : CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    int file = -1;
    std::memcpy(&file, CMSG_DATA(head), sizeof file);
    out.file = UniqueFd(file);
  }
  out.kind = n <= 0 ? RoleMessage::Kind::closed : RoleMessage::Kind::text;
  if (n > 0) out.text.assign(text.data(), static_cast<std::size_t>(n));
  // It is shown on terminals.
  std::erase_if(out.text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
  return out;
}

int process_behind(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 ? who.pid : 0;
}

}  // namespace tactus::library
