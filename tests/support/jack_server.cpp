#include "support/jack_server.h"

#include <fcntl.h>
#include <jack/jack.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <vector>

namespace tactus::test {

namespace {

constexpr int kPriority = 70;

// By its limits, or by a capability that nothing but trying tells of.
bool may_be_realtime() {
  bool may = false;
  std::thread([&may] {
    sched_param fifo{};
    fifo.sched_priority = kPriority;
    may = pthread_setschedparam(pthread_self(), SCHED_FIFO, &fifo) == 0;
  }).join();
  return may;
}

// A socket of an abstract name is the lock, which can't stay behind as a file would. One server at a time: libjack
// names a client's socket by the client alone, so that clients of two servers take each other's away ("Cannot connect
// to server socket" is what the server says then).
int take_place() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string_view("tactus-test-jack").copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  close(socket);
  return -1;
}

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace

bool JackServer::installed() { return std::system("command -v jackd >/dev/null 2>&1") == 0; }

JackServer::JackServer() {
  for (place_ = take_place(); place_ < 0; place_ = take_place()) sleep_ms(20);
  setenv("JACK_DEFAULT_SERVER", name_.c_str(), 1);
  setenv("JACK_NO_AUDIO_RESERVATION", "1", 1);  // it would ask D-Bus
  setenv("JACK_NO_START_SERVER", "1", 1);
  jack_set_error_function([](const char*) {});
  jack_set_info_function([](const char*) {});
}

// A server whose clients were killed waits for each of them for seconds, so it isn't given more than a moment. One that
// was killed is started again without clients, to be signed off from JACK's list; the names of its dead clients stay.
JackServer::~JackServer() {
  end(300);
  if (killed_) start(48000, 256);
  stop();
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
    if (entry.path().filename().string().find(name_ + "_") != std::string::npos)
      std::filesystem::remove(entry, ignored);
  }
  close(place_);
}

bool JackServer::start(int rate, int block, int playback, int capture) {
  stop();
  killed_ = false;
  std::vector<std::string> words = {"jackd", "-n", name_};
  if (may_be_realtime()) {
    words.insert(words.end(), {"-R", "-P", std::to_string(kPriority)});
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

void JackServer::end(int patience_ms) {
  if (pid_ < 0) return;
  ::kill(pid_, SIGCONT);
  ::kill(pid_, SIGTERM);
  for (int waited = 0; waited < patience_ms; waited += 10) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return;
    }
    sleep_ms(10);
  }
  kill();
}

void JackServer::stop() { end(3000); }

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
