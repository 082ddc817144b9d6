// A running job's line to the pool: what it reports, and whether it is still wanted. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>

#include "media/wire.h"

namespace tactus::worker {

class JobContext {
 public:
  JobContext(int socket, std::uint64_t job, std::deque<media::Message>& waiting)
      : socket_(socket), job_(job), waiting_(waiting) {}

  // True once the job was cancelled or nobody listens any more: return soon, with whatever result.
  bool cancelled();

  void info(const std::string& text);
  void progress(const std::string& text);
  // Chunk `index` as sealed memory, a copy of `pcm`. False when there is no memory for it.
  bool chunk(std::int64_t index, std::span<const float> pcm);

 private:
  void send(media::Message message);

  int socket_;
  std::uint64_t job_;
  std::deque<media::Message>& waiting_;  // requests that came in meanwhile
  bool cancelled_ = false;
};

// Serves requests from `socket` until it closes or brings garbage. Returns the process's exit status.
int serve(int socket);

}  // namespace tactus::worker
