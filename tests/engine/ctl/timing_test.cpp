// Time under key lock, heard: ramps, half an hour, loops and jumps on four decks, and how soon a change is audible.
#include <gtest/gtest.h>

#include <random>

#include "support/host_rig.h"
#include "support/listen.h"
#include "support/live_rig.h"
#include "support/soak.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

constexpr int kLatency = EngineRig::latency();
constexpr int kBeatSync = static_cast<int>(msg::SyncMode::beat);

// Renders from beat to beat, and hears each click at the frame where the map has its beat.
class BeatListener {
 public:
  explicit BeatListener(HostRig& rig) : rig_(rig) {}
  // Errors in frames of beats first, first + 1 ... below last; all before `first` must have been rendered or be due.
  std::vector<double> listen(int first, int last) {
    std::vector<double> errors;
    for (int b = first; b < last; ++b) {
      const double due = rig_.host.map().frame_of(b) + kLatency;
      const auto end = static_cast<std::int64_t>(due) + 4000;
      if (rig_.host.frame() < end) rig_.render(end - rig_.host.frame(), 480);
      rig_.forget(16384);
      const auto base = static_cast<double>(rig_.host.frame()) - static_cast<double>(rig_.bus().size());
      errors.push_back(click_error(rig_.bus(), due - base));
    }
    return errors;
  }

 private:
  HostRig& rig_;
};

double worst(const std::vector<double>& errors) {
  double most = 0;
  for (double e : errors) most = std::max(most, std::fabs(e));
  return most;
}

TEST(Timing, ARampFrom120To140StaysWithin3Ms) {
  auto t = beats(124, 40);
  HostRig rig(120);
  rig.load(0, *t);
  rig.send(Op::sync, 0, 0, kBeatSync);
  rig.send(Op::play, 0, 0, 0, When::at(Beat::of(1)));
  BeatListener ear(rig);
  ear.listen(2, 8);
  music::TempoMap map = rig.host.map();
  map.change_tempo(static_cast<double>(rig.host.frame()), Bpm{140}, Beats::of(32));
  rig.host.set_map(map);
  const auto errors = ear.listen(9, 48);
  test::record("ramp 120 to 140 over 32 beats: worst click " + std::to_string(worst(errors) / 48) + " ms off");
  EXPECT_LT(worst(errors), 144);
  EXPECT_NEAR(rig.host.snapshot().bpm, 140, 1e-9);
  EXPECT_EQ(rig.host.snapshot().decks[0].source, msg::DeckSource::voice);
}

TEST(Timing, HalfAnHourOf126At128HasNoErrorAndNoTrend) {
  const double minutes = test::soak_length(1.5, 30.0);
  const int last = static_cast<int>(minutes * 128);
  auto t = beats_126(minutes * 60 * 128 / 126 + 10);
  HostRig rig(128);
  rig.load(0, *t);
  rig.send(Op::sync, 0, 0, kBeatSync);
  rig.send(Op::play, 0, 0, 0, When::at(Beat::of(1)));
  const auto errors = BeatListener(rig).listen(2, last);
  const double drift = trend(errors) * static_cast<double>(errors.size());  // frames, from the first beat to the last
  test::record(std::to_string(minutes) + " min 126 at 128 BPM: worst click " + std::to_string(worst(errors) / 48) +
               " ms off, trend " + std::to_string(drift / 48) + " ms in all");
  EXPECT_LT(worst(errors), 48);
  EXPECT_LT(std::fabs(drift), 4.8);  // 0.1 ms
  EXPECT_EQ(rig.host.snapshot().decks[0].fallbacks, 0u);
}

