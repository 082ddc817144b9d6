// A planned set as the decks see it while it is skipped through and planned anew: what is handed on is handed on once,
// and what comes in is loaded, in sync and at its place before it plays.
#include <gtest/gtest.h>

#include <random>

#include "schedule/parse.h"
#include "session/mix_plan.h"

using namespace tactus;
using session::MixEntry;
using session::MixOptions;
using session::MixPlanner;
using session::MixTrack;
using session::ScriptEvent;
using session::Transition;

namespace {

constexpr double kAhead = 3;  // beats for which events are handed on before they are due

MixTrack track(int number, std::mt19937& rng) {
  const auto between = [&rng](double a, double b) { return std::uniform_real_distribution<>(a, b)(rng); };
  MixTrack t;
  t.path = "/music/" + std::to_string(number) + ".flac";
  auto& a = t.analysis;
  a.duration = a.last_sound = rng() % 4 == 0 ? between(20, 60) : between(60, 600);
  a.lufs = -14;
  a.key = music::Key::of_index(static_cast<int>(rng() % 24));
  if (rng() % 8 == 0) return t;
  a.bpm = rng() % 2 == 0 ? between(118, 128) : between(70, 180);
  a.confidence = 1;
  a.first_downbeat = a.first_sound = between(0, 15);
  a.grid = {{a.first_downbeat, 0, a.bpm}};
  return t;
}

struct Deck {
  std::string path;
  bool playing = false, synced = false, placed = false, killed = false;
  double fader = 0;
};

// Two decks that do what the events say, and judge it.
class Decks {
 public:
  void apply(const ScriptEvent& e) {
    const auto parsed = schedule::parse(e.text);
    ASSERT_TRUE(parsed.intent) << e.text << ": " << parsed.error.text();
    EXPECT_GE(e.at.value, last_) << e.text;
    last_ = e.at.value;
    if (!e.text.starts_with("/deck/")) return;
    Deck& d = decks[e.text[6] - '1'];
    const std::string what = e.text.substr(8);
    const auto is = [&what](const char* start) { return what.starts_with(start); };
    if (is("load ")) {
      EXPECT_FALSE(d.playing) << e.text << " onto a deck that plays " << d.path;
      d = {std::string(parsed.intent->word(0)), false, false, false, d.killed, d.fader};
    } else if (is("sync ")) {
      d.synced = what == "sync beat";
    } else if (is("seek ")) {
      d.placed = true;
    } else if (is("eq/low ")) {
      d.killed = is("eq/low -inf");
    } else if (is("fader ")) {
      d.fader = std::stod(what.substr(6));
    } else if (what == "play") {
      EXPECT_FALSE(d.playing) << e.text;
      EXPECT_FALSE(d.path.empty()) << e.text << " on an empty deck";
      EXPECT_TRUE(d.placed) << e.text;
      d.playing = true;
      played.push_back({d.path, Beat{e.at.value}.value(), d.synced, d.killed});
    } else if (what == "pause") {
      d.playing = false;
    } else if (what == "unload") {
      EXPECT_FALSE(d.playing) << e.text;
      d.path.clear();
    }
  }

  struct Played {
    std::string path;
    double beat = 0;
    bool synced = false, killed = false;
  };
  Deck decks[2];
  std::vector<Played> played;

 private:
  std::int64_t last_ = INT64_MIN;
};

// A set under the hands of somebody who skips, while tracks become known.
class Set {
 public:
  explicit Set(unsigned seed) : rng_(seed), planner_(options(rng_)) {
    grow();
    rest_ = planner_.plan(0, -1);
  }

  void run() {
    for (double now = 0; !rest_.empty() || now < 400; now += 0.5 + static_cast<double>(rng_() % 100) / 100) {
      // Handed on first: what is due before `from` would be in no plan any more.
      const double from = now + kAhead;
      hand_on(from);
      if (now < 1500 && rng_() % 60 == 0) grow(), replan(from);
      if (rng_() % 60 == 0 && planner_.skip(from + 4)) replan(from);
      if (rng_() % 60 == 0) lose_next(from);
      if (::testing::Test::HasFailure()) return;
    }
  }

  Decks decks;
  int lost = 0;
  const std::vector<MixEntry>& entries() const { return planner_.entries(); }

 private:
  static MixOptions options(std::mt19937& rng) {
    MixOptions o;
    o.transition_beats = 16 << (rng() % 3);
    return o;
  }
  void grow() {
    std::vector<MixTrack> more;
    for (unsigned n = 1 + rng_() % 3; n > 0; --n) more.push_back(track(tracks_++, rng_));
    planner_.add(std::move(more));
  }
  void hand_on(double until) {
    std::size_t n = 0;
    for (; n < rest_.size() && rest_[n].at.value < Beat::of(until).micro; ++n) decks.apply(rest_[n]);
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(n));
  }
  // The file of the track that comes next has gone: its load fails.
  void lose_next(double from) {
    const auto& entries = planner_.entries();
    for (std::size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].start <= from) continue;
      if (entries[i].ready >= from) return;
      decks.decks[entries[i].deck].path.clear();
      planner_.drop(i);
      ++lost;
      return replan(from);
    }
  }
  void replan(double from) { rest_ = planner_.plan(from, from); }

  std::mt19937 rng_;
  MixPlanner planner_;
  std::vector<ScriptEvent> rest_;
  int tracks_ = 0;
};

TEST(MixReplan, WhatComesInIsReadyAndEachTrackPlaysOnce) {
  int lost = 0;
  for (unsigned seed = 0; seed < 100 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Set set(seed);
    set.run();
    lost += set.lost;
    const auto& entries = set.entries();
    ASSERT_EQ(set.decks.played.size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      EXPECT_EQ(set.decks.played[i].path, entries[i].track.path) << i;
      EXPECT_NEAR(set.decks.played[i].beat, entries[i].start, 1e-6) << i;
      EXPECT_EQ(set.decks.played[i].synced, entries[i].ratio > 0) << i;
      EXPECT_EQ(set.decks.played[i].killed, entries[i].kind == Transition::blend) << i;
    }
    const Deck& last = set.decks.decks[entries.back().deck];
    EXPECT_EQ(last.fader, 1);
    EXPECT_FALSE(last.killed);
    EXPECT_FALSE(set.decks.decks[1 - entries.back().deck].playing);
  }
  EXPECT_GT(lost, 50);
}

}  // namespace
