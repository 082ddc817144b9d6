// Plans of sets: what must hold whatever the tracks, and one set heard.
#include "session/mix_plan.h"

#include <gtest/gtest.h>

#include <random>

#include "schedule/parse.h"
#include "session/renderer.h"
#include "support/fake_source.h"
#include "support/listen.h"

using namespace tactus;
using namespace tactus::testing;
using session::MixEntry;
using session::MixOptions;
using session::MixPlanner;
using session::MixTrack;
using session::ScriptEvent;
using session::Transition;

namespace {

constexpr double kPhrase = 16;

MixTrack track(const std::string& name, double bpm, double seconds, double downbeat = 0.1, int key = 0) {
  MixTrack t;
  t.path = "/music/" + name + ".flac";
  t.analysis.duration = t.analysis.last_sound = seconds;
  t.analysis.lufs = -14;
  t.analysis.key = music::Key::of_index(key % 24);
  if (bpm <= 0) return t;
  t.analysis.bpm = bpm;
  t.analysis.confidence = 1;
  t.analysis.first_downbeat = downbeat;
  t.analysis.first_sound = downbeat;
  t.analysis.grid = {{downbeat, 0, bpm}};
  return t;
}

class Dice {
 public:
  explicit Dice(unsigned seed) : rng_(seed) {}
  double between(double a, double b) { return std::uniform_real_distribution<>(a, b)(rng_); }
  int below(int n) { return static_cast<int>(rng_() % static_cast<unsigned>(n)); }
  std::vector<MixTrack> crate(int n) {
    std::vector<MixTrack> tracks;
    for (int i = 0; i < n; ++i) {
      const double bpm = below(8) == 0 ? 0 : between(70, 180);
      tracks.push_back(track("t" + std::to_string(i), bpm, below(5) == 0 ? between(20, 60) : between(90, 600),
                             between(0, 20), below(24)));
    }
    return tracks;
  }

 private:
  std::mt19937 rng_;
};

// Session beats for which a track can play from where it comes in.
double beats_of_music(const MixEntry& e) {
  const auto& a = e.track.analysis;
  return e.ratio > 0 ? (a.beat_of(a.last_sound) - e.in_beat) / e.ratio : (a.last_sound - e.in_seconds) * e.tempo / 60;
}

// Of the one that plays; on a bar where that is over before.
void begins_on_a_phrase(const MixEntry& before, const MixEntry& e) {
  const double stays = e.start - before.start;
  if (std::fmod(stays, kPhrase) == 0) return;
  EXPECT_EQ(std::fmod(stays, 4), 0);
  EXPECT_LT(beats_of_music(before), std::ceil((before.beats + 4) / kPhrase) * kPhrase)
      << "there was time for the phrase";
}

void check(const std::vector<MixEntry>& entries, const MixOptions& options) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const MixEntry& e = entries[i];
    EXPECT_EQ(e.deck, static_cast<int>(i % 2));
    if (i == 0) {
      EXPECT_EQ(e.kind, Transition::start);
      continue;
    }
    const MixEntry& before = entries[i - 1];
    // After its own coming in is over, so that no more than two ever sound.
    begins_on_a_phrase(before, e);
    const double stays = e.start - before.start, music = beats_of_music(before);
    if (music > before.beats + 12) {
      EXPECT_LE(stays, music + 0.5) << "silence between two tracks";
    }
    EXPECT_EQ(e.start, before.out);
    EXPECT_GT(e.start, before.start + before.beats);
    EXPECT_EQ(std::fmod(e.in_beat, 4), 0) << "on a downbeat";
    if (e.kind == Transition::blend) {
      EXPECT_GT(e.ratio, 0);
      EXPECT_LE(std::fabs(std::log2(e.tempo / before.tempo)), std::log2(1 + options.most_stretch) + 1e-9);
      EXPECT_NEAR(e.tempo * e.ratio, e.track.analysis.bpm, 1e-6) << "its own tempo, by octaves";
    }
    // The one that goes out has music until it is gone, if it has any to speak of.
    const double gone = e.start + (e.kind == Transition::cut ? 2 : e.beats) - before.start;
    if (beats_of_music(before) > 8 * kPhrase) {
      EXPECT_LE(gone, beats_of_music(before) + 1) << transition_name(e.kind);
    }
  }
}

// What the mixer has at a beat, by the events up to it; a ramp counts from its start.
struct Mixer {
  bool low[2] = {true, true};
  bool sounding[2] = {false, false};
  void apply(const ScriptEvent& e) {
    for (int d = 0; d < 2; ++d) {
      const std::string deck = "/deck/" + std::to_string(d + 1);
      if (e.text.starts_with(deck + "/eq/low ")) low[d] = !e.text.starts_with(deck + "/eq/low -inf");
      if (e.text == deck + "/play") sounding[d] = true;
      if (e.text == deck + "/pause") sounding[d] = false;
    }
  }
};

TEST(MixPlan, HoldsWhateverTheTracks) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    MixOptions options;
    options.transition_beats = 16 << dice.below(3);
    options.keep_order = dice.below(3) == 0;
    MixPlanner planner(options);
    const auto crate = dice.crate(2 + dice.below(12));
    planner.add(crate);
    const auto events = planner.plan(0, -1);
    ASSERT_EQ(planner.entries().size(), crate.size()) << "each track once";
    check(planner.entries(), options);
    if (options.keep_order) {
      for (std::size_t i = 0; i < crate.size(); ++i) EXPECT_EQ(planner.entries()[i].track.path, crate[i].path);
    }
    double last = -1, seconds = -1;
    for (const ScriptEvent& e : events) {
      const auto parsed = schedule::parse(e.text);
      ASSERT_TRUE(parsed.intent) << e.text << ": " << parsed.error.text();
      const double beat = Beat{e.at.value}.value();
      EXPECT_GE(beat, last);
      EXPECT_GE(planner.seconds_of(beat), seconds);
      last = beat;
      seconds = planner.seconds_of(beat);
    }
  }
}