// Four tracks of different tempos in one beat, each looping and jumping about by whole beats: all clicks stay together.
TEST(Timing, FourDecksDoNotDriftThroughLoopsAndJumps) {
  const int last = static_cast<int>(test::soak_length(0.4, 30.0) * 128);
  const double tempos[] = {122, 126, 128, 131};
  std::vector<std::unique_ptr<RigTrack>> tracks;
  HostRig rig(128);
  for (int d = 0; d < 4; ++d) {
    tracks.push_back(beats(tempos[d], 60, 0.3));
    rig.load(d, *tracks.back());
    rig.send(Op::sync, d, 0, kBeatSync);
    rig.send(Op::play, d, 0, 0, When::at(Beat::of(1)));
  }
  std::mt19937 rng(3);
  BeatListener ear(rig);
  std::vector<double> errors;
  for (int b = 2; b < last; b += 4) {
    for (const double e : ear.listen(b, std::min(b + 4, last))) errors.push_back(e);
    const msg::Snapshot& s = rig.host.snapshot();
    for (int d = 0; d < 4; ++d) {
      const double phase = s.decks[d].track_beat - s.beat;
      EXPECT_NEAR(phase, std::round(phase), 1e-6) << d << " at beat " << b;
      // At a beat, on the beat: half a beat away from any loop's edge.
      const When at = When::at(Beat::of(b + 6.5));
      const double in = s.decks[d].track_beat;
      switch (rng() % 4) {
        case 0:
          rig.loop(msg::LoopOp::beats, d, 1 << (rng() % 3), at);
          break;
        case 1:
          rig.loop(msg::LoopOp::exit, d, 0, at);
          break;
        default:
          rig.send(Op::jump_beats, d, in < 40 ? 8 : in > 80 ? -32 : -4, 0, at);
      }
    }
  }
  test::record("four decks looping and jumping for " + std::to_string(last) + " beats: worst click " +
               std::to_string(worst(errors) / 48) + " ms off, trend " +
               std::to_string(trend(errors) * static_cast<double>(errors.size()) / 48) + " ms in all");
  EXPECT_LT(worst(errors), 48);
  EXPECT_LT(std::fabs(trend(errors)) * static_cast<double>(errors.size()), 4.8);
}

std::unique_ptr<RigTrack> sine(double hz) {
  return make_track(48000 * 20, 2, 120, 0, [hz](std::int64_t f, int) {
    return static_cast<float>(0.4 * std::sin(2 * M_PI * hz * static_cast<double>(f) / 48000));
  });
}

// The first of the frames after `from` where the pitch over 10 ms is no longer what it was.
std::int64_t heard_at(const std::vector<float>& x, std::int64_t from, double before, double after) {
  for (std::int64_t f = from; f + 480 < static_cast<std::int64_t>(x.size()); f += 24) {
    const double hz = frequency(x, static_cast<std::size_t>(f), static_cast<std::size_t>(f + 480));
    if (std::fabs(hz - after) < std::fabs(hz - before)) return f + 240 - from;
  }
  return 1 << 30;
}

// At any block that a live driver is likely to ask for.
TEST(Timing, AKeyChangeIsHeardWithin40Ms) {
  auto t = sine(1500);
  for (const int block : {64, 512}) {
    for (const double from : {0.0, 1.0}) {  // out of no shift at all, and out of another
      HostRig rig;
      rig.load(0, *t);
      rig.set(Param::tempo, 0, 1.04);
      rig.set(Param::key, 0, from);
      rig.render(640);
      rig.send(Op::play, 0);
      rig.render(512 * 94, block);
      const std::int64_t now = rig.host.frame();
      rig.set(Param::key, 0, from + 3);
      rig.render(48000, block);
      const double hz = 1500 * std::exp2(from / 12);
      const auto after = heard_at(rig.bus(), now, hz, hz * std::exp2(3.0 / 12));
      test::record("key change from " + std::to_string(from) + " at blocks of " + std::to_string(block) +
                   ": heard after " + std::to_string(static_cast<double>(after) / 48) + " ms");
      EXPECT_LE(after, 40 * 48) << block << ' ' << from;
      // And it is what was asked for.
      const double sounding = frequency(rig.bus(), rig.bus().size() - 24000, rig.bus().size());
      EXPECT_LT(std::fabs(1200 * std::log2(sounding / hz) - 300), 2);
    }
  }
}

