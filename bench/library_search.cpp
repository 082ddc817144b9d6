// How soon search answers at every letter, in a library of TRACKS made-up tracks: opened, typed, sorted, its smart
// crates, and what an edit costs.
//
//   library_search [TRACKS, default 1000000] [FOLDER, default /tmp/tactus-bench-TRACKS] [SEED, default 1]
//
// FOLDER is made on the first run and kept. The mix: each query is typed from its first letter to its last, and each
// letter counts alike. A letter's time is what a list on the screen waits for: the page's 50 rows included. Held: the
// longest time in ms for which the reader stood in one state of the database. Fixed queries: see kFixed. To them come,
// of tracks chosen by chance: 60 titles' first three words, 60 artists, 20 of each with two letters swapped, 20 titles
// in quotes, and 30 artists with filters behind them.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "library/search/generate.h"
#include "library/search/merge.h"
#include "library/search/related.h"
#include "library/search/rows.h"
#include "library/search/search.h"
#include "library/store/health.h"
#include "library/store/store.h"

namespace {

using namespace tactus::library;

constexpr std::int64_t kNow = 1767225600;  // 2026-01-01

constexpr const char* kFixed[] = {
    "deep house",
    "love",
    "the night",
    "feel the love",
    "i feel your love tonight",
    "dj ",
    "música",
    "københavn",
    "house bpm:120-126",
    "genre:house bpm:120-126 love",
    "key:8A~ energy:>6 techno",
    "bpm:120-128 key:8A~ energy:>6 added:<30d -live",
    "rating:>=4 plays:0",
    "year:1998-2003 disco",
    "added:<30d",
    "played:>1y plays:>5 genre:techno",
    "genre:techno,trance -remix",
    "crate:\"Warm up\" energy:>5",
    "\"peak time\"",
    "\"feel the\" bpm:>120",
    "has:cues missing:color dance",
    "artist:\"dj \" love",
    "tecno",
    "progresive house",
    "drum & bass bpm:172-176",
    "title:love artist:dj",
};

// Milliseconds by the clock, and of this thread's processor time: the second is what is left where others take turns.
struct Took {
  double ms = 0, cpu = 0;
};
double now_ms(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}
Took timed(const std::function<void()>& what) {
  const Took begin{now_ms(CLOCK_MONOTONIC), now_ms(CLOCK_THREAD_CPUTIME_ID)};
  what();
  return {now_ms(CLOCK_MONOTONIC) - begin.ms, now_ms(CLOCK_THREAD_CPUTIME_ID) - begin.cpu};
}
double quantile(const std::vector<Took>& all, double Took::*which, double q) {
  std::vector<double> values;
  for (const Took& took : all) values.push_back(took.*which);
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}
// The reader's connection: how long it stood in one state of the database (store.h) is told with what it did meanwhile.
Database* watched = nullptr;

void report(const char* what, const std::vector<Took>& all) {
  std::printf("%-50s %6zu", what, all.size());
  for (const auto which : {&Took::ms, &Took::cpu}) {
    std::printf("   %s p50 %7.2f  p99 %7.2f  max %7.2f", which == &Took::ms ? "ms" : "cpu", quantile(all, which, 0.5),
                quantile(all, which, 0.99), quantile(all, which, 1));
  }
  if (watched) {
    std::printf("   held %6.2f", static_cast<double>(watched->longest_hold().count()) / 1e6);
    watched->forget_holds();
  }
  std::printf("\n");
}

std::string first_words(const std::string& text, int words) {
  std::size_t end = 0;
  for (int i = 0; i < words && end != std::string::npos; ++i) end = text.find(' ', end + (i > 0 ? 1 : 0));
  return text.substr(0, end);
}

std::vector<std::string> mix(Database& db, std::size_t tracks) {
  std::vector<std::string> out(std::begin(kFixed), std::end(kFixed));
  std::mt19937 random(1);
  const auto row = [&] { return read_rows(db, {static_cast<std::int64_t>(1 + random() % tracks)}).at(0); };
  const auto swapped = [&](std::string text) {
    if (text.size() > 5) std::swap(text[2], text[3]);
    return text;
  };
  for (int i = 0; i < 60; ++i) {
    out.push_back(first_words(row().title, 3));
    out.push_back(row().artist);
  }
  for (int i = 0; i < 20; ++i) {
    out.push_back(swapped(first_words(row().title, 2)));
    out.push_back(swapped(row().artist));
    out.push_back("\"" + first_words(row().title, 2) + "\"");
  }
  const char* filters[] = {" bpm:120-130", " key:8A~", " rating:>=3 added:<1y", " genre:house", " -live year:>2010"};
  for (int i = 0; i < 30; ++i) out.push_back(row().artist + filters[i % 5]);
  return out;
}

// Up to the next letter, not into the middle of one.
std::size_t next_letter(const std::string& text, std::size_t at) {
  do ++at;
  while (at < text.size() && (text[at] & 0xC0) == 0x80);
  return at;
}

void type_all(Database& db, Searcher& searcher, const std::vector<std::string>& queries, bool show) {
  std::vector<Took> ms, filters, phrases, few;
  std::vector<std::pair<double, std::string>> slowest;
  for (const std::string& query : queries) {
    for (std::size_t end = next_letter(query, 0);; end = next_letter(query, end)) {
      const std::string typed = query.substr(0, end);
      std::size_t total = 0;
      const Took took = timed([&] {
        const SearchPage page = searcher.search(typed, {.limit = 50}, Typing::yes);
        total = page.total;
        read_rows(db, page.tracks);
      });
      ms.push_back(took);
      if (typed.find(':') != std::string::npos) filters.push_back(took);
      if (typed.find('"') != std::string::npos) phrases.push_back(took);
      if (total < 10) few.push_back(took);
      slowest.emplace_back(took.cpu, typed + "  (" + std::to_string(total) + ")");
      if (end >= query.size()) break;
    }
  }
  report("a letter", ms);
  report("  with filters", filters);
  report("  with a quote", phrases);
  report("  with fewer than ten hits", few);
  std::sort(slowest.rbegin(), slowest.rend());
  for (std::size_t i = 0; show && i < 15; ++i)
    std::printf("    %7.2f ms of processor time  %s\n", slowest[i].first, slowest[i].second.c_str());
}

void sort_all(Database& db, Searcher& searcher) {
  for (const char* query : {"", "love", "genre:house bpm:120-126", "d"}) {
    std::vector<Took> ms;
    std::string slowest;
    for (const Field& field : kFields) {
      for (const bool descending : {false, true}) {
        ms.push_back(timed([&] {
          const auto page = searcher.search(query, {std::string(field.name), descending, 0, 50}, Typing::no);
          read_rows(db, page.tracks);
        }));
        if (ms.back().cpu == quantile(ms, &Took::cpu, 1)) slowest = field.name;
      }
    }
    report(("first page of each sort: '" + std::string(query) + "'").c_str(), ms);
    std::printf("    slowest: %s\n", slowest.c_str());
  }
}

void crates(Database& db, Searcher& searcher) {
  std::vector<std::int64_t> ids;
  db.statement("SELECT id FROM crate WHERE kind = 2").bind().each([&](Statement& row) {
    ids.push_back(row.integer(0));
  });
  std::vector<Took> ms;
  for (const std::int64_t id : ids) {
    ms.push_back(timed([&] { read_rows(db, searcher.crate(id, {.limit = 50}).tracks); }));
    ms.push_back(timed([&] { read_rows(db, searcher.crate(id, {"title", false, 0, 50}).tracks); }));
  }
  report("first page of a smart crate", ms);
}

void lists(Database& db, Searcher& searcher, std::size_t tracks) {
  report("counted for info", {timed([&] { count_library(db); })});
  std::mt19937 random(3);
  std::vector<Took> ms;
  for (int i = 0; i < 30; ++i)
    ms.push_back(timed([&] { related_tracks(db, searcher, static_cast<std::int64_t>(1 + random() % tracks), 20); }));
  report("tracks related to one", ms);
}

void edits(const std::string& folder, Searcher& searcher, std::size_t tracks) {
  Store store(folder);
  Database& db = store.db();
  std::mt19937 random(2);
  std::vector<Took> edit, merge, after;
  for (int i = 0; i < 40; ++i) {
    edit.push_back(timed([&] {
      db.run("UPDATE track SET plays = plays + 1, last_played = ?2 WHERE id = ?1", 1 + random() % tracks, kNow);
    }));
    after.push_back(timed([&] { searcher.search("love", {.limit = 50}, Typing::yes); }));
  }
  report("a play noted", edit);
  report("the letter typed after it", after);
  for (int i = 0; i < 5; ++i) {
    while (pending_count(db) < kMergeAt)
      db.run("UPDATE track SET title = title || ' edit', rating = 3 WHERE id = ?1", 1 + random() % tracks);
    after.clear();
    after.push_back(timed([&] { searcher.search("love", {.limit = 50}, Typing::yes); }));
    report("the letter after 256 edits", after);
    merge.push_back(timed([&] { merge_pending(db); }));
    after.clear();
    after.push_back(timed([&] { searcher.search("love", {.limit = 50}, Typing::yes); }));
    report("the letter after they were taken in", after);
  }
  report("256 edited titles taken into the index", merge);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t tracks = argc > 1 ? static_cast<std::size_t>(std::atoll(argv[1])) : 1000000;
  const std::string folder = argc > 2 ? argv[2] : "/tmp/tactus-bench-" + std::to_string(tracks);
  const auto seed = static_cast<std::uint64_t>(argc > 3 ? std::atoll(argv[3]) : 1);
  try {
    {
      Store store(folder);
      if (store.db().integer("SELECT count(*) FROM (SELECT 1 FROM track LIMIT 1)") == 0) {
        const Took took = timed([&] { generate_library(store.db(), tracks, seed, kNow, {}); });
        std::printf("%zu tracks made in %.1f s\n", tracks, took.ms / 1000);
      }
    }
    std::unique_ptr<Reader> reader;
    std::unique_ptr<Searcher> searcher;
    const Took opened = timed([&] {
      reader = std::make_unique<Reader>(folder);
      searcher = std::make_unique<Searcher>(reader->db());
    });
    watched = &reader->db();
    report("opened", {opened});
    searcher->set_now(kNow);
    const auto queries = mix(reader->db(), tracks);
    type_all(reader->db(), *searcher, queries, true);
    std::printf("once more:\n");
    type_all(reader->db(), *searcher, queries, false);
    sort_all(reader->db(), *searcher);
    crates(reader->db(), *searcher);
    lists(reader->db(), *searcher, tracks);
    edits(folder, *searcher, tracks);
  } catch (const StoreError& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
