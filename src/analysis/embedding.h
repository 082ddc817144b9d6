// Embedders: what each phrase of a track sounds like, as a point among all phrases, so that the same music lies near
// whatever befell it, and similar grooves come next. docs/analysis.md says what of, and how well.
//
// Embedders are offline and thread-safe: any number of tracks at once.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/features.h"
#include "analysis/measures.h"

namespace tactus::analysis {

// What an embedder gives: numbers of any scale, only their direction counts.
using Vector = std::vector<float>;

// The built-in one is replaced by deriving from this; a model that needs the sound itself, in a process of its own, can
// as well fill in Embeddings under its own name.
class Embedder {
 public:
  virtual ~Embedder() = default;
  // With the version, who made a vector: those of two embedders or versions say nothing about each other. Short: both
  // together at most Embeddings::kLongestName bytes.
  virtual std::string_view name() const = 0;
  virtual int version() const = 0;
  virtual int size() const = 0;  // of each vector, 1 to Embeddings::kMostNumbers
  // One vector for each of `analysis.phrases`, in their order. `analysis` has all but its embeddings.
  virtual std::vector<Vector> phrases(const Features& features, const TrackAnalysis& analysis) const = 0;
  // Of the track as a whole; `phrases` are those made of it. Empty: there is nothing to be heard.
  virtual Vector track(const Features& features, const TrackAnalysis& analysis,
                       std::span<const Vector> phrases) const = 0;
};

// Rhythm, harmony and timbre of the sixteen beats from each phrase's first.
const Embedder& built_in_embedder();

// What `embedder` makes of a track, a byte a number. Vectors of another size than it states, or without a direction,
// give nothing at all.
Embeddings embed(const Embedder& embedder, const Features& features, const TrackAnalysis& analysis);

// The cosine of the angle between two vectors of one embedder: 1 the same direction, 0 nothing in common, -1 opposite.
// Of different sizes, or without a direction: 0.
double similarity(std::span<const std::int8_t> a, std::span<const std::int8_t> b);

// Sixteen beats of the grid from `beat` on.
Stretch stretch_from(const TrackAnalysis& analysis, double beat);

}  // namespace tactus::analysis