// With a feeder thread as on stage. The device waits for it, or, at `real` time, for nobody.
struct KeyChange {
  double heard = 0;          // ms after the block at whose start it was executed
  double cents = 0;          // that the pitch is off in the end
  std::uint64_t primed = 0;  // voices
  int away = 0;              // blocks that didn't sound from a stretcher
};
KeyChange live_key_change(const RigTrack& t, int block, double from, bool real) {
  LiveRig rig(120, block);
  rig.load(0, t);
  rig.set(Param::tempo, 0, 1.04);
  rig.set(Param::key, 0, from);
  const auto play = [&](std::int64_t frames) { real ? rig.in_real_time(frames) : rig.in_time(frames); };
  play(1024);
  rig.send(Op::play, 0);
  play(512 * 47);
  EXPECT_EQ(rig.deck().source, msg::DeckSource::voice);
  const std::int64_t now = rig.host.frame();
  rig.set(Param::key, 0, from + 3);
  KeyChange result;
  const std::uint64_t primed = rig.host.feeder_stats().primed;
  for (int i = 0; i < 24576; i += block) {
    play(block);
    result.away += rig.deck().source != msg::DeckSource::voice;
  }
  const double hz = 1500 * std::exp2(from / 12);
  result.heard = static_cast<double>(heard_at(rig.bus(), now, hz, hz * std::exp2(3.0 / 12))) / 48;
  const double sounding = frequency(rig.bus(), rig.bus().size() - 12000, rig.bus().size());
  result.cents = std::fabs(1200 * std::log2(sounding / hz) - 300);
  result.primed = rig.host.feeder_stats().primed - primed;
  return result;
}

TEST(Timing, AKeyChangeIsHeardWithin40MsLive) {
  auto t = sine(1500);
  for (const int block : {64, 512}) {
    for (const double from : {0.0, 1.0}) {
      const KeyChange change = live_key_change(*t, block, from, false);
      test::record("live key change from " + std::to_string(from) + " at blocks of " + std::to_string(block) +
                   ": heard after " + std::to_string(change.heard) + " ms");
      EXPECT_LE(change.heard, 40) << block << ' ' << from;
      EXPECT_LT(change.cents, 2) << block << ' ' << from;
      EXPECT_EQ(change.away, 0) << block << ' ' << from;
      EXPECT_EQ(change.primed, 1u) << "none in vain: " << block << ' ' << from;
    }
  }
}

// By the wall's clock: priming takes the time that it takes. Others may have the
// processor: the median, and only under ./test --long.
TEST(Timing, AKeyChangeIsHeardWithin40MsByTheClock) {
  if (!test::long_run()) return;
  auto t = sine(1500);
  for (const double from : {0.0, 1.0}) {
    std::vector<double> heard;
    for (int i = 0; i < 5; ++i) heard.push_back(live_key_change(*t, 64, from, true).heard);
    std::sort(heard.begin(), heard.end());
    test::record("key change from " + std::to_string(from) + " in real time: heard after " + std::to_string(heard[2]) +
                 " ms in the median, at most " + std::to_string(heard[4]));
    EXPECT_LE(heard[2], 40) << from;
  }
}

