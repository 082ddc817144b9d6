// What a crash leaves, and what the next engine makes of it.
#include "schedule/comeback.h"

#include <gtest/gtest.h>

#include "stage.h"

namespace tactus::schedule {
namespace {

using test::Stage;

constexpr std::int64_t kSecond = 1'000'000'000;
const std::string kBoot = "b00t";

Checkpoint a_set(std::int64_t ns, double age = 100) {
  Checkpoint c;
  c.frame = Frame{96000};
  c.beat = Beat::of(4);
  c.bpm = Bpm{126.5};
  c.ns = ns;
  c.boot = kBoot;
  c.ramp = TempoRamp{Bpm{128}, 7.5};
  c.set = {"/mixer/master -6", "/deck/1/fader 0.25", "/deck/1/fader 1 over 3.5 seconds"};
  DeckPoint d;
  d.deck = 1;
  d.path = "/music/a \"live\" take.flac";
  d.law = {480000, 1.03, 96000, 96000, 576000, true};
  d.loop_start = 96000;
  d.loop_end = 576000;
  d.looping = true;
  d.age_seconds = age;
  d.set = {"/deck/2/hotcue/1/set 8"};
  d.then = {"/deck/2/sync beat"};
  c.decks = {d};
  c.opening = {"/music/b.flac"};
  c.pending = {{Beat::of(64), "/deck/2/fader 0 @beat=64", "pad"}};
  return c;
}

std::string header(std::int64_t ns) { return to_line(JournalHeader{{48000}, {126.5}, "2026", "1", ns, kBoot}); }
std::string end() { return to_line(JournalEntry{JournalEntry::What::end, Frame{1}, {}, {}, {}, {}}); }

Comeback after(const std::string& journal, std::int64_t now, ComebackMode mode = ComebackMode::now) {
  return come_back(read_journal_tail(journal), now, kBoot, mode);
}

TEST(Checkpoint, ReadsBackWhatItWrites) {
  const std::string line = to_line(a_set(5 * kSecond));
  const auto read = read_checkpoint(line.substr(0, line.size() - 1));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_line(*read), line);
  EXPECT_EQ(read->decks[0].law.loop_end, 576000);
  for (std::size_t n = 0; n < line.size() - 1; ++n) EXPECT_FALSE(read_checkpoint(line.substr(0, n))) << n;
}

TEST(Comeback, ASetOnHoldStandsWhereItStood) {
  Checkpoint set = a_set(10 * kSecond);
  set.held = true;
  const Comeback back = after(header(0) + to_line(set), 12 * kSecond);
  ASSERT_TRUE(back.set);
  EXPECT_FALSE(back.play);
  EXPECT_EQ(back.at_ns, 0);
  EXPECT_EQ(back.notices.size(), 1U);
  set.held = false;
  EXPECT_TRUE(after(header(0) + to_line(set), 12 * kSecond).play);
}

TEST(Checkpoint, HostileOnesAreRefusedOrReadInPart) {
  for (const char* text :
       {"{\"state\"}", "{\"state\":{}}", "{\"state\":[]}", "{\"state\":{\"rate\":1e99,\"bpm\":120,\"beat\":1}}",
        "{\"state\":{\"rate\":48000,\"bpm\":\"x\",\"beat\":1}}",
        "{\"state\":{\"rate\":48000,\"bpm\":120,\"beat\":-1}}"}) {
    EXPECT_FALSE(read_checkpoint(text)) << text;
  }
  const auto odd = read_checkpoint(
      "{\"state\":{\"rate\":48000,\"bpm\":120,\"beat\":1,\"decks\":[7,{\"deck\":9,\"path\":\"x\"},{\"deck\":1,\"path\":"
      "\"x\",\"position\":1e300,\"speed\":1,\"age\":1}],\"set\":[1,\"/deck/1/fader 1\"],\"pending\":\"no\"}}");
  ASSERT_TRUE(odd);
  EXPECT_TRUE(odd->decks.empty());
  EXPECT_EQ(odd->set.size(), 1U);
}

TEST(Checkpoint, OnlyWhatSomebodyDidChangesWhatIsSettled) {
  Checkpoint a = a_set(1), b = a_set(2);
  b.frame = Frame{97000};
  b.decks[0].law.position += 1000;
  b.set[1] = "/deck/1/fader 0.3";
  b.set[2] = "/deck/1/fader 1 over 3.2 seconds";
  b.bpm = Bpm{127};
  b.ramp->beats = 5;
  EXPECT_EQ(a.settled(), b.settled());
  b.ramp.reset();
  EXPECT_NE(a.settled(), b.settled());
  b.ramp = a.ramp;
  b.set[2] = "/deck/1/fader 0.9 over 3.2 seconds";
  EXPECT_NE(a.settled(), b.settled());
}

TEST(Comeback, WhatEndedByItsOwnWillStaysEnded) {
  EXPECT_FALSE(after("", kSecond).set);
  EXPECT_FALSE(after(header(0) + to_line(a_set(kSecond)) + end(), 2 * kSecond).set);
}

TEST(Comeback, ACrashAMomentAgoGoesOnWhereItWouldBe) {
  const Comeback back = after(header(0) + to_line(a_set(kSecond)), 3 * kSecond);
  ASSERT_TRUE(back.set);
  EXPECT_TRUE(back.play);
  EXPECT_DOUBLE_EQ(back.gone_seconds, 2);
  EXPECT_TRUE(back.notices.empty());
  EXPECT_EQ(after(header(0) + to_line(a_set(kSecond)), 3 * kSecond, ComebackMode::stopped).gone_seconds, 0);
  EXPECT_FALSE(after(header(0) + to_line(a_set(kSecond)), 3 * kSecond, ComebackMode::off).set);
}

TEST(Comeback, RampsHaveGoneOnMeanwhile) {
  using Texts = std::vector<std::string>;
  const Texts set = {"/mixer/master -6",
                     "/deck/1/fader 0.75",
                     "/deck/1/fader 0.5 over 10 seconds equal-power",
                     "/deck/1/eq/low -6",
                     "/deck/1/eq/low -inf over 4 seconds",
                     "/deck/2/fader 0.5"};
  EXPECT_EQ(settings_after(set, 0), set) << "it stands";
  Texts later = settings_after(set, 2);
  EXPECT_EQ(later[0], set[0]);
  EXPECT_EQ(later[1], "/deck/1/fader 0.7");
  EXPECT_EQ(later[2], "/deck/1/fader 0.5 over 8 seconds equal-power");
  EXPECT_NEAR(std::stod(later[3].substr(15)), -12.02, 0.01) << "half of the gain";
  EXPECT_EQ(later[4], "/deck/1/eq/low -inf over 2 seconds");
  EXPECT_EQ(later[5], set[5]);
  later = settings_after(set, 60);
  EXPECT_EQ(later[1], "/deck/1/fader 0.5");
  EXPECT_EQ(later[2], "/deck/1/fader 0.5");
  EXPECT_EQ(later[3], "/deck/1/eq/low -inf");
  EXPECT_EQ(settings_after({"/deck/1/fader 0.5 over 3 seconds", "nonsense"}, 1).size(), 2u);
}

TEST(Comeback, AnOldOneOrOneBeforeARestartOfTheMachineStandsStill) {
  const std::string journal = header(0) + to_line(a_set(kSecond));
  for (const Comeback& back : {after(journal, 100 * kSecond),
                               come_back(read_journal_tail(journal), 3 * kSecond, "other", ComebackMode::now)}) {
    ASSERT_TRUE(back.set);
    EXPECT_FALSE(back.play);
    EXPECT_EQ(back.at_ns, 0);
    EXPECT_EQ(back.notices.size(), 1U);
  }
}

TEST(Comeback, AJournalCutAnywhereInItsTailStillResumes) {
  const std::string head = header(0) + to_line(a_set(kSecond));
  const std::string tail = "{\"frame\":97000,\"beat\":4.1,\"do\":\"/deck/1/fader 1\",\"from\":\"hand x\"}\n" +
                           to_line(a_set(2 * kSecond)) +
                           "{\"took\":97024,\"op\":\"set_param\"}\n{\"block\":64,\"frame\":97088}\n" +
                           to_line(a_set(3 * kSecond)) + "{\"exact\":97088}\n";
  for (std::size_t n = 0; n <= tail.size(); ++n) {
    const Comeback back = after(head + tail.substr(0, n), 4 * kSecond);
    ASSERT_TRUE(back.set) << n;
    EXPECT_EQ(back.set->decks.size(), 1U);
  }
}

TEST(Comeback, ATailWithoutItsHeaderWillDo) {
  const std::string journal = "rest of a line\"}\n" + to_line(a_set(kSecond));
  EXPECT_TRUE(after(journal, 2 * kSecond).set);
  EXPECT_FALSE(after(journal + end(), 2 * kSecond).set);
}

TEST(Comeback, AFileJustLoadedAtTwoCrashesIsNotLoadedAgain) {
  const std::string one = header(0) + to_line(a_set(10 * kSecond, 5));
  EXPECT_TRUE(after(one, 11 * kSecond).distrusted.empty());
  const Comeback back = after(one + header(11 * kSecond) + to_line(a_set(12 * kSecond, 1)), 13 * kSecond);
  ASSERT_TRUE(back.set);
  EXPECT_TRUE(back.set->decks.empty());
  EXPECT_EQ(back.distrusted, (std::set<std::string>{"/music/a \"live\" take.flac", "/music/b.flac"}));
  EXPECT_EQ(back.notices.size(), 2U);
  // It had played for long before the first crash: that wasn't its doing.
  const std::string old = header(0) + to_line(a_set(10 * kSecond, 500));
  EXPECT_EQ(after(old + header(11 * kSecond) + to_line(a_set(12 * kSecond, 1)), 13 * kSecond).set->decks.size(), 1U);
  // Nor is what happened before a clean end.
  EXPECT_EQ(after(one + end() + header(11 * kSecond) + to_line(a_set(12 * kSecond, 1)), 13 * kSecond).set->decks.size(),
            1U);
}

TEST(Comeback, ThreeCrashesInAMinuteEndOnEmptyDecks) {
  std::string journal;
  for (int i = 0; i < 3; ++i) journal += header(i * kSecond) + to_line(a_set(i * kSecond + 1, 500));
  const Comeback back = after(journal, 4 * kSecond);
  EXPECT_FALSE(back.set);
  ASSERT_EQ(back.notices.size(), 1U);
  EXPECT_NE(back.notices[0].find("3 times"), std::string::npos);
  EXPECT_TRUE(after(journal, 61 * kSecond + 2).set) << "the first is longer ago than a minute";
}

TEST(Comeback, OneThatDiedBeforeItSaidAnythingLosesNothing) {
  EXPECT_TRUE(after(header(0) + to_line(a_set(kSecond)) + header(2 * kSecond), 3 * kSecond).set);
}

// A fresh scheduler that is told these settings has the same ones.
TEST(Settings, BringEverythingBack) {
  // Effects come when the owner has made a plan with them.
  const auto say = [](Stage& stage, const std::string& text) {
    const Fate fate = stage.ok(text);
    if (text.find("/type ") != std::string::npos) stage.scheduler.host_done(fate.id, stage.world);
  };
  Stage s;
  for (const char* text :
       {"/deck/1/fx/1/2/type echo", "/deck/1/fx/1/2/on 1", "/deck/1/fx/1/2/wet 0.4", "/deck/2/trim -3",
        "/deck/1/eq/low -inf", "/deck/3/filter -0.5", "/deck/4/fader 0.123", "/deck/1/stem/bass/mute 1",
        "/deck/1/stem/drums/gain -6", "/deck/2/tempo 2.5", "/deck/2/key -1.5", "/mixer/crossfader 0.5",
        "/mixer/crossfader/curve cut", "/mixer/crossfader/assign 3 right", "/mixer/master -4.5",
        "/mixer/headphones -12", "/deck/2/cue_bus 1"}) {
    say(s, text);
  }
  const std::vector<std::string> settings = s.scheduler.settings(s.world);
  EXPECT_EQ(settings.size(), 17U);
  Stage fresh;
  for (const std::string& text : settings) say(fresh, text);
  EXPECT_EQ(fresh.scheduler.settings(fresh.world), settings);
  EXPECT_NEAR(fresh.scheduler.value({msg::Param::eq_low, 0}, fresh.world), 0, 1e-12);
  EXPECT_NEAR(fresh.scheduler.value({msg::Param::xf_assign, 2}, fresh.world), 1, 1e-12);
  EXPECT_NEAR(fresh.scheduler.value({msg::Param::tempo, 1}, fresh.world), 1.025, 1e-12);
}

TEST(Settings, ARampUnderWayGoesOn) {
  Stage s;
  s.ok("/deck/1/fader 0 over 10 seconds s-curve");
  s.world.now = s.world.now + s.world.frames(4);
  const std::vector<std::string> settings = s.scheduler.settings(s.world);
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_EQ(settings[0], "/deck/1/fader 0.6");
  EXPECT_EQ(settings[1], "/deck/1/fader 0 over 6 seconds s-curve");
}

}  // namespace
}  // namespace tactus::schedule
