#include "library/phrases/index_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <limits>
#include <thread>

#include "library/phrases/index_wire.h"
#include "library/phrases/remote_index.h"
#include "phrase_library.h"

namespace tactus::library {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 100ms;

class IndexServerTest : public PhraseLibrary {
 protected:
  std::unique_ptr<RemoteIndex> connected(const std::string& folder) {
    for (int i = 0; i < 500; ++i) {
      auto out = RemoteIndex::connect(folder);
      if (out && out->complete()) return out;
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "no answer, or never complete";
    return nullptr;
  }
  std::unique_ptr<RemoteIndex> connected() { return connected(folder_); }
  static std::string start(IndexServer& server) {
    std::string why;
    const bool started = server.start(&why);
    EXPECT_EQ(started, why.empty());
    return why;
  }
  static bool closed(int socket) {
    pollfd file{socket, POLLIN, 0};
    char byte = 0;
    return ::poll(&file, 1, 2000) > 0 && ::recv(socket, &byte, 1, 0) <= 0;
  }
};

void expect_same(const std::vector<PhraseHit>& a, const std::vector<PhraseHit>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].id, b[i].id);
    EXPECT_EQ(a[i].track, b[i].track);
    EXPECT_EQ(a[i].similarity, b[i].similarity);
  }
}

