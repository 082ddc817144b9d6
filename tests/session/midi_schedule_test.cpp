// Notes and controllers on the beat, and which frame is heard when.
#include "session/midi_schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "session/midi_part.h"

namespace tactus::session {
namespace {

using io::MidiMessage;
using io::TimedMidi;
using msg::When;
using schedule::ask::MidiCc;
using schedule::ask::MidiNote;

constexpr double kRate = 48000;
constexpr double kBeat = kRate / 2;  // frames, at 120 BPM

class MidiScheduleTest : public ::testing::Test {
 protected:
  // What is sent from frame `now_` until `until`, asked for in windows of some milliseconds.
  std::vector<TimedMidi> run(double until, double window = 144) {
    std::vector<TimedMidi> out;
    for (; now_ < until; now_ += window) schedule_.events(map_, now_, std::min(until, now_ + window), out);
    now_ = until;
    for (std::size_t i = 1; i < out.size(); ++i) EXPECT_LE(out[i - 1].frame, out[i].frame);
    return out;
  }
  static When beat(double b) { return When::at(Beat::of(b)); }
  static msg::RampSpec over_beats(double beats, msg::Curve curve = msg::Curve::linear) {
    msg::RampSpec ramp;
    ramp.micro_beats = Beats::of(beats).micro;
    ramp.curve = curve;
    return ramp;
  }

  music::TempoMap map_{{kRate}, {120}};
  MidiSchedule schedule_;
  double now_ = 0;
};

TEST_F(MidiScheduleTest, ANoteSoundsOnItsBeatForItsLength) {
  schedule_.note(beat(4), {9, 36, 100, Beats::of(0.25)});
  const auto out = run(8 * kBeat);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].message, MidiMessage::note_on(9, 36, 100));
  EXPECT_NEAR(out[0].frame, 4 * kBeat, 1e-6);
  EXPECT_EQ(out[1].message, MidiMessage::note_off(9, 36));
  EXPECT_NEAR(out[1].frame, 4.25 * kBeat, 1e-6);
}

TEST_F(MidiScheduleTest, ANoteFollowsATempoThatChangesWhileItWaits) {
  schedule_.note(beat(4), {0, 60, 100, Beats::of(1)});
  run(kBeat);
  map_.change_tempo(kBeat, {60}, Beats::of(0));
  const auto out = run(12 * kBeat);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_NEAR(out[0].frame, map_.frame_of(4), 1);
  EXPECT_NEAR(out[0].frame, (1 + 3 * 2) * kBeat, 1);
  EXPECT_NEAR(out[1].frame, (1 + 4 * 2) * kBeat, 1);
}

TEST_F(MidiScheduleTest, AKeyStruckAgainIsHeldUntilItsLastEnd) {
  schedule_.note(beat(1), {0, 60, 100, Beats::of(2)});
  schedule_.note(beat(2), {0, 60, 90, Beats::of(2)});
  const auto out = run(6 * kBeat);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[2].message, MidiMessage::note_off(0, 60));
  EXPECT_NEAR(out[2].frame, 4 * kBeat, 1e-6);
}

TEST_F(MidiScheduleTest, AControllerFollowsARampOnTheBeat) {
  schedule_.cc(When{}, {0, 74, 0, {}});
  run(kBeat);
  schedule_.cc(beat(2), {0, 74, 127, over_beats(4)});
  const auto out = run(8 * kBeat);
  ASSERT_GT(out.size(), 100u);  // every value on the way, no more often than it changes
  double last_frame = 0;
  int last = 0;
  for (const TimedMidi& t : out) {
    const double should = (t.frame / kBeat - 2) / 4 * 127;
    EXPECT_NEAR(t.message.bytes[2], should, 0.51 + 127 * 0.005 * kRate / (4 * kBeat)) << t.frame;
    EXPECT_GT(t.message.bytes[2], last);
    EXPECT_GE(t.frame - last_frame, 0.005 * kRate - 1);
    last = t.message.bytes[2];
    last_frame = t.frame;
  }
  EXPECT_EQ(last, 127);
  EXPECT_NEAR(last_frame, 6 * kBeat, 0.005 * kRate + 1);  // 126.5 and more is 127
}

