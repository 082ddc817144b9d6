// What phrases sound like, in plain words that people look for: "dark rolling heavy bass, busy, instrumental".
#pragma once

#include <string>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/waveform.h"

namespace tactus::analysis {

// Words for each of `analysis.phrases`, in their order, separated by spaces, none twice. With the track's waveform also
// dark or bright, heavy, thin or rolling bass, busy, sparse or beatless, loud or quiet, rising or falling; what lies in
// between gets no word. docs/library.md says what each means. Offline, thread-safe; some milliseconds a track.
std::vector<std::string> phrase_words(const TrackAnalysis& analysis, const Waveform* waveform = nullptr);

}  // namespace tactus::analysis
