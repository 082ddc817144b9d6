// Parts come into a library once and only once.
#include "library/parts/merge.h"

#include <gtest/gtest.h>

#include <fstream>

#include "library/store/fields.h"
#include "library/store/scan.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

// What a machine found of a file of 1,000 bytes whose sound is number `sound`.
PartEntry heard(const std::string& path, int sound) {
  PartEntry out;
  out.path = path;
  out.size = 1000;
  out.content = std::string(31, '0') + static_cast<char>('a' + sound);
  out.scanned.identity = {900, sound};
  out.scanned.title = "Title " + std::to_string(sound);
  out.scanned.codec = "mp3";
  out.analysis = "{}";
  return out;
}

Facts facts_of(const PartEntry& entry, int versions = 1) {
  Facts out;
  out.content = entry.content;
  out.versions = versions;
  out.duration = 200;
  out.bpm = 120 + versions;
  out.grid = {{0.5, 0, 120.0 + versions}};
  out.embedder = "test 1";
  out.phrases.resize(2);
  out.phrases[0].label = "intro";
  out.phrases[1].vector = {3, 2, 1};
  return out;
}

class Merge : public ::testing::Test {
 protected:
  Merge() {
    std::filesystem::create_directories(music_);
    store_.emplace(folder_ / "library");
  }
  std::int64_t count(const std::string& what) { return store_->db().integer("SELECT count(*) FROM " + what).value(); }
  // All that there is, but for when it was put in.
  std::string all() {
    std::string out;
    for (const char* sql :
         {"SELECT id || title || content || bpm || analysed || by_hand FROM track ORDER BY id",
          "SELECT id || track || path || size || mtime || (missing_since IS NULL) FROM file ORDER BY id",
          "SELECT id || track || place || label || hex(vector) FROM phrase ORDER BY id",
          "SELECT track || anchors || by_hand FROM grid ORDER BY track", "SELECT id || path FROM root ORDER BY id"}) {
      store_->db().statement(sql).bind().each([&](const Statement& s) { out += s.text(0) + "\n"; });
    }
    return out;
  }
  void make_file(const std::string& name, std::size_t size = 1000) {
    std::filesystem::create_directories(std::filesystem::path(music_ + "/" + name).parent_path());
    std::ofstream(music_ + "/" + name) << std::string(size, 'x');
  }

  test::TempFolder folder_;
  std::string music_ = folder_ / "music";
  std::optional<Store> store_;
};

TEST_F(Merge, TheSameAgainChangesNothing) {
  make_file("a.mp3");
  const std::vector<PartEntry> entries = {heard("a.mp3", 1), heard("b/b.mp3", 2), heard("b/copy of a.mp3", 1)};
  std::vector<Merged> outcomes;
  const auto merge = [&] {
    outcomes.clear();
    Merger merger(*store_, music_);
    for (const PartEntry& e : entries) outcomes.push_back(merger.put(e, facts_of(e)));
  };
  merge();
  EXPECT_EQ(outcomes, (std::vector{Merged::added, Merged::added, Merged::known}));
  EXPECT_EQ(count("track"), 2);
  EXPECT_EQ(count("file"), 3);
  EXPECT_EQ(count("file WHERE missing_since IS NULL"), 1) << "two aren't on this machine";
  EXPECT_EQ(count("phrase"), 4);
  EXPECT_EQ(count("root"), 1);
  EXPECT_EQ(store_->db().text("SELECT title FROM track WHERE content = ?1", entries[1].content), "Title 2");
  const std::string before = all();
  merge();
  EXPECT_EQ(outcomes, std::vector(3, Merged::known));
  EXPECT_EQ(all(), before);
}

