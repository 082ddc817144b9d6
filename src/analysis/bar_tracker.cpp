#include "analysis/bar_tracker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "analysis/log_odds.h"
#include "analysis/spectra.h"

namespace tactus::analysis {
namespace {

constexpr double kNever = -1e9;

// A beat between two frames shares its probability among them.
std::vector<double> beat_odds(const Activations& a, const TrackerOptions& options) {
  const auto n = std::ssize(a.beat);
  std::vector<double> out(a.beat.size());
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const auto at = [&](std::ptrdiff_t k) {
      return k < 0 || k >= n ? 0.0
                             : static_cast<double>(std::max(a.beat[static_cast<std::size_t>(k)],
                                                            a.downbeat[static_cast<std::size_t>(k)]));
    };
    const double p = at(i) + 0.5 * std::max(at(i - 1), at(i + 1));
    out[static_cast<std::size_t>(i)] = std::max(options.least, log_odds(p, 1e-4) + options.per_beat);
  }
  return out;
}

// --- Beats --------------------------------------------------------------------------------------------------------

// The best sequence of beats: `score[t][k]` is that of the best one whose last beat is at frame t, `shortest` + k
// frames after the one before it.
class BeatSearch {
 public:
  BeatSearch(std::vector<double> odds, const TrackerOptions& options)
      : odds_(std::move(odds)),
        shortest_(static_cast<int>(std::floor(60 / options.fastest_bpm / kFrameSeconds))),
        lengths_(static_cast<int>(std::ceil(60 / options.slowest_bpm / kFrameSeconds)) - shortest_ + 1) {
    make_costs(options);
  }

  std::vector<std::size_t> beats() {
    search();
    std::vector<std::size_t> out;
    auto [t, k] = best_end();
    while (t >= 0) {
      out.push_back(static_cast<std::size_t>(t));
      const std::int8_t back = from_[index(t, k)];
      if (back == kFirst) break;
      t -= shortest_ + k;
      k = back;
    }
    std::reverse(out.begin(), out.end());
    return out;
  }

 private:
  static constexpr std::int8_t kFirst = -1;
  struct End {
    int t, k;
  };

  void make_costs(const TrackerOptions& options) {
    costs_.resize(static_cast<std::size_t>(lengths_ * lengths_));
    for (int a = 0; a < lengths_; ++a) {
      for (int b = 0; b < lengths_; ++b) {
        // Lengths are whole frames: a frame more or less is none.
        const int shorter = shortest_ + std::min(a, b), longer = shortest_ + std::max(a, b);
        const double ratio = longer - shorter <= 1 ? 0 : std::log((longer - 1.0) / shorter);
        costs_[static_cast<std::size_t>(a * lengths_ + b)] =
            std::min(options.tempo_jump, options.tempo_change * ratio + (longer != shorter ? 0.12 : 0));
      }
    }
  }
  std::size_t index(int t, int k) const {
    return static_cast<std::size_t>(t) * static_cast<std::size_t>(lengths_) + static_cast<std::size_t>(k);
  }

  void search() {
    const int frames = static_cast<int>(odds_.size());
    const int longest = shortest_ + lengths_;
    from_.assign(static_cast<std::size_t>(frames) * static_cast<std::size_t>(lengths_), kFirst);
    // Scores of the last beats' lengths alone are needed later.
    scores_.assign(static_cast<std::size_t>(longest + 1) * static_cast<std::size_t>(lengths_), kNever);
    for (int t = 0; t < frames; ++t) {
      double* mine = row(t);
      for (int k = 0; k < lengths_; ++k) {
        const int before = t - shortest_ - k;
        // A first beat has the length of the one that follows it; it is told apart by having none before it.
        double best = 0;
        std::int8_t from = kFirst;
        if (before >= 0) {
          const double* theirs = row(before);
          const double* cost = costs_.data() + static_cast<std::ptrdiff_t>(k) * lengths_;
          for (int j = 0; j < lengths_; ++j) {
            const double s = theirs[j] - cost[j];
            if (s > best) {
              best = s;
              from = static_cast<std::int8_t>(j);
            }
          }
        }
        mine[k] = best + odds_[static_cast<std::size_t>(t)];
        from_[index(t, k)] = from;
        if (mine[k] > best_score_) {
          best_score_ = mine[k];
          best_end_ = {t, k};
        }
      }
    }
  }
  double* row(int t) { return scores_.data() + static_cast<std::ptrdiff_t>(t % (shortest_ + lengths_ + 1)) * lengths_; }
  End best_end() const { return best_score_ > 0 ? best_end_ : End{-1, 0}; }

