#include "library/phrases/phrase_shelf.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "library/phrases/next_track.h"
#include "library/phrases/phrase_text.h"
#include "library/store/facts.h"
#include "library/store/store.h"
#include "phrase_library.h"

namespace tactus::library {
namespace {

using PhraseShelfTest = PhraseLibrary;

TEST_F(PhraseShelfTest, IsMadeOfTheDatabaseAndGoesOnFromItsFile) {
  PhraseShelf shelf(db(), folder_);
  EXPECT_FALSE(shelf.notice().empty());
  shelf.read_all();
  EXPECT_EQ(shelf.index()->size(), 40U);
  ASSERT_TRUE(shelf.write());
  shelf.forget_written(db());
  EXPECT_EQ(db().integer("SELECT count(*) FROM phrase_change"), 0);

  Reader reader(folder_);
  PhraseShelf again(reader.db(), folder_);
  EXPECT_EQ(again.notice(), "");
  EXPECT_EQ(again.index()->size(), 40U);  // at once
  EXPECT_EQ(again.index()->beside_file(), 0U);
  EXPECT_EQ(nearest(again, 2, 5).track, 3);
}

TEST_F(PhraseShelfTest, TakesInWhatTheDatabaseHasSince) {
  PhraseShelf shelf(db(), folder_);
  shelf.read_all();
  ASSERT_TRUE(shelf.write());
  Reader reader(folder_);
  PhraseShelf other(reader.db(), folder_);

  db().run("DELETE FROM track WHERE id = 3");                          // with all its phrases
  put_analysis(store_, 2, facts("Paper Rockets", 128, 2, 1, 5));       // found anew
  db().run("UPDATE phrase SET bpm = 64 WHERE track = 1");              // edited
  const std::int64_t added = add_track("New", "Somebody", 174, 0, 2);  // added
  for (PhraseShelf* s : {&shelf, &other}) {
    s->read_all();
    EXPECT_EQ(s->index()->size(), 8U + 5 + 8 + 8 + 8);
    EXPECT_EQ(nearest(*s, 2, 5).track, added);
    PhraseFilter slow;
    slow.bpm = NumberRange{64, 64};
    EXPECT_EQ(s->index()->search(real_vector(0, 0), 100, slow).size(), 8U + 5);  // 128 is its double
  }
  // One that was opened before the changes were forgotten starts from the file that has them.
  ASSERT_TRUE(shelf.write());
  shelf.forget_written(db());
  PhraseShelf late(reader.db(), folder_);
  db().run("DELETE FROM track WHERE id = 1");
  ASSERT_TRUE(shelf.write());
  shelf.forget_written(db());
  late.read_all();
  EXPECT_EQ(late.index()->size(), 5U + 8 + 8 + 8);
}

TEST_F(PhraseShelfTest, AFileThatIsBrokenOrOfAnotherTimeIsMadeAnew) {
  PhraseShelf shelf(db(), folder_);
  ASSERT_TRUE(shelf.write());
  std::filesystem::resize_file(file(), 3000);
  PhraseShelf broken(db(), folder_);
  EXPECT_NE(broken.notice().find("cut off"), std::string::npos);
  broken.read_all();
  EXPECT_EQ(broken.index()->size(), 40U);
  ASSERT_TRUE(broken.write());
  EXPECT_EQ(PhraseShelf(db(), folder_).notice(), "");

  // Of a database that went on after it, which was put back since.
  db().execute("DELETE FROM phrase_change; UPDATE sqlite_sequence SET seq = 5 WHERE name = 'phrase_change'");
  PhraseShelf older(db(), folder_);
  EXPECT_NE(older.notice().find("another time"), std::string::npos);
  older.read_all();
  EXPECT_EQ(older.index()->size(), 40U);
}

TEST_F(PhraseShelfTest, PhrasesOfAnotherEmbedderAreNotCompared) {
  PhraseShelf shelf(db(), folder_);
  ASSERT_TRUE(shelf.write());
  Facts better = facts("Low Tide", 90, 12, 3);
  better.embedder = "tactus 2";
  for (PhraseFact& p : better.phrases) p.vector.resize(96, 1);
  put_analysis(store_, 4, better);
  shelf.read_all();
  EXPECT_EQ(shelf.index()->embedder(), "tactus 2");
  EXPECT_EQ(shelf.index()->dimensions(), 96U);
  EXPECT_EQ(shelf.index()->size(), 8U);
}

TEST_F(PhraseShelfTest, OneProcessWritesAtATime) {
  PhraseShelf shelf(db(), folder_), other(db(), folder_);
  shelf.read_all();
  for (std::size_t i = 0; i < 3; ++i) add_track("More " + std::to_string(i), "", 120, 1, i);
  bool asked = false;
  LocalIndex::Options options;
  options.graph_from = 10;
  PhraseShelf writing(db(), folder_, options);
  ASSERT_TRUE(writing.write([&](double) {
    asked = true;
    EXPECT_FALSE(other.write());
    return true;
  }));
  EXPECT_TRUE(asked);
  EXPECT_TRUE(other.write());
}

TEST_F(PhraseShelfTest, TracksAndPhrasesAreNamedAsPeopleDo) {
  EXPECT_EQ(named_track(db(), "#3"), 3);
  EXPECT_EQ(named_track(db(), "/music/Low Tide.flac"), 4);
  EXPECT_EQ(named_track(db(), "low tide"), 4);
  EXPECT_EQ(named_track(db(), "marram - low"), 4);
  EXPECT_THROW(named_track(db(), "e"), StoreError);  // many
  EXPECT_THROW(named_track(db(), "#99"), StoreError);
  EXPECT_THROW(named_track(db(), "100%"), StoreError);
  const NamedPhrase named = find_named_phrase(db(), "Low Tide@26");
  EXPECT_EQ(named.track, 4);
  EXPECT_EQ(phrase_of(db(), named).place, 1);  // at 17.3 s
  EXPECT_EQ(phrase_of(db(), {4, 24.0}).place, 1);
  EXPECT_EQ(phrase_of(db(), {4, 23.5}).place, 0);
  EXPECT_EQ(phrase_of(db(), {4, std::nullopt}).place, 3);
  db().run("DELETE FROM grid");
  EXPECT_THROW(phrase_of(db(), named), StoreError);
  db().run("UPDATE phrase SET vector = NULL");
  EXPECT_THROW(phrase_of(db(), {4, std::nullopt}), StoreError);
}

TEST_F(PhraseShelfTest, WordsFindPhrases) {
  auto found = search_phrase_text(db(), "dark rolling bass", 20);
  EXPECT_EQ(found.words, 3);
  EXPECT_EQ(found.matched, 3);
  ASSERT_EQ(found.rows.size(), 5U);
  EXPECT_EQ(found.rows[0].label, "drop");
  EXPECT_EQ(found.rows[0].start, 48);
  // Tags count as well, other forms of a word, and filters.
  found = search_phrase_text(db(), "selkie: rolls", 20);
  ASSERT_EQ(found.rows.size(), 1U);
  EXPECT_EQ(found.rows[0].title, "Glass Estuary");
  PhraseFilter slow;
  slow.bpm = NumberRange{85, 95};
  EXPECT_EQ(search_phrase_text(db(), "drop", 20, slow).rows.size(), 2U);
  // As many words as there are, at the most.
  found = search_phrase_text(db(), "dark zither bass", 20);
  EXPECT_EQ(found.matched, 2);
  EXPECT_EQ(found.rows.size(), 5U);
  EXPECT_TRUE(search_phrase_text(db(), "zither", 20).rows.empty());
  for (const char* nothing : {"", "\"", "* -", "'; DROP TABLE phrase"}) search_phrase_text(db(), nothing, 20);
  for (const char* odd : {"NOT dark", "words:dark OR", "NEAR(dark, 3", "dark\" AND \"bright"})
    EXPECT_NO_THROW(search_phrase_text(db(), odd, 20)) << odd;
}

TEST_F(PhraseShelfTest, WordsFollowWhatIsEdited) {
  const auto matched = [&](const char* words) { return search_phrase_text(db(), words, 10).matched; };
  db().run("UPDATE track SET title = 'Lighthouse' WHERE id = 3");
  EXPECT_EQ(matched("glass"), 0);
  EXPECT_EQ(matched("lighthouse dark"), 2);
  db().run("UPDATE phrase SET words = 'warm' WHERE track = 3");
  EXPECT_EQ(matched("lighthouse dark"), 1);
  EXPECT_EQ(matched("lighthouse warm"), 2);
  db().run("DELETE FROM track WHERE id = 3");
  EXPECT_EQ(matched("lighthouse"), 0);
  put_analysis(store_, 1, facts("Substation", 124, 9, 0, 2));
  EXPECT_EQ(matched("substation dark"), 1);
  // FTS5's own check: every text says what it was put in as.
  EXPECT_NO_THROW(db().execute("INSERT INTO phrase_text(phrase_text, rank) VALUES('integrity-check', 1)"));
}

TEST_F(PhraseShelfTest, NextIsWhatFitsAndSaysWhy) {
  PhraseShelf shelf(db(), folder_);
  shelf.read_all();
  const std::int64_t twin = add_track("Twin", "Kelvin Drift", 124, 9, 0);
  const std::int64_t lost = add_track("Lost", "", 124, 9, 0);
  db().run("UPDATE file SET missing_since = 1 WHERE track = ?1", lost);
  for (const int session : {1, 2}) {
    db().run("INSERT INTO play(track, session, started, seconds, deck) VALUES(1, ?1, 10, 60, 1), (4, ?1, 70, 60, 2)",
             "s" + std::to_string(session));
  }
  shelf.read_all();
  const std::vector<std::int64_t> now = {1};
  auto next = next_tracks(db(), *shelf.index(), now);
  ASSERT_GE(next.size(), 3U);
  EXPECT_EQ(next[0].track, twin);  // the same music
  EXPECT_GT(next[0].score, next[1].score);
  const auto why = [&](std::int64_t track) {
    std::string out;
    for (const NextTrack& n : next)
      if (n.track == track)
        for (const std::string& r : n.reasons) out += r + "; ";
    return out;
  };
  EXPECT_NE(why(twin).find("sounds like the"), std::string::npos) << why(twin);
  EXPECT_NE(why(twin).find("same key, 11B"), std::string::npos) << why(twin);
  EXPECT_NE(why(twin).find("the same tempo, 124.0 BPM"), std::string::npos) << why(twin);
  EXPECT_NE(why(5).find("125.0 BPM, +0.8 %"), std::string::npos) << why(5);
  EXPECT_NE(why(4).find("played after it 2 times"), std::string::npos) << why(4);
  EXPECT_EQ(why(lost), "");
  for (const NextTrack& n : next) EXPECT_NE(n.track, 1);

  // What was played isn't played again, and filters hold.
  NextOptions options;
  options.filter.bpm = NumberRange{120, 130};
  const std::vector<std::int64_t> set = {twin, 1};
  next = next_tracks(db(), *shelf.index(), set, options);
  for (const NextTrack& n : next) EXPECT_TRUE(n.track != twin && n.bpm >= 120 && n.bpm <= 130);
  EXPECT_THROW(next_tracks(db(), *shelf.index(), {}), StoreError);
}

}  // namespace
}  // namespace tactus::library
