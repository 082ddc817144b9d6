// A track with stems under key lock: all on, it is the stretched mix; one off, it is gone, and without a click.
#include <gtest/gtest.h>

#include "media/stretch_music.h"
#include "support/host_rig.h"
#include "support/listen.h"
#include "support/soak.h"
#include "support/tune.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

constexpr int kLatency = EngineRig::latency();
constexpr std::int64_t kSecond = 48000;

// The track at a tempo under key lock, for so many seconds; what the script sets happens before it plays.
std::vector<float> render(const RigTrack& t, double tempo, double seconds,
                          const std::function<void(HostRig&)>& script = {}) {
  HostRig rig;
  rig.load(0, t);
  rig.set(Param::tempo, 0, tempo);
  if (script) script(rig);
  rig.render(9600);
  rig.send(Op::play, 0);
  rig.render(static_cast<std::int64_t>(seconds * kSecond));
  EXPECT_EQ(rig.host.snapshot().decks[0].source, msg::DeckSource::voice);
  return rig.bus();
}

// By how much `b` comes later than `a` around a frame: where the energy above 8 kHz (hats, claps) correlates best.
int lag(const std::vector<double>& a, const std::vector<double>& b, std::int64_t at) {
  constexpr int kReach = 240;
  double best = -1;
  int found = 0;
  for (int k = -kReach; k <= kReach; ++k) {
    double sum = 0;
    for (std::int64_t i = at - 1500; i < at + 1500; ++i) {
      const double x = a[static_cast<std::size_t>(i)], y = b[static_cast<std::size_t>(i + k)];
      sum += x * x * y * y;
    }
    if (sum > best) best = sum, found = k;
  }
  return found;
}

// How far all stems together are from the stretched mix.
struct Apart {
  double band = 0;  // dB, the worst third octave
  int onset = 0;    // frames, the worst hat
};
Apart apart(double tempo, double key, msg::StretchMode mode) {
  static const Tune tune(120, 48000, Tune::Kind::full);
  static const auto stems = tune.track(12, 8), mix = tune.track(12, 2);
  const auto script = [&](HostRig& rig) {
    rig.set(Param::key, 0, key);
    rig.send(Op::stretch, 0, 0, static_cast<int>(mode));
  };
  const auto x = render(*stems, tempo, 6, script), y = render(*mix, tempo, 6, script);
  const auto bands_x = media::test::third_octaves(x), bands_y = media::test::third_octaves(y);
  // Bands in which the music has next to nothing have no level to speak of.
  const double loudest = *std::max_element(bands_y.begin(), bands_y.end());
  Apart most;
  for (std::size_t b = 0; b < bands_y.size(); ++b) {
    if (bands_y[b] > loudest - 60) most.band = std::max(most.band, std::fabs(bands_x[b] - bands_y[b]));
  }
  const auto high_x = above(x), high_y = above(y);
  for (int k = 3; k < 10; ++k) {  // each hat, half a beat after the beat
    const auto at = static_cast<std::int64_t>(9600 + kLatency + (k + 0.5) * 24000 / tempo);
    most.onset = std::max(most.onset, std::abs(lag(high_y, high_x, at)));
  }
  return most;
}