TEST_F(MidiScheduleTest, ARampGoesTheEnginesOwnWay) {
  for (const msg::Curve curve :
       {msg::Curve::linear, msg::Curve::equal_power, msg::Curve::exponential, msg::Curve::s_curve}) {
    MidiSchedule schedule;
    std::vector<TimedMidi> out;
    schedule.cc(When{}, {0, 7, 0, {}});
    schedule.events(map_, 0, 1, out);
    schedule.cc(beat(1), {0, 7, 127, over_beats(2, curve)});
    out.clear();
    schedule.events(map_, 1, 2 * kBeat, out);  // until its middle
    ASSERT_FALSE(out.empty());
    const double middle = 127 * curve_at(static_cast<CurveShape>(curve), 0.5, true);
    EXPECT_NEAR(out.back().message.bytes[2], middle, 1.5) << static_cast<int>(curve);
  }
}

TEST_F(MidiScheduleTest, AnotherRampTakesOverWhereTheFirstHasBroughtIt) {
  schedule_.cc(When{}, {0, 74, 0, {}});
  schedule_.cc(beat(1), {0, 74, 127, over_beats(4)});
  schedule_.cc(beat(3), {0, 74, 0, over_beats(1)});
  const auto out = run(6 * kBeat);
  int most = 0;
  for (std::size_t i = 1; i < out.size(); ++i) {
    EXPECT_LE(std::abs(out[i].message.bytes[2] - out[i - 1].message.bytes[2]), 2);
    most = std::max<int>(most, out[i].message.bytes[2]);
  }
  EXPECT_NEAR(most, 64, 1);
  EXPECT_EQ(out.back().message.bytes[2], 0);
}

TEST_F(MidiScheduleTest, AControllerThatNobodySetIsSetToItsTargetAtOnce) {
  schedule_.cc(beat(1), {0, 74, 100, over_beats(4)});
  const auto out = run(8 * kBeat);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].message, MidiMessage::control_change(0, 74, 100));
}

TEST_F(MidiScheduleTest, WindowsOfAnyLengthGiveTheSame) {
  const auto all = [&](bool random) {
    MidiSchedule schedule;
    schedule.cc(When{}, {0, 1, 0, {}});
    schedule.cc(beat(0.5), {0, 1, 127, over_beats(3)});
    schedule.note(beat(1.1), {1, 40, 80, Beats::of(0.7)});
    std::vector<TimedMidi> out;
    std::mt19937 dice(7);
    for (double at = 0; at < 5 * kBeat;) {
      const double to = at + (random ? std::uniform_real_distribution<>(1, 3000)(dice) : 144.0);
      schedule.events(map_, at, to, out);
      at = to;
    }
    return out;
  };
  const auto even = all(false), odd = all(true);
  ASSERT_EQ(even.size(), odd.size());
  for (std::size_t i = 0; i < even.size(); ++i) {
    EXPECT_EQ(even[i].message, odd[i].message);
    EXPECT_NEAR(even[i].frame, odd[i].frame, 1e-6);
  }
}

TEST_F(MidiScheduleTest, SilenceEndsWhatSoundsAndForgetsWhatWaits) {
  schedule_.note(beat(1), {0, 60, 100, Beats::of(100)});
  schedule_.note(beat(50), {0, 61, 100, Beats::of(1)});
  run(2 * kBeat);
  std::vector<TimedMidi> out;
  schedule_.silence(now_, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].message, MidiMessage::note_off(0, 60));
  EXPECT_TRUE(run(60 * kBeat).empty());
}

TEST_F(MidiScheduleTest, TooMuchIsRefused) {
  for (std::size_t i = 0; i < MidiSchedule::kMost; ++i) {
    ASSERT_TRUE(schedule_.note(beat(1000), {0, 60, 100, Beats::of(1)}));
  }
  EXPECT_FALSE(schedule_.note(beat(1000), {0, 60, 100, Beats::of(1)}));
}

// --- BlockStamp ------------------------------------------------------------------------------------------------------

TEST(BlockStamp, IsALineThroughTheLastBlock) {
  const BlockStamp stamp{48000, 5'000'000'000, 1e9 / kRate};
  EXPECT_EQ(stamp.heard_at(48000), 5'000'000'000);
  EXPECT_EQ(stamp.heard_at(48000 + 480), 5'010'000'000);
  EXPECT_EQ(stamp.heard_at(48000 - 48), 4'999'000'000);
  EXPECT_NEAR(stamp.frame_at(stamp.heard_at(51234)), 51234, 1e-3);
  EXPECT_FALSE(BlockStamp{}.known());
}

}  // namespace
}  // namespace tactus::session
