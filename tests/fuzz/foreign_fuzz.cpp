// Any bytes as another program's library, of each kind that a name tells: nothing, or tracks and lists that hold
// together.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "library/foreign/foreign.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::library;
  if (size == 0) return 0;
  constexpr const char* kNames[] = {"x.xml", "x.m3u8", "x.pls", "x.csv", "x.cue"};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string error;
  const auto found = read_foreign(text, "/f", kNames[data[0] % std::size(kNames)], &error);
  if (!found) {
    if (error.empty()) std::abort();
    return 0;
  }
  for (const ForeignTrack& t : found->tracks) {
    if (!std::isfinite(t.bpm) || !std::isfinite(t.length) || t.rating > 5) std::abort();
    for (const ForeignCue& c : t.cues) {
      if (!std::isfinite(c.seconds)) std::abort();
    }
  }
  for (const ForeignPlaylist& p : found->playlists) {
    for (const std::size_t i : p.tracks) {
      if (i >= found->tracks.size()) std::abort();
    }
  }
  return 0;
}
