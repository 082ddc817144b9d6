// The mixer, by ear: a tone on each deck, so that each one's level on each bus is told from the others'.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "support/engine_rig.h"
#include "support/listen.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;

namespace {

constexpr double kTones[4] = {500, 800, 1200, 2000};  // whole periods in a tenth of a second
constexpr float kLevel = 0.1f;
constexpr std::int64_t kSettle = 2400, kWindow = 4800;
enum Assign { left = -1, thru = 0, right = 1 };
enum Curve { smooth, power, cut };

std::unique_ptr<RigTrack> tone(double hz, float level = kLevel) {
  return make_track(48000 * 30, 2, 120, 0, [hz, level](std::int64_t f, int) {
    return level * static_cast<float>(std::sin(2 * M_PI * hz * static_cast<double>(f) / 48000));
  });
}

// Decks that play a tone each, the first in `decks` of them.
class Desk {
 public:
  explicit Desk(int decks = 4) : rig(48000, 4) {
    for (int d = 0; d < decks; ++d) {
      tracks_.push_back(tone(kTones[d]));
      rig.load(d, *tracks_.back());
      rig.send(Op::play, d);
    }
    rig.render(kSettle);
  }
  // Plays on until all has settled, and some more to listen to.
  void listen() {
    rig.render(kSettle);
    from_ = static_cast<std::int64_t>(rig.bus(0).size());
    rig.render(kWindow);
  }
  // A deck's level on an output channel against its track's, dB; below -100: not there.
  double db(int deck, int channel) const {
    const double a = amplitude_at(rig.bus(channel), kTones[deck], from_, from_ + kWindow);
    return std::max(-150.0, 20 * std::log10(a / kLevel + 1e-12));
  }
  void set(Param p, double value, int deck = 0) { rig.set(p, deck, value); }

  EngineRig rig;

