// The writer's role, lent by a keeper to processes that ask, die, stand still or talk nonsense.
#include "library/store/role_keeper.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "library/store/role_socket.h"
#include "library/store/store.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

using namespace std::chrono_literals;

class Role : public ::testing::Test {
 protected:
  void SetUp() override { folder_ = files_.path().string(); }
  void TearDown() override {
    for (const pid_t pid : children_) finish(pid, SIGKILL);
  }

  // Another process that writes with the role until it is killed or told to end; a line for each thing that it tells.
  struct Writer {
    pid_t pid = 0;
    int said = -1;
  };
  Writer writer(const std::string& who, const RoleWait& wait = {.ms = 0}) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, 0), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      // As a program of its own has none of the keeper's files.
      for (int fd = 3; fd < 1000; ++fd)
        if (fd != ends[1]) ::close(fd);
      const auto say = [&](std::string words) {
        words += '\n';
        if (::write(ends[1], words.data(), words.size()) < 0) ::_exit(3);
      };
      RoleWait mine = wait;
      std::string last;
      mine.told = [&](const std::string& words) {
        if (words != last) say(words);
        last = words;
      };
      try {
        Store store(folder_, {.who = who, .wait = mine});
        store.db().run("INSERT INTO track(title, added) VALUES(?1, 1)", who);
        say("writes");
        ::pause();
      } catch (const StoreError& e) {
        say(e.what());
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    children_.push_back(pid);
    return {pid, ends[0]};
  }
  void finish(pid_t pid, int signal = SIGKILL) {
    ::kill(pid, signal);
    ::waitpid(pid, nullptr, 0);
    std::erase(children_, pid);
  }
  // Turns the keeper until it is so; not for longer than a slow machine takes.
  static bool until(RoleKeeper& keeper, const std::function<bool()>& so) {
    for (int i = 0; i < 1000 && !so(); ++i) keeper.turn(10ms, false);
    return so();
  }
  static std::string line(RoleKeeper& keeper, int fd) {
    std::string text;
    for (char c = 0;;) {
      pollfd p{fd, POLLIN, 0};
      while (::poll(&p, 1, 0) == 0) keeper.turn(5ms, false);
      if (::read(fd, &c, 1) != 1 || c == '\n') return text;
      text += c;
    }
  }

  test::TempFolder files_;
  std::string folder_;
  std::vector<pid_t> children_;
};