// Announced, it is key-locked in the new key from its first frame on.
TEST(Timing, AScheduledKeyChangeIsThereAtItsFrameLive) {
  auto t = sine(1500);
  for (const int block : {64, 512}) {
    for (const double from : {0.0, 1.0}) {
      LiveRig rig(120, block);
      rig.load(0, *t);
      rig.set(Param::tempo, 0, 1.04);
      rig.set(Param::key, 0, from);
      rig.in_time(1024);
      rig.send(Op::play, 0);
      rig.in_time(512 * 47);
      const std::int64_t due = rig.host.frame() + 9600 + 7;
      rig.set(Param::key, 0, from + 3, When::at(Frame{due}));
      int direct = 0;
      for (int i = 0; i < 24576; i += block) {
        rig.in_time(block);
        direct += rig.deck().source != msg::DeckSource::voice;
      }
      EXPECT_EQ(direct, 0) << block << ' ' << from;
      EXPECT_EQ(rig.deck().fallbacks, 0u) << block << ' ' << from;
      const double hz = 1500 * std::exp2(from / 12), there = hz * std::exp2(3.0 / 12);
      const std::int64_t at = due + kLatency, fade = 240;
      EXPECT_LT(std::fabs(1200 * std::log2(frequency(rig.bus(), at - 2400, at - 32) / hz)), 5) << block << ' ' << from;
      EXPECT_LT(std::fabs(1200 * std::log2(frequency(rig.bus(), at + fade, at + fade + 2400) / there)), 5)
          << block << ' ' << from;
    }
  }
}

// The clicks of a track that plays at `speed`, from frame `from` to now: how far the worst is from where it is due, in
// frames. Adds to `heard`.
double worst_click(LiveRig& rig, double speed, double apart, std::int64_t from, int& heard) {
  double most = 0;
  const double end = static_cast<double>(rig.host.frame()), at = rig.deck().position;
  for (double click = std::floor(at / apart) * apart;; click -= apart) {
    const double due = end - (at - click) / speed + kLatency;
    if (due < static_cast<double>(from) + kLatency) return most;
    if (due > end - 800) continue;
    std::vector<float> around(rig.master.begin() + std::llround(due) - 800,
                              rig.master.begin() + std::llround(due) + 800);
    around.insert(around.begin(), 1200, 0.0f);
    around.resize(4000);
    most = std::max(most, std::fabs(click_error(around, due - static_cast<double>(std::llround(due) - 2000))));
    ++heard;
  }
}

// Without notice, while a feeder thread does its work as on stage: clicks tell where the track is heard to be. A voice
// that went on at the old tempo for longer would have them late by then (at 1.3 by up to 6 ms). From 40 ms on they are
// as near to their place as they are when that tempo has long been playing: R3 itself scatters them, at 1.3 more than
// at 1.06.
TEST(Timing, ATempoChangeIsHeardWithin40Ms) {
  constexpr double kApart = 2400;  // frames from click to click
  auto t = make_track(48000 * 8, 2, 120, 0, [](std::int64_t f, int) { return beat_click(f, kApart); });
  for (const double faster : {1.3, 1.12, 1.06, 0.97}) {
    double most = 0, settled = 0;
    int heard = 0, later = 0;
    for (int trial = 0; trial < 6; ++trial) {
      LiveRig rig;
      rig.load(0, *t);
      rig.set(Param::tempo, 0, 1.02);
      rig.in_time(640);
      rig.send(Op::play, 0);
      rig.in_time(24000 + 448 * trial);
      const std::int64_t now = rig.host.frame();
      rig.set(Param::tempo, 0, faster);
      rig.in_time(9600);
      ASSERT_EQ(rig.deck().source, msg::DeckSource::voice);
      most = std::max(most, worst_click(rig, faster, kApart, now + 40 * 48, heard));
      rig.in_time(48000);
      settled = std::max(settled, worst_click(rig, faster, kApart, now + 19200, later));
    }
    EXPECT_GE(heard, 12);
    EXPECT_GE(later, 60);
    test::record("unannounced tempo change from 1.02 to " + std::to_string(faster) +
                 ": from 40 ms on the worst click is " + std::to_string(most / 48) + " ms off, from 400 ms on " +
                 std::to_string(settled / 48));
    EXPECT_LT(most, std::max(0.7 * 48, settled + 0.2 * 48)) << faster;
    EXPECT_LT(settled, 1.5 * 48) << faster;
  }
}

}  // namespace
