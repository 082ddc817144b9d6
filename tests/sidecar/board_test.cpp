// The StateBoard: readers see whole states, can't write, and know when the engine has gone.
#include "sidecar/board.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <set>
#include <thread>

using namespace tactus;
using namespace tactus::sidecar;

namespace {

UniqueFd copy_of(int fd) { return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

TEST(Board, WhatIsWrittenIsRead) {
  std::string error;
  const auto writer = BoardWriter::create(&error);
  ASSERT_TRUE(writer) << error;
  const auto reader = BoardReader::map(copy_of(writer->fd()), &error);
  ASSERT_TRUE(reader) << error;
  EXPECT_FALSE(reader->alive()) << "nothing was written yet";
  BoardState s{};
  s.version = kBoardVersion;
  s.heartbeat_ns = monotonic_ns();
  s.decks[2].position = 12.5;
  std::strcpy(s.decks[2].path, "a \"b\".flac");
  writer->write(s);
  const auto got = reader->read();
  ASSERT_TRUE(got);
  EXPECT_EQ(board_number(*got, *board_field("deck/3/position")), 12.5);
  EXPECT_EQ(board_text(*got, *board_field("deck/3/path")), "a \"b\".flac");
  EXPECT_TRUE(reader->alive());
  s.heartbeat_ns = monotonic_ns() - kSilentNs;
  writer->write(s);
  EXPECT_FALSE(reader->alive()) << "too long without a sign";
}

TEST(Board, NobodyElseCanWriteOrCutIt) {
  std::string error;
  const auto writer = BoardWriter::create(&error);
  ASSERT_TRUE(writer) << error;
  const UniqueFd theirs = copy_of(writer->fd());
  EXPECT_EQ(::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, theirs.get(), 0), MAP_FAILED);
  EXPECT_NE(::ftruncate(theirs.get(), 0), 0);
  const char x = 1;
  EXPECT_LT(::pwrite(theirs.get(), &x, 1, 0), 0);
}

TEST(Board, WhatIsNoBoardIsRefused) {
  std::string error;
  UniqueFd other(::memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(other.get(), sizeof(Board)), 0);
  EXPECT_FALSE(BoardReader::map(std::move(other), &error)) << "it could be cut short under its reader";
  EXPECT_FALSE(error.empty());
  EXPECT_FALSE(BoardReader::map(UniqueFd(), &error));
}

TEST(Board, FieldsCoverTheStructOnceAndHaveNamesOfTheirOwn) {
  std::set<std::string> names;
  std::vector<bool> taken(sizeof(BoardState));
  for (const BoardField& f : board_fields()) {
    EXPECT_TRUE(names.insert(f.name).second) << f.name;
    ASSERT_LE(f.offset + f.size, sizeof(BoardState));
    for (std::uint32_t i = 0; i < f.size; ++i) {
      EXPECT_FALSE(taken[f.offset + i]) << f.name;
      taken[f.offset + i] = true;
    }
  }
  const auto covered = static_cast<std::size_t>(std::count(taken.begin(), taken.end(), true));
  EXPECT_GT(covered, sizeof(BoardState) - 128) << "more than padding has no name";
}

TEST(Board, AReaderNeverSeesHalfAState) {
  std::string error;
  const auto writer = BoardWriter::create(&error);
  const auto reader = BoardReader::map(copy_of(writer->fd()), &error);
  std::atomic<bool> stop{false};
  std::thread engine([&] {
    BoardState s{};
    for (std::int64_t n = 1; !stop.load(); ++n) {
      s.frame = n;
      s.decks[3].late_chunks = static_cast<std::uint32_t>(n);  // the other end of the struct
      writer->write(s);
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  });
  int seen = 0;
  // Nothing is read while the writer stands in the middle of a write, however long a busy machine leaves it there.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (seen < 20000 && std::chrono::steady_clock::now() < until) {
    const auto s = reader->read();
    if (!s) continue;
    ++seen;
    ASSERT_EQ(static_cast<std::uint32_t>(s->frame), s->decks[3].late_chunks);
  }
  stop.store(true);
  engine.join();
  EXPECT_EQ(seen, 20000);
}

TEST(Board, SaysWhatOfTheLibraryIsToBeReadAgain) {
  using Kinds = std::vector<std::string_view>;
  BoardState then{}, now{};
  then.epoch = now.epoch = 5;
  EXPECT_EQ(library_changes(then, now), Kinds{});
  ++now.library[static_cast<int>(LibraryKind::recordings)];
  EXPECT_EQ(library_changes(then, now), Kinds{"recordings"});
  ++now.library[static_cast<int>(LibraryKind::analyses)];
  EXPECT_EQ(library_changes(then, now), (Kinds{"analyses", "recordings"}));
  EXPECT_EQ(board_number(now, *board_field("library/analyses")), 1);
  then = now;
  now.epoch = 6;  // another engine: nothing of the old one counts
  EXPECT_EQ(library_changes(then, now).size(), std::size(kLibraryKinds));
}

}  // namespace
