// What search finds, and in which order: held against rules told track by track, while the library changes.
#include "library/search/search.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "library/search/generate.h"
#include "library/search/merge.h"
#include "library/search/typo.h"
#include "library/store/store.h"
#include "naive.h"
#include "random_rule.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

using test_search::Naive;
using test_search::RandomRules;

constexpr std::int64_t kNow = 1767225600;
using Ids = std::vector<std::int64_t>;

// An empty library, its writer, and a searcher on a connection of its own.
struct Library {
  test::TempFolder folder;
  Store store{folder.path().string()};
  Database& db = store.db();
  Reader reader{folder.path().string()};
  std::unique_ptr<Searcher> searcher = make();

  std::unique_ptr<Searcher> make() {
    auto out = std::make_unique<Searcher>(reader.db());
    out->set_now(kNow);
    return out;
  }
  std::int64_t add(const std::string& title, const std::string& artist = "", const std::string& genre = "",
                   int plays = 0) {
    db.run("INSERT INTO track(title, artist, genre, plays, added) VALUES(?1, ?2, ?3, ?4, 1)", title, artist, genre,
           plays);
    return db.last_id();
  }
  Ids found(std::string_view query, Typing typing = Typing::no) {
    const SearchPage page = searcher->search(query, {.limit = 1000}, typing);
    EXPECT_EQ(page.total, page.tracks.size()) << query;
    return page.tracks;
  }
  Ids sorted(const Rule& rule) {
    Ids out = searcher->search(rule, {"added", false, 0, 1000}).tracks;
    std::sort(out.begin(), out.end());
    return out;
  }
};

// Runs rules against both ways to tell them.
void compare(Library& library, Database& truth, int rules, unsigned seed) {
  Naive naive(truth, kNow);
  RandomRules random(seed);
  for (int i = 0; i < rules; ++i) {
    const Rule rule = random.rule(i % 4);
    ASSERT_EQ(library.sorted(rule), naive.matching(rule)) << rule_json(rule);
  }
}

// Calls `what` whenever the connection is about to end a transaction.
struct AtEachEnd {
  AtEachEnd(Database& db, std::function<void()> then) : handle(db.handle()), what(std::move(then)) {
    const auto told = [](unsigned, void* self, void*, void* sql) {
      if (std::string_view(static_cast<const char*>(sql)) == "COMMIT") static_cast<AtEachEnd*>(self)->what();
      return 0;
    };
    sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, told, this);
  }
  AtEachEnd(const AtEachEnd&) = delete;
  AtEachEnd& operator=(const AtEachEnd&) = delete;
  ~AtEachEnd() { sqlite3_trace_v2(handle, 0, nullptr, nullptr); }
  sqlite3* handle;
  std::function<void()> what;
};

TEST(Search, PausesAndBeginsAnewWhenSomebodyWroteMeanwhile) {
  Library library;
  generate_library(library.db, 600, 5, kNow, {});
  library.searcher->set_longest_stand(std::chrono::nanoseconds{0});
  const Ids before = library.found("\"the night\"");
  int ends = 0;
  {
    const AtEachEnd counting(library.reader.db(), [&] { ++ends; });
    library.reader.db().execute("BEGIN");  // so that the sets kept from before are made anew
    library.reader.db().execute("COMMIT");
    EXPECT_EQ(library.found("\"the night\" the"), before);
  }
  EXPECT_GT(ends, 3) << "it pauses";
  // One that writes once, at any of these places, and one that writes at each.
  for (int at = 1; at <= ends + 1; ++at) {
    int end = 0;
    const bool always = at > ends;
    Ids added, now;
    {
      const AtEachEnd writing(library.reader.db(), [&] {
        if (++end == at || always) added.push_back(library.add("The Night of " + std::to_string(at)));
      });
      now = library.found("\"the night\" the");
    }
    // What was written at the last end of all is not seen by this search, but by the next.
    Ids expected = library.make()->search("\"the night\" the", {.limit = 1000}, Typing::no).tracks;
    if (end == at || always) std::erase(expected, added.back());
    EXPECT_EQ(now, expected) << at;
  }
}

