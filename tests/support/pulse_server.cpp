#include "support/pulse_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace tactus::test {

namespace {

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// A child that dies with this process. `out`, `err`: files for its output; "": none.
pid_t run(const std::vector<std::string>& words, const std::string& out, const std::string& err) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const auto file = [](const std::string& path) {
    return ::open(path.empty() ? "/dev/null" : path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  };
  const int to = file(out), errors = file(err);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(to, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(to);
  ::close(errors);
  return pid;
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace

bool PulseServer::installed() { return std::system("command -v pulseaudio parec >/dev/null 2>&1") == 0; }

PulseServer::PulseServer() {
  ::setenv("PULSE_SERVER", address().c_str(), 1);
  ::setenv("PULSE_RUNTIME_PATH", folder_.path().c_str(), 1);
  ::setenv("PULSE_STATE_PATH", folder_.path().c_str(), 1);
  ::setenv("PULSE_COOKIE", (folder_ / "cookie").c_str(), 1);
}

PulseServer::~PulseServer() { kill(); }

bool PulseServer::start(int rate) {
  kill();
  std::error_code ignored;
  std::filesystem::remove(folder_ / "socket", ignored);
  const std::string sink = std::string("module-null-sink sink_name=") + kSink +
                           " format=float32le channels=2 rate=" + std::to_string(rate) +
                           " sink_properties=device.description=" + kSink;
  pid_ = run({"pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes",
              "-L", sink, "-L", "module-native-protocol-unix auth-anonymous=1 socket=" + folder_ / "socket"},
             "", folder_ / "log");
  for (int i = 0; i < 200; ++i) {
    if (answers()) return true;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    sleep_ms(50);
  }
  return false;
}

bool PulseServer::answers() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder_ / "socket";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(client);
  return connected;
}

void PulseServer::kill() {
  if (pid_ >= 0) end(pid_);
  pid_ = -1;
}

void PulseServer::freeze() {
  if (pid_ >= 0) ::kill(pid_, SIGSTOP);
}

void PulseServer::thaw() {
  if (pid_ >= 0) ::kill(pid_, SIGCONT);
}

std::vector<float> PulseServer::record(int rate, double seconds) const {
  const std::string path = folder_ / "recorded";
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  const pid_t recorder = run({"parec", "--raw", "--format=float32le", "--channels=2", "--latency-msec=20",
                              "--rate=" + std::to_string(rate), std::string("--device=") + kSink + ".monitor"},
                             path, folder_ / "log");
  const auto bytes = static_cast<std::uintmax_t>(seconds * rate) * 8;
  for (int i = 0; i < 100 * (seconds + 10); ++i) {
    const std::uintmax_t size = std::filesystem::file_size(path, ignored);
    if (!ignored && size >= bytes) break;
    sleep_ms(10);
  }
  end(recorder);
  std::ifstream file(path, std::ios::binary);
  std::vector<float> frames(static_cast<std::size_t>(std::filesystem::file_size(path, ignored)) / sizeof(float));
  file.read(reinterpret_cast<char*>(frames.data()), static_cast<std::streamsize>(frames.size() * sizeof(float)));
  return frames;
}

std::string PulseServer::log() const {
  std::ifstream file(folder_ / "log");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace tactus::test
