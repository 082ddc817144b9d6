// Levels. What bends a peak bends it in the stems, by one gain for all of them: the mix stays the plain sum of the
// stems, exactly. Offline.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tactus::demo {

// Look-ahead limiter over whole stems (interleaved stereo, equally long), in place: afterwards no sample of their sum
// is beyond `limit`. One gain curve multiplies all of them: the minimum over the next 6 ms, released in ~90 ms, then
// averaged over as long, so that it never jumps.
void limit(std::span<std::vector<float>> stems, int rate, float limit);

struct Loudness {
  double lufs = -70;           // integrated, EBU R128
  double true_peak_db = -200;  // dBTP
};
// Of the sum of the parts, which are interleaved stereo and equally long.
Loudness measure(std::span<const std::vector<float>> parts, int rate);

// Brings the sum to `lufs`, or as near as a true peak of -1 dBTP allows when peaks are bent by at most `bend_db`: the
// limiter above, then one constant for everything. Returns what the result measures.
Loudness master(std::span<std::vector<float>> stems, int rate, double lufs, double bend_db = 5);

}  // namespace tactus::demo
