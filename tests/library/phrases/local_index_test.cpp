#include "library/phrases/local_index.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "library/phrases/dot.h"
#include "library/store/sql.h"
#include "real_vectors.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

using Vector = std::vector<std::int8_t>;

Vector decoded(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Vector out;
  unsigned bits = 0, have = 0;
  for (const char c : text) {
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out.push_back(static_cast<std::int8_t>(bits >> have & 255));
  }
  return out;
}

struct Phrase {
  PhraseEntry entry;
  Vector vector;
};

// Between two phrases of one real track, moved by half of what lies between two neighbours of another.
std::vector<Phrase> jittered(std::size_t count, unsigned seed) {
  std::mt19937 dice(seed);
  std::uniform_real_distribution<double> any(0, 1);
  std::vector<Phrase> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& track = kRealVectors[dice() % kRealVectors.size()];
    const auto& other = kRealVectors[dice() % kRealVectors.size()];
    const std::size_t at = dice() % 7;
    const Vector a = decoded(track[dice() % 8]), b = decoded(track[dice() % 8]), c = decoded(other[at]),
                 d = decoded(other[at + 1]);
    const double t = any(dice), by = any(dice) - 0.5;
    Phrase p;
    for (std::size_t n = 0; n < a.size(); ++n)
      p.vector.push_back(static_cast<std::int8_t>(((1 - t) * a[n] + t * b[n] + by * (c[n] - d[n])) / 2));
    p.entry.id = static_cast<std::int64_t>(i);
    p.entry.track = p.entry.id / 20;
    if (i % 50 != 0) p.entry.bpm = 80 + static_cast<double>(dice() % 10000) / 100;
    if (i % 51 != 0) p.entry.key = static_cast<int>(dice() % 24);
    if (i % 52 != 0) p.entry.energy = 1 + static_cast<int>(dice() % 10);
    if (i % 53 != 0) p.entry.vocals = static_cast<double>(dice() % 11) / 10;
    p.entry.label = static_cast<int>(dice() % kPhraseLabels.size());
    out.push_back(p);
  }
  return out;
}

void add_all(LocalIndex& index, const std::vector<Phrase>& phrases) {
  for (const Phrase& p : phrases) ASSERT_TRUE(index.add(p.entry, p.vector));
}

double recall(const LocalIndex& index, const PhraseFilter& filter, std::size_t queries = 50) {
  double found = 0, all = 0;
  for (const Phrase& q : jittered(queries, 99)) {
    std::set<std::int64_t> truth;
    for (const PhraseHit& h : index.search_exactly(q.vector, 10, filter)) truth.insert(h.id);
    for (const PhraseHit& h : index.search(q.vector, 10, filter)) found += truth.contains(h.id);
    all += static_cast<double>(truth.size());
  }
  return found / all;
}

// Said once more, as plainly as can be.
bool lets(const PhraseFilter& f, const PhraseEntry& e) {
  const auto in = [](const std::optional<NumberRange>& range, const auto& value, double factor = 1) {
    return !range || (value && range->low <= factor * *value && factor * *value <= range->high);
  };
  return (in(f.bpm, e.bpm) || in(f.bpm, e.bpm, 2) || in(f.bpm, e.bpm, 0.5)) && in(f.energy, e.energy) &&
         in(f.vocals, e.vocals) && (f.keys == 0 || (e.key && (f.keys >> *e.key & 1) != 0)) &&
         (f.labels == 0 || (f.labels >> e.label & 1) != 0) && f.but_track != e.track;
}

class LocalIndexTest : public testing::Test {
 protected:
  std::string bytes() const {
    std::stringstream out;
    out << std::ifstream(path_, std::ios::binary).rdbuf();
    return out.str();
  }
  void put(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), std::ssize(bytes));
  }
  std::shared_ptr<const IndexFile> open() const {
    std::string why;
    auto file = IndexFile::open(path_, &why);
    EXPECT_TRUE(file) << why;
    return file;
  }

  test::TempFolder temporary_;
  const std::string path_ = (temporary_.path() / "phrases.index").string();
  static constexpr LocalIndex::Options kSmallGraph{.effort = 64, .graph_from = 1000};
};