TEST_F(IndexServerTest, AnswersWhatTheIndexItselfDoes) {
  IndexServer server(folder_);
  ASSERT_EQ(start(server), "");
  struct stat about {};
  ASSERT_EQ(::stat((folder_ + "/phrases.sock").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const auto remote = connected();
  ASSERT_TRUE(remote);
  PhraseShelf shelf(db(), folder_);
  shelf.read_all();
  EXPECT_EQ(remote->size(), 40U);
  EXPECT_EQ(remote->dimensions(), 128U);
  EXPECT_EQ(remote->embedder(), "tactus 1");
  std::vector<PhraseFilter> filters(6);
  filters[1].bpm = NumberRange{120, 126};
  filters[2].keys = 1U << 9;
  filters[3] = {.energy = NumberRange{6, 9}, .but_track = 2};
  filters[4].labels = 1U << 4;
  filters[5].vocals = NumberRange{0.5, 1};
  for (const PhraseFilter& f : filters)
    expect_same(remote->search(real_vector(1, 3), 50, f), shelf.index()->search(real_vector(1, 3), 50, f));
  EXPECT_TRUE(remote->search({}, 5).empty());
  EXPECT_FALSE(remote->remove(1));  // it comes and goes with the database
}

TEST_F(IndexServerTest, KnowsWhatIsCommittedBeforeItIsAsked) {
  IndexServer server(folder_);
  ASSERT_EQ(start(server), "");
  const auto remote = connected();
  ASSERT_TRUE(remote);
  const std::int64_t added = add_track("New", "Nobody", 125, 9, 2);
  EXPECT_EQ(remote->search(real_vector(2, 5), 2, {.but_track = 3}).at(0).track, added);
  db().run("DELETE FROM phrase WHERE track = ?1", added);
  for (const PhraseHit& h : remote->search(real_vector(2, 5), 100)) EXPECT_NE(h.track, added);
  EXPECT_EQ(remote->size(), 40U);
}

TEST_F(IndexServerTest, GoesOnFromAnotherDatabase) {
  IndexServer server(folder_);
  ASSERT_EQ(start(server), "");
  const auto remote = connected();
  ASSERT_TRUE(remote);
  // A damaged database is put aside for another one.
  test::TempFolder other;
  {
    Store restored(other.path().string());
    restored.db().run("INSERT INTO track(title, added) VALUES('Alone', 0)");
    put_analysis(restored, 1, facts("Alone", 120, 3, 2));
  }
  for (const char* part : {"", "-wal"})
    std::filesystem::rename(database_file(folder_) + part, database_file(folder_) + part + ".aside");
  std::filesystem::remove(database_file(folder_) + "-shm");
  std::filesystem::rename(database_file(other.path().string()), database_file(folder_));
  std::size_t size = 0;
  for (int i = 0; i < 300 && size != 8; ++i) {
    std::this_thread::sleep_for(10ms);
    (void)remote->search(real_vector(2, 5), 1);
    size = remote->size();
  }
  EXPECT_EQ(size, 8U);
  EXPECT_TRUE(remote->complete());
}

TEST_F(IndexServerTest, OneServesAndADeadOneLeavesItsPlace) {
  EXPECT_EQ(RemoteIndex::connect(folder_), nullptr);
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    IndexServer server(folder_);
    const char started = server.start(nullptr) ? 'y' : 'n';
    if (::write(ready[1], &started, 1) == 1) ::pause();
    ::_exit(0);
  }
  char started = 0;
  ASSERT_EQ(::read(ready[0], &started, 1), 1);
  EXPECT_EQ(started, 'y');
  const auto remote = connected();
  ASSERT_TRUE(remote);
  IndexServer server(folder_);
  EXPECT_NE(start(server).find("another process"), std::string::npos);

  // One that is stopped costs the patience, once; then none.
  ::kill(child, SIGSTOP);
  int status = 0;
  ::waitpid(child, &status, WUNTRACED);
  EXPECT_EQ(RemoteIndex::connect(folder_, kPatience), nullptr);
  EXPECT_THROW(remote->search(real_vector(0, 0), 1), NoAnswer);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_THROW(remote->search(real_vector(0, 0), 1), NoAnswer);
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/phrases.sock"));
  EXPECT_EQ(RemoteIndex::connect(folder_), nullptr);

  ASSERT_EQ(start(server), "");
  EXPECT_TRUE(connected());
  server.stop();
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/phrases.sock"));
  ASSERT_EQ(start(server), "");
  EXPECT_TRUE(connected());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(IndexServerTest, IsHeldUpByNobody) {
  IndexServer server(folder_);
  ASSERT_EQ(start(server), "");
  const auto remote = connected();
  ASSERT_TRUE(remote);
  const auto send = [](const UniqueFd& socket, const std::string& bytes) {
    return ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == std::ssize(bytes);
  };
  // What makes no sense, is cut or too long ends the connection.
  const std::string ask = bytes_of(IndexAsk{.k = 4, .filter = {}, .vector = real_vector(0, 0)});
  IndexAsk greedy{.k = 4097, .filter = {}, .vector = real_vector(0, 0)};
  for (const std::string& bytes : {std::string("hello"), ask.substr(0, 60), ask + std::string(20'000, 'x'),
                                   std::string(ask.size(), '\xff'), bytes_of(greedy)}) {
    const UniqueFd socket = connect_to_index(folder_);
    ASSERT_TRUE(socket && send(socket, bytes));
    EXPECT_TRUE(closed(socket.get()));
  }
  // Who asks and asks and never reads is sent away when no more fits.
  const UniqueFd deaf = connect_to_index(folder_);
  IndexAsk all{.k = 4096, .filter = {}, .vector = real_vector(0, 0)};
  bool taken = true;
  for (int i = 0; i < 20'000 && taken; ++i) {
    taken = send(deaf, bytes_of(all)) || errno == EAGAIN;
    if (i % 16 == 0) {
      EXPECT_EQ(remote->search(real_vector(1, 3), 1).size(), 1U);
    }
  }
  EXPECT_FALSE(taken);
  // Many who say nothing make room for those who do.
  std::vector<UniqueFd> silent;
  for (std::size_t i = 0; i < 3 * IndexServer::kMostClients; ++i) {
    silent.push_back(connect_to_index(folder_));
    if (i % 8 == 0) {
      EXPECT_EQ(remote->search(real_vector(1, 3), 1).size(), 1U);
    }
  }
  EXPECT_TRUE(connected());
  EXPECT_EQ(remote->search(real_vector(1, 3), 1).size(), 1U);
}

TEST_F(IndexServerTest, FolderMayBeLongAndEmpty) {
  const std::string folder = folder_ + "/" + std::string(120, 'x');
  std::filesystem::create_directory(folder);
  IndexServer server(folder);
  ASSERT_EQ(start(server), "");
  const auto remote = RemoteIndex::connect(folder, 5s);
  ASSERT_TRUE(remote);
  EXPECT_FALSE(remote->complete());
  EXPECT_EQ(remote->size(), 0U);
  EXPECT_NE(start(*std::make_unique<IndexServer>(folder + "/none")), "");
}

TEST(IndexWire, SaysAgainWhatItWasTold) {
  IndexAsk ask{.k = 7, .filter = {}, .vector = {1, -2, 127}};
  ask.filter = {.bpm = NumberRange{1, 2},
                .keys = 3,
                .energy = NumberRange{4, 5},
                .labels = 6,
                .vocals = NumberRange{0.25, 0.5},
                .but_track = -8};
  const auto read = read_ask(bytes_of(ask));
  ASSERT_TRUE(read);
  EXPECT_EQ(bytes_of(*read), bytes_of(ask));
  EXPECT_EQ(read->vector, ask.vector);
  EXPECT_EQ(read->filter.but_track, -8);
  ask.filter.bpm->low = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(read_ask(bytes_of(ask)));
  IndexAnswer answer{true, 5, 128, "tactus 1", {{1, 2, 0.5F}, {3, 4, 0.25F}}};
  EXPECT_EQ(bytes_of(*read_answer(bytes_of(answer))), bytes_of(answer));
  for (const std::size_t cut : {0, 10, 87, 100}) EXPECT_FALSE(read_answer(bytes_of(answer).substr(0, cut)));
  answer.hits[0].similarity = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(read_answer(bytes_of(answer)));
}

}  // namespace
}  // namespace tactus::library
