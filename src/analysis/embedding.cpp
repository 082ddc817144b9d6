#include "analysis/embedding.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "analysis/weights.h"

namespace tactus::analysis {

// weights/embedding.bin, by CMake; written by tools/train/embedding.py.
extern const unsigned char kEmbeddingWeights[];
extern const std::size_t kEmbeddingWeightsCount;

namespace {

double length_of(std::span<const float> v) {
  double squares = 0;
  for (const float x : v) squares += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(squares);
}

// A projection of so many measures on so few numbers, of a stated length.
class Head {
 public:
  Head(std::size_t measures, std::size_t numbers, double length)
      : numbers_(numbers), length_(length), weights_(measures * numbers), biases_(numbers) {}
  std::size_t size() const { return numbers_; }
  const unsigned char* read(const unsigned char* from) { return read_weights(read_weights(from, weights_), biases_); }
  void append(std::span<const float> measures, Vector& out) const {
    Vector sum = biases_;
    const float* w = weights_.data();
    for (const float m : measures) {
      for (float& s : sum) s += m * *w++;
    }
    const auto scale = static_cast<float>(length_ / std::max(1e-9, length_of(sum)));
    for (const float s : sum) out.push_back(scale * s);
  }

 private:
  std::size_t numbers_;
  double length_;
  std::vector<float> weights_;  // of each measure, for all numbers
  std::vector<float> biases_;
};

struct Heads {
  // How much each counts when phrases are compared.
  Head rhythm{kRhythmMeasures, 40, std::sqrt(0.40)}, harmony{kHarmonyMeasures, 32, std::sqrt(0.20)},
      timbre{kTimbreMeasures, 56, std::sqrt(0.40)};

  Heads() {
    // Weights of other measures would be read as noise.
    if (timbre.read(harmony.read(rhythm.read(kEmbeddingWeights))) != kEmbeddingWeights + kEmbeddingWeightsCount) {
      std::abort();
    }
  }
  Vector of(const Measures& measures) const {
    Vector out;
    rhythm.append(measures.rhythm, out);
    harmony.append(measures.harmony, out);
    timbre.append(measures.timbre, out);
    return out;
  }
};

const Heads& heads() {
  static const Heads read;
  return read;
}

// Where there are no beats, sixteen times half a second.
Stretch stretch_at(double seconds) {
  Stretch out;
  for (std::size_t s = 0; s < out.size(); ++s) out[s] = seconds + 0.125 * static_cast<double>(s);
  return out;
}

class BuiltIn final : public Embedder {
 public:
  std::string_view name() const override { return "tactus"; }
  int version() const override { return 1; }
  int size() const override {
    return static_cast<int>(heads().rhythm.size() + heads().harmony.size() + heads().timbre.size());
  }
  std::vector<Vector> phrases(const Features& features, const TrackAnalysis& analysis) const override {
    const Measurer measurer(features);
    std::vector<Vector> out;
    for (const Phrase& p : analysis.phrases) out.push_back(heads().of(measurer.of(stretch_from(analysis, p.beat))));
    return out;
  }
  // The mean of its phrases, or of what takes their place.
  Vector track(const Features& features, const TrackAnalysis& analysis,
               std::span<const Vector> phrases) const override {
    std::vector<Vector> instead;
    if (phrases.empty()) {
      const Measurer measurer(features);
      Stretch at = stretch_at(analysis.first_sound);
      while (at.front() < analysis.last_sound) {
        instead.push_back(heads().of(measurer.of(at)));
        at = stretch_at(at.back());
      }
      phrases = instead;
    }
    if (phrases.empty()) return {};
    Vector out(static_cast<std::size_t>(size()));
    for (const Vector& p : phrases) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] += p[i];
    }
    return out;
  }
};

// A byte a number, the largest 127. False where there is no direction.
bool append(const Vector& v, int size, std::vector<std::int8_t>& out) {
  float most = 0;
  for (const float x : v) {
    if (!std::isfinite(x)) return false;
    most = std::max(most, std::fabs(x));
  }
  if (std::ssize(v) != size || most == 0) return false;
  for (const float x : v) out.push_back(static_cast<std::int8_t>(std::lround(127 * x / most)));
  return true;
}

}  // namespace

const Embedder& built_in_embedder() {
  static const BuiltIn built_in;
  return built_in;
}

Embeddings embed(const Embedder& embedder, const Features& features, const TrackAnalysis& analysis) {
  const std::vector<Vector> phrases = embedder.phrases(features, analysis);
  Embeddings out;
  out.embedder = std::string(embedder.name()) + " " + std::to_string(embedder.version());
  out.size = embedder.size();
  bool good = phrases.size() == analysis.phrases.size();
  for (const Vector& p : phrases) good = good && append(p, out.size, out.phrases);
  good = good && append(embedder.track(features, analysis, phrases), out.size, out.track);
  return good ? out : Embeddings{};
}

double similarity(std::span<const std::int8_t> a, std::span<const std::int8_t> b) {
  if (a.size() != b.size()) return 0;
  std::int64_t both = 0, of_a = 0, of_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both += a[i] * b[i];
    of_a += a[i] * a[i];
    of_b += b[i] * b[i];
  }
  if (of_a == 0 || of_b == 0) return 0;
  return static_cast<double>(both) / std::sqrt(static_cast<double>(of_a) * static_cast<double>(of_b));
}

Stretch stretch_from(const TrackAnalysis& analysis, double beat) {
  Stretch out;
  for (std::size_t s = 0; s < out.size(); ++s) out[s] = analysis.seconds_of(beat + static_cast<double>(s) / 4);
  return out;
}

}  // namespace tactus::analysis
