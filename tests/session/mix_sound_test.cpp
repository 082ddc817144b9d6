// What is heard of a planned set: who fades out, whose bass it is, and how the tempo goes on.
#include <gtest/gtest.h>

#include <cmath>

#include "session/mix_plan.h"
#include "session/renderer.h"
#include "support/fake_source.h"
#include "support/listen.h"

using namespace tactus;
using namespace tactus::testing;
using session::MixEntry;
using session::MixPlanner;
using session::MixTrack;
using session::Transition;

namespace {

MixTrack known(const std::string& path, double bpm, double seconds) {
  MixTrack t;
  t.path = path;
  t.analysis.duration = t.analysis.last_sound = seconds;
  t.analysis.lufs = -14;
  t.analysis.bpm = bpm;
  t.analysis.confidence = 1;
  t.analysis.grid = {{0, 0, bpm}};
  return t;
}

struct Heard {
  MixPlanner planner;
  std::vector<float> left;
  // Frame of a session beat.
  std::int64_t at(double beat) const { return std::llround(planner.seconds_of(beat) * 48000); }
};

// The left side of the set that the planner makes of these, in this order.
Heard play(const std::vector<MixTrack>& tracks, FakeSource& source) {
  session::MixOptions how;
  how.keep_order = true;
  how.transition_beats = 16;
  Heard heard{MixPlanner(how), {}};
  heard.planner.add(tracks);
  const auto events = heard.planner.plan(0, -1);
  session::RenderOptions options;
  options.tempo = Bpm{heard.planner.first_tempo()};
  options.block = 480;
  const auto report = session::render(events, options, source, [&](std::span<const float> x) {
    for (std::size_t i = 0; i < x.size(); i += 2) heard.left.push_back(x[i]);
    return true;
  });
  EXPECT_TRUE(report.refused.empty()) << report.refused[0].text << ": " << report.refused[0].why;
  EXPECT_EQ(report.limited_db, 0);
  return heard;
}

// Two tracks of the same tempo, each with a bass and a note of its own, so that who is heard of what is told apart.
class Blend : public ::testing::Test {
 protected:
  static constexpr double kBass[2] = {50, 75}, kNote[2] = {1000, 1500};

  static void SetUpTestSuite() {
    std::vector<MixTrack> tracks;
    for (int t = 0; t < 2; ++t) {
      const std::string path = t == 0 ? "/music/a.flac" : "/music/b.flac";
      source_.add(path, make_track(48000 * 24, 2, 120, 0, [t](std::int64_t f, int) {
                    const double s = 2 * M_PI * static_cast<double>(f) / 48000;
                    return static_cast<float>(0.2 * std::sin(kBass[t] * s) + 0.1 * std::sin(kNote[t] * s));
                  }));
      tracks.push_back(known(path, 120, 24));
    }
    heard_ = play(tracks, source_);
    ASSERT_EQ(heard_.planner.entries().size(), 2u);
    in_ = heard_.planner.entries()[1];
  }
  // Level of a frequency over one beat, dB against what the track has.
  double db(double hz, double beat, double full) const {
    return 20 * std::log10(amplitude_at(heard_.left, hz, heard_.at(beat), heard_.at(beat + 1)) / full + 1e-9);
  }
  double note(int t, double beat) const { return db(kNote[t], beat, 0.1); }
  double bass(int t, double beat) const { return db(kBass[t], beat, 0.2); }

  void SetUp() override { ASSERT_EQ(in_.kind, Transition::blend); }

  inline static FakeSource source_;
  inline static Heard heard_{MixPlanner{}, {}};
  inline static MixEntry in_;
};

TEST_F(Blend, TheNewOneFadesInAndTheOldOneOut) {
  const double half = in_.start + in_.beats / 2, end = in_.start + in_.beats;
  EXPECT_NEAR(note(0, in_.start - 1), 0, 0.1);
  EXPECT_LT(note(1, in_.start - 1), -80);
  EXPECT_NEAR(note(1, half), 0, 0.5) << "in by the middle";
  EXPECT_NEAR(note(0, half - 1), 0, 0.1) << "and the old one whole until then";
  for (double beat = in_.start + 1; beat < half; ++beat) EXPECT_GT(note(1, beat), note(1, beat - 1));
  for (double beat = half + 1; beat < end; ++beat) EXPECT_LT(note(0, beat), note(0, beat - 1)) << beat;
  EXPECT_LT(note(0, end - 1), -45) << "out before it is stopped";
  EXPECT_LT(note(0, end), -80);
  EXPECT_NEAR(note(1, end + 4), 0, 0.1);
}

TEST_F(Blend, TheBassIsOneTracksOrTheOthers) {
  const double half = in_.start + in_.beats / 2, end = in_.start + in_.beats;
  for (double beat = in_.start; beat < half; ++beat) {
    EXPECT_NEAR(bass(0, beat), 0, 0.2) << "the old one's until the middle, beat " << beat;
    EXPECT_LT(bass(1, beat), -40) << beat;
  }
  for (double beat = half + 1; beat < end; ++beat) {
    EXPECT_LT(bass(0, beat), -40) << "the new one's from there on, beat " << beat;
    EXPECT_NEAR(bass(1, beat), 0, 0.2) << beat;
  }
  EXPECT_NEAR(bass(1, end + 4), 0, 0.1);
}

// After the transition the tempo goes to the new track's own: beat by beat a little, and then stays.
TEST(MixTempo, GoesGentlyToTheNewTracksOwn) {
  FakeSource source;
  const std::vector<MixTrack> tracks = {known("/music/a.flac", 120, 24), known("/music/b.flac", 126, 36)};
  for (const MixTrack& t : tracks) source.add(t.path, beats(t.analysis.bpm, t.analysis.duration, 0.4));
  const Heard heard = play(tracks, source);
  const MixEntry& in = heard.planner.entries()[1];
  ASSERT_EQ(in.kind, Transition::blend);
  const double end = in.start + in.beats, there = end + 32;
  const std::vector<double> high = above(heard.left);
  const std::vector<float> tops(high.begin(), high.end());
  // Where the clicks are heard, not where the plan has them.
  std::vector<double> clicks;
  for (double beat = end - 8; beat < there + 8; ++beat) {
    const double due = heard.planner.seconds_of(beat) * 48000;
    const double off = click_error(tops, due);
    EXPECT_LT(std::fabs(off), 100) << "beat " << beat;
    clicks.push_back(due + off);
  }
  double before = 0;
  for (std::size_t i = 1; i < clicks.size(); ++i) {
    const double beat = end - 8 + static_cast<double>(i);
    const double bpm = 60 * 48000 / (clicks[i] - clicks[i - 1]);
    if (beat <= end) {
      EXPECT_NEAR(bpm, 120, 0.35) << "through the transition the old one's, beat " << beat;
    } else if (beat <= there) {
      EXPECT_NEAR(bpm, 120 + 6 * (beat - 0.5 - end) / 32, 0.35) << "a 32nd of the way a beat, beat " << beat;
      EXPECT_LT(std::fabs(bpm - before), 0.8) << "no step";
    } else {
      EXPECT_NEAR(bpm, 126, 0.35) << "its own, beat " << beat;
    }
    before = bpm;
  }
}

}  // namespace