TEST(Dot, IsThatOfPlainArithmetic) {
  std::mt19937 dice(5);
  for (const std::size_t n : {32, 128, 4096}) {
    Vector a(n), b(n);
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = static_cast<std::int8_t>(dice());
      b[i] = static_cast<std::int8_t>(dice());
    }
    EXPECT_EQ(dot_function()(a.data(), b.data(), n), dot_plain(a.data(), b.data(), n));
    std::fill(a.begin(), a.end(), std::int8_t{-128});
    EXPECT_EQ(dot_function()(a.data(), a.data(), n), 128 * 128 * static_cast<int>(n));
  }
}

TEST_F(LocalIndexTest, AddsFindsReplacesAndRemoves) {
  LocalIndex index("tactus 1", 128);
  const auto phrases = jittered(60, 1);
  add_all(index, phrases);
  EXPECT_EQ(index.size(), 60U);
  auto hits = index.search(phrases[7].vector, 3);
  ASSERT_EQ(hits.size(), 3U);
  EXPECT_EQ(hits[0].id, 7);
  EXPECT_EQ(hits[0].track, 0);
  EXPECT_NEAR(hits[0].similarity, 1, 1e-5);
  EXPECT_GE(hits[1].similarity, hits[2].similarity);

  EXPECT_TRUE(index.add(phrases[7].entry, phrases[30].vector));
  EXPECT_EQ(index.size(), 60U);
  EXPECT_TRUE(index.remove(30));
  EXPECT_FALSE(index.remove(30));
  EXPECT_EQ(index.search(phrases[30].vector, 1)[0].id, 7);
  EXPECT_EQ(index.size(), 59U);
  EXPECT_EQ(index.search(phrases[0].vector, 1000).size(), 59U);

  EXPECT_FALSE(index.add(phrases[1].entry, Vector(127, 1)));
  EXPECT_FALSE(index.add(phrases[1].entry, Vector(128, 0)));
  EXPECT_TRUE(index.search(Vector(5, 1), 3).empty());
  EXPECT_TRUE(index.search(Vector(128, 0), 3).empty());
}

TEST_F(LocalIndexTest, FiltersLetThroughWhatTheySay) {
  const auto phrases = jittered(3000, 2);
  LocalIndex beside("tactus 1", 128, kSmallGraph);
  add_all(beside, phrases);
  ASSERT_TRUE(beside.write(path_, 0));
  LocalIndex index(open(), kSmallGraph);  // all but the last 300 in the graph of the file
  for (std::int64_t i = 2700; i < 3000; ++i) index.remove(i);
  for (std::size_t i = 2700; i < 3000; ++i) index.add(phrases[i].entry, phrases[i].vector);

  std::vector<PhraseFilter> filters(7);
  filters[0].bpm = NumberRange{120, 128};
  filters[1].bpm = NumberRange{60, 64};
  filters[1].keys = 0xfff;
  filters[2].energy = NumberRange{7, 10};
  filters[3].labels = 1 << 4 | 1 << 1;
  filters[4].vocals = NumberRange{0, 0.2};
  filters[5].but_track = 3;
  filters[6] = {.bpm = NumberRange{100, 180}, .keys = 1, .energy = NumberRange{1, 3}, .labels = 1 << 2};
  for (const PhraseFilter& f : filters) {
    std::size_t expected = 0;
    for (const Phrase& p : phrases) expected += lets(f, p.entry);
    const auto hits = index.search(phrases[5].vector, 3000, f);
    EXPECT_EQ(hits.size(), expected);
    for (const PhraseHit& h : hits) EXPECT_TRUE(lets(f, phrases[static_cast<std::size_t>(h.id)].entry)) << h.id;
  }
}