struct Kind {
  const char* name;
  msg::StretchMode mode;
  double key;
  double band;   // dB, at most
  double onset;  // ms, at most
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class StemsOfAKind : public ::testing::TestWithParam<Kind> {};

TEST_P(StemsOfAKind, AllOnUnderKeyLockAreTheStretchedMix) {
  const Kind& kind = GetParam();
  for (const double tempo : {1.06, 0.93}) {
    // Eight channels take their time: both tempos of the default, one of each other kind.
    if (tempo < 1 && kind.name != std::string("R3") && !test::long_run()) break;
    const Apart most = apart(tempo, kind.key, kind.mode);
    test::record(std::string("stems, ") + kind.name + ", at " + std::to_string(tempo) + ": worst third octave " +
                 std::to_string(most.band) + " dB, worst onset " + std::to_string(most.onset / 48.0) +
                 " ms from the stretched mix");
    EXPECT_LT(most.band, kind.band) << tempo;
    EXPECT_LE(most.onset, kind.onset * 48) << tempo;
  }
}

INSTANTIATE_TEST_SUITE_P(All, StemsOfAKind,
                         ::testing::Values(Kind{"R3", msg::StretchMode::r3, 0, 0.5, 1},
                                           Kind{"R3Up", msg::StretchMode::r3, 3, 0.5, 1},
                                           Kind{"R3Down", msg::StretchMode::r3, -2, 0.5, 1},
                                           Kind{"R3Long", msg::StretchMode::r3long, 0, 0.5, 1},
                                           Kind{"R3LongUp", msg::StretchMode::r3long, 3, 0.5, 1},
                                           Kind{"R2", msg::StretchMode::r2, 0, 0.5, 1},
                                           Kind{"R2Down", msg::StretchMode::r2, -2, 0.5, 1}),
                         [](const auto& p) { return std::string(p.param.name); });

// What is off must not come back through what the stretcher deals out among the stems that are on.
TEST(Stems, AMutedStemIsGoneUnderKeyLock) {
  const auto at = [](int stem, double hz) {
    return [=](std::int64_t f, int c) {
      const double pitch = c / 2 == stem ? hz : 0;
      const double beat = static_cast<double>(f % 12000) / 48000;  // plucked, so that the stretcher has onsets to treat
      return static_cast<float>(0.3 * std::exp(-beat * 8) * (1 - std::exp(-beat * 300)) *
                                std::sin(2 * M_PI * pitch * static_cast<double>(f) / 48000));
    };
  };
  const auto bass = at(2, 200), lead = at(0, 1500);
  const auto t = make_track(kSecond * 10, 8, 120, 0, [&](std::int64_t f, int c) { return bass(f, c) + lead(f, c); });
  const auto all = render(*t, 1.05, 5);
  const auto bass_off = render(*t, 1.05, 5, [](HostRig& rig) { rig.set(Param::stem_mute, 0, 1, {}, 2); });
  const auto lead_solo = render(*t, 1.05, 5, [](HostRig& rig) { rig.set(Param::stem_solo, 0, 1, {}, 0); });
  // In short pieces: a plucked tone begins anew with each pluck, so over many its phases cancel.
  const auto level = [](const std::vector<float>& x, double hz) {
    double power = 0;
    for (std::int64_t from = kSecond; from < 5 * kSecond; from += 1200) {
      power += std::pow(amplitude_at(x, hz, from, from + 2400), 2) / 160;
    }
    return 10 * std::log10(power + 1e-24);
  };
  test::record("a muted stem under key lock: " + std::to_string(level(bass_off, 200) - level(all, 200)) + " dB");
  EXPECT_LT(level(bass_off, 200), level(all, 200) - 50);
  EXPECT_LT(level(lead_solo, 200), level(all, 200) - 50);
  EXPECT_NEAR(level(bass_off, 1500), level(all, 1500), 0.5);
}

// The cut falls on a zero crossing of the stem, or fades over 2 ms after 10 ms of waiting in vain.
TEST(Stems, AMuteWaitsForAZeroCrossing) {
  for (const double tempo : {1.0, 1.04}) {
    const double hz = 70;  // half a period is 7 ms
    const auto t = make_track(kSecond * 10, 8, 120, 0, [=](std::int64_t f, int c) {
      return c / 2 == 2 ? static_cast<float>(0.4 * std::sin(2 * M_PI * hz * static_cast<double>(f) / 48000)) : 0.0f;
    });
    for (int phase = 0; phase < 6; ++phase) {
      HostRig rig;
      rig.load(0, *t);
      rig.set(Param::tempo, 0, tempo);
      rig.render(640);
      rig.send(Op::play, 0);
      rig.render(24000 + 64 * (3 * phase));
      const std::int64_t now = rig.host.frame() + kLatency;
      rig.set(Param::stem_mute, 0, 1, {}, 2);
      rig.render(2400);
      const auto& x = rig.bus();
      std::int64_t last = now;
      for (std::int64_t i = now; i < static_cast<std::int64_t>(x.size()); ++i) {
        if (std::fabs(x[static_cast<std::size_t>(i)]) > 1e-4f) last = i;
      }
      EXPECT_LE(last - now, 480) << tempo << ' ' << phase;
      // No more than a frame's way of the sine from zero.
      EXPECT_LT(std::fabs(x[static_cast<std::size_t>(last)]), 0.4 * 2 * M_PI * hz / 48000 * 1.5)
          << tempo << ' ' << phase;
    }
  }
}

}  // namespace