  std::vector<double> odds_;
  int shortest_, lengths_;
  std::vector<double> costs_, scores_;
  std::vector<std::int8_t> from_;
  double best_score_ = 0;
  End best_end_{-1, 0};
};

// The top of the activation about a frame, by its centre of gravity: targets fall off evenly on both sides.
double placed(const Activations& a, std::size_t frame) {
  double weight = 0, sum = 0;
  const auto n = std::ssize(a.beat);
  for (std::ptrdiff_t k = -1; k <= 1; ++k) {
    const std::ptrdiff_t i = static_cast<std::ptrdiff_t>(frame) + k;
    if (i < 0 || i >= n) continue;
    const double p = a.beat[static_cast<std::size_t>(i)] + 1e-4;
    weight += p;
    sum += p * static_cast<double>(k);
  }
  return (static_cast<double>(frame) + sum / weight) * kFrameSeconds;
}

// --- Bars ---------------------------------------------------------------------------------------------------------

constexpr std::array<int, 6> kBarLengths = {4, 3, 2, 6, 5, 7};
// How much rarer than four beats, a bar each time.
constexpr std::array<double, 6> kRarer = {0, 0.1, 0.5, 0.6, 1.0, 1.2};

struct BarState {
  int bar, in_bar;  // index into kBarLengths, beat
};

std::vector<BarState> bar_states() {
  std::vector<BarState> out;
  for (int b = 0; b < static_cast<int>(kBarLengths.size()); ++b) {
    for (int i = 0; i < kBarLengths[static_cast<std::size_t>(b)]; ++i) out.push_back({b, i});
  }
  return out;
}

// How surely a beat is a downbeat: log odds against chance.
std::vector<double> downbeat_odds(const Activations& a, const std::vector<std::size_t>& beats) {
  std::vector<double> out;
  for (const std::size_t f : beats) {
    const auto most = [&](const std::vector<float>& of) {
      double p = 0;
      for (std::size_t i = f < 2 ? 0 : f - 2; i <= f + 2 && i < of.size(); ++i)
        p = std::max(p, static_cast<double>(of[i]));
      return p;
    };
    // Where no beat is heard, a downbeat's small probability says nothing.
    constexpr double kNothing = 0.08;
    out.push_back(log_odds((most(a.downbeat) + 0.3 * kNothing) / (most(a.beat) + kNothing), 0.03));
  }
  return out;
}

std::vector<BarState> find_bars(const std::vector<double>& odds, const TrackerOptions& options) {
  const std::vector<BarState> states = bar_states();
  const std::size_t n = states.size();
  std::vector<std::vector<std::uint8_t>> from(odds.size(), std::vector<std::uint8_t>(n, 0));
  std::vector<double> score(n, 0.0), next(n);
  for (std::size_t t = 0; t < odds.size(); ++t) {
    const auto end = std::max_element(score.begin(), score.end());
    const auto best_any = static_cast<std::size_t>(end - score.begin());
    for (std::size_t s = 0; s < n; ++s) {
      const BarState state = states[s];
      const auto length = static_cast<std::size_t>(kBarLengths[static_cast<std::size_t>(state.bar)]);
      const std::size_t before = state.in_bar == 0 ? s + length - 1 : s - 1;
      double best = score[before];
      std::size_t origin = before;
      if (t > 0 && state.in_bar == 0 && *end - options.bar_change > best) {
        best = *end - options.bar_change;
        origin = best_any;
      }
      const double heard = state.in_bar == 0 ? odds[t] : -odds[t];
      next[s] = best + 0.5 * heard - (state.in_bar == 0 ? kRarer[static_cast<std::size_t>(state.bar)] : 0);
      from[t][s] = static_cast<std::uint8_t>(origin);
    }
    score.swap(next);
  }
  std::vector<BarState> out(odds.size());
  auto s = static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin());
  for (std::size_t t = odds.size(); t-- > 0;) {
    out[t] = states[s];
    s = from[t][s];
  }
  return out;
}

}  // namespace

std::vector<TrackedBeat> track_bars(const Activations& activations, const TrackerOptions& options) {
  constexpr std::size_t kLeastBeats = 8;
  const std::vector<std::size_t> beats = BeatSearch(beat_odds(activations, options), options).beats();
  if (beats.size() < kLeastBeats) return {};
  const std::vector<double> odds = downbeat_odds(activations, beats);
  const std::vector<BarState> bars = find_bars(odds, options);
  std::vector<TrackedBeat> out;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    out.push_back({placed(activations, beats[i]), activations.beat[beats[i]], odds[i], bars[i].in_bar,
                   kBarLengths[static_cast<std::size_t>(bars[i].bar)]});
  }
  return out;
}

}  // namespace tactus::analysis
