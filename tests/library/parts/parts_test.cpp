// Shards and the parts that come of them.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include "library/parts/part.h"
#include "library/parts/shard.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

TEST(Shard, IsTwoNumbersThatMakeSense) {
  EXPECT_EQ(parse_shard("3/16"), (Shard{3, 16}));
  EXPECT_EQ(parse_shard("1000000/1000000"), (Shard{1'000'000, 1'000'000}));
  for (const char* wrong : {"", "3", "/", "3/", "/3", "0/3", "4/3", "1/0", "-1/3", "1/1000001", "1/3 ", " 1/3", "1/3/3",
                            "99999999999/99999999999"})
    EXPECT_FALSE(parse_shard(wrong)) << wrong;
}

TEST(Shard, EveryFileIsInOneOfThemAndTheyAreAboutEqual) {
  for (const std::uint32_t of : {1u, 2u, 3u, 7u, 100u}) {
    std::vector<int> files(of + 1);
    for (int i = 0; i < 20000; ++i) {
      const std::uint32_t shard = shard_of("Artist " + std::to_string(i / 12) + "/" + std::to_string(i) + ".mp3", of);
      ASSERT_GE(shard, 1u);
      ASSERT_LE(shard, of);
      ++files[shard];
    }
    const double mean = 20000.0 / of;
    for (std::uint32_t s = 1; s <= of; ++s) EXPECT_NEAR(files[s], mean, 5 * std::sqrt(mean)) << s << " of " << of;
  }
}

TEST(Shard, IsTheSameOnEveryMachineAndInEveryRelease) {
  // Whoever changes these makes machines of two releases leave files out.
  EXPECT_EQ(shard_of("a.mp3", 16), 3u);
  EXPECT_EQ(shard_of("Ann\xc3\xa9/b.flac", 1000), 450u);
  EXPECT_EQ(shard_of("\xff\xfe.wav", 7), 1u);
}

PartEntry entry(const std::string& path) {
  PartEntry out;
  out.path = path;
  out.size = 12345;
  out.content = "00112233445566778899aabbccddeeff";
  out.scanned.identity = {12000, -1};
  out.scanned.artist = "Björk \"B\"";
  out.scanned.title = ",\"analysis\":{";
  out.scanned.year = 1997;
  out.scanned.duration = 201.5;
  out.scanned.bpm = 126;
  out.scanned.key = 0;
  out.scanned.codec = "mp3";
  out.scanned.rate = 44100;
  out.scanned.bitrate = 320;
  out.scanned.art = true;
  out.words = {"dark \"heavy\" bass", ""};
  out.analysis = R"({"tactus_analysis":8,"title":"x,\"check\":\"","grid":[{"beat":0.5}]})";
  return out;
}

PartEntry failed(const std::string& path) {
  PartEntry out;
  out.path = path;
  out.size = 7;
  out.error = "there is no audio in it";
  return out;
}

PartHeader of(std::uint32_t index, std::uint32_t shards) { return {{index, shards}, "/net/music"}; }

const auto kAll = [](const PartEntry&) { return true; };

struct Found {
  PartSummary summary;
  std::vector<PartEntry> entries;
};

Found found_in(const std::string& text) {
  Found out;
  std::istringstream in(text);
  out.summary = read_part(in, [&](const PartEntry& e, std::string_view) {
    out.entries.push_back(e);
    return true;
  });
  return out;
}

std::string text_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

Found found_at(const std::string& path) { return found_in(text_of(path)); }

// A part of these, closed.
void write_part(const std::string& path, const PartHeader& header, const std::vector<PartEntry>& entries) {
  PartWriter writer;
  std::string error;
  ASSERT_TRUE(writer.open(path, header, kAll, &error)) << error;
  for (const PartEntry& e : entries) ASSERT_TRUE(writer.append(e, &error)) << error;
  ASSERT_TRUE(writer.finish(&error)) << error;
}

TEST(Part, ComesBackAsItWas) {
  const test::TempFolder folder;
  const std::vector<PartEntry> entries = {entry("a/\"b\".mp3"), failed("c\n.wav"), entry("bytes \xff\x80.flac")};
  write_part(folder / "part", {{2, 5}, "/net/\xff"}, entries);
  const Found found = found_at(folder / "part");
  EXPECT_TRUE(found.summary.ended);
  EXPECT_EQ(found.summary.header, (PartHeader{{2, 5}, "/net/\xff"}));
  EXPECT_EQ(read_part_header(folder / "part"), found.summary.header);
  EXPECT_TRUE(found.summary.problems.empty());
  EXPECT_EQ(found.entries, entries);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "nothing is left beside it";
}

TEST(Part, CutAnywhereGivesWhatIsWholeAndSaysSo) {
  const test::TempFolder folder;
  const std::vector<PartEntry> entries = {entry("a"), failed("b"), entry("c")};
  write_part(folder / "part", of(1, 1), entries);
  const std::string text = text_of(folder / "part");
  for (std::size_t length = 0; length < text.size(); ++length) {
    const Found found = found_in(text.substr(0, length));
    EXPECT_FALSE(found.summary.ended) << length;
    ASSERT_LE(found.entries.size(), entries.size());
    for (std::size_t i = 0; i < found.entries.size(); ++i) EXPECT_EQ(found.entries[i], entries[i]);
    const auto ends =
        static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<long>(length), '\n'));
    EXPECT_EQ(found.entries.size(), std::clamp<std::size_t>(ends, 1, 4) - 1) << length;
    const bool in_a_line = length > 0 && text[length - 1] != '\n';
    EXPECT_EQ(found.summary.problems.size(), in_a_line ? 1u : 0u) << length;
  }
}

