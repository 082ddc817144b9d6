#include "library/phrases/entry_bits.h"

#include <algorithm>
#include <cmath>

namespace tactus::library {

namespace {

constexpr int kNoKey = 31;
constexpr double kVocalSteps = 250;

bool within(const NumberRange& range, double value) {
  constexpr double kRounding = 1e-9;
  return value >= range.low - kRounding && value <= range.high + kRounding;
}

// Those numbers of `bits` whose hundredths lie in the range.
void let_in(std::array<std::uint64_t, 1024>& bits, double low, double high) {
  constexpr double kRounding = 1e-6;
  const auto first = static_cast<std::size_t>(std::clamp(std::ceil(100 * low - kRounding), 1.0, 65536.0));
  const auto last = static_cast<std::size_t>(std::clamp(std::floor(100 * high + kRounding), 0.0, 65535.0));
  for (std::size_t i = first; i <= last; ++i) bits[i >> 6] |= 1ULL << (i & 63);
}

}  // namespace

EntryBits pack(const PhraseEntry& entry) {
  EntryBits out;
  const double bpm = entry.bpm.value_or(0);
  if (bpm > 0 && bpm < 655) out.bpm = static_cast<std::uint16_t>(std::lround(100 * bpm));
  const int key = entry.key && *entry.key >= 0 && *entry.key < 24 ? *entry.key : kNoKey;
  const int energy = std::clamp(entry.energy.value_or(0), 0, 10);
  const int label = entry.label > 0 && entry.label < std::ssize(kPhraseLabels) ? entry.label : 0;
  out.kind = static_cast<std::uint16_t>(key | energy << 5 | label << 9);
  if (entry.vocals) {
    out.vocals = static_cast<std::uint8_t>(std::lround(kVocalSteps * std::clamp(*entry.vocals, 0.0, 1.0)));
  }
  return out;
}

PhraseEntry unpack(std::int64_t id, std::int64_t track, const EntryBits& bits) {
  PhraseEntry out{.id = id, .track = track};
  if (bits.bpm > 0) out.bpm = bits.bpm / 100.0;
  if ((bits.kind & 31) < 24) out.key = bits.kind & 31;
  if ((bits.kind >> 5 & 15) > 0) out.energy = bits.kind >> 5 & 15;
  out.label = bits.kind >> 9 & 7;
  if (bits.vocals != 255) out.vocals = bits.vocals / kVocalSteps;
  return out;
}

ReadyFilter::ReadyFilter(const PhraseFilter& filter)
    : all_(filter.all()), but_(filter.but_track.has_value()), but_track_(filter.but_track.value_or(0)) {
  if (all_) {
    bpm_.fill(~0ULL);
    kind_.fill(1);
    vocals_.fill(~0ULL);
    return;
  }
  if (filter.bpm) {
    for (const double octave : {0.5, 1.0, 2.0}) let_in(bpm_, octave * filter.bpm->low, octave * filter.bpm->high);
  } else {
    bpm_.fill(~0ULL);
  }
  for (int i = 0; i < std::ssize(kind_); ++i) {
    const int key = i & 31, energy = i >> 5 & 15, label = i >> 9;
    const bool in = (filter.keys == 0 || (key < 24 && (filter.keys >> key & 1) != 0)) &&
                    (!filter.energy || (energy > 0 && within(*filter.energy, energy))) &&
                    (filter.labels == 0 || (filter.labels >> label & 1) != 0);
    kind_[static_cast<std::size_t>(i)] = in;
  }
  for (unsigned i = 0; i < 256; ++i) {
    const bool in = !filter.vocals || (i != 255 && within(*filter.vocals, i / kVocalSteps));
    vocals_[i >> 6] |= static_cast<std::uint64_t>(in) << (i & 63);
  }
}

}  // namespace tactus::library
