// The journal on the disk: whole lines, also when the disk is full.
#include "session/journal_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <vector>

using namespace tactus::session;
namespace fs = std::filesystem;

namespace {

class Journal : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tactus-journal-XXXXXX";
    folder = ::mkdtemp(name);
    path = folder / "journal.jsonl";
  }
  void TearDown() override { fs::remove_all(folder); }
  std::unique_ptr<JournalWriter> open() {
    std::string error;
    auto writer = JournalWriter::open(
        path,
        [this](const std::string& text) {
          const std::lock_guard lock(mutex);
          notices.push_back(text);
        },
        &error);
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
    for (int i = 0; i < 500 && !what(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return what();
  }
  std::size_t told() {
    const std::lock_guard lock(mutex);
    return notices.size();
  }

  fs::path folder, path;
  std::mutex mutex;
  std::vector<std::string> notices;
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
  EXPECT_EQ(told(), 0u);
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
  const bool noticed = wait_for([&] { return told() == 1; });
  const std::string then = text();
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(noticed);
  EXPECT_EQ(then, "whole\n") << "no half line";
  EXPECT_TRUE(wait_for([&] { return text() == "whole\ntoo long for it\n"; })) << text();
  EXPECT_TRUE(wait_for([&] { return told() == 2; }));
  EXPECT_EQ(writer->lost(), 0u);
}

TEST_F(Journal, AFolderThatIsNotThereIsAPlainError) {
  std::string error;
  EXPECT_FALSE(JournalWriter::open(folder / "none" / "journal.jsonl", {}, &error));
  EXPECT_NE(error.find("none"), std::string::npos);
}

}  // namespace
