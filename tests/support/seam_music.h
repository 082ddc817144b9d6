// Seams in music with hats and claps: what is heard of a cut, and by how much it exceeds the music itself, above 8 kHz.
//
// "The music's own" is heard, not guessed: one deck goes on as if nothing had been cut, others have been playing what
// the cut leads to all along. Where all are quiet, the bound of seam_test.cpp holds instead.
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/host_rig.h"
#include "support/listen.h"
#include "support/live_rig.h"
#include "support/soak.h"
#include "support/tune.h"

namespace tactus::testing::seam {

constexpr int kLatency = EngineRig::latency();
constexpr double kHeard = -70;          // dBFS, as in seam_test.cpp
constexpr std::int64_t kStart = 48000;  // where the first cut is, about
constexpr std::int64_t kPlay = 640;     // where decks begin to play
constexpr std::int64_t kAfter = 3000;   // all that a cross-fade and a late voice may still do
constexpr std::int64_t kWindow = 128, kHop = 32;

inline const Tune& tune() {
  static const Tune t(120, 48000, Tune::Kind::full);
  return t;
}

using Script = std::function<void(HostCommands&)>;
using Audio = std::vector<float>;

// One cut, at the frame `at` or close behind it.
struct Seam {
  double tempo = 1;
  std::int64_t at = 0;
  double from = 0;  // where in the track decks start to play
  std::int64_t after = kAfter;
  std::int64_t slack = 48;  // frames that a fresh voice may have an onset from where another has it
  std::int64_t played() const { return at - kPlay; }
  double place() const { return from + static_cast<double>(played()) * tempo; }  // where the cut is, in the track
  // Where a deck starts that plays at `speed` and is where the cut is when it is made.
  double start_at(double speed) const { return place() - static_cast<double>(played()) * speed; }
};

// What is heard of a deck that plays from a track frame on. The scripts run before it plays, and at the cut.
template <typename Rig>
Audio listen(Rig& rig, const RigTrack& base, const Seam& seam, double from, const Script& before = {},
             const Script& cut = {}, bool play = true) {
  const RigTrack track{nullptr, {}, base.anchor, base.ref};
  rig.load(0, track);
  rig.set(msg::Param::tempo, 0, seam.tempo);
  rig.send(msg::Op::seek, 0, from);
  if (before) before(rig);
  rig.render(kPlay);
  if (play) rig.send(msg::Op::play, 0);
  rig.render(seam.at - kPlay);
  if (cut) cut(rig);
  rig.render(seam.after + 2000);
  return rig.bus();
}

// The same offline, where every feeder has its time.
inline Audio heard(const RigTrack& track, const Seam& seam, double from, const Script& before = {},
                   const Script& cut = {}, bool play = true) {
  HostRig rig(120, 2);
  return listen(rig, track, seam, from, before, cut, play);
}

// The same with feeders as on stage.
inline Audio heard_live(const RigTrack& track, const Seam& seam, double from, const Script& before = {},
                        const Script& cut = {}) {
  LiveRig rig;
  return listen(rig, track, seam, from, before, cut);
}

inline Audio silence(const Seam& seam) { return Audio(static_cast<std::size_t>(seam.at + seam.after + 2000)); }

// By how much seams exceed the music, above 8 kHz, in dB.
struct Excess {
  double seam = -200;    // the worst of them as a whole
  double window = -200;  // the worst 2.7 ms
  int loud = 0;          // windows in which the music has something up there
  int seams = 0;

  void add(const Seam& s, const Audio& cut, std::initializer_list<Audio> music) {
    const auto high = above(cut);
    std::vector<std::vector<double>> of_music;
    for (const Audio& m : music) of_music.push_back(above(m));
    double power = 0, own_power = 0;
    for (std::int64_t at = s.at + kLatency - 256; at < s.at + kLatency + s.after; at += kHop) {
      double own = kHeard;
      for (const auto& m : of_music) own = std::max(own, loudest_db(m, at - s.slack, at + s.slack + 1, kWindow));
      const double level = level_db(high, at, at + kWindow);
      loud += own > kHeard;
      window = std::max(window, level - own);
      power += std::pow(10, level / 10);
      own_power += std::pow(10, own / 10);
    }
    seam = std::max(seam, 10 * std::log10(power / own_power));
    ++seams;
  }
};

// allowed: dB that 2.7 ms may have more than the music, of which two places sound at once: the measured value and 0.3.
// No seam may have any more.
inline void check(const Excess& e, const std::string& what, double allowed) {
  test::record(what + " in music with hats: the worst seam " + std::to_string(e.seam) +
               " dB above 8 kHz over the music's own, the worst 2.7 ms " + std::to_string(e.window) + " dB");
  EXPECT_GE(e.loud, 30 * e.seams) << what;
  EXPECT_LE(e.seam, 0) << what;
  EXPECT_LE(e.window, allowed) << what;
}

// Seams all over a beat, so that some are in the midst of a hat.
inline std::vector<Seam> seams(double tempo, int count = 6, std::int64_t start = kStart) {
  std::vector<Seam> list;
  for (int i = 0; i < count; ++i) list.push_back({tempo, start + 64 * 89 * i, 24000.0 * 4 + 700 * i});
  return list;
}

// The tune at a place between its frames: a windowed sinc of 64 points, in double precision.
inline double tune_at(double p) {
  constexpr int kHalf = 32;
  const auto whole = static_cast<std::int64_t>(std::floor(p));
  double sum = 0;
  for (std::int64_t k = whole - kHalf + 1; k <= whole + kHalf; ++k) {
    const double x = p - static_cast<double>(k);
    const double sinc = std::fabs(x) < 1e-9 ? 1 : std::sin(M_PI * x) / (M_PI * x);
    sum += tune().mix(k, 0) * sinc * (0.5 + 0.5 * std::cos(M_PI * x / kHalf));
  }
  return sum;
}

// The track by hand: at `seam.tempo` up to the cut, then at speed(k) in the k-th control step after it.
inline Audio by_hand(const Seam& seam, const std::function<double(std::int64_t)>& speed) {
  Audio x = silence(seam);
  double place = seam.place() - 1000 * seam.tempo;
  for (std::int64_t f = seam.at - 1000; f + kLatency < static_cast<std::int64_t>(x.size()); ++f) {
    x[static_cast<std::size_t>(f + kLatency)] = static_cast<float>(tune_at(place));
    place += f < seam.at ? seam.tempo : speed((f - seam.at) / rt::kGrid);
  }
  return x;
}

}  // namespace tactus::testing::seam
