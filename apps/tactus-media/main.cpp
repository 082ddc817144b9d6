// tactus-media: a media worker. Started by media::WorkerPool, never by hand; does one job after another for it.
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "job_context.h"

namespace {

// A hostile file may ask for any amount of memory; a worker that gets too much would drag the engine into swap.
void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr rlim_t kMost = rlim_t{4} << 30;
  const rlimit limit{kMost, kMost};
  setrlimit(RLIMIT_AS, &limit);
#endif
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
}

// Analysis takes only what nobody else wants, of the processor and of the disk.
void step_back() {
  setpriority(PRIO_PROCESS, 0, 19);
  const sched_param none{};
  sched_setscheduler(0, SCHED_IDLE, &none);
  syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

}  // namespace

int main(int argc, char** argv) {
  int socket = -1;
  pid_t parent = -1;
  bool idle = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--socket" && i + 1 < argc) socket = std::atoi(argv[++i]);
    if (arg == "--parent" && i + 1 < argc) parent = std::atoi(argv[++i]);
    if (arg == "--idle") idle = true;
  }
  if (socket < 0 || parent < 0) {
    std::fprintf(stderr, "tactus-media decodes and analyses music for tactus; it is not started by hand.\n");
    return 64;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return 0;  // it died before the line above
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C is for the engine, which then fades out, with us
  limit_memory();
  if (idle) step_back();
  return tactus::worker::serve(socket);
}
