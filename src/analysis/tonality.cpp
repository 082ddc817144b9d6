#include "analysis/tonality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "analysis/key_network.h"

namespace tactus::analysis {
namespace {

constexpr std::size_t kKeys = 24;
using Scores = std::array<double, kKeys>;

// What a wrong key is worth to a mix, as MIREX counts: half a fifth off, three tenths the relative, two the parallel.
double worth(const music::Key& said, const music::Key& is) {
  if (said == is) return 1;
  if (said.minor == is.minor) return said == is.shifted(7) || said == is.shifted(-7) ? 0.5 : 0;
  if (said == is.relative()) return 0.3;
  return said.tonic == is.tonic ? 0.2 : 0;
}

// What saying each key is expected to be worth: of two keys alike, the one that more of the others are near to is
// better.
Scores expected_of(const KeyOdds& odds) {
  Scores expected{};
  for (std::size_t said = 0; said < kKeys; ++said) {
    for (std::size_t is = 0; is < kKeys; ++is) {
      expected[said] += odds.keys[is] *
                        worth(music::Key::of_index(static_cast<int>(said)), music::Key::of_index(static_cast<int>(is)));
    }
  }
  return expected;
}

// --- Changes of key --------------------------------------------------------------------------------------------------

constexpr double kWindow = 16, kStep = 8;  // seconds

// The best sequence of keys over windows: a change must be worth it.
std::vector<std::size_t> key_of_each(const std::vector<KeyOdds>& windows) {
  constexpr double kChange = 6;
  std::vector<std::array<std::size_t, kKeys>> from(windows.size());
  Scores score{}, next{};
  for (std::size_t t = 0; t < windows.size(); ++t) {
    const auto best = std::max_element(score.begin(), score.end());
    for (std::size_t k = 0; k < kKeys; ++k) {
      const bool stays = t == 0 || score[k] >= *best - kChange;
      from[t][k] = stays ? k : static_cast<std::size_t>(best - score.begin());
      // Windows overlap by half, so each says half of what it says alone. One without a key speaks for all alike.
      next[k] =
          (stays ? score[k] : *best - kChange) + 0.5 * std::log(windows[t].keys[k] + windows[t].none / kKeys + 1e-3);
    }
    score = next;
  }
  std::vector<std::size_t> out(windows.size());
  auto k = static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin());
  for (std::size_t t = windows.size(); t-- > 0;) {
    out[t] = k;
    k = from[t][k];
  }
  return out;
}

bool anything_sounds(const Features& f) {
  return std::any_of(f.tones.begin(), f.tones.end(), [](const Tones& tones) {
    return std::any_of(tones.begin(), tones.end(), [](auto level) { return level > 0; });
  });
}

}  // namespace

Tonality find_key(const Features& f, std::span<const double> downbeats, std::span<const double> phrases) {
  if (!anything_sounds(f)) return {};
  const double end = static_cast<double>(f.frames) / f.rate;
  const KeyListener listener(f, downbeats, phrases);
  std::vector<KeyOdds> windows;
  double none = 0;
  for (double at = 0; at + kStep <= std::max(end, kStep); at += kStep) {
    windows.push_back(listener.odds(at, at + kWindow));
    none += windows.back().none;
  }
  // Music that changes its key has none as a whole, but one in each of its parts.
  const KeyOdds whole = listener.odds(0, end);
  const Scores expected = expected_of(whole);
  const auto best = std::max_element(expected.begin(), expected.end());
  if (std::min(whole.none, none / static_cast<double>(windows.size())) > *best) return {};
  const std::vector<std::size_t> keys = key_of_each(windows);

  Tonality out;
  const bool changes = std::any_of(keys.begin(), keys.end(), [&](std::size_t k) { return k != keys.front(); });
  auto ruling = static_cast<std::size_t>(best - expected.begin());
  if (changes) {
    std::array<int, kKeys> count{};
    for (const std::size_t k : keys) ++count[k];
    ruling = static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin());
  }
  out.key = music::Key::of_index(static_cast<int>(ruling));
  out.confidence = std::max(0.01, whole.keys[ruling]);
  for (std::size_t t = 0; t < keys.size(); ++t) {
    const std::size_t k = changes ? keys[t] : ruling;
    const music::Key key = music::Key::of_index(static_cast<int>(k));
    if (t > 0 && out.spans.back().key == key) continue;
    out.spans.push_back(
        {t == 0 ? 0 : static_cast<double>(t) * kStep + kStep / 2, key, changes ? windows[t].keys[k] : out.confidence});
  }
  return out;
}

}  // namespace tactus::analysis
