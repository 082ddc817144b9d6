#include "session/keeper_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "sidecar/board.h"

extern char** environ;

namespace tactus::session {

namespace {

constexpr std::size_t kMostHeard = 4096;  // bytes of a line
constexpr double kKeeperPause = 0.2;      // before the first restarts: nobody waits for it
constexpr const char* kRoleNames[] = {"off", "none", "kept", "lent", "elsewhere", "stuck", "troubled"};

// Its standard input and output; of the rest of our files it gets none.
int spawn_keeper(std::vector<std::string>& words, int input, int output, pid_t* pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, 0);
  posix_spawn_file_actions_adddup2(&files, output, 1);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  const sched_param ordinary{};
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setsigdefault(&how, &all);
  posix_spawnattr_setschedpolicy(&how, SCHED_OTHER);
  posix_spawnattr_setschedparam(&how, &ordinary);
  // A group of its own: Ctrl-C at the engine's terminal begins the fade, which is still to be taken in.
  posix_spawnattr_setpgroup(&how, 0);
  posix_spawnattr_setflags(
      &how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  const int code = ::posix_spawnp(pid, argv[0], &files, &how, argv.data(), environ);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  return code;
}

}  // namespace

const char* role_name(KeeperState::Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }

std::string to_line(const KeeperState& state) {
  std::string text = std::string(role_name(state.role)) + " " + state.text;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text + "\n";
}

bool read_line(std::string_view line, KeeperState* state) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const auto* name = std::find(std::begin(kRoleNames), std::end(kRoleNames), line.substr(0, space));
  if (name == std::end(kRoleNames)) return false;
  state->role = static_cast<KeeperState::Role>(name - std::begin(kRoleNames));
  state->text = line.substr(std::min(space + 1, line.size()));
  return true;
}

KeeperProcess::KeeperProcess(std::vector<std::string> words) : words_(std::move(words)), thread_([this] { run(); }) {}

KeeperProcess::~KeeperProcess() {
  stop_.store(true);
  thread_.join();
  let_end();
}

void KeeperProcess::let_end() {
  input_.reset();
  for (int i = 0; pid_ > 0 && i < 200 && ::waitpid(pid_, nullptr, WNOHANG) == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

bool KeeperProcess::look(KeeperState* state) {
  if (!fresh_.load(std::memory_order_relaxed)) return false;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return false;
  fresh_.store(false, std::memory_order_relaxed);
  *state = state_;
  return true;
}

void KeeperProcess::say(const KeeperState& state) {
  const std::lock_guard lock(mutex_);
  if (state == state_) return;
  state_ = state;
  fresh_.store(true, std::memory_order_relaxed);
}

void KeeperProcess::pause(double seconds) const {
  for (double waited = 0; waited < seconds && !stop_.load(); waited += 0.05)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void KeeperProcess::run() {
  ::pthread_setname_np(::pthread_self(), "tactus-keeper");
  while (!stop_.load()) {
    if (start()) {
      while (!stop_.load() && listen()) {
      }
      if (stop_.load()) return;
      ::kill(pid_, SIGKILL);  // it has ended, or stands still
      ::waitpid(pid_, nullptr, 0);
      pid_ = -1;
      say({KeeperState::Role::troubled, "the process that keeps it ended; it is started again"});
    }
    pause(std::max(kKeeperPause, restarts_.crashed(static_cast<double>(sidecar::monotonic_ns()) * 1e-9)));
  }
}

bool KeeperProcess::start() {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0) return false;
  const UniqueFd theirs_in(in[0]);
  input_ = UniqueFd(in[1]);
  if (::pipe2(out, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  output_ = UniqueFd(out[0]);
  const UniqueFd theirs_out(out[1]);
  // What it says is little, and it may wait for us to read it.
  ::fcntl(theirs_out.get(), F_SETFL, 0);
  heard_.clear();
  heard_ns_ = sidecar::monotonic_ns();
  const int code = spawn_keeper(words_, theirs_in.get(), theirs_out.get(), &pid_);
  if (code == 0) return true;
  pid_ = -1;
  say({KeeperState::Role::troubled, std::string("the process that keeps it can't be started: ") + std::strerror(code)});
  return false;
}

// False: it has ended, or stands still.
bool KeeperProcess::listen() {
  pollfd p{output_.get(), POLLIN, 0};
  ::poll(&p, 1, 100);
  std::array<char, 1024> bytes{};
  const ssize_t n = ::read(output_.get(), bytes.data(), bytes.size());
  const std::int64_t now = sidecar::monotonic_ns();
  if (n == 0) return false;
  if (n < 0) {
    if (now - heard_ns_ < kSilentNs) return true;
    say({KeeperState::Role::troubled, "the process that keeps it doesn't answer; it is ended and started again"});
    return false;
  }
  heard_ns_ = now;
  heard_.append(bytes.data(), static_cast<std::size_t>(n));
  if (heard_.size() > kMostHeard) heard_.clear();
  KeeperState state;
  bool any = false;
  for (std::size_t end = 0; (end = heard_.find('\n')) != std::string::npos; heard_.erase(0, end + 1))
    any = read_line(std::string_view(heard_).substr(0, end), &state) || any;
  if (any) say(state);
  return true;
}

}  // namespace tactus::session
