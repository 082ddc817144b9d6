#include "media/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

extern char** environ;

namespace tactus::media {
namespace {

constexpr int kSocketInChild = 3;

struct Actions {
  posix_spawn_file_actions_t list;
  Actions() { posix_spawn_file_actions_init(&list); }
  ~Actions() { posix_spawn_file_actions_destroy(&list); }
};

struct Attributes {
  posix_spawnattr_t list;
  Attributes() { posix_spawnattr_init(&list); }
  ~Attributes() { posix_spawnattr_destroy(&list); }
};

}  // namespace

Result<WorkerProcess> WorkerProcess::start(const std::string& program, bool idle) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return Error{program, std::string("no socket for a media worker: ") + std::strerror(errno)};
  WorkerProcess out;
  out.socket = UniqueFd(pair[0]);
  UniqueFd theirs(pair[1]);
  if (theirs.get() == kSocketInChild) {  // dup2 onto itself would keep close-on-exec
    theirs = UniqueFd(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, kSocketInChild + 1));
    if (!theirs) return Error{program, std::string("no socket for a media worker: ") + std::strerror(errno)};
  }

  Actions actions;
  posix_spawn_file_actions_addopen(&actions.list, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions.list, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions.list, theirs.get(), kSocketInChild);
  posix_spawn_file_actions_addclosefrom_np(&actions.list, kSocketInChild + 1);

  // Whatever this thread's signals and scheduling are, a worker's are the ordinary ones.
  Attributes attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  const sched_param ordinary{};
  posix_spawnattr_setsigmask(&attributes.list, &none);
  posix_spawnattr_setsigdefault(&attributes.list, &all);
  posix_spawnattr_setschedpolicy(&attributes.list, SCHED_OTHER);
  posix_spawnattr_setschedparam(&attributes.list, &ordinary);
  posix_spawnattr_setflags(&attributes.list, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSCHEDULER);

  std::string self = program, socket = std::to_string(kSocketInChild), parent = std::to_string(::getpid());
  std::string socket_flag = "--socket", parent_flag = "--parent", idle_flag = "--idle";
  char* argv[] = {self.data(),   socket_flag.data(),
                  socket.data(), parent_flag.data(),
                  parent.data(), idle ? idle_flag.data() : nullptr,
                  nullptr};
  const int rc = ::posix_spawn(&out.pid, program.c_str(), &actions.list, &attributes.list, argv, environ);
  if (rc != 0) return Error{program, std::string("the media worker can't be started: ") + std::strerror(rc)};
  return out;
}

void kill_child(pid_t pid) noexcept { ::kill(pid, SIGKILL); }

bool reap(pid_t pid) noexcept {
  const pid_t got = ::waitpid(pid, nullptr, WNOHANG);
  return got == pid || (got < 0 && errno == ECHILD);
}

}  // namespace tactus::media