TEST(Search, FindsWhatEachRuleMeansWhileTheLibraryChanges) {
  Library library;
  generate_library(library.db, 600, 5, kNow, {});
  Reader truth(library.folder.path().string());
  compare(library, truth.db(), 120, 11);
  // Noted, not yet in the index: edited, new, gone, heard, moved into crates.
  Database& db = library.db;
  for (int id = 3; id < 600; id += 17)
    db.run("UPDATE track SET title = 'Löve the night', bpm = 99.5 WHERE id = ?1", id);
  for (int id = 5; id < 600; id += 41) db.run("DELETE FROM track WHERE id = ?1", id);
  for (int i = 0; i < 9; ++i) library.add("House of dj " + std::to_string(i), "Kobenhavn", "Deep House", i);
  db.run("DELETE FROM mark WHERE track < 50");
  db.run("UPDATE file SET missing_since = 1 WHERE track % 3 = 0");
  db.run("UPDATE crate SET name = 'Love' WHERE id = (SELECT min(id) FROM crate WHERE kind = 1)");
  EXPECT_GT(pending_count(db), 100U);
  compare(library, truth.db(), 120, 12);
  while (merge_pending(db, 50) > 0) {
  }
  EXPECT_EQ(pending_count(db), 0U);
  compare(library, truth.db(), 120, 13);
  // Another program's fields: what it indexed isn't believed.
  db.run("UPDATE search_state SET value = 'others' WHERE name = 'fields'");
  compare(library, truth.db(), 40, 14);
  while (merge_pending(db) > 0) {
  }
  compare(library, truth.db(), 40, 15);
}

TEST(Search, EachSortIsThatOfTheValues) {
  Library library;
  generate_library(library.db, 500, 6, kNow, {});
  library.db.run("UPDATE track SET artist = 'Progressive ' || (id % 7), comment = 'progressive' WHERE id % 2 = 0");
  Naive naive(library.db, kNow);
  for (const char* query : {"", "the", "bpm:>120"}) {
    const Ids all = naive.matching(parse_query(query, Typing::no).rule);
    for (int field = 0; field < static_cast<int>(kFields.size()); ++field) {
      const bool text = kFields[static_cast<std::size_t>(field)].kind == FieldKind::text;
      std::map<std::int64_t, std::pair<std::optional<double>, std::string>> values;
      for (const std::int64_t id : all) {
        values[id].first = text || kFields[static_cast<std::size_t>(field)].kind == FieldKind::flag
                               ? std::nullopt
                               : naive.number(field, id);
        if (text) values[id].second = naive.folded(field, id);
        if (values[id].first) values[id].first = std::round(*values[id].first * 1000);
      }
      for (const bool descending : {false, true}) {
        Ids wanted = all;
        std::stable_sort(wanted.begin(), wanted.end(), [&](std::int64_t a, std::int64_t b) {
          const auto &x = values[a], &y = values[b];
          const bool no_x = !x.first && x.second.empty(), no_y = !y.first && y.second.empty();
          if (no_x || no_y) return !no_x && no_y;
          return descending ? y < x : x < y;
        });
        if (kFields[static_cast<std::size_t>(field)].kind == FieldKind::flag) continue;
        Ids pages;
        for (std::size_t at = 0; at < all.size(); at += 70) {
          const auto page = library.searcher->search(
              query, {std::string(kFields[static_cast<std::size_t>(field)].name), descending, at, 70}, Typing::no);
          EXPECT_EQ(page.total, all.size());
          pages.insert(pages.end(), page.tracks.begin(), page.tracks.end());
        }
        ASSERT_EQ(pages, wanted) << query << " by " << kFields[static_cast<std::size_t>(field)].name << descending;
      }
    }
  }
}

