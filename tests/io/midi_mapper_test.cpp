// A mapping at work: messages in, intents out; states in, lights out.
#include "io/midi/mapper.h"

#include "midi_view.h"
#include "schedule/parse.h"

namespace tactus::io {
namespace {

using test::FakeView;

constexpr std::int64_t kMs = 1'000'000;

struct Rig {
  FakeView view;
  std::optional<Mapper> mapper;
  std::int64_t now = 0;

  explicit Rig(const std::string& body) {
    ReadMapping r = read_mapping("tactus_mapping = 1\nname = \"Box\"\ndevices = [\"box\"]\n" + body, view.finder());
    for (const MappingError& e : r.errors) ADD_FAILURE() << e.line << ": " << e.text;
    mapper.emplace(std::move(*r.mapping));
  }
  static std::string texts(const std::vector<schedule::Intent>& list) {
    std::string all;
    for (const schedule::Intent& i : list) {
      EXPECT_EQ(schedule::check(i), "");
      all += (all.empty() ? "" : "; ") + schedule::to_text(i);
    }
    return all;
  }
  std::string send(const MidiMessage& m) {
    std::vector<schedule::Intent> out;
    mapper->on_message(m, now, view, out);
    return texts(out);
  }
  std::string note(int n, int velocity = 127, int channel = 0) {
    return send(MidiMessage::note_on(channel, n, velocity));
  }
  std::string off(int n) { return send(MidiMessage::note_off(0, n)); }
  std::string cc(int n, int value) { return send(MidiMessage::control_change(0, n, value)); }
  std::string tick(std::int64_t ms = 3) {
    now += ms * kMs;
    std::vector<schedule::Intent> out;
    mapper->tick(now, out);
    return texts(out);
  }
  std::vector<MidiMessage> lights() {
    std::vector<MidiMessage> out;
    mapper->lights(view, out);
    return out;
  }
};

TEST(Mapper, KeysPlayPauseAndAreHeld) {
  Rig rig(R"(
[[control]]
midi = "note 1 11"
do = "/deck/1/play @beat"
do_on = "/deck/1/pause"
state = "deck/1/playing"
[[control]]
midi = "note 1 12"
do = "/deck/1/cue {}"
[[control]]
midi = "cc 1 13"
do = "/deck/1/hotcue/2 {}"
release = "/deck/1/slip 0"
)");
  EXPECT_EQ(rig.note(11), "/deck/1/play @1/4") << "as @beat is written out";
  EXPECT_EQ(rig.note(11), "") << "a second press without a release";
  EXPECT_EQ(rig.note(11, 0), "") << "note-on with velocity 0 is a release";
  rig.view.set("deck/1/playing", 1);
  EXPECT_EQ(rig.note(11), "/deck/1/pause");
  EXPECT_EQ(rig.off(11), "");
  EXPECT_EQ(rig.note(12), "/deck/1/cue 1");
  EXPECT_EQ(rig.off(12), "/deck/1/cue 0");
  EXPECT_EQ(rig.off(12), "") << "it isn't down";
  EXPECT_EQ(rig.cc(13, 127), "/deck/1/hotcue/2 1");
  EXPECT_EQ(rig.cc(13, 0), "/deck/1/hotcue/2 0; /deck/1/slip 0");
  EXPECT_EQ(rig.note(11, 127, 1), "") << "another channel";
  EXPECT_EQ(rig.send(MidiMessage::realtime(MidiMessage::kClock)), "");
}

TEST(Mapper, KnobsFadersAndPairs) {
  Rig rig(R"(
[[control]]
midi = "cc 1 7"
do = "/deck/1/fader {}"
[[control]]
midi = "cc 1 16"
do = "/deck/1/eq/low {}"
[[control]]
midi = "cc14 1 0 32"
do = "/deck/1/tempo {}"
range = [-8, 8]
[[control]]
midi = "cc14 1 1 33"
do = "/deck/2/tempo {}"
range = [8, -8]
completes = "msb"
[[control]]
midi = "pitch 1"
do = "/mixer/crossfader {}"
)");
  EXPECT_EQ(rig.cc(7, 0), "/deck/1/fader 0");
  EXPECT_EQ(rig.cc(7, 127), "/deck/1/fader 1");
  EXPECT_EQ(rig.cc(16, 0), "/deck/1/eq/low -inf");
  EXPECT_EQ(rig.cc(16, 64), "/deck/1/eq/low 0") << "the detent";
  EXPECT_EQ(rig.cc(0, 64), "") << "half a pair";
  EXPECT_EQ(rig.cc(32, 0), "/deck/1/tempo 0");
  EXPECT_EQ(rig.cc(32, 1), "/deck/1/tempo 0.0009766817238432424") << "14 bits: 16 in 16382 of a percent";
  EXPECT_EQ(rig.cc(33, 127), "");
  EXPECT_EQ(rig.cc(1, 127), "/deck/2/tempo -8");
  EXPECT_EQ(rig.send(MidiMessage::pitch_bend(0, 0)), "/mixer/crossfader -1");
  EXPECT_EQ(rig.send(MidiMessage::pitch_bend(0, 8192)), "/mixer/crossfader 0");
  EXPECT_EQ(rig.send(MidiMessage::pitch_bend(0, 16383)), "/mixer/crossfader 1");
}

TEST(Mapper, AKnobThatStandsElsewhereWaitsUntilItComesBy) {
  Rig rig("[[control]]\nmidi = \"cc 1 7\"\ndo = \"/deck/1/fader {}\"\n");
  rig.view.settings["/deck/1/fader"] = 0.5;
  EXPECT_EQ(rig.cc(7, 0), "");
  EXPECT_EQ(rig.cc(7, 40), "");
  EXPECT_NE(rig.cc(7, 80), "") << "it came by";
  EXPECT_NE(rig.cc(7, 127), "") << "and has it";
  rig.view.settings["/deck/1/fader"] = 1;
  rig.now += 1000 * kMs;
  EXPECT_NE(rig.cc(7, 126), "");
  // Somebody else moves it.
  rig.view.settings["/deck/1/fader"] = 0.2;
  rig.now += 1000 * kMs;
  EXPECT_EQ(rig.cc(7, 120), "");
  EXPECT_EQ(rig.cc(7, 60), "");
  EXPECT_NE(rig.cc(7, 26), "") << "near enough";
}

TEST(Mapper, ANewKnobAtTheRightPlaceHasItAtOnce) {
  Rig rig("[[control]]\nmidi = \"cc 1 7\"\ndo = \"/deck/1/fader {}\"\n");
  rig.view.settings["/deck/1/fader"] = 1;
  EXPECT_NE(rig.cc(7, 126), "");
}

TEST(Mapper, EncodersCountByTheirCode) {
  Rig rig(R"(
[[control]]
midi = "rel 1 1 twos"
do = "/deck/1/eq/low {}"
step = 0.5
[[control]]
midi = "rel 1 2 offset"
do = "/deck/1/jump {}"
step = 4
[[control]]
midi = "rel 1 3 sign"
up = "/deck/1/loop/double"
down = "/deck/1/loop/halve"
[[control]]
midi = "rel14 1 4 36 offset"
do = "/deck/1/loop/move {}"
step = 0.25
[[control]]
midi = "rel14 1 5 37 twos"
do = "/deck/1/loop/move {}"
)");
  rig.view.settings["/deck/1/eq/low"] = -3;
  EXPECT_EQ(rig.cc(1, 2), "/deck/1/eq/low -2");
  EXPECT_EQ(rig.cc(1, 127), "/deck/1/eq/low -2.5") << "counts on while it is turned, though the set lags";
  rig.now += 1000 * kMs;
  EXPECT_EQ(rig.cc(1, 1), "/deck/1/eq/low -2.5") << "then from where the set stands";
  EXPECT_EQ(rig.cc(2, 65), "/deck/1/jump 4");
  EXPECT_EQ(rig.cc(2, 62), "/deck/1/jump -8");
  EXPECT_EQ(rig.cc(3, 2), "/deck/1/loop/double; /deck/1/loop/double");
  EXPECT_EQ(rig.cc(3, 65), "/deck/1/loop/halve");
  EXPECT_EQ(rig.cc(4, 64), "");
  EXPECT_EQ(rig.cc(36, 4), "/deck/1/loop/move 1");
  rig.cc(5, 127);
  EXPECT_EQ(rig.cc(37, 125), "/deck/1/loop/move -3");
  rig.view.settings["/deck/1/eq/low"] = -INFINITY;
  rig.now += 1000 * kMs;
  EXPECT_EQ(rig.cc(1, 1), "/deck/1/eq/low -60");
  EXPECT_EQ(rig.cc(1, 127), "/deck/1/eq/low -inf");
}

TEST(Mapper, LayersLastAsLongAsTheirKey) {
  Rig rig(R"(
[[control]]
midi = "note 1 60"
hold = "shift"
[[control]]
midi = "note 1 11"
do = "/deck/1/hotcue/1 {}"
state = "deck/1/hotcue/1 >= 0"
[[control]]
midi = "note 1 11"
layer = "shift"
do = "/deck/1/hotcue/1/clear"
state = "deck/1/playing"
)");
  rig.view.set("deck/1/hotcue/1", 5);
  ASSERT_EQ(rig.lights().size(), 1U);
  EXPECT_EQ(rig.note(11), "/deck/1/hotcue/1 1");
  EXPECT_EQ(rig.note(60), "");
  EXPECT_EQ(rig.off(11), "/deck/1/hotcue/1 0") << "let go where it was pressed";
  EXPECT_EQ(rig.note(11), "/deck/1/hotcue/1/clear");
  const auto shifted = rig.lights();
  ASSERT_EQ(shifted.size(), 1U) << "the layer's light takes the place";
  EXPECT_EQ(shifted[0], MidiMessage::note_on(0, 11, 0));
  rig.off(60);
  rig.off(11);
  EXPECT_EQ(rig.note(11), "/deck/1/hotcue/1 1");
  EXPECT_EQ(rig.lights().at(0), MidiMessage::note_on(0, 11, 127));
}

TEST(Mapper, LightsAreSentWhenTheyChange) {
  Rig rig(R"(
[[light]]
midi = "note 2 5"
state = "deck/1/playing"
light_on = 5
light_off = 1
[[light]]
midi = "cc 1 9"
state = "deck/1/peak_left"
range = [-40, 0]
[[light]]
midi = "cc 1 10"
state = "/deck/1/eq/low"
send = [127, 0]
)");
  rig.view.set("deck/1/peak_left", -20);
  rig.view.settings["/deck/1/eq/low"] = 0;
  const std::vector<MidiMessage> all = rig.lights();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0], MidiMessage::note_on(1, 5, 1));
  EXPECT_EQ(all[1], MidiMessage::control_change(0, 9, 64));
  EXPECT_EQ(all[2], MidiMessage::control_change(0, 10, 64));
  EXPECT_TRUE(rig.lights().empty());
  rig.view.set("deck/1/playing", 1);
  EXPECT_EQ(rig.lights(), std::vector<MidiMessage>{MidiMessage::note_on(1, 5, 5)});
  rig.mapper->forget_lights();
  EXPECT_EQ(rig.lights().size(), 3U);
}

