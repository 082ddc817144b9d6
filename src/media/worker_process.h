// One tactus-media process: started, talked to, and ended by its own process id. Internal to src/media.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/unique_fd.h"
#include "media/result.h"

namespace tactus::media {

struct WorkerProcess {
  pid_t pid = -1;
  UniqueFd socket;

  // The worker dies with the calling thread. `idle`: at idle priority.
  static Result<WorkerProcess> start(const std::string& program, bool idle);
};

// Kills `pid`, a child of ours that may be stopped or stuck. Reap it with reap().
void kill_child(pid_t pid) noexcept;
// True once `pid` is gone. Doesn't wait: a child stuck in the kernel can take any time.
bool reap(pid_t pid) noexcept;

}  // namespace tactus::media