// In a blend the bass is the one track's or the other's.
TEST(MixPlan, BassesAreSwappedAndNeverBothThere) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    std::vector<MixTrack> crate;
    for (int i = 0; i < 6; ++i) {
      crate.push_back(
          track("t" + std::to_string(i), dice.between(122, 128), dice.between(120, 400), 0.2, dice.below(24)));
    }
    MixPlanner planner;
    planner.add(crate);
    const auto events = planner.plan(0, -1);
    Mixer mixer;
    int both = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      mixer.apply(events[i]);
      if (i + 1 < events.size() && events[i + 1].at.value == events[i].at.value) continue;
      if (!mixer.sounding[0] || !mixer.sounding[1]) continue;
      ++both;
      EXPECT_NE(mixer.low[0], mixer.low[1]) << "after " << events[i].text;
    }
    EXPECT_GE(both, 5 * 2);
    for (std::size_t i = 1; i < planner.entries().size(); ++i) EXPECT_EQ(planner.entries()[i].kind, Transition::blend);
  }
}

TEST(MixPlan, SkippedAndPlannedAnewNothingThatHasBegunMoves) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    MixPlanner planner;
    planner.add(dice.crate(3));
    planner.plan(0, -1);
    double now = 0;
    std::size_t tracks = 3;
    for (int step = 0; step < 8; ++step) {
      now += dice.between(1, 150);
      const std::vector<MixEntry> before = planner.entries();
      if (dice.below(2)) {
        const auto more = dice.crate(1 + dice.below(3));
        tracks += more.size();
        planner.add(more);
      } else {
        const double soon = now + 4;  // what begins earlier can't be met any more
        const bool any = planner.entries().back().start > soon;
        EXPECT_EQ(planner.skip(soon), any);
        if (any) {
          std::size_t next = 1;
          while (before[next].start <= soon) ++next;
          planner.plan(now, now);
          const MixEntry& playing = planner.entries()[next - 1];
          const double free = std::max(soon, playing.start + playing.beats + 4);
          EXPECT_LT(planner.entries()[next].start, free + kPhrase) << "at the next phrase";
        }
      }
      for (const ScriptEvent& e : planner.plan(now, now)) EXPECT_GE(Beat{e.at.value}.value(), now - 1e-6);
      ASSERT_EQ(planner.entries().size(), tracks);
      for (std::size_t i = 0; i < before.size() && before[i].start <= now; ++i) {
        EXPECT_EQ(planner.entries()[i].track.path, before[i].track.path);
        EXPECT_EQ(planner.entries()[i].start, before[i].start);
      }
      for (std::size_t i = 1; i < planner.entries().size(); ++i) {
        EXPECT_GT(planner.entries()[i].start, planner.entries()[i - 1].start);
        begins_on_a_phrase(planner.entries()[i - 1], planner.entries()[i]);
      }
    }
  }
}

TEST(MixPlan, NothingToPlay) {
  MixPlanner planner;
  EXPECT_TRUE(planner.plan(0, -1).empty());
  EXPECT_FALSE(planner.skip(10));
  EXPECT_EQ(planner.track_list(), "");
}

// Three tracks of clicks, rendered: nothing is refused, both tracks' clicks fall together through each transition, and
// the set ends in silence.
TEST(MixPlan, ASetIsHeardInBeat) {
  FakeSource source;
  std::vector<MixTrack> crate = {track("a", 120, 70, 0), track("b", 125, 70, 0), track("c", 122, 60, 0)};
  for (const MixTrack& t : crate) source.add(t.path, beats(t.analysis.bpm, t.analysis.duration, 0.4));
  MixPlanner planner;
  planner.add(crate);
  const auto events = planner.plan(0, -1);
  ASSERT_EQ(planner.entries().size(), 3u);
  std::vector<float> left;
  session::RenderOptions options;
  options.tempo = Bpm{planner.first_tempo()};
  options.block = 480;
  const auto report = session::render(events, options, source, [&](std::span<const float> x) {
    for (std::size_t i = 0; i < x.size(); i += 2) left.push_back(x[i]);
    return true;
  });
  ASSERT_TRUE(report.refused.empty()) << report.refused[0].text << ": " << report.refused[0].why;
  // The clicks' tops: below, the EQ that swaps the basses moves their energy by its own phase.
  const std::vector<double> high = above(left);
  const std::vector<float> tops(high.begin(), high.end());
  int heard = 0;
  for (std::size_t i = 1; i < 3; ++i) {
    const MixEntry& e = planner.entries()[i];
    EXPECT_EQ(e.kind, Transition::blend);
    for (double b = e.start + 1; b < e.start + e.beats; ++b, ++heard) {
      const double error = click_error(tops, planner.seconds_of(b) * 48000);
      EXPECT_LT(std::fabs(error), 48) << "beat " << b;
    }
  }
  EXPECT_GE(heard, 60);
  EXPECT_LT(level_db(left, static_cast<std::int64_t>(left.size()) - 24000, static_cast<std::int64_t>(left.size())),
            -90);
}

}  // namespace