TEST(Search, PagesOfTheUsualOrderFitTogether) {
  Library library;
  generate_library(library.db, 800, 7, kNow, {});
  for (const char* query : {"", "t", "the"}) {
    Ids pages;
    const std::size_t total = library.searcher->search(query, {.limit = 1}, Typing::yes).total;
    for (std::size_t at = 0; at < total; at += 90) {
      const auto page = library.searcher->search(query, {.offset = at, .limit = 90}, Typing::yes);
      pages.insert(pages.end(), page.tracks.begin(), page.tracks.end());
    }
    EXPECT_EQ(pages.size(), total);
    EXPECT_EQ(pages, library.found(query));
    std::sort(pages.begin(), pages.end());
    EXPECT_EQ(std::unique(pages.begin(), pages.end()), pages.end()) << query;
  }
}

TEST(Search, TitlesAndArtistsThatAreWhatWasTypedComeFirst) {
  Library library;
  for (int i = 0; i < 500; ++i) library.add("My Onenight " + std::to_string(i), "Somebody", "", 1000);
  const auto whole_word = library.add("Not One", "Somebody");
  const auto begins = library.add("One Day", "Somebody");
  const auto artist = library.add("Another", "One");
  const auto title = library.add("One", "Somebody");
  for (const bool merged : {false, true}) {
    if (merged) merge_pending(library.db);
    const Ids found = library.searcher->search("one", {.limit = 5}, Typing::yes).tracks;
    EXPECT_EQ(Ids(found.begin(), found.begin() + 4), (Ids{title, artist, begins, whole_word})) << merged;
  }
}

TEST(Search, OfTwoThatFitAlikeTheOneThatIsPlayedMoreComesFirst) {
  Library library;
  const auto never = library.add("Night Train", "A");
  const auto often = library.add("Night Bus", "B", "", 50);
  EXPECT_EQ(library.found("night"), (Ids{often, never}));
}

TEST(Search, LettersWithDiacriticsAreFoundByPlainOnesAndTheOtherWayRound) {
  Library library;
  const auto one = library.add("Beyoncé à København", "Røyksopp");
  const auto two = library.add("ЛЮБОВЬ", "Straße");
  merge_pending(library.db);
  for (const char* query : {"beyonce", "BEYONCÉ", "kobenhavn", "københ", "royksopp", "Røyk"})
    EXPECT_EQ(library.found(query), Ids{one}) << query;
  for (const char* query : {"любовь", "strasse", "straße"}) EXPECT_EQ(library.found(query), Ids{two}) << query;
}

TEST(Search, TyposAreForgivenFromFourLettersOnWhereHardlyAnythingFits) {
  Library library;
  const auto track = library.add("Progressive Journey", "Deadmau5", "Techno");
  library.add("Something Else", "Somebody");
  merge_pending(library.db);
  for (const char* query :
       {"tehcno", "tecno", "techmo", "ttechno", "porgressive", "progresive jurney", "deadmaus", "prgres"})
    EXPECT_EQ(library.found(query, Typing::yes), Ids{track}) << query;
  for (const char* query : {"tkc", "xechyo", "jny"}) EXPECT_TRUE(library.found(query, Typing::yes).empty()) << query;
  const SearchPage page = library.searcher->search("tecno", {}, Typing::yes);
  ASSERT_EQ(page.meant.size(), 1U);
  EXPECT_EQ(page.meant[0].second, std::vector<std::string>{"techno"});
}

TEST(Typo, DistanceIsThatToTheNearestBeginning) {
  EXPECT_EQ(typing_distance("house", "house", 2), 0);
  EXPECT_EQ(typing_distance("hosue", "housework", 2), 1);
  EXPECT_EQ(typing_distance("hous", "house", 2), 0);
  EXPECT_EQ(typing_distance("hxuse", "house", 2), 1);
  EXPECT_EQ(typing_distance("huse", "house", 2), 1);
  EXPECT_EQ(typing_distance("hoouse", "house", 2), 1);
  EXPECT_EQ(typing_distance("abcd", "house", 2), 3);
}

