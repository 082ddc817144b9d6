// Mapping files: what they say, and what is told of their mistakes.
#include "io/midi/mapping.h"

#include "midi_view.h"
#include "schedule/parse.h"

namespace tactus::io {
namespace {

using test::FakeView;

const std::string kHead = "tactus_mapping = 1\nname = \"Box\"\ndevices = [\"Box One\"]\n";

Mapping good(const std::string& body) {
  FakeView view;
  ReadMapping r = read_mapping(kHead + body, view.finder());
  for (const MappingError& e : r.errors) ADD_FAILURE() << e.line << ": " << e.text;
  return r.mapping.value_or(Mapping{});
}

// "LINE: text" of the only error.
std::string bad(const std::string& text) {
  FakeView view;
  const ReadMapping r = read_mapping(text, view.finder());
  EXPECT_FALSE(r.mapping);
  EXPECT_EQ(r.errors.size(), 1U);
  std::string all;
  for (const MappingError& e : r.errors)
    all += std::to_string(e.line) + ": " + e.text + (&e == &r.errors.back() ? "" : "\n");
  return all;
}
std::string bad_control(const std::string& keys) { return bad(kHead + "[[control]]\n" + keys); }

std::string text(const MidiAction& a) { return schedule::to_text(a.intent); }

TEST(Mapping, SaysWhatEachControlDoes) {
  const Mapping m = good(R"(
[[control]]
midi = "note 2 0x0b"
do = ["/deck/1/play @bar", "/deck/1/sync beat"]
do_on = "/deck/1/pause"
state = "deck/1/playing"
light_on = 3
[[control]]
midi = "cc14 1 0 32"
do = "/deck/1/tempo {}"
range = [8, -8]
completes = "msb"
takeover = "jump"
[[control]]
midi = "rel 16 20 sign"
do = "/deck/1/loop/move {} @beat"
step = 0.5
)");
  EXPECT_EQ(m.name, "Box");
  EXPECT_EQ(m.devices, std::vector<std::string>{"box one"});
  ASSERT_EQ(m.controls.size(), 3U);
  EXPECT_TRUE(m.controls[0].key);
  EXPECT_EQ(trigger_text(m.controls[0].on), "note 2 11");
  ASSERT_EQ(m.controls[0].act.size(), 2U);
  EXPECT_EQ(text(m.controls[0].act[0]), "/deck/1/play @bar");
  EXPECT_EQ(text(m.controls[0].act_on[0]), "/deck/1/pause");
  ASSERT_EQ(m.lights.size(), 1U);
  EXPECT_EQ(m.lights[0].on, 3);
  EXPECT_FALSE(m.controls[1].key);
  EXPECT_TRUE(m.controls[1].on.msb_last);
  EXPECT_FALSE(m.controls[1].pickup);
  EXPECT_EQ(m.controls[1].scale.value(0), 8);
  EXPECT_TRUE(m.controls[2].change);
  EXPECT_EQ(trigger_text(m.controls[2].on), "rel 16 20 sign");
}

TEST(Mapping, ATemplateIsWrittenOutForEachRow) {
  const Mapping m = good(R"(
[[each]]
with = [{N = 1, ch = 3}, {N = 2, ch = 4}]
times = {K = [1, 8]}
[[each.control]]
midi = "note $ch 0x1a+$K"
do = "/deck/$N/hotcue/$K {}"
state = "deck/$N/hotcue/$K >= 0"
)");
  ASSERT_EQ(m.controls.size(), 16U);
  EXPECT_EQ(trigger_text(m.controls[15].on), "note 4 34");
  EXPECT_EQ(text(m.controls[15].act[0]), "/deck/2/hotcue/8 1");
  EXPECT_EQ(m.lights.size(), 16U);
}

TEST(Mapping, LevelsAreAFadersGainBelowTheMiddleAndDecibelsAboveIt) {
  const KnobScale eq{KnobScale::Kind::level, -60, 12};
  EXPECT_EQ(eq.value(0), -INFINITY);
  EXPECT_NEAR(eq.value(0.25), -6.0206, 1e-3);
  EXPECT_EQ(eq.value(0.5), 0);
  EXPECT_EQ(eq.value(0.75), 6);
  EXPECT_EQ(eq.value(1), 12);
  const KnobScale master{KnobScale::Kind::level, -60, 0};
  EXPECT_EQ(master.value(1), 0);
  for (const KnobScale& s : {eq, master, KnobScale{KnobScale::Kind::linear, 8, -8}}) {
    for (double p = 0.01; p <= 1; p += 0.01) EXPECT_NEAR(s.place(s.value(p)), p, 1e-9);
  }
}

TEST(Mapping, StatesAreComparedAsWritten) {
  const Mapping m = good(R"(
[[light]]
midi = "note 1 1"
state = "not deck/1/keylock"
[[light]]
midi = "note 1 2"
state = "deck/1/stems_muted & 2"
[[light]]
midi = "note 1 3"
state = "deck/1/cue >= 0"
[[light]]
midi = "cc 1 4"
state = "/deck/1/eq/low"
)");
  ASSERT_EQ(m.lights.size(), 4U);
  EXPECT_TRUE(m.lights[0].state.holds(0));
  EXPECT_FALSE(m.lights[0].state.holds(1));
  EXPECT_TRUE(m.lights[1].state.holds(7));
  EXPECT_FALSE(m.lights[1].state.holds(5));
  EXPECT_TRUE(m.lights[2].state.holds(0));
  EXPECT_FALSE(m.lights[2].state.holds(-1));
  EXPECT_TRUE(m.lights[3].scaled);
}

TEST(Mapping, MistakesAreToldWithTheirLine) {
  EXPECT_EQ(
      bad_control("midi = \"note 1 1\"\ndo = \"/deck/1/plya\""),
      "6: plya: expected load, unload, double, play, pause, cue, seek, brake, hotcue, loop, reloop, jump, scratch, "
      "jog, "
      "censor, reverse, slip, tempo, nudge, key, keylock, stretch, sync, trim, eq, filter, fader, cue_bus, stem or "
      "fx; did you mean 'play'?");
  EXPECT_EQ(bad_control("midi = \"note 17 1\"\ndo = \"/deck/1/play\""), "5: \"note 17 1\": channels are 1 to 16");
  EXPECT_EQ(bad_control("midi = \"note 1\"\ndo = \"/deck/1/play\""), "5: \"note 1\": expected note CHANNEL NOTE");
  EXPECT_EQ(bad_control("midi = \"note 1 1\"\ndoo = \"/deck/1/play\"\nhold = \"s\""), "6: a control has no 'doo'");
  EXPECT_EQ(bad_control("midi = \"note 1 1\""), "4: it does nothing: say `do`, `up` and `down`, or `hold`");
  EXPECT_EQ(bad_control("midi = \"cc 1 1\"\ndo = \"/deck/1/load {}\""), "6: {} must stand for a number");
  EXPECT_EQ(bad_control("midi = \"note 1 1\"\ndo = \"/deck/1/play\"\nstate = \"deck1\""),
            "7: there is no state 'deck1'; `tactus state` shows what there is");
  EXPECT_EQ(bad_control("midi = \"note 1 1\"\ndo = \"/deck/1/eq/low {}\""),
            "4: {} of a key is 1 or 0, which this intent doesn't take");
  EXPECT_EQ(bad_control("midi = \"pitch 1\"\ndo = \"/deck/1/play\""),
            "4: what is turned needs {} in `do`, for its value");
  EXPECT_EQ(
      bad_control(
          "midi = \"note 1 1\"\ndo = \"/deck/1/play\"\n[[control]]\nmidi = \"note 1 0x01\"\ndo = \"/deck/2/play\""),
      "7: \"note 1 1\" is mapped in line 4 already");
  EXPECT_EQ(bad("name = \"x\"\ndevices = []\n[[control]]\nmidi = \"note 1 1\"\ndo = \"/deck/1/play\""),
            "1: no mapping file: `tactus_mapping = 1` is missing");
  EXPECT_TRUE(bad(kHead + "[[control]\n").starts_with("4: "));
  EXPECT_EQ(bad(kHead), "1: nothing is mapped: it has no [[control]], [[jog]] or [[light]]");
  EXPECT_EQ(bad(kHead + "[[jog]]\ndeck = 5\nturn = \"rel 1 1 twos\"\n"), "4: a jog wheel needs `deck`, 1 to 4");
}

TEST(Mapping, AMistakeInATemplateIsToldWhereItIsWritten) {
  EXPECT_EQ(
      bad(kHead + "[[each]]\nwith = [{N = 1}]\n[[each.control]]\nmidi = \"note $ch 1\"\ndo = \"/deck/$N/play\"\n"),
      "7: $ch is no name of this template");
}

// toml++ 3.3 has undefined behaviour on some of these; what is in quotes and comments is the user's.
TEST(Mapping, LettersBeyondAsciiAreForQuotesAndComments) {
  const std::string good =
      "# gr\xc3\xbc\xc3\x9f dich\ntactus_mapping = 1\nname = \"M\xc3\xbcller's \\\"Pad\\\" # 1\"  # \xc8\x99\n"
      "devices = ['\xc8\x99 \\', \"x\"]\n[[control]]\nmidi = \"note 1 1\"\ndo = \"/deck/1/play\"\n";
  const auto read = [](const std::string& text) { return read_mapping(text, [](std::string_view) { return -1; }); };
  const ReadMapping fine = read(good);
  ASSERT_TRUE(fine.mapping) << fine.errors.front().text;
  EXPECT_EQ(fine.mapping->name, "M\xc3\xbcller's \"Pad\" # 1");
  const std::pair<const char*, const char*> bad[] = {
      {"x = [1, \xc8\x99]", "only ASCII"},       {"\xc2\xa0x = 1", "only ASCII"},
      {"x = \"\"\"a\nb\"\"\"", "on one line"},   {"x = '''a'''", "on one line"},
      {"# a\xe2\x80\xa8x = 1", "end of a line"}, {"x = \"\\\xc8\x99\"", "backslash"},
  };
  for (const auto& [line, why] : bad) {
    const ReadMapping wrong = read(good + line + "\n");
    ASSERT_EQ(wrong.errors.size(), 1U) << line;
    EXPECT_EQ(wrong.errors[0].line, 8) << line;
    EXPECT_NE(wrong.errors[0].text.find(why), std::string::npos) << wrong.errors[0].text;
  }
}

TEST(Mapping, TextsThatAreNoFilesAreRefused) {
  FakeView view;
  for (const std::string& t : {std::string(), std::string("\0\1\2", 3), std::string(2 << 20, '['),
                               std::string(100000, '['), std::string(5000, '.'), std::string("\xff\xfe")}) {
    const ReadMapping r = read_mapping(t, view.finder());
    EXPECT_FALSE(r.mapping);
    EXPECT_FALSE(r.errors.empty());
  }
}

}  // namespace
}  // namespace tactus::io
