// Seams in music with hats and claps: at no cut is there more above 8 kHz than the music itself has there.
//
// "The music's own" is heard, not guessed: one deck goes on as if nothing had been cut, another has been playing the
// place that the cut leads to all along. Where both are quiet, the bound of seam_test.cpp holds instead.
#include <gtest/gtest.h>

#include "support/host_rig.h"
#include "support/listen.h"
#include "support/soak.h"
#include "support/tune.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;

namespace {

constexpr int kLatency = EngineRig::latency();
constexpr double kHeard = -70;          // dBFS, as in seam_test.cpp
constexpr std::int64_t kStart = 48000;  // where the cut is, about
constexpr std::int64_t kAfter = 3000;   // all that a cross-fade and a late voice may still do
constexpr std::int64_t kWindow = 128, kHop = 32;

const Tune& tune() {
  static const Tune t(120, 48000, Tune::Kind::full);
  return t;
}

// What is heard when a deck plays from `source` frame on at `tempo` and, at frame `cut_at`, jumps to `to` (unless
// `to` is negative).
std::vector<float> heard(const RigTrack& base, double tempo, double source, std::int64_t cut_at, double to) {
  HostRig rig(120, 1);
  RigTrack track{nullptr, {}, base.anchor, base.ref};
  track.ref.hotcues[0] = to;
  rig.load(0, track);
  rig.set(Param::tempo, 0, tempo);
  rig.send(Op::seek, 0, source);
  rig.render(640);
  rig.send(Op::play, 0);
  rig.render(cut_at - 640);
  if (to >= 0) rig.send(Op::hotcue_jump, 0, 0, 0);
  rig.render(kAfter + 2000);
  return rig.bus();
}

// dB of the loudest window in [at - slack, at + slack].
double around(const std::vector<double>& high, std::int64_t at, std::int64_t slack) {
  return loudest_db(high, at - slack, at + slack + 1, kWindow);
}

struct Excess {
  double worst = -200;  // dB of a seam's window over the music's own
  double all = 0;       // of all windows together
  int loud = 0;         // windows in which the music has something above 8 kHz
};

// hard: what no deck does, one place beside the other without a cross-fade.
Excess of_hot_cues(double tempo, bool hard = false) {
  const auto track = tune().track(30, 2);
  Excess e;
  double seam_power = 0, own_power = 0;
  for (int i = 0; i < 10; ++i) {
    const std::int64_t cut = kStart + 64 * 53 * i;
    const double from = 24000.0 * 4 + 700 * i, played = static_cast<double>(cut - 640) * tempo;
    const double to = 24000.0 * (10 + i % 3) + 1900.0 * i;
    const auto on = heard(*track, tempo, from, cut, -1), other = heard(*track, tempo, to - played, cut, -1);
    auto cut_over = hard ? on : heard(*track, tempo, from, cut, to);
    if (hard) std::copy(other.begin() + cut + kLatency, other.end(), cut_over.begin() + cut + kLatency);
    const auto seam = above(cut_over), stayed = above(on), there = above(other);
    for (std::int64_t at = cut + kLatency - 256; at < cut + kLatency + kAfter; at += kHop) {
      // A fresh voice may have an onset some tenths of a millisecond from where another has it.
      const double own = std::max({around(stayed, at, 48), around(there, at, 48), kHeard});
      const double level = level_db(seam, at, at + kWindow);
      e.loud += own > kHeard;
      e.worst = std::max(e.worst, level - own);
      seam_power += std::pow(10, level / 10);
      own_power += std::pow(10, own / 10);
    }
  }
  e.all = 10 * std::log10(seam_power / own_power);
  return e;
}

void check(double tempo, const char* what, double allowed) {
  const Excess e = of_hot_cues(tempo);
  test::record(std::string("hot cues in music with hats, ") + what + ": in all " + std::to_string(e.all) +
               " dB above 8 kHz over the music's own, in the worst 2.7 ms " + std::to_string(e.worst) + " dB");
  EXPECT_GE(e.loud, 200);
  EXPECT_LE(e.all, 0);
  EXPECT_LE(e.worst, allowed);
}

TEST(SeamsInMusic, AHardCutWouldAddSomething) { EXPECT_GT(of_hot_cues(1, true).worst, 6); }

TEST(SeamsInMusic, HotCuesOnTheDirectPathAddNothing) { check(1, "direct", 1); }

TEST(SeamsInMusic, HotCuesUnderKeyLockAddNothing) { check(1.04, "key lock", 3); }

}  // namespace
