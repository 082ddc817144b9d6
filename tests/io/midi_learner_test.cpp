// What controls send while a person moves them, and what the learner makes of it.
#include "io/midi/learner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace tactus::io {
namespace {

using Wanted = ControlLearner::Wanted;
constexpr std::int64_t kMs = 1'000'000;

class Hand {
 public:
  explicit Hand(Wanted wanted) : learner_(wanted) {}
  Hand& sends(const MidiMessage& m) {
    learner_.on_message(m, now_ += 10 * kMs);
    return *this;
  }
  Hand& cc(int number, std::initializer_list<int> values) {
    for (const int v : values) sends(MidiMessage::control_change(0, number, v));
    return *this;
  }
  // As written in a mapping, or the hint.
  std::string rests() {
    std::string hint;
    EXPECT_FALSE(learner_.learned(now_ + kMs, &hint)) << "still being moved";
    const auto t = learner_.learned(now_ += ControlLearner::kQuietNs, &hint);
    if (!t) return "? " + hint;
    return trigger_text(*t) + (t->msb_last ? " msb last" : "");
  }

 private:
  ControlLearner learner_;
  std::int64_t now_ = 0;
};

TEST(ControlLearner, AKeyIsANote) {
  EXPECT_EQ(Hand(Wanted::key).sends(MidiMessage::note_on(1, 11, 127)).sends(MidiMessage::note_off(1, 11)).rests(),
            "note 2 11");
  EXPECT_EQ(Hand(Wanted::key).sends(MidiMessage::note_on(0, 3, 90)).sends(MidiMessage::note_on(0, 3, 0)).rests(),
            "note 1 3");
}

TEST(ControlLearner, OrAControllerThatIsDownOrUp) {
  EXPECT_EQ(Hand(Wanted::key).cc(20, {127, 0}).rests(), "cc 1 20");
  EXPECT_EQ(Hand(Wanted::key).cc(20, {10, 11, 12, 13}).rests().substr(0, 1), "?");
}

TEST(ControlLearner, AFaderIsAController) {
  Hand hand(Wanted::knob);
  for (int v = 0; v < 128; v += 3) hand.cc(7, {v});
  for (int v = 127; v >= 0; v -= 2) hand.cc(7, {v});
  EXPECT_EQ(hand.rests(), "cc 1 7");
}

TEST(ControlLearner, AFaderThatIsMovedALittleIsAskedForMore) {
  EXPECT_EQ(Hand(Wanted::knob).cc(7, {60, 61, 62, 63, 64, 65, 66, 67, 68, 69}).rests().substr(0, 3), "? a");
  EXPECT_EQ(Hand(Wanted::knob).sends(MidiMessage::note_on(0, 3, 90)).rests().substr(0, 3), "? t");
}

TEST(ControlLearner, AFaderOfTwoHalvesIsOneInEitherOrder) {
  for (const bool msb_last : {false, true}) {
    Hand hand(Wanted::knob);
    for (int v = 0; v < 16384; v += 301) {
      if (!msb_last) hand.cc(2, {v >> 7});
      hand.cc(34, {v & 127});
      if (msb_last) hand.cc(2, {v >> 7});
    }
    EXPECT_EQ(hand.rests(), msb_last ? "cc14 1 2 34 msb last" : "cc14 1 2 34");
  }
}

TEST(ControlLearner, TwoFadersAtOnceAreNoPair) {
  Hand hand(Wanted::knob);
  for (int v = 0; v < 128; ++v) hand.cc(2, {v});
  hand.cc(34, {5, 6, 7});
  EXPECT_EQ(hand.rests(), "cc 1 2");
}

TEST(ControlLearner, PitchBendIsAFader) {
  Hand hand(Wanted::knob);
  for (int v = 0; v < 16384; v += 500) hand.sends(MidiMessage::pitch_bend(3, v));
  EXPECT_EQ(hand.rests(), "pitch 4");
}

TEST(ControlLearner, EncodersAreKnownByWhatTheyRepeat) {
  const auto turned = [](Wanted wanted, int right, int fast, int left) {
    Hand hand(wanted);
    for (int i = 0; i < 10; ++i) hand.cc(16, {right});
    hand.cc(16, {fast});
    for (int i = 0; i < 10; ++i) hand.cc(16, {left});
    return hand.rests();
  };
  for (const Wanted wanted : {Wanted::turn, Wanted::knob}) {
    EXPECT_EQ(turned(wanted, 1, 3, 127), "rel 1 16 twos");
    EXPECT_EQ(turned(wanted, 65, 67, 63), "rel 1 16 offset");
    EXPECT_EQ(turned(wanted, 1, 3, 65), "rel 1 16 sign");
  }
}

TEST(ControlLearner, AWheelThatIsTurnedOneWayOnlyIsAskedForTheOther) {
  Hand hand(Wanted::turn);
  for (int i = 0; i < 30; ++i) hand.cc(16, {1});
  EXPECT_EQ(hand.rests().substr(0, 6), "? turn");
}

TEST(ControlLearner, AWheelsTouchDoesntDisturbItsTurning) {
  Hand hand(Wanted::turn);
  hand.sends(MidiMessage::note_on(0, 54, 127));
  for (int i = 0; i < 10; ++i) hand.cc(34, {65});
  for (int i = 0; i < 10; ++i) hand.cc(34, {63});
  hand.sends(MidiMessage::note_off(0, 54));
  EXPECT_EQ(hand.rests(), "rel 1 34 offset");
}

TEST(ControlLearner, ClocksAndActiveSensingAreNobodysHand) {
  ControlLearner learner(Wanted::key);
  learner.on_message(MidiMessage::realtime(MidiMessage::kClock), kMs);
  std::string hint;
  EXPECT_FALSE(learner.learned(10'000 * kMs, &hint));
  EXPECT_EQ(hint, "");
}

TEST(TickCounter, CountsARevolution) {
  std::string error;
  const auto turn = parse_trigger("rel 1 34 offset", &error);
  ASSERT_TRUE(turn) << error;
  TickCounter counter(*turn);
  std::int64_t now = 0;
  for (int i = 0; i < 254; ++i) counter.on_message(MidiMessage::control_change(0, 34, 66), now += kMs);
  for (int i = 0; i < 4; ++i) counter.on_message(MidiMessage::control_change(0, 34, 65), now += kMs);
  counter.on_message(MidiMessage::control_change(0, 35, 99), now);
  EXPECT_EQ(counter.ticks(now + kMs), 0);
  EXPECT_EQ(counter.ticks(now + 3 * ControlLearner::kQuietNs), 512);
}

// --- The file --------------------------------------------------------------------------------------------------------

int any_field(std::string_view) { return 1; }

// A controller that answers everything: keys are notes, knobs what `knob` says, wheels ticks.
std::vector<LearnedControl> all(int decks, MidiTrigger::Kind knob) {
  std::vector<LearnedControl> list;
  int number = 0;
  for (const LearnQuestion& q : learn_questions(decks)) {
    MidiTrigger t;
    t.kind = q.wanted == Wanted::key    ? MidiTrigger::Kind::note
             : q.wanted == Wanted::turn ? MidiTrigger::Kind::rel
                                        : knob;
    t.channel = static_cast<std::uint8_t>(number / 30);
    t.number = static_cast<std::uint8_t>(number % 30);
    t.second = static_cast<std::uint8_t>(t.number + 32);
    t.msb_last = t.kind == MidiTrigger::Kind::cc14;
    ++number;
    list.push_back({q, t, t.kind == MidiTrigger::Kind::rel ? 512 : 0});
  }
  return list;
}

TEST(DevicePart, IsThereWhenItIsPluggedInAgain) {
  EXPECT_EQ(device_part("DDJ-ERGO:DDJ-ERGO MIDI 1 24:0"), "DDJ-ERGO MIDI 1");
  EXPECT_EQ(device_part("a2j:DDJ-ERGO [24] (capture): DDJ-ERGO MIDI 1"), "DDJ-ERGO MIDI 1");
  EXPECT_EQ(device_part("Pad-01:Pad keys out"), "Pad keys out");
  EXPECT_EQ(device_part("Pad"), "Pad");
  EXPECT_EQ(device_part("odd:"), "odd:");
}

TEST(LearnedMapping, IsAMappingWhateverTheControlsAre) {
  for (const auto knob : {MidiTrigger::Kind::cc, MidiTrigger::Kind::cc14, MidiTrigger::Kind::rel}) {
    for (int decks = 1; decks <= 4; ++decks) {
      const auto controls = all(decks, knob);
      const std::string text = learned_mapping("My \"Pad\"\n", "my \\ pad", controls);
      const ReadMapping read = read_mapping(text, any_field);
      ASSERT_TRUE(read.mapping) << read.errors.front().line << ": " << read.errors.front().text << "\n" << text;
      EXPECT_EQ(read.mapping->name, "My \"Pad\"");
      EXPECT_EQ(read.mapping->devices, std::vector<std::string>{"my \\ pad"});
      EXPECT_EQ(read.mapping->jogs.size(), static_cast<std::size_t>(decks));
      EXPECT_EQ(read.mapping->jogs.front().ticks, 512);
      EXPECT_TRUE(read.mapping->jogs.front().touch);
      EXPECT_EQ(read.mapping->controls.size() + 2 * read.mapping->jogs.size(), controls.size());
    }
  }
}

TEST(LearnedMapping, AWheelWithoutATouchIsOneAllTheSame) {
  auto controls = all(1, MidiTrigger::Kind::cc);
  std::erase_if(controls, [](const LearnedControl& c) { return c.question.touch_deck > 0; });
  const ReadMapping read = read_mapping(learned_mapping("x", "x", controls), any_field);
  ASSERT_TRUE(read.mapping);
  EXPECT_FALSE(read.mapping->jogs.front().touch);
}

TEST(LearnQuestions, EachIsAskedOnce) {
  std::set<std::string> titles;
  for (const LearnQuestion& q : learn_questions(4)) EXPECT_TRUE(titles.insert(q.title).second) << q.title;
}

}  // namespace
}  // namespace tactus::io
