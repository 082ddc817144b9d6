#include "io/midi/port_process.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

#include "base/unique_fd.h"
#include "io/ahead.h"
#include "io/midi/port_wire.h"
#include "lockfree/spsc_ring.h"

extern char** environ;

namespace tactus::io {
namespace {

using namespace std::chrono_literals;
using midi_wire::Kind;
using midi_wire::Packet;

constexpr std::size_t kIncomingMessages = 4096;
// Dying at once again and again costs a second each time, no more.
constexpr std::chrono::milliseconds kFirstPause = 100ms, kLastPause = 1s;

struct Child {
  pid_t pid = -1;
  UniqueFd socket;
};

Child start_child(const std::string& program, const MidiPortsOptions& options, std::string* error) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    *error = std::string("no socket for the MIDI process: ") + std::strerror(errno);
    return {};
  }
  Child child;
  child.socket = UniqueFd(ends[0]);
  const UniqueFd theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), 3);
  const std::string rescan = std::to_string(options.rescan_ms);
  const char* argv[] = {program.c_str(), options.api.c_str(), options.client.c_str(), rescan.c_str(), nullptr};
  const int code = ::posix_spawnp(&child.pid, program.c_str(), &actions, nullptr, const_cast<char**>(argv), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code == 0) return child;
  *error = program + " can't be started: " + std::strerror(code);
  return {};
}

void put_text(Packet& p, const std::string& text) {
  const std::size_t n = std::min(text.size(), p.text.size() - 1);
  std::copy_n(text.data(), n, p.text.data());
}

class Process final : public MidiPorts {
 public:
  Process(std::string program, MidiPortsOptions options, Child child, std::function<void()> wake,
          std::function<void()> died)
      : program_(std::move(program)),
        options_(std::move(options)),
        wake_(std::move(wake)),
        died_(std::move(died)),
        child_(std::move(child)),
        incoming_(kIncomingMessages) {
    reader_ = std::thread([this] { run(); });
  }

  ~Process() override {
    stop_.store(true);
    {
      const std::lock_guard lock(mutex_);
      if (child_.socket) ::shutdown(child_.socket.get(), SHUT_RDWR);
    }
    again_.notify_all();
    reader_.join();
  }

  void want(std::vector<PortPattern> patterns) override {
    const std::lock_guard lock(mutex_);
    wanted_ = std::move(patterns);
    tell_wanted();
  }

  bool receive(MidiReceived& received) override { return incoming_.pop(received); }

  std::vector<MidiChange> take_changes() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(changes_, {});
  }

  bool send(int device, const MidiMessage& message, std::int64_t due_ns) override {
    Packet p;
    p.kind = Kind::send;
    p.device = device;
    p.at_ns = due_ns;
    p.message = message;
    const std::lock_guard lock(mutex_);
    if (device != kVirtualDevice && !open_.contains(device)) return true;
    if (device != kVirtualDevice) p.device = device - base_;
    if (put(p)) return true;
    ++dropped_;
    return false;
  }

  MidiPortNames names() const override {
    const std::lock_guard lock(mutex_);
    return names_;
  }
  MidiPunctuality punctuality() const override {
    const std::lock_guard lock(mutex_);
    MidiPunctuality p = figures_;
    p.dropped += dropped_;
    return p;
  }
  std::uint64_t lost() const override {
    const std::lock_guard lock(mutex_);
    return lost_there_ + lost_here_;
  }

 private:
  // `mutex_` is held.
  bool put(const Packet& p) {
    return child_.socket && ::send(child_.socket.get(), &p, sizeof p, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof p;
  }

  void tell_wanted() {
    Packet p;
    p.kind = Kind::want;
    p.count = static_cast<std::int32_t>(wanted_.size());
    if (wanted_.empty()) put(p);
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      p.index = static_cast<std::int32_t>(i);
      p.text = {};
      std::string parts;
      for (const std::string& part : wanted_[i]) parts += part + "\n";
      put_text(p, parts);
      put(p);
    }
  }

  void run() {
    pthread_setname_np(pthread_self(), "tactus-midi");
    Ahead ahead;
    auto pause = kFirstPause;
    while (!stop_.load()) {
      const auto began = std::chrono::steady_clock::now();
      read_all(ahead);
      end_child();
      if (stop_.load()) return;
      if (died_) died_();
      pause = std::chrono::steady_clock::now() - began > 10s ? kFirstPause : std::min(pause * 2, kLastPause);
      std::unique_lock lock(mutex_);
      again_.wait_for(lock, pause, [this] { return stop_.load(); });
      if (stop_.load()) return;
      std::string error;
      lock.unlock();
      Child next = start_child(program_, options_, &error);
      lock.lock();
      child_ = std::move(next);
      tell_wanted();
    }
  }

  // Until the process closes its end.
  void read_all(Ahead& ahead) {
    Packet p;
    const int socket = child_.socket.get();  // which only this thread changes
    while (socket >= 0) {
      const ssize_t n = ::recv(socket, &p, sizeof p, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      if (n == sizeof p) take(p);
      ahead.turn();
    }
  }

  void take(Packet& p) {
    p.text.back() = 0;
    if (p.kind == Kind::received) {
      const int device = p.device == kVirtualDevice ? kVirtualDevice : base_ + p.device;
      const bool room = incoming_.push({device, p.at_ns, p.message});
      if (!room) {
        const std::lock_guard lock(mutex_);
        ++lost_here_;
      }
      if (wake_) wake_();
      return;
    }
    const std::lock_guard lock(mutex_);
    switch (p.kind) {
      case Kind::change:
        change(p);
        break;
      case Kind::names:
        if (p.count == 1) {
          names_ = {p.text.data(), {}, {}};
        } else {
          (p.index == 0 ? names_.in : names_.out).emplace_back(p.text.data());
        }
        break;
      case Kind::figures:
        figures_ = p.figures;
        lost_there_ = p.lost;
        break;
      default:
        break;
    }
  }

  void change(const Packet& p) {
    const int device = base_ + p.device;
    if (p.here) {
      highest_ = std::max(highest_, device);
      open_[device] = {device, p.index, p.text.data(), true};
      changes_.push_back(open_[device]);
      return;
    }
    const auto found = open_.find(device);
    if (found == open_.end()) return;
    changes_.push_back(found->second);
    changes_.back().here = false;
    open_.erase(found);
  }

  void end_child() {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, device] : open_) {
      changes_.push_back(device);
      changes_.back().here = false;
    }
    open_.clear();
    base_ = highest_;  // the next process begins at 1 again
    names_ = {};
    const Child old = std::exchange(child_, {});
    if (old.pid <= 0) return;
    ::kill(old.pid, SIGKILL);  // it may hang in a driver
    ::waitpid(old.pid, nullptr, 0);
  }

  const std::string program_;
  const MidiPortsOptions options_;
  const std::function<void()> wake_, died_;

  mutable std::mutex mutex_;
  std::condition_variable again_;
  Child child_;
  std::vector<PortPattern> wanted_;
  std::vector<MidiChange> changes_;
  std::map<int, MidiChange> open_;
  MidiPortNames names_;
  MidiPunctuality figures_;
  std::uint64_t dropped_ = 0, lost_there_ = 0, lost_here_ = 0;
  std::atomic<int> base_{0};  // of the process's numbers of devices
  int highest_ = 0;

  lockfree::SpscRing<MidiReceived> incoming_;
  std::atomic<bool> stop_{false};
  std::thread reader_;
};

