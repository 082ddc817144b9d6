// What Rubber Band itself makes of a mono signal at 48 kHz, to compare our reader with: the best it can do offline, and
// a bare loop over it in realtime.
#pragma once

#include <rubberband/RubberBandStretcher.h>

#include <algorithm>
#include <vector>

#include "media/stretch.h"

namespace tactus::media::test {

using Library = RubberBand::RubberBandStretcher;

inline void drain(Library& library, std::vector<float>& out) {
  for (int n = library.available(); n > 0; n = library.available()) {
    out.resize(out.size() + static_cast<std::size_t>(n));
    float* to = out.data() + out.size() - n;
    library.retrieve(&to, static_cast<std::size_t>(n));
  }
}

// ratio: output frames a source frame.
inline std::vector<float> offline_render(const std::vector<float>& source, double ratio) {
  Library library(48000, 1, Library::OptionEngineFiner, ratio);
  const float* all = source.data();
  library.study(&all, source.size(), true);
  library.setMaxProcessSize(1024);
  std::vector<float> out;
  for (std::size_t at = 0; at < source.size(); at += 1024) {
    const float* in = source.data() + at;
    const std::size_t n = std::min<std::size_t>(1024, source.size() - at);
    library.process(&in, n, at + n == source.size());
    drain(library, out);
  }
  return out;
}

// With the options of a reader of mode r3; `pitched` as in StretchReader.
inline std::vector<float> bare_render(const std::vector<float>& source, double ratio, bool pitched) {
  Library library(48000, 1,
                  Library::OptionProcessRealTime | Library::OptionEngineFiner | Library::OptionWindowShort |
                      (pitched ? Library::OptionPitchHighConsistency : 0),
                  ratio);
  library.setMaxProcessSize(StretchVoice::kChunk);
  std::vector<float> padded(library.getPreferredStartPad()), out;
  const std::size_t delay = library.getStartDelay();
  padded.insert(padded.end(), source.begin(), source.end());
  for (std::size_t at = 0; at + StretchVoice::kChunk <= padded.size(); at += StretchVoice::kChunk) {
    const float* in = padded.data() + at;
    library.process(&in, StretchVoice::kChunk, false);
    drain(library, out);
  }
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(delay));
  return out;
}

}  // namespace tactus::media::test
