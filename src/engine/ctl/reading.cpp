#include "engine/ctl/reading.h"

#include <algorithm>

#include "engine/rt/pcm_window.h"
#include "engine/rt/voice.h"

namespace tactus::ctl {

namespace {

// Cross-fades what comes after a fold with what would have come without it.
bool fade(const lockfree::ChunkTable& pcm, const msg::Reading::Fade& f, std::int64_t first, int n, float* out) {
  const int channels = pcm.channels();
  float straight[kSplice * rt::kMaxChannels];
  if (!rt::gather(pcm, f.from - f.back, kSplice, straight)) return false;
  for (int i = 0; i < kSplice; ++i) {
    const std::int64_t at = f.from + i - first;
    if (at < 0 || at >= n) continue;
    const float x = static_cast<float>(i + 1) / (kSplice + 1);
    const float g = f.forwards ? x : 1 - x;  // weight of the folded side
    for (int c = 0; c < channels; ++c) {
      float& y = out[at * channels + c];
      y = y * g + straight[i * channels + c] * (1 - g);
    }
  }
  return true;
}

}  // namespace

bool read_chunk(const lockfree::ChunkTable& pcm, msg::Reading& reading, int n, float* out) {
  const int channels = pcm.channels();
  if (reading.silent) {
    std::fill(out, out + static_cast<std::ptrdiff_t>(n) * channels, 0.0f);
    return true;
  }
  std::int64_t at = reading.first, back = reading.back;
  for (std::size_t e = 0; e <= reading.edges.size(); ++e) {
    const bool last = e == reading.edges.size();
    const std::int64_t end = last ? reading.first + n : reading.edges[e].at;
    if (!rt::gather(pcm, at - back, static_cast<int>(end - at), out + (at - reading.first) * channels)) return false;
    at = end;
    if (!last) back = reading.edges[e].back;
  }
  for (std::size_t i = 0; i < reading.fades.size();) {
    if (fade(pcm, reading.fades[i], reading.first, n, out)) {
      ++i;
    } else {
      reading.fades.erase(i);
    }
  }
  return true;
}

}  // namespace tactus::ctl