const char* const kWheel = R"(
[[jog]]
deck = 2
touch = "note 1 54"
turn = "rel 1 34 offset"
rim = "rel 1 33 offset"
ticks = 720
nudge_ms = 2
)";

double speed_in(const std::string& text) {
  const std::string head = "/deck/2/jog ";
  return text.starts_with(head) ? std::stod(text.substr(head.size())) : NAN;
}

TEST(Mapper, AWheelNudgesUntilItIsTouched) {
  Rig rig(kWheel);
  EXPECT_EQ(rig.cc(33, 67), "");
  rig.cc(34, 63);
  EXPECT_EQ(rig.tick(), "/deck/2/jog 4") << "3 - 1 ticks of 2 ms";
  EXPECT_EQ(rig.tick(), "");
  EXPECT_EQ(rig.note(54), "/deck/2/scratch 1");
  EXPECT_EQ(rig.off(54), "/deck/2/scratch 0");
}

// 33 1/3 revolutions a minute are 400 ticks a second: the record's own speed.
TEST(Mapper, ATouchedWheelMovesTheRecordWithTheHand) {
  Rig rig(kWheel);
  rig.note(54);
  double turned = 0, moved = 0, speed = 0;
  for (int ms = 0; ms < 1000; ++ms) {
    if (ms % 5 < 2) rig.cc(34, 65), turned += 1.8 / 720;  // in pairs of ticks, as devices send them
    if (ms % 3 != 2) {
      rig.now += kMs;
      moved += speed * 1e-3;
      continue;
    }
    moved += speed * 1e-3;
    const double next = speed_in(rig.tick(1));
    if (!std::isnan(next)) speed = next;
    if (ms < 250) continue;
    EXPECT_NEAR(speed, 1, 0.3) << "pairs of ticks ripple";
    EXPECT_NEAR(moved, turned, 0.012);
  }
  // The hand stands still: so does the record, where the hand is.
  for (int i = 0; i < 150; ++i) {
    moved += speed * 3e-3;
    const double next = speed_in(rig.tick());
    if (!std::isnan(next)) speed = next;
  }
  EXPECT_EQ(speed, 0);
  EXPECT_NEAR(moved, turned, 1e-3) << "no ticks are lost";
}

TEST(Mapper, ADeviceThatGoesLetsGoOfEverything) {
  std::string body = kWheel;
  body += "[[control]]\nmidi = \"note 1 12\"\ndo = \"/deck/1/cue {}\"\n";
  Rig rig(body);
  rig.note(12);
  rig.note(54);
  std::vector<schedule::Intent> out;
  rig.mapper->let_go(out);
  EXPECT_EQ(Rig::texts(out), "/deck/1/cue 0; /deck/2/scratch 0");
  EXPECT_EQ(rig.note(12), "/deck/1/cue 1");
}

}  // namespace
}  // namespace tactus::io
