// Children that are killed in the middle of their work, for tests of what is then on the disk.
//
// 200 kills in all: 50 each while the library is edited, scanned, migrated (kill_test.cpp) and imported into
// (tests/library/exchange/import_kill_test.cpp), four times as many with TACTUS_LONG.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>

namespace tactus::test {

inline int kills() { return std::getenv("TACTUS_LONG") != nullptr ? 200 : 50; }

// What a child does until it is killed: tell(n) for each thing that is finished, n from 1 on.
using Work = std::function<void(const std::function<void(int)>& tell)>;

// Starts it; `end` gets where its words come out.
inline pid_t start(const Work& work, int& end) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    try {
      work([&](int n) {
        if (::write(ends[1], &n, sizeof n) != static_cast<ssize_t>(sizeof n)) ::_exit(3);
      });
    } catch (const std::exception& e) {
      std::fprintf(stderr, "the child: %s\n", e.what());
      ::_exit(4);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  end = ends[0];
  return child;
}

// The last that it told.
inline int end_of(pid_t child, int end) {
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
  int last = 0;
  for (int n = 0; ::read(end, &n, sizeof n) == static_cast<ssize_t>(sizeof n);) last = n;
  ::close(end);
  return last;
}

// How long it takes when nobody kills it.
inline std::chrono::duration<double> time_of(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  int end = 0;
  const pid_t child = start(work, end);
  end_of(child, end);
  return std::chrono::steady_clock::now() - begin;
}

// Kills it (SIGKILL) at a random moment within `most`, if it hasn't ended by itself. The last that it told.
inline int killed_while(const Work& work, std::mt19937& random, std::chrono::duration<double> most) {
  int end = 0;
  const pid_t child = start(work, end);
  ::usleep(static_cast<useconds_t>(1e6 * most.count() * std::uniform_real_distribution<>(0, 1)(random)));
  ::kill(child, SIGKILL);
  return end_of(child, end);
}

}  // namespace tactus::test
