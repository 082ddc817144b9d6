// The journal on the disk: whole lines, in time, also when the disk is full or hangs.
#include "session/journal_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include "support/temp_folder.h"

using namespace tactus::session;
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

double ms_since(Clock::time_point then) {
  return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

class Journal : public ::testing::Test {
 protected:
  std::unique_ptr<JournalWriter> open() {
    std::string error;
    auto writer = JournalWriter::open(path, &error);
    EXPECT_TRUE(writer) << error;
    return writer;
  }
  std::string text() const {
    std::ifstream in(path, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  template <typename F>
  bool wait_for(F what) {
    for (int i = 0; i < 500; ++i) {
      if (what()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  // What the user is told next, within some seconds.
  std::string told(JournalWriter& writer) {
    std::vector<std::string> notices;
    wait_for([&] { return !(notices = writer.take_notices()).empty(); });
    EXPECT_LE(notices.size(), 1u);
    return notices.empty() ? "" : notices[0];
  }

  const tactus::test::TempFolder temp;
  const fs::path folder = temp.path(), path = folder / "journal.jsonl";
};

TEST_F(Journal, LinesAreThereInOrderAndGoOnAfterACutOne) {
  {
    std::ofstream(path) << "one\ntw";
    const auto writer = open();
    for (const char* line : {"three\n", "four\n"}) EXPECT_TRUE(writer->add(line));
  }
  EXPECT_EQ(text(), "one\ntw\nthree\nfour\n");
  const auto writer = open();
  writer->add("five\n");
  EXPECT_TRUE(wait_for([&] { return text() == "one\ntw\nthree\nfour\nfive\n"; })) << text();
  EXPECT_TRUE(writer->take_notices().empty());
}

// What comes, when it comes: each line is seen in the file within 50 ms, and handing it over takes no time.
TEST_F(Journal, LinesAreWithTheSystemInTime) {
  const auto writer = open();
  std::mt19937 dice(4);
  struct Added {
    off_t end;
    Clock::time_point at;
  };
  std::vector<Added> waiting;
  std::vector<double> took, handed;
  off_t end = 0;
  std::size_t next = 0;
  const auto look = [&] {
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    while (next < waiting.size() && waiting[next].end <= info.st_size) took.push_back(ms_since(waiting[next++].at));
  };
  const auto begin = Clock::now();
  while (ms_since(begin) < 1500) {
    for (auto n = dice() % 8; n > 0; --n) {
      const std::string line(20 + dice() % 300, 'x');
      const auto before = Clock::now();
      ASSERT_TRUE(writer->add(line + "\n"));
      handed.push_back(ms_since(before));
      waiting.push_back({end += static_cast<off_t>(line.size()) + 1, before});
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200 + dice() % 1500));
    look();
  }
  ASSERT_TRUE(wait_for([&] {
    look();
    return next == waiting.size();
  }));
  std::sort(took.begin(), took.end());
  std::sort(handed.begin(), handed.end());
  const auto share = [](const std::vector<double>& v, double q) {
    return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1))];
  };
  ASSERT_TRUE(wait_for([&] { return writer->health().lines == waiting.size(); }));
  const JournalWriter::Health h = writer->health();
  std::printf(
      "measured: %zu lines, with the system %.1f ms later (median), %.1f (p99), %.1f at worst; on the disk %.1f at "
      "worst; handed over in %.4f ms (median), %.2f at worst\n",
      took.size(), share(took, 0.5), share(took, 0.99), took.back(), h.worst_disk_ms, share(handed, 0.5),
      handed.back());
  // A machine that stands still for a moment may do so at any line, but not at every hundredth.
  EXPECT_LT(share(took, 0.99), 50);
  EXPECT_LT(share(handed, 0.99), 1);
  EXPECT_LE(h.late * 100, h.lines);
  EXPECT_EQ(h.lost, 0u);
  EXPECT_GT(h.worst_ms, 0);
}

TEST_F(Journal, AFullDiskLosesNothingAndIsTold) {
  // The largest that a file may be stands in for the disk's size.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const auto writer = open();
  writer->add("whole\n");
  ASSERT_TRUE(wait_for([&] { return text() == "whole\n"; }));
  rlimit full = before;
  full.rlim_cur = 10;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  writer->add("too long for it\n");
  const std::string notice = told(*writer);
  const std::string then = text();
  const bool troubled = writer->health().troubled;
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_NE(notice.find("can't be written: "), std::string::npos) << notice;
  EXPECT_TRUE(troubled);
  EXPECT_EQ(then, "whole\n") << "no half line";
  EXPECT_TRUE(wait_for([&] { return text() == "whole\ntoo long for it\n"; })) << text();
  EXPECT_EQ(told(*writer), "The journal is written again.");
  EXPECT_FALSE(writer->health().troubled);
  EXPECT_EQ(writer->lost(), 0u);
}

// --- A writer that stands still --------------------------------------------------------------------------------------

std::atomic<bool> g_hold{false}, g_held{false};

void hold(int) {
  g_held.store(true);
  while (g_hold.load()) ::usleep(1000);
}

// Stops the writer's thread, as a disk would that answers nothing, until it is let go.
bool hold_writer() {
  struct sigaction action {};
  action.sa_handler = hold;
  ::sigaction(SIGUSR1, &action, nullptr);
  g_hold.store(true);
  g_held.store(false);
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(task.path() / "comm") >> name;
    if (name != "tactus-journal") continue;
    ::syscall(SYS_tgkill, ::getpid(), std::stoi(task.path().filename()), SIGUSR1);
    for (int i = 0; i < 500 && !g_held.load(); ++i) ::usleep(10'000);
    return g_held.load();
  }
  return false;
}

TEST_F(Journal, WhatWaitsIsBoundedAndNobodyWaitsForIt) {
  for (const std::size_t size : {std::size_t{20}, std::size_t{60'000}}) {
    fs::remove(path);
    auto writer = open();
    ASSERT_TRUE(wait_for(hold_writer));  // it may not have its name yet
    std::vector<std::string> kept;
    std::size_t bytes = 0;
    std::vector<double> took;
    for (int i = 0; i < 6000; ++i) {
      std::string line = std::to_string(i);
      line.resize(size - 1, '.');
      const auto before = Clock::now();
      const bool taken = writer->add(line + "\n");
      took.push_back(ms_since(before));
      if (!taken) continue;
      bytes += size;
      kept.push_back(line);
    }
    std::sort(took.begin(), took.end());
    EXPECT_LT(took[took.size() * 9 / 10], 1) << "add() never waits; the machine may";
    EXPECT_LE(kept.size(), JournalWriter::kQueue);
    EXPECT_LE(bytes, JournalWriter::kQueuedBytes);
    EXPECT_GT(std::max<double>(static_cast<double>(kept.size()) / JournalWriter::kQueue,
                               static_cast<double>(bytes) / JournalWriter::kQueuedBytes),
              0.98)
        << "one of the bounds is reached";
    EXPECT_EQ(writer->lost(), 6000 - kept.size());
    EXPECT_NE(told(*writer).find(std::to_string(writer->lost()) + " lines"), std::string::npos);
    g_hold.store(false);
    writer.reset();
    std::string whole;
    for (const std::string& line : kept) whole += line + "\n";
    EXPECT_TRUE(text() == whole) << "all that was taken is there, in order";
  }
}

TEST_F(Journal, AFolderThatIsNotThereIsAPlainError) {
  std::string error;
  EXPECT_FALSE(JournalWriter::open(folder / "none" / "journal.jsonl", &error));
  EXPECT_NE(error.find("none"), std::string::npos);
}

}  // namespace