TEST(Part, AByteThatIsAnotherCostsItsLineAndIsNoticed) {
  const test::TempFolder folder;
  write_part(folder / "part", of(1, 1), {entry("a"), failed("b"), entry("c")});
  const std::string text = text_of(folder / "part");
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string other = text;
    other[at] = static_cast<char>(other[at] ^ 1);
    const Found found = found_in(other);
    ASSERT_FALSE(found.summary.problems.empty()) << at;
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
    EXPECT_EQ(found.summary.problems[0].line, static_cast<std::size_t>(line)) << at;
    const bool of_an_entry = text[at] != '\n' && at > text.find('\n');
    EXPECT_GE(found.entries.size(), of_an_entry ? 2u : 1u) << at;
  }
}

TEST(Part, NothingInItLeadsOutOfTheCatalogue) {
  for (const char* path : {"/etc/passwd", "../a.mp3", "a/../../b.mp3", ""}) {
    const Found found = found_in(part_line(entry(path)) + "\n");
    EXPECT_TRUE(found.entries.empty()) << path;
    EXPECT_EQ(found.summary.problems.size(), 1u);
  }
  EXPECT_EQ(found_in(part_line(entry("a/..b/c...mp3")) + "\n").entries.size(), 1u);
}

TEST(Part, WhatIsNoneIsTold) {
  for (const char* text : {"", "RIFF....WAVE\n", "{\"a\":1}\n", "[1]\n", "{}\n"})
    EXPECT_FALSE(found_in(text).summary.header) << text;
  std::string error;
  EXPECT_FALSE(read_part(
      "/no/such/part", [](const PartEntry&, std::string_view) { return true; }, &error));
  EXPECT_NE(error.find("/no/such/part"), std::string::npos);
  const test::TempFolder folder;
  EXPECT_FALSE(read_part(
      folder.path().string(), [](const PartEntry&, std::string_view) { return true; }, &error));
}

TEST(PartWriter, GoesOnFromWhereItWasKilled) {
  const test::TempFolder folder;
  std::string error;
  {
    PartWriter killed;
    ASSERT_TRUE(killed.open(folder / "part", of(1, 2), kAll, &error)) << error;
    for (const char* name : {"a", "b"}) ASSERT_TRUE(killed.append(entry(name), &error));
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "part")) << "it has its name when it is whole";
  std::ofstream(folder / "part.unfinished", std::ios::app) << part_line(entry("c")).substr(0, 50);
  PartWriter again;
  std::set<std::string> known;
  const auto keep = [&](const PartEntry& e) { return known.insert(e.path).second; };
  ASSERT_TRUE(again.open(folder / "part", of(1, 2), keep, &error)) << error;
  EXPECT_EQ(known, (std::set<std::string>{"a", "b"}));
  ASSERT_TRUE(again.append(failed("c"), &error));
  EXPECT_EQ(again.entries(), 3u);
  EXPECT_EQ(again.failed(), 1u);
  ASSERT_TRUE(again.finish(&error));
  const Found found = found_at(folder / "part");
  EXPECT_TRUE(found.summary.ended);
  EXPECT_TRUE(found.summary.problems.empty()) << "the line that was cut is gone";
  EXPECT_EQ(found.entries, (std::vector<PartEntry>{entry("a"), entry("b"), failed("c")}));
}

TEST(PartWriter, AnEndedPartIsThereUntilItsSuccessorIsWhole) {
  const test::TempFolder folder;
  std::string error;
  write_part(folder / "part", of(1, 1), {entry("a"), failed("b")});
  PartWriter more;
  ASSERT_TRUE(more.open(
      folder / "part", of(1, 1), [](const PartEntry& e) { return e.error.empty(); }, &error))
      << error;
  ASSERT_TRUE(more.append(entry("b"), &error));
  EXPECT_EQ(found_at(folder / "part").entries, (std::vector<PartEntry>{entry("a"), failed("b")}));
  ASSERT_TRUE(more.finish(&error));
  EXPECT_EQ(found_at(folder / "part").entries, (std::vector<PartEntry>{entry("a"), entry("b")}));
}

TEST(PartWriter, IsTheOnlyOne) {
  const test::TempFolder folder;
  std::string error;
  PartWriter one;
  ASSERT_TRUE(one.open(folder / "part", of(1, 1), kAll, &error)) << error;
  PartWriter other;
  EXPECT_FALSE(other.open(folder / "part", of(1, 1), kAll, &error));
  EXPECT_NE(error.find("another process is writing it"), std::string::npos) << error;
  ASSERT_TRUE(one.append(entry("a"), &error));
  ASSERT_TRUE(one.finish(&error));
  one = PartWriter();
  ASSERT_TRUE(other.open(folder / "part", of(1, 1), kAll, &error)) << error;
  EXPECT_EQ(other.entries(), 1u);
}

TEST(PartWriter, NeverGoesOverWhatIsSomethingElse) {
  const test::TempFolder folder;
  std::string error;
  write_part(folder / "part", of(1, 2), {entry("a")});
  std::ofstream(folder / "song.mp3") << "ID3";
  PartWriter writer;
  EXPECT_FALSE(writer.open(folder / "part", of(2, 2), kAll, &error));
  EXPECT_NE(error.find("1/2"), std::string::npos) << error;
  EXPECT_FALSE(PartWriter().open(folder / "song.mp3", of(1, 2), kAll, &error));
  EXPECT_NE(error.find("no part"), std::string::npos) << error;
  EXPECT_FALSE(PartWriter().open(folder / "no/such/part", of(1, 2), kAll, &error));
  EXPECT_EQ(text_of(folder / "song.mp3"), "ID3");
  EXPECT_EQ(found_at(folder / "part").entries.size(), 1u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2) << "nothing is left beside them";
}

}  // namespace
}  // namespace tactus::library