TEST_F(LocalIndexTest, TheGraphFindsWhatLookingAtAllFinds) {
  const auto phrases = jittered(6000, 3);
  LocalIndex index("tactus 1", 128, kSmallGraph);
  add_all(index, phrases);
  ASSERT_TRUE(index.write(path_, 0));
  ASSERT_TRUE(open()->graph());
  PhraseFilter half{.keys = 0xfff}, few{.keys = 1 << 3};
  EXPECT_GE(recall(index, {}), 0.97);
  EXPECT_GE(recall(index, half), 0.97);
  EXPECT_EQ(recall(index, few), 1);
  // With a third of them gone, too.
  for (std::int64_t i = 0; i < 6000; i += 3) index.remove(i);
  EXPECT_EQ(index.size(), 4000U);
  EXPECT_GE(recall(index, {}), 0.97);
}

TEST_F(LocalIndexTest, AGraphGrowsByWhatIsAdded) {
  auto phrases = jittered(4000, 4);
  LocalIndex index("tactus 1", 128, kSmallGraph);
  for (std::size_t i = 0; i < 2500; ++i) index.add(phrases[i].entry, phrases[i].vector);
  ASSERT_TRUE(index.write(path_, 1));
  for (std::size_t i = 2500; i < 4000; ++i) index.add(phrases[i].entry, phrases[i].vector);
  for (std::int64_t i = 100; i < 200; ++i) index.remove(i);
  EXPECT_EQ(index.beside_file(), 1500U);
  ASSERT_TRUE(index.write(path_, 2));
  EXPECT_EQ(index.beside_file(), 0U);

  const auto file = open();
  EXPECT_EQ(file->count(), 4000U);  // what is gone still leads on
  EXPECT_EQ(file->covered(), 2U);
  const LocalIndex again(file, kSmallGraph);
  EXPECT_EQ(again.size(), 3900U);
  EXPECT_GE(recall(again, {}), 0.97);
  for (const PhraseHit& h : again.search(phrases[150].vector, 1000)) EXPECT_FALSE(h.id >= 100 && h.id < 200);

  // When much is gone, the graph is made anew without it.
  for (std::int64_t i = 1000; i < 2000; ++i) index.remove(i);
  ASSERT_TRUE(index.write(path_, 3));
  EXPECT_EQ(open()->count(), 2900U);
  EXPECT_GE(recall(index, {}), 0.97);
}

TEST_F(LocalIndexTest, WhatChangesWhileAFileIsWrittenIsThereAfterwards) {
  auto phrases = jittered(3000, 5);
  LocalIndex index("tactus 1", 128, kSmallGraph);
  for (std::size_t i = 0; i < 2000; ++i) index.add(phrases[i].entry, phrases[i].vector);
  bool once = false;
  ASSERT_TRUE(index.write(path_, 0, [&](double) {
    if (once) return true;
    once = true;
    index.remove(10);
    index.add(phrases[20].entry, phrases[2999].vector);
    for (std::size_t i = 2000; i < 2100; ++i) index.add(phrases[i].entry, phrases[i].vector);
    index.remove(2050);
    EXPECT_FALSE(index.write(path_, 0));  // one at a time
    return true;
  }));
  ASSERT_TRUE(once);
  EXPECT_EQ(index.size(), 2098U);
  std::set<std::int64_t> ids;
  for (const PhraseHit& h : index.search_exactly(phrases[0].vector, 3000)) EXPECT_TRUE(ids.insert(h.id).second);
  EXPECT_EQ(ids.size(), 2098U);
  EXPECT_FALSE(ids.contains(10) || ids.contains(2050));
  EXPECT_EQ(index.search(phrases[2999].vector, 1)[0].id, 20);

  // Ended in the middle: the file before stays.
  EXPECT_FALSE(index.write(path_, 9, [](double) { return false; }));
  EXPECT_EQ(open()->covered(), 0U);
}