TEST_F(Role, IsLentInTurnAndNamed) {
  { const Store made(folder_); }
  RoleKeeper keeper(folder_, "the keeper");
  ASSERT_TRUE(until(keeper, [&] { return keeper.mine(); }));
  EXPECT_EQ(WriterLock::holder(lock_file(folder_))->who, "the keeper");
  struct stat info {};
  ASSERT_EQ(::stat((folder_ + "/library.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  {
    const Store own(folder_, keeper.lock(), {});
    own.folder();
  }
  EXPECT_FALSE(WriterLock::if_free(lock_file(folder_), "a third"));

  const Writer first = writer("first");
  EXPECT_EQ(line(keeper, first.said), "writes");
  EXPECT_FALSE(keeper.mine());
  EXPECT_EQ(keeper.borrower()->pid, first.pid);
  EXPECT_EQ(WriterLock::holder(lock_file(folder_))->who, "first");
  const Writer second = writer("second", {.ms = 0, .queue = true});
  const std::string first_writes = "the library is being written by first (process " + std::to_string(first.pid) + ")";
  EXPECT_EQ(line(keeper, second.said), first_writes);
  const Writer third = writer("third", {.ms = 0, .queue = true});
  EXPECT_EQ(line(keeper, third.said), first_writes + "; 1 wait before this one");
  // Who wants it at once or not at all.
  const Writer fourth = writer("fourth");
  EXPECT_EQ(line(keeper, fourth.said), first_writes + "; 2 wait before this one");
  EXPECT_EQ(line(keeper, fourth.said), first_writes + "; try again when it is done");
  finish(first.pid);
  EXPECT_EQ(line(keeper, second.said), "writes");
  EXPECT_EQ(line(keeper, third.said),
            "the library is being written by second (process " + std::to_string(second.pid) + ")");
  finish(third.pid);  // gone while it waits
  EXPECT_TRUE(until(keeper, [&] { return keeper.waiting() == 0; }));
  finish(second.pid);
  EXPECT_TRUE(until(keeper, [&] { return keeper.mine(); }));
  EXPECT_EQ(WriterLock::holder(lock_file(folder_))->who, "the keeper");
  Reader reader(folder_);
  EXPECT_EQ(reader.db().integer("SELECT count(*) FROM track"), 2);
}

TEST_F(Role, TheKeeperTakesItsTurnBetweenTwoWhoAsk) {
  { const Store made(folder_); }
  RoleKeeper keeper(folder_, "the keeper");
  ASSERT_TRUE(until(keeper, [&] { return keeper.mine(); }));
  const Writer first = writer("first");
  EXPECT_EQ(line(keeper, first.said), "writes");
  const Writer second = writer("second", {.ms = 0, .queue = true});
  line(keeper, second.said);
  finish(first.pid);
  for (int i = 0; i < 1000 && !keeper.mine(); ++i) keeper.turn(10ms, true);
  ASSERT_TRUE(keeper.mine());
  EXPECT_EQ(keeper.waiting(), 1U);
  EXPECT_EQ(line(keeper, second.said), "the library is being written by the keeper");
  EXPECT_EQ(line(keeper, second.said), "writes");
}

TEST_F(Role, StaysWithTheBorrowerWhenTheKeeperDies) {
  { const Store made(folder_); }
  auto keeper = std::make_optional<RoleKeeper>(folder_, "the keeper");
  ASSERT_TRUE(until(*keeper, [&] { return keeper->mine(); }));
  const Writer borrower = writer("borrower");
  EXPECT_EQ(line(*keeper, borrower.said), "writes");
  const Writer queued = writer("queued", {.ms = 0, .queue = true});
  EXPECT_NE(line(*keeper, queued.said).find("borrower"), std::string::npos);
  keeper.reset();  // all that its death closes
  EXPECT_FALSE(WriterLock::if_free(lock_file(folder_), "a third"));
  RoleKeeper next(folder_, "the next");
  for (int i = 0; i < 5; ++i) next.turn(5ms, false);
  EXPECT_TRUE(next.keeps());
  EXPECT_FALSE(next.mine());
  ::kill(borrower.pid, SIGSTOP);
  int status = 0;
  ::waitpid(borrower.pid, &status, WUNTRACED);
  // Who waited goes on waiting with the next one.
  EXPECT_EQ(line(next, queued.said), "the library is being written by borrower (process " +
                                         std::to_string(borrower.pid) +
                                         ", which stands still: `kill -CONT` lets it go on)");
  finish(borrower.pid);
  EXPECT_EQ(line(next, queued.said), "writes");
  finish(queued.pid);
  EXPECT_TRUE(until(next, [&] { return next.mine(); }));
}

TEST_F(Role, OfTwoKeepersOneKeeps) {
  { const Store made(folder_); }
  auto first = std::make_optional<RoleKeeper>(folder_, "the first");
  ASSERT_TRUE(until(*first, [&] { return first->mine(); }));
  RoleKeeper second(folder_, "the second");
  second.turn(0ms, false);
  EXPECT_FALSE(second.keeps());
  EXPECT_EQ(second.trouble(), "");
  first.reset();
  EXPECT_TRUE(until(second, [&] { return second.mine(); }));
}

TEST_F(Role, NonsenseAndACrowdAtTheSocketChangeNothing) {
  // Longer than a socket's name may be.
  folder_ += "/" + std::string(120, 'x');
  { const Store made(folder_); }
  RoleKeeper keeper(folder_, "the keeper");
  ASSERT_TRUE(until(keeper, [&] { return keeper.mine(); }));
  std::vector<UniqueFd> crowd;
  for (int i = 0; i < 60; ++i) {
    crowd.push_back(connect_to_keeper(folder_));
    ASSERT_TRUE(crowd.back());
    keeper.turn(0ms, false);
  }
  EXPECT_TRUE(send_role(crowd[0].get(), "\x1b[2Jnobody\n", 0));
  EXPECT_TRUE(until(keeper, [&] { return keeper.borrower().has_value(); }));
  EXPECT_EQ(keeper.borrower()->who, "[2Jnobody");
  EXPECT_TRUE(send_role(crowd[0].get(), "and more"));
  EXPECT_TRUE(send_role(crowd[1].get(), std::string(10000, 'y')));
  EXPECT_TRUE(until(keeper, [&] { return keeper.waiting() == 1; }));
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(connect_to_keeper(folder_));
    keeper.turn(0ms, false);
  }
  crowd.clear();
  const Writer after = writer("after", {.ms = 5000});
  EXPECT_EQ(line(keeper, after.said), "writes");
}

TEST_F(Role, ALibraryThatWasMadeAnewIsKept) {
  { const Store made(folder_); }
  RoleKeeper keeper(folder_, "the keeper");
  ASSERT_TRUE(until(keeper, [&] { return keeper.mine(); }));
  std::filesystem::remove(lock_file(folder_));
  EXPECT_TRUE(until(keeper, [&] {
    const auto now = WriterLock::holder(lock_file(folder_));
    return now && now->who == "the keeper";
  }));
}

TEST_F(Role, AnOlderLayoutIsLeftAloneWithoutUpkeep) {
  { const Store made(folder_); }
  {
    Database db(database_file(folder_), Database::Mode::write, 0);
    db.execute("PRAGMA user_version = 1");
  }
  EXPECT_THROW(Store(folder_, {.upkeep = false}), StoreError);
  Database db(database_file(folder_), Database::Mode::write, 0);
  EXPECT_EQ(db.integer("PRAGMA user_version"), 1);
}

}  // namespace
}  // namespace tactus::library