 private:
  std::vector<std::unique_ptr<RigTrack>> tracks_;
  std::int64_t from_ = 0;
};

constexpr double kGone = -1000;  // stands for: below -100 dB

void expect_level(double db, double wanted, const std::string& what) {
  if (wanted == kGone) {
    EXPECT_LT(db, -100) << what;
  } else {
    EXPECT_NEAR(db, wanted, 0.02) << what;
  }
}

TEST(Mixer, EachCurveOfTheCrossfaderHasItsLevels) {
  struct Place {
    double x, left[3], right[3];  // dB: smooth, power, cut
  };
  constexpr Place kPlaces[] = {
      {-1, {0, 0, 0}, {kGone, kGone, kGone}},        {-0.95, {-0.22, -0.0067, 0}, {-32.04, -28.11, -6.02}},
      {-0.5, {-2.50, -0.69, 0}, {-12.04, -8.34, 0}}, {0, {-6.02, -3.01, 0}, {-6.02, -3.01, 0}},
      {0.5, {-12.04, -8.34, 0}, {-2.50, -0.69, 0}},  {0.95, {-32.04, -28.11, -6.02}, {-0.22, -0.0067, 0}},
      {1, {kGone, kGone, kGone}, {0, 0, 0}}};
  Desk desk;
  desk.set(Param::xf_assign, left, 0);
  desk.set(Param::xf_assign, right, 1);
  desk.set(Param::xf_assign, thru, 2);
  for (const int curve : {smooth, power, cut}) {
    desk.set(Param::xf_curve, curve);
    for (const Place& p : kPlaces) {
      desk.set(Param::crossfader, p.x);
      desk.listen();
      const std::string what = "curve " + std::to_string(curve) + " at " + std::to_string(p.x);
      for (int channel : {0, 1}) {
        expect_level(desk.db(0, channel), p.left[curve], what + ", left");
        expect_level(desk.db(1, channel), p.right[curve], what + ", right");
        expect_level(desk.db(2, channel), 0, what + ", thru");
        expect_level(desk.db(3, channel), 0, what + ", never assigned");
      }
    }
  }
}

TEST(Mixer, AnAssignmentMovesADeckToTheOtherSide) {
  Desk desk(1);
  desk.set(Param::crossfader, 1);
  for (const auto& [side, wanted] : {std::pair{left, kGone}, {right, 0.0}, {thru, 0.0}, {left, kGone}}) {
    desk.set(Param::xf_assign, side);
    desk.listen();
    expect_level(desk.db(0, 0), wanted, "side " + std::to_string(side));
  }
}

// Switches slide like everything else: a tone of 500 Hz has nothing above 8 kHz, a step has.
TEST(Mixer, NoSwitchOfItClicks) {
  struct Switch {
    const char* name;
    Param param;
    double from, to;
  };
  const Switch switches[] = {{"curve", Param::xf_curve, smooth, cut},
                             {"curve back", Param::xf_curve, cut, smooth},
                             {"assign", Param::xf_assign, thru, left},
                             {"cue bus", Param::cue_bus, 1, 0},
                             {"split", Param::split, 0, 1},
                             {"cue mix", Param::cue_mix, 1, 0},
                             {"headphones", Param::headphones, 1, 0},
                             {"booth", Param::booth, 1, 0}};
  for (const Switch& s : switches) {
    Desk desk(1);
    desk.set(Param::xf_assign, left);
    desk.set(Param::cue_mix, 0.5);
    desk.set(s.param, s.from);
    desk.listen();
    const auto at = static_cast<std::int64_t>(desk.rig.bus(0).size());
    desk.set(s.param, s.to);
    desk.listen();
    bool moved = false;
    for (int c = 0; c < 6; ++c) {
      const double before = level_db(desk.rig.bus(c), at - kWindow, at);
      const double after = level_db(desk.rig.bus(c), at + kSettle, at + kSettle + kWindow);
      moved = moved || std::fabs(before - after) > 1;
      EXPECT_LT(loudest_db(above(desk.rig.bus(c)), at - 64, at + 1000), -105) << s.name << ", channel " << c;
    }
    EXPECT_TRUE(moved) << s.name;
  }
}

// Asked for another curve while it slides to one: from where it is.
TEST(Mixer, CurvesFollowEachOtherWithoutAStep) {
  Desk desk(1);
  desk.set(Param::xf_assign, left);
  desk.listen();
  const auto at = static_cast<std::int64_t>(desk.rig.bus(0).size());
  for (const int curve : {cut, power, smooth, cut, smooth, power}) {
    desk.set(Param::xf_curve, curve);
    desk.rig.render(96);
  }
  desk.listen();
  EXPECT_LT(loudest_db(above(desk.rig.bus(0)), at - 64, at + 1500), -105);
  expect_level(desk.db(0, 0), -3.01, "the last one asked for");
}

TEST(Mixer, CueAndMasterAreBusesOfTheirOwn) {
  Desk desk(3);
  desk.set(Param::cue_bus, 1, 1);
  desk.set(Param::cue_bus, 1, 2);
  desk.set(Param::fader, 0, 1);   // heard in the headphones only
  desk.set(Param::trim, 0.5, 2);  // before the cue bus
  desk.set(Param::xf_assign, right, 2);
  desk.set(Param::crossfader, -1);  // after it
  desk.listen();
  for (int side : {0, 1}) {
    expect_level(desk.db(0, msg::kMaster + side), 0, "plays");
    expect_level(desk.db(1, msg::kMaster + side), kGone, "fader down");
    expect_level(desk.db(2, msg::kMaster + side), kGone, "crossfaded away");
    expect_level(desk.db(0, msg::kCue + side), kGone, "not listened to");
    expect_level(desk.db(1, msg::kCue + side), 0, "pre-fader");
    expect_level(desk.db(2, msg::kCue + side), -6.02, "pre-crossfader, after the trim");
  }
  desk.set(Param::master, 0.5);
  desk.listen();
  expect_level(desk.db(0, msg::kMaster), -6.02, "master level");
  expect_level(desk.db(1, msg::kCue), 0, "the master's level is none of the cue bus's business");
}

TEST(Mixer, TheHeadphonesMixCueAndMaster) {
  struct Mix {
    double mix, cue, master;  // dB
  };
  Desk desk(2);
  desk.set(Param::cue_bus, 1, 1);
  desk.set(Param::fader, 0, 1);
  for (const Mix& m : {Mix{0, 0, kGone}, {0.25, -2.50, -12.04}, {0.5, -6.02, -6.02}, {1, kGone, 0}}) {
    desk.set(Param::cue_mix, m.mix);
    desk.listen();
    for (int ear : {0, 1}) {
      expect_level(desk.db(1, msg::kCue + ear), m.cue, "cue, mix " + std::to_string(m.mix));
      expect_level(desk.db(0, msg::kCue + ear), m.master, "master, mix " + std::to_string(m.mix));
      expect_level(desk.db(0, msg::kMaster + ear), 0, "the master is not touched");
      expect_level(desk.db(1, msg::kMaster + ear), kGone, "the master is not touched");
    }
  }
}

TEST(Mixer, SplitPutsTheCueOnTheLeftAndTheMasterOnTheRight) {
  Desk desk(2);
  desk.set(Param::cue_bus, 1, 1);
  desk.set(Param::fader, 0, 1);
  desk.set(Param::split, 1);
  for (double mix : {0.0, 0.5, 1.0}) {  // which has no say then
    desk.set(Param::cue_mix, mix);
    desk.listen();
    expect_level(desk.db(1, msg::kCue), 0, "cue on the left");
    expect_level(desk.db(0, msg::kCue), kGone, "master on the left");
    expect_level(desk.db(1, msg::kCue + 1), kGone, "cue on the right");
    expect_level(desk.db(0, msg::kCue + 1), 0, "master on the right");
  }
}

TEST(Mixer, HeadphonesAndBoothHaveLevelsOfTheirOwn) {
  Desk desk(2);
  desk.set(Param::cue_bus, 1, 1);
  desk.set(Param::fader, 0, 1);
  for (double db : {6.0, 0.0, -12.0}) {
    desk.set(Param::headphones, std::pow(10, db / 20));
    desk.set(Param::booth, std::pow(10, (db - 3) / 20));
    desk.listen();
    for (int side : {0, 1}) {
      expect_level(desk.db(1, msg::kCue + side), db, "headphones");
      expect_level(desk.db(0, msg::kBooth + side), db - 3, "booth");
      expect_level(desk.db(1, msg::kBooth + side), kGone, "the booth hears the master, not the cue");
      expect_level(desk.db(0, msg::kMaster + side), 0, "the master stays");
      expect_level(desk.db(0, msg::kRecord + side), 0, "so does what is recorded");
    }
  }
  desk.set(Param::headphones, 0);
  desk.set(Param::booth, 0);
  desk.listen();
  expect_level(desk.db(1, msg::kCue), kGone, "headphones off");
  expect_level(desk.db(0, msg::kBooth), kGone, "booth off");
}

// --- Meters ----------------------------------------------------------------------------------------------------------

double db(double linear) { return 20 * std::log10(linear + 1e-12); }

double peak_db(const std::vector<float>& x, std::int64_t from) {
  float peak = 0;
  for (std::size_t i = static_cast<std::size_t>(from); i < x.size(); ++i) peak = std::max(peak, std::fabs(x[i]));
  return db(peak);
}

TEST(Meters, OfAChannelReadBeforeItsFader) {
  Desk desk(1);
  desk.set(Param::xf_assign, left);
  const auto reads = [&](double wanted, const char* what) {
    desk.rig.render(9600);  // what was there before is no longer held
    const msg::DeckSnapshot deck = desk.rig.snapshot().decks[0];
    EXPECT_NEAR(db(deck.peak_l / kLevel), wanted, 0.05) << what;
    EXPECT_NEAR(db(deck.peak_r / kLevel), wanted, 0.05) << what;
  };
  desk.set(Param::crossfader, -1);
  reads(0, "as it is");
  desk.set(Param::fader, 0.25);
  reads(0, "fader down");
  desk.set(Param::crossfader, 1);
  reads(0, "crossfaded away");
  desk.set(Param::master, 0);
  reads(0, "master down");
  EXPECT_LT(db(desk.rig.snapshot().master_peak_l), -100);
  desk.set(Param::trim, 0.5);
  reads(-6.02, "trim");
  for (Param band : {Param::eq_low, Param::eq_mid, Param::eq_high}) desk.set(band, 0.5);
  reads(-12.04, "EQ");
}

// Two decks that are too loud together: the master's meter shows that, and by how much the limiter lowers them is what
// is missing in the sound.
TEST(Meters, OfTheMasterReadBeforeTheLimiterAndShowWhatItTakes) {
  Desk desk(1);
  auto loud = tone(500, 1);
  desk.rig.load(1, *loud);
  desk.rig.send(Op::play, 1);
  for (double over : {-12.0, -3.0, 3.0, 5.5}) {
    desk.set(Param::fader, 0, 0);
    desk.set(Param::master, std::pow(10, over / 20));
    desk.rig.render(96000);
    const auto from = static_cast<std::int64_t>(desk.rig.bus(0).size());
    desk.rig.render(9600);
    const msg::Snapshot s = desk.rig.snapshot();
    EXPECT_NEAR(db(s.master_peak_l), over, 0.02);
    EXPECT_NEAR(db(s.master_peak_r), over, 0.02);
    const double heard = peak_db(desk.rig.bus(0), from);
    if (over < 0) {
      EXPECT_EQ(s.gain_reduction_db, 0) << "idle";
      EXPECT_NEAR(heard, over, 0.02);
    } else {
      EXPECT_LT(heard, -0.1);
      EXPECT_NEAR(s.gain_reduction_db, -0.2 - over, 0.05) << "down to the threshold";
      // A tone's deepest gain lies at its peaks; between them it recovers a little.
      EXPECT_NEAR(heard - over, s.gain_reduction_db, 0.1);
    }
  }
}

// A peak of one sample, looked for 20 times a second: it is seen once at least, and then forgotten.
TEST(Meters, HoldAPeakUntilItCanHaveBeenSeen) {
  auto click = make_track(48000 * 4, 2, 120, 0, [](std::int64_t f, int) { return f % 12000 == 5000 ? 1.0f : 0.0f; });
  EngineRig rig;
  rig.load(0, *click);
  rig.set(Param::master, 0, 1.4);
  rig.send(Op::play, 0);
  int seen = 0, limited = 0, clicks = 0;
  for (int look = 0; look < 60; ++look) {
    rig.render(2400);
    const msg::Snapshot s = rig.snapshot();
    const bool loud = s.master_peak_l > 1.3f;
    EXPECT_EQ(loud, s.decks[0].peak_r > 0.9f);
    EXPECT_EQ(loud, s.master_peak_r > 1.3f);
    seen += loud;
    limited += s.gain_reduction_db < -2;
    clicks += look % 5 == 2;
  }
  EXPECT_GE(seen, clicks);
  EXPECT_LE(seen, 3 * clicks);
  EXPECT_GE(limited, clicks);
  rig.send(Op::pause, 0);
  rig.render(48000);
  EXPECT_EQ(rig.snapshot().master_peak_l, 0);
  EXPECT_EQ(rig.snapshot().gain_reduction_db, 0);
}

}  // namespace
