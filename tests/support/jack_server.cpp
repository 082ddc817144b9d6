#include "support/jack_server.h"

#include <fcntl.h>
#include <jack/jack.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace tactus::test {

namespace {

bool may_be_realtime() {
  rlimit limit{};
  return getrlimit(RLIMIT_RTPRIO, &limit) == 0 && limit.rlim_cur >= 70;
}

constexpr int kSlots = 4;

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace

bool JackServer::installed() { return std::system("command -v jackd >/dev/null 2>&1") == 0; }

JackServer::JackServer() {
  const std::string base = (std::filesystem::temp_directory_path() / "tactus-test-jack-").string();
  for (int slot = 1; lock_ < 0; slot = slot % kSlots + 1) {
    const int file = open((base + std::to_string(slot) + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) {
      lock_ = file;
      name_ = "tactus-test-" + std::to_string(slot);
      log_path_ = base + std::to_string(slot) + ".log";
    } else {
      if (file >= 0) close(file);
      sleep_ms(20);
    }
  }
  std::error_code ignored;
  std::filesystem::remove(log_path_, ignored);
  setenv("JACK_DEFAULT_SERVER", name_.c_str(), 1);
  setenv("JACK_NO_AUDIO_RESERVATION", "1", 1);  // it would ask D-Bus
  setenv("JACK_NO_START_SERVER", "1", 1);
  jack_set_error_function([](const char*) {});
  jack_set_info_function([](const char*) {});
}

JackServer::~JackServer() {
  if (killed_) start(48000, 256);  // so that it can be signed off
  stop();
  std::error_code ignored;
  std::filesystem::remove(log_path_, ignored);
  close(lock_);
}

bool JackServer::start(int rate, int block, int playback, int capture) {
  stop();
  killed_ = false;
  std::vector<std::string> words = {"jackd", "-n", name_};
  if (may_be_realtime()) {
    words.insert(words.end(), {"-R", "-P", "70"});
  } else {
    words.push_back("-r");
  }
  words.insert(words.end(), {"-d", "dummy", "-r", std::to_string(rate), "-p", std::to_string(block), "-P",
                             std::to_string(playback), "-C", std::to_string(capture)});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int log = open(log_path_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // even if the test crashes
    if (getppid() != parent) _exit(1);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execvp("jackd", argv.data());
    _exit(127);
  }
  close(log);
  for (int i = 0; i < 200; ++i) {
    if (answers()) return true;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    sleep_ms(50);
  }
  return false;
}

// Asks without libjack: that can't open a client while another of this process, whose server has died, still closes.
bool JackServer::answers() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/dev/shm/jack_" + name_ + "_" + std::to_string(getuid()) + "_0";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(client);
  return connected;
}

void JackServer::end(int signal) {
  if (pid_ < 0) return;
  ::kill(pid_, SIGCONT);
  ::kill(pid_, signal);
  for (int i = 0; i < 300; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return;
    }
    sleep_ms(10);
  }
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void JackServer::stop() { end(SIGTERM); }

void JackServer::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);  // without waking it first: a crash while frozen is one of the cases
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  killed_ = true;
}

void JackServer::freeze() {
  if (pid_ >= 0) ::kill(pid_, SIGSTOP);
}

void JackServer::thaw() {
  if (pid_ >= 0) ::kill(pid_, SIGCONT);
}

std::string JackServer::log() const {
  std::ifstream file(log_path_);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace tactus::test