// The program's side.
class Server {
 public:
  Server(int socket, const MidiPortsOptions& options) : socket_(socket) {
    std::string error;
    ports_ = MidiPorts::start(
        options, [this] { forward(); }, &error);
  }

  void run() {
    Ahead ahead;
    while (ports_) {
      ahead.turn();
      pollfd p{socket_, POLLIN, 0};
      if (::poll(&p, 1, 100) > 0 && !read_one()) return;
      tell();
    }
  }

 private:
  void put(const Packet& p) { (void)!::send(socket_, &p, sizeof p, MSG_NOSIGNAL); }

  // The ports' own thread, and the only one that receives.
  void forward() {
    MidiReceived r;
    Packet p;
    p.kind = Kind::received;
    while (ports_ && ports_->receive(r)) {
      p.device = r.device;
      p.at_ns = r.at_ns;
      p.message = r.message;
      put(p);
    }
  }

  bool read_one() {
    Packet p;
    const ssize_t n = ::recv(socket_, &p, sizeof p, 0);
    if (n <= 0) return n < 0 && errno == EINTR;
    if (n != sizeof p) return true;
    p.text.back() = 0;
    if (p.kind == Kind::send) {
      ports_->send(p.device, p.message, p.at_ns);
    } else if (p.kind == Kind::want) {
      if (p.index == 0) wanted_.clear();
      PortPattern parts;
      std::istringstream lines(p.text.data());
      for (std::string part; std::getline(lines, part);) parts.push_back(part);
      if (p.count > 0) wanted_.push_back(std::move(parts));
      if (static_cast<int>(wanted_.size()) == p.count) ports_->want(wanted_);
    }
    return true;
  }

  void tell() {
    for (const MidiChange& c : ports_->take_changes()) {
      Packet p;
      p.kind = Kind::change;
      p.device = c.device;
      p.index = c.pattern;
      p.here = c.here;
      put_text(p, c.name);
      put(p);
    }
    const MidiPortNames names = ports_->names();
    if (names.api != told_.api || names.in != told_.in || names.out != told_.out) {
      told_ = names;
      tell_name(names.api, 0, 1);
      for (const std::string& name : names.in) tell_name(name, 0, 0);
      for (const std::string& name : names.out) tell_name(name, 1, 0);
    }
    if (++rounds_ % 10 != 0) return;
    Packet p;
    p.kind = Kind::figures;
    p.figures = ports_->punctuality();
    p.lost = ports_->lost();
    put(p);
  }

  void tell_name(const std::string& name, int which, int first) {
    Packet p;
    p.kind = Kind::names;
    p.index = which;
    p.count = first;
    put_text(p, name);
    put(p);
  }

  const int socket_;
  std::unique_ptr<MidiPorts> ports_;
  std::vector<PortPattern> wanted_;
  MidiPortNames told_;
  unsigned rounds_ = 0;
};

}  // namespace

std::unique_ptr<MidiPorts> start_midi_process(const std::string& program, const MidiPortsOptions& options,
                                              std::function<void()> wake, std::function<void()> died,
                                              std::string* error) {
  const std::vector<std::string> known = midi_apis();
  if (!options.api.empty() && std::find(known.begin(), known.end(), options.api) == known.end()) {
    MidiPorts::start(options, {}, error);  // says what there is
    return nullptr;
  }
  Child child = start_child(program, options, error);
  if (!child.socket) return nullptr;
  return std::make_unique<Process>(program, options, std::move(child), std::move(wake), std::move(died));
}

void serve_midi_ports(int socket, const MidiPortsOptions& options) {
  static Server server(socket, options);  // never destroyed
  server.run();
  // What hangs in a driver is not waited for.
  std::_Exit(0);
}

}  // namespace tactus::io
