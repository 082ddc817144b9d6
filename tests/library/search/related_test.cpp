// What goes with a track, and why.
#include "library/search/related.h"

#include <gtest/gtest.h>

#include "library/store/store.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

struct Shelf {
  test::TempFolder folder;
  Store store{folder.path().string()};
  Database& db = store.db();

  std::int64_t add(const std::string& title, double bpm, int key) {
    db.run("INSERT INTO track(title, bpm, key, genre, added) VALUES(?1, ?2, ?3, 'House', 1)", title, bpm, key);
    return db.last_id();
  }
  void heard(const std::string& set, const std::vector<std::int64_t>& tracks) {
    std::int64_t at = 1000;
    for (const std::int64_t t : tracks)
      db.run("INSERT INTO play(track, session, started, seconds, deck) VALUES(?1, ?2, ?3, 200, 0)", t, set, at += 200);
  }
  std::vector<Related> of(std::int64_t track, std::size_t limit = 10) {
    Searcher searcher(db);
    return related_tracks(db, searcher, track, limit);
  }
};

TEST(Related, WhatWasPlayedRightAfterComesFirstThenWhatFitsInKeyAndTempo) {
  Shelf shelf;
  const auto track = shelf.add("It", 124, 9), fits = shelf.add("Fits", 125, 9), fast = shelf.add("Too fast", 150, 9),
             off = shelf.add("Other key", 124, 3), after = shelf.add("After", 80, 3),
             before = shelf.add("Before", 80, 3);
  shelf.heard("one", {before, track, after, fast});
  shelf.heard("two", {track, after});
  const std::vector<Related> found = shelf.of(track);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].track, after);
  EXPECT_EQ(found[0].after, 2);
  EXPECT_EQ(found[0].reasons()[0], "played right after it twice");
  EXPECT_EQ(found[1].track, before);
  EXPECT_EQ(found[2].track, fits);
  EXPECT_EQ(found[2].reasons(), (std::vector<std::string>{"the same key", "tempo -0.8 %", "the same genre"}));
  EXPECT_EQ(found[3].track, fast);
  EXPECT_EQ(found[3].sets, 1);
  for (const Related& r : found) EXPECT_NE(r.track, off);
  EXPECT_EQ(shelf.of(track, 1).size(), 1U);
}

TEST(Related, ATrackThatNothingIsKnownOfHasNothing) {
  Shelf shelf;
  shelf.db.run("INSERT INTO track(title, added) VALUES('?', 1)");
  const auto track = shelf.db.last_id();
  shelf.add("Other", 124, 9);
  EXPECT_TRUE(shelf.of(track).empty());
  EXPECT_THROW(shelf.of(99), StoreError);
}

}  // namespace
}  // namespace tactus::library