TEST(Search, CratesOfEachKind) {
  Library library;
  Database& db = library.db;
  const auto house = library.add("A", "", "House", 3), techno = library.add("B", "", "Techno"),
             pop = library.add("C", "", "Pop");
  db.run(
      "INSERT INTO crate VALUES(1, NULL, 'Sets', 0, 0, ''), (2, 1, 'Friday night', 0, 1, ''), (3, NULL, 'Mine', 0, 2, "
      "?1),"
      " (4, NULL, 'Round', 0, 2, ?2), (5, NULL, 'Broken', 0, 2, '{')",
      rule_json(parse_query("genre:house,techno", Typing::no).rule),
      rule_json(parse_query("crate:round,mine", Typing::no).rule));
  db.run("INSERT INTO crate_track VALUES(2, 0, ?1), (2, 1, ?2), (2, 2, ?1)", techno, pop);
  const auto in = [&](std::int64_t crate) {
    Ids out = library.searcher->crate(crate, {}).tracks;
    if (crate != 2) std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_EQ(in(2), (Ids{techno, pop, techno}));
  EXPECT_EQ(in(1), (Ids{techno, pop}));
  EXPECT_EQ(in(3), (Ids{house, techno}));
  EXPECT_EQ(in(4), (Ids{house, techno}));
  EXPECT_EQ(in(5), Ids{});
  EXPECT_THROW(library.searcher->crate(9, {}), StoreError);
  EXPECT_EQ(library.searcher->crate(2, {.offset = 1, .limit = 1}).tracks, Ids{pop});
  EXPECT_EQ(library.found("friday -crate:mine"), Ids{pop});
  EXPECT_EQ(library.found("crate:sets crate:mine"), Ids{techno});
}

TEST(Search, AWordThatATrackHasLostFindsItNoMore) {
  Library library;
  const auto track = library.add("Original", "Somebody", "House");
  merge_pending(library.db);
  EXPECT_EQ(library.found("original"), Ids{track});
  library.db.run("UPDATE track SET title = 'Other', genre = 'Pop' WHERE id = ?1", track);
  for (const bool merged : {false, true}) {
    if (merged) merge_pending(library.db);
    for (const char* query : {"original", "ori", "title:original", "genre:house", "title:=original"})
      EXPECT_EQ(library.found(query), Ids{}) << query << merged;
    EXPECT_EQ(library.found("other genre:pop"), Ids{track}) << merged;
  }
}

TEST(Search, WhatHalfTypedFiltersAndErrorsLeaveIsFound) {
  Library library;
  const auto track = library.add("Deep", "", "House");
  library.add("Other");
  const SearchPage typing = library.searcher->search("deep bpm:12-", {}, Typing::yes);
  EXPECT_EQ(typing.tracks, Ids{track});
  EXPECT_EQ(typing.ignored.size(), 1U);
  EXPECT_EQ(library.searcher->search("deep bpm:12-", {}, Typing::no).errors.size(), 1U);
  EXPECT_THROW(library.searcher->search("", {.field = "soul"}, Typing::no), StoreError);
}

TEST(Generator, IsTheSameForTheSameSeed) {
  LibraryGenerator a(1000, 4, kNow), b(1000, 4, kNow), c(1000, 5, kNow);
  std::string other;
  for (int i = 0; i < 50; ++i) {
    const GeneratedTrack x = a.next(), y = b.next();
    EXPECT_EQ(x.title + x.artist + x.album, y.title + y.artist + y.album);
    EXPECT_EQ(x.bpm, y.bpm);
    other += c.next().title == x.title ? "" : "x";
  }
  EXPECT_GT(other.size(), 30U);
}

}  // namespace
}  // namespace tactus::library
