// What the pool and its workers say to each other: messages over a SOCK_SEQPACKET pair, each with at most one
// descriptor.
//
// A message on the wire is a header (magic, lengths, kind, job, six numbers), then name, path and text. Its lengths are
// checked against what arrived; whatever doesn't fit is garbage, after which the receiver hangs up. Text of more than
// 32 KiB travels as sealed memory. Thread-safe per socket and direction.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/unique_fd.h"
#include "media/result.h"

namespace tactus::media {

struct Message {
  enum class Kind : std::uint32_t { request = 1, cancel, info, chunk, progress, done, failed, alive };
  Kind kind = Kind::request;
  std::uint64_t job = 0;
  std::array<std::int64_t, 6> numbers{};
  std::string name;  // request: the job's kind; failed: the file that the error names
  std::string path;  // bytes, at most 8 KiB
  std::string text;  // at most 64 MiB
  UniqueFd memory;   // chunk only
};

enum class Received { message, nothing, closed, garbage };

// Sends all of `message`. `wait`: blocks while the socket is full, else gives an error then.
Status send_message(int socket, const Message& message, bool wait);

// Takes the next message. `nothing`: none is there (only without `wait`).
Received receive_message(int socket, Message& message, bool wait);

}  // namespace tactus::media
