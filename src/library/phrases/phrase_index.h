// What a phrase index is asked: which phrases sound most like this one, of those that a filter lets through. An
// interface, so that a vector database can take the place of the index on this machine (local_index.h) when a
// collection outgrows it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tactus::library {

// Labels that phrases have; bit i of PhraseFilter::labels is kPhraseLabels[i]. The first stands for any other.
constexpr std::array<std::string_view, 7> kPhraseLabels = {"", "intro", "verse", "build", "drop", "break", "outro"};

// What an index knows of a phrase beside its vector.
struct PhraseEntry {
  std::int64_t id = 0;  // 0 or more, its own for ever
  std::int64_t track = 0;
  std::optional<double> bpm{};
  std::optional<int> key{};        // music::Key::index()
  std::optional<int> energy{};     // 1 to 10
  int label = 0;                   // of kPhraseLabels
  std::optional<double> vocals{};  // share of it in which somebody sings, 0 to 1
};

struct NumberRange {
  double low = 0, high = 0;  // both included
};

// What isn't known of a phrase is let through only where nothing is asked of it.
struct PhraseFilter {
  std::optional<NumberRange> bpm{};  // to 0.01; half and double of what is asked for count as well
  std::uint32_t keys = 0;            // bit music::Key::index(); 0: any
  std::optional<NumberRange> energy{};
  std::uint32_t labels = 0;  // bit of kPhraseLabels; 0: any
  std::optional<NumberRange> vocals{};
  std::optional<std::int64_t> but_track{};  // none of this track's

  bool all() const { return !bpm && keys == 0 && !energy && labels == 0 && !vocals; }  // but for but_track
};

struct PhraseHit {
  std::int64_t id = 0, track = 0;
  float similarity = 0;  // the cosine: 1 the same direction, 0 nothing in common
};

// Thread-safe: any number search while one adds and removes.
class PhraseIndex {
 public:
  virtual ~PhraseIndex() = default;
  // Takes the place of an entry of the same id. False: the vector is of another size than the index's, or has no
  // direction.
  virtual bool add(const PhraseEntry& entry, std::span<const std::int8_t> vector) = 0;
  virtual bool remove(std::int64_t id) = 0;  // false: there is none
  // The `k` nearest, the nearest first; fewer where there are no more. None where the vector doesn't fit.
  virtual std::vector<PhraseHit> search(std::span<const std::int8_t> vector, std::size_t k,
                                        const PhraseFilter& filter = {}) const = 0;
  virtual std::size_t size() const = 0;
};

}  // namespace tactus::library
