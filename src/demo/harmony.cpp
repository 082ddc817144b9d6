#include "demo/harmony.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace tactus::demo {
namespace {

[[noreturn]] void fail(std::string_view what) {
  throw std::invalid_argument("not a note or chord: " + std::string(what));
}

// Reads "C", "F#", "Bb" off the front of `text`.
int take_class(std::string_view& text) {
  static constexpr std::array<int, 7> kNatural{9, 11, 0, 2, 4, 5, 7};  // A to G
  if (text.empty() || text[0] < 'A' || text[0] > 'G') fail(text);
  int pitch = kNatural[static_cast<std::size_t>(text[0] - 'A')];
  text.remove_prefix(1);
  for (; !text.empty() && (text[0] == '#' || text[0] == 'b'); text.remove_prefix(1)) pitch += text[0] == '#' ? 1 : -1;
  return pitch;
}

}  // namespace

int note(std::string_view name) {
  std::string_view rest = name;
  const int pitch = take_class(rest);
  if (rest.size() != 1 || rest[0] < '0' || rest[0] > '9') fail(name);
  return pitch + 12 * (rest[0] - '0' + 1);
}

Chord chord(std::string_view name) {
  static const std::array<std::pair<std::string_view, std::vector<int>>, 17> kKinds{{
      {"", {0, 4, 7}},
      {"m", {0, 3, 7}},
      {"5", {0, 7}},
      {"6", {0, 4, 7, 9}},
      {"m6", {0, 3, 7, 9}},
      {"7", {0, 4, 7, 10}},
      {"m7", {0, 3, 7, 10}},
      {"maj7", {0, 4, 7, 11}},
      {"9", {0, 4, 7, 10, 14}},
      {"m9", {0, 3, 7, 10, 14}},
      {"maj9", {0, 4, 7, 11, 14}},
      {"m11", {0, 3, 7, 10, 14, 17}},
      {"sus2", {0, 2, 7}},
      {"sus4", {0, 5, 7}},
      {"9sus", {0, 5, 7, 10, 14}},
      {"add9", {0, 4, 7, 14}},
      {"madd9", {0, 3, 7, 14}},
  }};
  std::string_view rest = name;
  Chord c;
  c.root = (take_class(rest) + 12) % 12;
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.first == rest; });
  if (kind == kKinds.end()) fail(name);
  c.intervals = kind->second;
  return c;
}

std::vector<int> voice(const Chord& c, const std::vector<int>& previous, int low, int high, int voices) {
  // The bass has the root: leave out root, then fifth, when there are more notes than fingers.
  std::vector<int> classes = c.intervals;
  if (static_cast<int>(classes.size()) > voices) classes.erase(classes.begin());
  if (static_cast<int>(classes.size()) > voices) std::erase(classes, 7);
  if (static_cast<int>(classes.size()) > voices) classes.resize(static_cast<std::size_t>(voices));
  for (int& i : classes) i = (c.root + i) % 12;
  std::sort(classes.begin(), classes.end());
  const auto n = classes.size();

  // Every inversion in close position at every octave that fits; the nearest one wins.
  std::vector<int> best;
  double best_cost = std::numeric_limits<double>::max();
  for (int base = low / 12 * 12 - 12; base <= high; base += 12)
    for (std::size_t first = 0; first < n; ++first) {
      std::vector<int> notes;
      for (std::size_t k = 0; k < n; ++k) notes.push_back(base + classes[(first + k) % n] + (first + k >= n ? 12 : 0));
      if (notes.front() < low || notes.back() > high) continue;
      double cost = 0.02 * std::fabs(0.5 * (notes.front() + notes.back()) - 0.5 * (low + high));
      // A bare semitone at the bottom of a voicing growls.
      if (n > 2 && notes[1] - notes[0] == 1) cost += 2;
      for (int p : previous) {
        int nearest = 99;
        for (int q : notes) nearest = std::min(nearest, std::abs(q - p));
        cost += nearest;
      }
      if (cost < best_cost) best_cost = cost, best = notes;
    }
  if (best.empty()) fail("a chord that does not fit its range");
  return best;
}

double Harmony::beats() const {
  double sum = 0;
  for (const Step& s : steps) sum += s.beats;
  return sum;
}

Harmony harmony(std::string_view text) {
  Harmony h;
  std::istringstream in{std::string(text)};
  for (std::string word; in >> word;) {
    const auto colon = word.find(':');
    h.steps.push_back({chord(std::string_view(word).substr(0, colon)),
                       colon == std::string::npos ? 4.0 : std::stod(word.substr(colon + 1))});
  }
  return h;
}

int Key::pitch_class() const {
  std::string_view rest = tonic;
  return (take_class(rest) + 12) % 12;
}

// Fifths upwards add one: 8A is A minor, 8B C major.
std::string Key::camelot() const {
  const int fifths = (pitch_class() - (minor ? 9 : 0) + 12) * 7 % 12;
  return std::to_string((fifths + 7) % 12 + 1) + (minor ? "A" : "B");
}

}  // namespace tactus::demo
