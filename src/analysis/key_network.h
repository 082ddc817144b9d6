// The key network: which of 24 keys music is in, if in any, from how loud each pitch class is in six registers over
// time. All its layers turn with the pitch classes, so that music a semitone higher gives the same keys a semitone
// higher. tools/train/keynet.py has the same thing and tools/train/keys.py the training; docs/analysis.md says of what.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "analysis/features.h"

namespace tactus::analysis {

// Probabilities.
struct KeyOdds {
  std::array<double, 24> keys{};  // by music::Key::index()
  double none = 1;
};

class KeyListener {
 public:
  // `downbeats` in seconds, ascending, and `phrases`, those of them that begin four bars; may be empty.
  KeyListener(const Features& features, std::span<const double> downbeats, std::span<const double> phrases);
  // What the seconds [from, to) are in; `none` is 1 where there is less than a second of them.
  KeyOdds odds(double from, double to) const;

 private:
  std::vector<float> hidden_;    // of each frame: kWide values for each of 12 pitch classes
  double first_ = 0, step_ = 1;  // seconds of the middle of the first frame, and between them
};

// For a test: the network's logits for `rows` (kKeyRows x 12 values a frame, as keynet.py makes them): 24 keys, none.
constexpr int kKeyRows = 11;
std::array<float, 25> key_logits(std::span<const float> rows);

}  // namespace tactus::analysis
