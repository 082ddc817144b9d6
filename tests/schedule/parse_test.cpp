#include "schedule/parse.h"

#include <algorithm>

#include "schedule/random_intent.h"

namespace tactus::schedule {
namespace {

Intent good(std::string_view text) {
  const Parsed p = parse(text);
  EXPECT_TRUE(p) << text << ": " << p.error.text();
  return p ? *p.intent : Intent{};
}

struct At {
  std::size_t column, length;
  bool operator==(const At&) const = default;
};
void PrintTo(const At& at, std::ostream* out) { *out << "column " << at.column << ", length " << at.length; }

ParseError bad(std::string_view text) {
  const Parsed p = parse(text);
  EXPECT_FALSE(p) << text;
  EXPECT_FALSE(p.error.message.empty()) << text;
  // The error always lies within the text, and names the word it points at.
  EXPECT_LE(p.error.column + p.error.length, text.size()) << text;
  return p.error;
}
At place(const ParseError& e) { return {e.column, e.length}; }

TEST(Parse, TheExamplesOfTheGrammar) {
  const Intent eq = good("/deck/2/eq/low -inf @bar");
  EXPECT_EQ(eq.row->meaning.param, msg::Param::eq_low);
  EXPECT_EQ(eq.deck, 1);
  EXPECT_TRUE(std::isinf(eq.number(0)));
  EXPECT_EQ(eq.quant, (Quant{Quant::Kind::bars, 1, {}}));

  const Intent fade = good("/mixer/crossfader 1 @phrase over 16 beats s-curve");
  EXPECT_EQ(fade.over, (Over{16, Over::Unit::beats}));
  EXPECT_EQ(fade.curve, msg::Curve::s_curve);
  EXPECT_EQ(fade.quant, (Quant{Quant::Kind::phrase, 0, {}}));

  const Intent load = good(R"(/deck/1/load "/music/a \"live\" take.flac" force)");
  EXPECT_EQ(load.word(0), "/music/a \"live\" take.flac");
  EXPECT_TRUE(forced(load));
  EXPECT_FALSE(forced(good("/deck/1/load force"))) << "a file of that name";
  EXPECT_EQ(good("/deck/1/load /music/plain.flac").word(0), "/music/plain.flac");
  EXPECT_EQ(good(R"(/deck/1/load "\x41\n\t\r\\")").word(0), "A\n\t\r\\");

  EXPECT_EQ(good("/deck/4/hotcue/16/jump").index, 15);
  EXPECT_EQ(good("/deck/1/stem/bass/mute 1").index, 2);
  const Intent fx = good("/deck/1/fx/4/3/feedback 0.25 over 2 bars");
  EXPECT_EQ(fx.unit, 3);
  EXPECT_EQ(fx.slot, 2);
  EXPECT_EQ(fx.name, "feedback");
  EXPECT_EQ(good("/deck/1/fx/1/1/wet 0.5").row->meaning.param, msg::Param::fx_wet);
  EXPECT_DOUBLE_EQ(good("/deck/1/loop/beats 1/8").number(0), 0.125);
  EXPECT_EQ(good("/clock/source deck 3").number(1), 3);
  EXPECT_EQ(good("/clock/source auto").args.size(), 1U);
  EXPECT_EQ(good("/deck/1/slip on").number(0), 1);
  EXPECT_EQ(good("/mixer/crossfader 1 over 2 s equal-power @beat=64.5").quant->at, Beat::of(64.5));
  EXPECT_EQ(good("  /undo\t"), good("/undo"));
}

TEST(Parse, AllFormsOfWhen) {
  const auto when = [](const std::string& q) { return *good("/deck/1/play @" + q).quant; };
  EXPECT_EQ(when("now"), Quant{});
  EXPECT_EQ(when("none"), Quant{});
  EXPECT_EQ(when("8bar").n, 8);
  EXPECT_EQ(when("1/2T"), (Quant{Quant::Kind::triplet, 2, {}}));
  EXPECT_EQ(when("1/32"), (Quant{Quant::Kind::note, 32, {}}));
  EXPECT_EQ(when("beat"), when("1/4"));
  EXPECT_EQ(when("phrase32").n, 32);
  EXPECT_EQ(when("beat=-4"), (Quant{Quant::Kind::absolute, 0, Beat::of(-4)}));
  for (const char* no : {"", "3bar", "1/3", "1/64", "phrase8", "beat=", "beat=inf", "beat=1e300", "bars", "1/", "T"})
    EXPECT_FALSE(parse_quant(no)) << no;
}

TEST(Parse, ErrorsPointAtTheWord) {
  EXPECT_EQ(place(bad("/deck/2/eq/lo -inf")), (At{11, 2}));
  EXPECT_EQ(bad("/deck/2/eq/lo -inf").suggestion, "low");
  EXPECT_NE(bad("/deck/2/eq/lo -inf").message.find("low, mid or high"), std::string::npos);
  EXPECT_EQ(place(bad("/deck/5/play")), (At{6, 1}));
  EXPECT_NE(bad("/deck/5/play").message.find("1 to 4"), std::string::npos);
  EXPECT_EQ(place(bad("/deck/01/play")), (At{6, 2}));
  EXPECT_EQ(place(bad("/dekc/1/play")), (At{1, 4}));
  EXPECT_EQ(bad("/dekc/1/play").suggestion, "deck");
  EXPECT_EQ(place(bad("/deck/1/hotcue/17/jump")), (At{15, 2}));
  EXPECT_EQ(place(bad("/deck/2/eq")), (At{10, 0}));
  EXPECT_EQ(place(bad("/deck/1/play/loud")), (At{13, 4}));
  EXPECT_EQ(place(bad("deck/1/play")), (At{0, 11}));
  EXPECT_EQ(place(bad("/deck/1/fader 1.5")), (At{14, 3}));
  EXPECT_NE(bad("/deck/1/fader 1.5").message.find("0 to 1"), std::string::npos);
  EXPECT_EQ(place(bad("/deck/1/fader")), (At{13, 0}));
  EXPECT_EQ(place(bad("/deck/1/fader @bar")), (At{14, 4}));
  EXPECT_EQ(place(bad("/deck/1/fader nan")), (At{14, 3}));
  EXPECT_EQ(place(bad("/deck/1/fader inf")), (At{14, 3}));
  EXPECT_EQ(place(bad("/deck/1/eq/low inf")), (At{15, 3}));
  EXPECT_EQ(place(bad("/deck/1/play 1")), (At{13, 1}));
  EXPECT_EQ(place(bad("/deck/1/play @bra")), (At{13, 4}));
  EXPECT_EQ(bad("/deck/1/play @bra").suggestion, "@bar");
  EXPECT_EQ(place(bad("/deck/1/play @bar @bar")), (At{18, 4}));
  EXPECT_EQ(place(bad("/deck/1/play over 4 beats")), (At{13, 4}));
  EXPECT_EQ(place(bad("/deck/1/fader 1 over beats")), (At{21, 5}));
  EXPECT_EQ(place(bad("/deck/1/fader 1 over 4 betas")), (At{23, 5}));
  EXPECT_EQ(bad("/deck/1/fader 1 over 4 betas").suggestion, "beats");
  EXPECT_EQ(place(bad("/deck/1/fader 1 over 4")), (At{22, 0}));
  EXPECT_EQ(place(bad("/deck/1/fader 1 over 0 beats")), (At{21, 1}));
  EXPECT_EQ(place(bad("/deck/1/fader 1 s-curve")), (At{16, 7}));
  EXPECT_EQ(place(bad("/deck/1/sync baet")), (At{13, 4}));
  EXPECT_EQ(bad("/deck/1/sync baet").suggestion, "beat");
  EXPECT_EQ(place(bad("/clock/source deck")), (At{18, 0}));
  EXPECT_EQ(place(bad("/clock/source auto 2")), (At{19, 1}));
  EXPECT_EQ(place(bad("/clock/tempo 128 over 4 bars s-curve")), (At{29, 7}));
  EXPECT_EQ(place(bad("/deck/1/load \"no end")), (At{13, 7}));
  EXPECT_EQ(place(bad("/deck/1/load \"a\\q\"")), (At{15, 2}));
  EXPECT_EQ(place(bad("/deck/1/load \"a\"b")), (At{16, 1}));
  EXPECT_EQ(place(bad("/deck/1/load \"a\" forse")), (At{17, 5}));
  EXPECT_EQ(bad("/deck/1/load \"a\" forse").suggestion, "force");
  EXPECT_EQ(place(bad("/deck/1/load \"\"")), (At{13, 2}));
  EXPECT_EQ(place(bad("/deck/1/mixer")), (At{8, 5}));
  EXPECT_EQ(place(bad("/deck/1/fx/1/1/Wet 1")), (At{15, 3}));
  EXPECT_EQ(place(bad("")), (At{0, 0}));
  bad(std::string(kMaxIntentText + 1, 'x'));
  bad(std::string_view("/deck/1/play\0", 13));
}

TEST(Parse, AnErrorIsOneReadableSentence) {
  EXPECT_EQ(bad("/deck/2/eq/lo 0").text(), "lo: expected low, mid or high; did you mean 'low'?");
  EXPECT_EQ(bad("/deck/1/fader \x1b[31m").text(), "\"\\x1b[31m\": expected 0 to 1 (position)")
      << "no control byte reaches the terminal";
}

TEST(Parse, PrintingAndParsingAreInverse) {
  test::RandomIntents random(7);
  for (int i = 0; i < 20'000; ++i) {
    const Intent intent = random.intent();
    ASSERT_EQ(check(intent), "") << to_text(intent);
    const std::string text = to_text(intent);
    const Parsed back = parse(text);
    ASSERT_TRUE(back) << text << ": " << back.error.text();
    ASSERT_EQ(*back.intent, intent) << text;
    ASSERT_EQ(to_text(*back.intent), text);
  }
}

TEST(Parse, EveryRowSurvivesTheRoundTripAndItsExample) {
  test::RandomIntents random(8);
  for (const IntentRow& row : intent_table()) {
    for (int i = 0; i < 20; ++i) {
      const Intent intent = random.intent(row);
      ASSERT_EQ(*parse(to_text(intent)).intent, intent);
    }
    EXPECT_EQ(good(row.example).row, &row) << row.pattern;
  }
}

TEST(Parse, OscMessagesAreTheSameLanguage) {
  const Arg one[] = {1.0, std::string("@phrase"), std::string("over"), 16.0, std::string("beats")};
  EXPECT_EQ(*parse("/mixer/crossfader", one).intent, good("/mixer/crossfader 1 @phrase over 16 beats"));
  const Arg path[] = {std::string("a \"b\" c")};
  EXPECT_EQ(parse("/deck/1/load", path).intent->word(0), "a \"b\" c");
  const Arg nan[] = {std::nan("")};
  EXPECT_FALSE(parse("/deck/1/fader", nan));
}

// Anything at all may arrive on a socket. What matters here is that the sanitisers stay quiet.
TEST(Parse, NoInputBreaksIt) {
  test::RandomIntents random(9);
  for (int i = 0; i < 30'000; ++i) {
    std::string text;
    switch (random.below(3)) {
      case 0:
        text = random.bytes(60, true);
        break;
      case 1:
        text = to_text(random.intent());
        for (std::size_t n = random.below(4); n > 0 && !text.empty(); --n)
          text[random.below(text.size())] = static_cast<char>(random.below(256));
        break;
      default:
        text = to_text(random.intent()).substr(0, random.below(30)) + to_text(random.intent());
    }
    const Parsed p = parse(text);
    if (p) {
      ASSERT_EQ(check(*p.intent), "") << text;
      ASSERT_EQ(*parse(to_text(*p.intent)).intent, *p.intent) << text;
    } else {
      ASSERT_LE(p.error.column + p.error.length, text.size());
      ASSERT_FALSE(p.error.text().empty());
    }
  }
}

TEST(IntentTable, EveryIntentOfTheSpecificationIsThere) {
  for (const char* text : {"/deck/1/load \"a\"",
                           "/deck/1/unload",
                           "/deck/1/play",
                           "/deck/1/pause",
                           "/deck/1/cue 1",
                           "/deck/1/hotcue/1 0",
                           "/deck/1/seek 3.5",
                           "/deck/1/hotcue/16/set",
                           "/deck/1/hotcue/1/jump",
                           "/deck/1/hotcue/1/clear",
                           "/deck/2/double 1",
                           "/deck/1/loop/in",
                           "/deck/1/loop/out",
                           "/deck/1/loop/beats 8",
                           "/deck/1/loop/roll 1/2",
                           "/deck/1/loop/halve",
                           "/deck/1/loop/double",
                           "/deck/1/loop/move -4",
                           "/deck/1/loop/exit",
                           "/deck/1/reloop",
                           "/deck/1/loop/slot/8/save",
                           "/deck/1/loop/slot/1/recall",
                           "/deck/1/jump -32",
                           "/deck/1/scratch 1",
                           "/deck/1/jog 0.3",
                           "/deck/1/censor 1",
                           "/deck/1/tempo -2.5",
                           "/deck/1/nudge 2",
                           "/deck/1/key -3.5",
                           "/deck/1/keylock 1",
                           "/deck/1/stretch r3",
                           "/deck/1/stretch r3long",
                           "/deck/1/stretch r2",
                           "/deck/1/stretch direct",
                           "/deck/1/sync off",
                           "/deck/1/sync tempo",
                           "/deck/1/sync beat",
                           "/deck/1/sync bar",
                           "/deck/1/sync phrase",
                           "/deck/1/slip 1",
                           "/deck/1/reverse 0",
                           "/deck/1/brake 1.5",
                           "/deck/1/trim -3",
                           "/deck/1/eq/low -inf",
                           "/deck/1/eq/mid 0",
                           "/deck/1/eq/high 6",
                           "/deck/1/filter -1",
                           "/deck/1/fader 0.5",
                           "/deck/1/cue_bus 1",
                           "/deck/1/stem/vocals/gain -6",
                           "/deck/1/stem/drums/mute 1",
                           "/deck/1/stem/bass/solo 1",
                           "/deck/1/stem/other/gain -inf",
                           "/deck/1/fx/4/3/type echo",
                           "/deck/1/fx/1/1/type none",
                           "/deck/1/fx/1/1/on 1",
                           "/deck/1/fx/1/1/wet 0.5",
                           "/deck/1/fx/1/1/feedback 0.5",
                           "/mixer/crossfader -1",
                           "/mixer/crossfader/curve power",
                           "/mixer/crossfader/assign 1 left",
                           "/mixer/crossfader/assign 4 thru",
                           "/mixer/crossfader/assign 2 right",
                           "/mixer/master -3",
                           "/mixer/cue_mix 1",
                           "/mixer/split 1",
                           "/mixer/headphones -6",
                           "/mixer/booth 0",
                           "/clock/source auto",
                           "/clock/source internal",
                           "/clock/source deck 1",
                           "/clock/tempo 126",
                           "/clock/quantum 4",
                           "/clock/phrase 16",
                           "/clock/phrase 32",
                           "/undo",
                           "/panic",
                           "/silence"}) {
    good(text);
  }
}

TEST(IntentTable, RowsAreWellFormed) {
  std::vector<std::string_view> patterns;
  for (const IntentRow& row : intent_table()) {
    EXPECT_FALSE(row.help.empty()) << row.pattern;
    EXPECT_FALSE(row.section.empty()) << row.pattern;
    EXPECT_EQ(row.k_max > 0, row.pattern.find("/K") != std::string_view::npos) << row.pattern;
    EXPECT_TRUE(std::find(patterns.begin(), patterns.end(), row.pattern) == patterns.end()) << row.pattern;
    patterns.push_back(row.pattern);
    // The fixed arguments of a spoken phrase are arguments that the row takes.
    for (const std::string_view phrase : row.spoken) {
      const std::size_t fixed = phrase.find(" = ");
      if (fixed == std::string_view::npos || phrase.find('{', fixed) != std::string_view::npos) continue;
      const std::string address(row.example.substr(0, row.example.find(' ')));
      EXPECT_TRUE(parse(address + " " + std::string(phrase.substr(fixed + 3)))) << row.pattern << ": " << phrase;
    }
  }
}

}  // namespace
}  // namespace tactus::schedule
