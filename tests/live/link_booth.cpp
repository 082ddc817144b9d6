#include "link_booth.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <thread>

namespace tactus::test {
namespace {

std::string why;

// A network in which nobody else's Link session is, and which no packet leaves.
std::string enter_own_network() {
  if (::unshare(CLONE_NEWNET) != 0) return std::string("no network namespace: ") + std::strerror(errno);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq lo{};
  std::strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = fd >= 0 && ::ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
  const std::string problem = up ? "" : std::string("the loopback can't be brought up: ") + std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return problem;
}

}  // namespace

const std::string& no_network() { return why; }

Peer::Peer() {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::execl(TACTUS_LINK_PEER, TACTUS_LINK_PEER, nullptr);
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_ = ::fdopen(in[1], "w");
  from_ = ::fdopen(out[0], "r");
}

Peer::~Peer() {
  if (to_) std::fclose(to_);
  if (from_) std::fclose(from_);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

std::string Peer::ask(const std::string& line) {
  std::fprintf(to_, "%s\n", line.c_str());
  std::fflush(to_);
  char answer[128] = {};
  if (!std::fgets(answer, sizeof answer, from_)) return {};
  answer[std::strcspn(answer, "\n")] = 0;
  return answer;
}

double Peer::number(const std::string& line) { return std::stod("0" + ask(line)); }

double Peer::beat(std::int64_t ns) {
  const std::string answer = ask("beat " + std::to_string(ns) + " 4");
  return answer.empty() ? NAN : std::stod(answer);
}

bool within(double seconds, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void grow_old() { std::this_thread::sleep_for(std::chrono::milliseconds(800)); }

}  // namespace tactus::test

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that died is a test that fails
  tactus::test::why = tactus::test::enter_own_network();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
