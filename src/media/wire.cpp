#include "media/wire.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "media/sealed_memory.h"

namespace tactus::media {
namespace {

constexpr std::uint32_t kMagic = 0x54414331;  // "TAC1"
constexpr std::size_t kInlineText = 32 * 1024;
constexpr std::size_t kLongestPath = 8 * 1024;
constexpr std::size_t kLongestName = 8 * 1024;
constexpr std::size_t kLongestText = 64u * 1024 * 1024;

struct Header {
  std::uint32_t magic;
  std::uint32_t kind;
  std::uint64_t job;
  std::int64_t numbers[6];
  std::uint32_t name_size;
  std::uint32_t path_size;
  std::uint32_t text_size;
  std::uint32_t text_in_memory;  // 1: the descriptor is the text
};
constexpr std::size_t kLargest = sizeof(Header) + kLongestName + kLongestPath + kInlineText;

bool read_text(Message& m) {
  const auto mapping = SealedMapping::map(m.memory, 0, kLongestText, false);
  if (!mapping) return false;
  m.text.assign(reinterpret_cast<const char*>(mapping->data()), mapping->size());
  m.memory.reset();
  return true;
}

bool parse(std::span<const char> bytes, Message& m) {
  Header h;
  if (bytes.size() < sizeof(h)) return false;
  std::memcpy(&h, bytes.data(), sizeof(h));
  const std::size_t tail = bytes.size() - sizeof(h);
  if (h.magic != kMagic || h.kind < 1 || h.kind > static_cast<std::uint32_t>(Message::Kind::alive)) return false;
  if (h.name_size > kLongestName || h.path_size > kLongestPath || h.text_size > kInlineText) return false;
  if (std::size_t{h.name_size} + h.path_size + h.text_size != tail) return false;
  m.kind = static_cast<Message::Kind>(h.kind);
  m.job = h.job;
  std::memcpy(m.numbers.data(), h.numbers, sizeof(h.numbers));
  const char* p = bytes.data() + sizeof(h);
  m.name.assign(p, h.name_size);
  m.path.assign(p + h.name_size, h.path_size);
  m.text.assign(p + h.name_size + h.path_size, h.text_size);
  return h.text_in_memory == 0 || read_text(m);
}

// The descriptor that came along. A second one is closed: nobody may fill our table.
UniqueFd take_descriptor(msghdr& header) {
  UniqueFd first;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      UniqueFd owned(fd);
      if (!first) first = std::move(owned);
    }
  }
  return first;
}

}  // namespace

Status send_message(int socket, const Message& m, bool wait) {
  if (m.path.size() > kLongestPath || m.name.size() > kLongestName || m.text.size() > kLongestText)
    return Error{m.path, "a message to a media worker is too long"};
  UniqueFd text_memory;
  const bool in_memory = m.text.size() > kInlineText;
  if (in_memory) {
    Result<UniqueFd> sealed = seal_copy(std::as_bytes(std::span(m.text)));
    if (!sealed) return sealed.error();
    text_memory = std::move(sealed).value();
  }
  Header h{};
  h.magic = kMagic;
  h.kind = static_cast<std::uint32_t>(m.kind);
  h.job = m.job;
  std::memcpy(h.numbers, m.numbers.data(), sizeof(h.numbers));
  h.name_size = static_cast<std::uint32_t>(m.name.size());
  h.path_size = static_cast<std::uint32_t>(m.path.size());
  h.text_size = in_memory ? 0 : static_cast<std::uint32_t>(m.text.size());
  h.text_in_memory = in_memory ? 1 : 0;

  std::array<iovec, 4> parts{iovec{&h, sizeof(h)}, iovec{const_cast<char*>(m.name.data()), m.name.size()},
                             iovec{const_cast<char*>(m.path.data()), m.path.size()},
                             iovec{const_cast<char*>(m.text.data()), h.text_size}};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = parts.data();
  header.msg_iovlen = parts.size();
  const int fd = in_memory ? text_memory.get() : m.memory.get();
  if (fd >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(c), &fd, sizeof(int));
  }
  for (;;) {
    if (::sendmsg(socket, &header, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)) >= 0) return {};
    if (errno != EINTR) return Error{m.path, std::string("the media worker can't be reached: ") + std::strerror(errno)};
  }
}

Received receive_message(int socket, Message& m, bool wait) {
  std::array<char, kLargest> bytes;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
  iovec part{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (n < 0 && errno == EINTR);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Received::nothing : Received::closed;
  m = Message{};
  m.memory = take_descriptor(header);
  if (n == 0) return Received::closed;  // an empty packet can't be told from the end; we never send one
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Received::garbage;
  return parse({bytes.data(), static_cast<std::size_t>(n)}, m) ? Received::message : Received::garbage;
}

}  // namespace tactus::media