TEST_F(LocalIndexTest, IsSearchedWhileItIsAddedToAndWritten) {
  const auto phrases = jittered(4000, 6);
  LocalIndex index("tactus 1", 128, kSmallGraph);
  for (std::size_t i = 0; i < 1500; ++i) index.add(phrases[i].entry, phrases[i].vector);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (std::size_t i = 1500; i < 4000; ++i) {
      index.add(phrases[i].entry, phrases[i].vector);
      if (i % 2 == 0) index.remove(static_cast<std::int64_t>(i) - 1000);
      if (i % 1250 == 0) index.write(path_, i);
    }
    done = true;
  });
  // Phrases that are there all the time are found at any time.
  std::size_t searches = 0;
  for (; !done || searches == 0; ++searches) {
    const auto& p = phrases[searches % 500];
    const auto hits = index.search(p.vector, 5);
    ASSERT_EQ(hits.size(), 5U);
    ASSERT_NEAR(hits[0].similarity, 1, 1e-5);
  }
  writer.join();
  EXPECT_EQ(index.size(), 4000U - 1250U);
  const LocalIndex again(open(), kSmallGraph);
  EXPECT_GT(again.size(), 2000U);
}

TEST_F(LocalIndexTest, ABrokenFileIsRefused) {
  LocalIndex index("tactus 1", 128, {.effort = 64, .graph_from = 100});
  add_all(index, jittered(300, 7));
  ASSERT_TRUE(index.write(path_, 0));
  const std::string whole = bytes();
  std::string why;
  std::size_t refused = 0, tried = 0;
  for (std::size_t at = 0; at < whole.size(); at += at < 400 ? 3 : 997) {
    std::string broken = whole;
    broken[at] = static_cast<char>(broken[at] ^ 1 << at % 8);
    put(broken);
    why.clear();
    ++tried;
    if (const auto file = IndexFile::open(path_, &why)) {
      // Between two parts: nothing that is read.
      EXPECT_EQ(LocalIndex(file).search(jittered(1, 1)[0].vector, 10).size(), 10U);
    } else {
      ++refused;
      EXPECT_NE(why.find(path_), std::string::npos);
    }
  }
  EXPECT_GT(refused, tried * 95 / 100);
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{300}, whole.size() / 2, whole.size() - 1}) {
    put(whole.substr(0, length));
    EXPECT_FALSE(IndexFile::open(path_, &why)) << length;
  }
  std::filesystem::remove(path_);
  EXPECT_FALSE(IndexFile::open(path_, &why));
}

TEST_F(LocalIndexTest, AWriterThatIsKilledLeavesTheFileBefore) {
  LocalIndex index("tactus 1", 128, kSmallGraph);
  const auto phrases = jittered(3000, 8);
  for (std::size_t i = 0; i < 500; ++i) index.add(phrases[i].entry, phrases[i].vector);
  ASSERT_TRUE(index.write(path_, 1));
  for (std::size_t i = 500; i < 3000; ++i) index.add(phrases[i].entry, phrases[i].vector);
  const pid_t child = ::fork();
  if (child == 0) {
    IndexHeader header;
    header.dimensions = header.stride = 128;
    header.count = 3000;
    IndexFileWriter file(path_, header);
    file.begin(IndexPart::vectors);
    for (int i = 0; i < 20000; ++i) file.append(phrases[0].vector.data(), 128);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".new"));
  EXPECT_EQ(open()->covered(), 1U);
  ASSERT_TRUE(index.write(path_, 2));
  EXPECT_EQ(open()->count(), 3000U);
}

TEST_F(LocalIndexTest, AFullDiskLeavesTheFileBefore) {
  LocalIndex index("tactus 1", 128);
  add_all(index, jittered(50, 9));
  ASSERT_TRUE(index.write(path_, 1));
  for (Phrase p : jittered(3000, 10)) {
    p.entry.id += 1000;
    index.add(p.entry, p.vector);
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit most{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &most);
    try {
      index.write(path_, 2);
    } catch (const StoreError& e) {
      ::_exit(e.kind() == StoreError::Kind::full ? 7 : 1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  EXPECT_EQ(open()->covered(), 1U);
}

}  // namespace
}  // namespace tactus::library