TEST_F(Merge, OverlappingPartsInAnyOrderGiveTheSame) {
  std::vector<std::string> found;
  for (const bool other_way : {false, true}) {
    const test::TempFolder folder;
    store_.emplace(folder / "library");
    Merger merger(*store_, music_);
    std::vector<PartEntry> entries = {heard("a.mp3", 1), heard("b.mp3", 2), heard("c.mp3", 3)};
    if (other_way) std::reverse(entries.begin(), entries.end());
    for (const std::size_t i : {0u, 1u, 1u, 2u}) (void)merger.put(entries[i], facts_of(entries[i]));
    std::string tracks;
    store_->db()
        .statement("SELECT title || content || bpm || analysed FROM track ORDER BY content")
        .bind()
        .each([&](const Statement& s) { tracks += s.text(0) + "\n"; });
    found.push_back(tracks);
    EXPECT_EQ(count("phrase"), 6);
    store_.reset();
  }
  EXPECT_EQ(found[0], found[1]);
}

TEST_F(Merge, TheNewerWinsAndWhatAPersonSetStays) {
  Merger merger(*store_, music_);
  const PartEntry entry = heard("a.mp3", 1);
  EXPECT_EQ(merger.put(entry, facts_of(entry, 2)), Merged::added);
  EXPECT_EQ(merger.put(entry, facts_of(entry, 1)), Merged::known) << "an older part";
  EXPECT_EQ(store_->db().integer("SELECT bpm FROM track"), 122);
  const std::string by_hand = std::to_string(1 << find_field("bpm")->bit);
  store_->db().execute("UPDATE track SET bpm = 61, by_hand = " + by_hand);
  store_->db().execute("UPDATE grid SET by_hand = 1, anchors = '[]'");
  EXPECT_EQ(merger.put(entry, facts_of(entry, 3)), Merged::renewed);
  EXPECT_EQ(store_->db().integer("SELECT bpm FROM track"), 61);
  EXPECT_EQ(store_->db().text("SELECT anchors FROM grid"), "[]");
  EXPECT_EQ(store_->db().integer("SELECT analysed FROM track"), 3);
  EXPECT_EQ(count("phrase"), 2) << "in place of the earlier ones";
}

TEST_F(Merge, ATrackThatAScanFoundIsKnownByItsSoundAndKeepsItsPlace) {
  store_->db().execute("INSERT INTO root(path, added) VALUES(CAST('/elsewhere' AS BLOB), 1)");
  store_->db().execute("INSERT INTO track(audio_hash, audio_length, title, added) VALUES(1, 900, 'Mine', 1)");
  store_->db().execute(
      "INSERT INTO file(track, root, path, size, mtime) VALUES(1, 1, CAST('/elsewhere/x.mp3' AS BLOB), 1000, 5)");
  Merger merger(*store_, music_);
  const PartEntry entry = heard("a.mp3", 1);
  EXPECT_EQ(merger.put(entry, facts_of(entry)), Merged::renewed);
  EXPECT_EQ(count("track"), 1);
  EXPECT_EQ(store_->db().text("SELECT title FROM track"), "Mine");
  EXPECT_EQ(count("file WHERE path = CAST('/elsewhere/x.mp3' AS BLOB)"), 1);
}

TEST_F(Merge, AFileThatIsAnotherByNowIsLeftToTheScan) {
  make_file("a.mp3", 999);
  Merger merger(*store_, music_);
  const PartEntry entry = heard("a.mp3", 1);
  EXPECT_EQ(merger.put(entry, facts_of(entry)), Merged::changed);
  PartEntry unscanned = heard("b.mp3", 2);
  unscanned.scanned = {};
  unscanned.scanned.error = "its tags are broken";
  EXPECT_EQ(merger.put(unscanned, facts_of(unscanned)), Merged::unknown);
  EXPECT_EQ(count("track"), 0);
  EXPECT_EQ(count("file"), 0);
}

TEST_F(Merge, ACatalogueInsideARootIsPartOfIt) {
  store_->db().run("INSERT INTO root(path, added) VALUES(?1, 1)", Bytes{folder_.path().string()});
  (void)Merger(*store_, music_);
  EXPECT_EQ(count("root"), 1);
  (void)Merger(*store_, "/elsewhere");
  EXPECT_EQ(count("root"), 2);
}

}  // namespace
}  // namespace tactus::library
