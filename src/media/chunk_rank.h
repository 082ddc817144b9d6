// How much each chunk of a track is needed: the one order by which the cache decodes and drops. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tactus::media {

// Where a track is or may soon be read, in frames of the track.
struct Interests {
  std::vector<std::int64_t> pins;    // most important first
  std::optional<std::int64_t> want;  // a jump that is about to happen
  std::int64_t hold_from = 0;        // a range that a renderer waits for
  std::int64_t hold_to = 0;
};

constexpr double kPinnedSeconds = 30;   // kept on both sides of a pin
constexpr double kWantedSeconds = 10;   // kept ahead of a wanted frame
constexpr double kUrgentRank = 3;       // what a deck may hear within that many seconds
constexpr double kUnpinnedRank = 1000;  // and above: nothing near refers to it

// A rank for each of `count` chunks of `chunk_frames` at `rate`; smaller is needed more. Held chunks rank below -1000,
// wanted ones below 0, pinned ones in 0 to about 32, the rest from kUnpinnedRank up: first what follows the first pin.
std::vector<float> rank_chunks(const Interests& interests, std::int64_t count, std::int64_t chunk_frames, int rate);

// Whether a chunk of rank `victim` may be dropped for one of rank `candidate`. The margin keeps two chunks of about
// equal rank from displacing each other for ever.
bool may_displace(float candidate, float victim);

}  // namespace tactus::media
