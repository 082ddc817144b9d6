#include "analysis/band.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace tactus::analysis::testing {
namespace {

constexpr double kTau = 2 * std::numbers::pi;

class Noise {
 public:
  explicit Noise(std::uint32_t seed) : state_(seed * 2654435761u + 1) {}
  double operator()() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return static_cast<double>(state_) / 2147483648.0 - 1;
  }

 private:
  std::uint32_t state_;
};

class Player {
 public:
  Player(const Score& score, Sound& out) : score_(score), out_(out), noise_(score.seed) {}

  // Calls voice(seconds since the start) for each frame.
  void add(double at, double seconds, const std::function<double(double)>& voice) {
    const auto first = static_cast<std::int64_t>(std::llround(at * score_.rate));
    const auto frames = static_cast<std::int64_t>(seconds * score_.rate);
    for (std::int64_t i = 0; i < frames; ++i) {
      const std::int64_t f = first + i;
      if (f < 0 || 2 * f + 1 >= static_cast<std::int64_t>(out_.pcm.size())) continue;
      const auto v = static_cast<float>(score_.gain * voice(static_cast<double>(i) / score_.rate));
      out_.pcm[static_cast<std::size_t>(2 * f)] += v;
      out_.pcm[static_cast<std::size_t>(2 * f + 1)] += v;
    }
  }
  void kick(double at) {
    add(at, 0.25, [](double t) {
      const double phase = kTau * (48 * t + 110 * 0.03 * (1 - std::exp(-t / 0.03)));
      return 0.5 * std::sin(phase) * std::exp(-t / 0.09) * std::min(1.0, t / 0.001);
    });
  }
  void snare(double at) {
    add(at, 0.18, [&](double t) { return std::exp(-t / 0.05) * (0.22 * noise_() + 0.16 * std::sin(kTau * 190 * t)); });
  }
  void hat(double at, double gain) {
    double last = 0;
    add(at, 0.06, [&, last](double t) mutable {
      const double n = noise_();
      const double high = n - last;
      last = n;
      return gain * 0.09 * high * std::exp(-t / 0.018);
    });
  }
  void tone(double at, double seconds, double note, double gain, int partials) {
    const double hz = 440 * std::exp2((note - 69) / 12);
    add(at, seconds, [=](double t) {
      double v = 0;
      for (int k = 1; k <= partials; ++k) v += std::sin(kTau * hz * k * t) / k;
      const double edge = std::min(t, seconds - t);
      return gain * v * std::min(1.0, edge / 0.02);
    });
  }

 private:
  const Score& score_;
  Sound& out_;
  Noise noise_;
};

struct Parts {
  bool drums, bass, chords;
};

Parts parts_of(int bar, int bars) {
  static constexpr Parts kPlan[] = {{true, false, false}, {true, true, false}, {true, true, true},
                                    {false, false, true}, {true, true, true},  {true, true, true},
                                    {true, false, false}};
  const int section = bar / 8;
  if (bar >= bars - 8) return kPlan[6];
  return kPlan[std::min(section, 5)];
}

void drums(Player& p, Style style, double swing, const std::function<double(double)>& at, int bar) {
  const auto step = [&](int sixteenth) {
    const double late = sixteenth % 2 ? (swing - 0.5) * 0.5 : 0;
    return at(bar * 4 + sixteenth * 0.25 + late);
  };
  const char* kick = "";
  const char* snare = "....x.......x...";
  const char* hat = "x.x.x.x.x.x.x.x.";
  switch (style) {
    case Style::house:
      kick = "x...x...x...x...";
      hat = "..x...x...x...xx";
      break;
    case Style::hiphop:
      kick = bar % 2 ? "x......x..x....." : "x..x...x..x.....";
      hat = "x.xxx.x.x.xxx.x.";
      break;
    case Style::dnb:
      kick = "x.........x.....";
      hat = "x.x.x.x.x.x.x.xx";
      break;
    case Style::halftime:
      kick = bar % 2 ? "x.....x........." : "x.............x.";
      snare = "........x.......";
      hat = "x.xxx.x.x.xxx.x.";
      break;
    case Style::breaks:
      kick = bar % 2 ? "x.x.......x....." : "x.........xx....";
      break;
  }
  for (int s = 0; s < 16; ++s) {
    if (kick[s] == 'x') p.kick(step(s));
    if (snare[s] == 'x') p.snare(step(s));
    if (hat[s] == 'x') p.hat(step(s), s % 4 == 0 ? 1.0 : 0.7);
  }
}

}  // namespace

Sound play(const Score& score) {
  Sound out;
  out.rate = score.rate;
  const int beats = score.bars * 4;
  // With drift the tempo is linear in beats, as in music/tempo_map.h.
  const auto at = [&](double beat) {
    const double slope = score.bpm_drift / beats;
    const double seconds = slope == 0 ? beat * 60 / score.bpm : 60 / slope * std::log1p(slope * beat / score.bpm);
    return score.first_downbeat + seconds;
  };
  for (int b = 0; b < beats; ++b) out.beats.push_back(at(b));
  out.pcm.assign(2 * static_cast<std::size_t>((at(beats) + 0.5) * score.rate), 0.0f);

  Player p(score, out);
  const int root = score.key.tonic;
  // Minor: i VI III VII; major: I V vi IV, as semitones above the tonic.
  struct Chord {
    int root, third;
  };
  const Chord minor[] = {{0, 3}, {8, 4}, {3, 4}, {10, 4}}, major[] = {{0, 4}, {7, 4}, {9, 3}, {5, 4}};
  for (int bar = 0; bar < score.bars; ++bar) {
    const Parts parts = parts_of(bar, score.bars);
    const Chord chord = score.key.minor ? minor[bar % 4] : major[bar % 4];
    const double length = at(bar * 4 + 4) - at(bar * 4);
    if (parts.drums) drums(p, score.style, score.swing, at, bar);
    if (parts.bass) {
      for (int s = 0; s < 8; ++s) p.tone(at(bar * 4 + s * 0.5), length / 9, 36 + (root + chord.root) % 12, 0.12, 4);
    }
    if (parts.chords) {
      for (const int note : {0, chord.third, 7})
        p.tone(at(bar * 4), length * 0.95, 60 + (root + chord.root) % 12 + note, 0.05, 5);
    }
  }
  return out;
}

}  // namespace tactus::analysis::testing
