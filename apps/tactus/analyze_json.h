// What tactus analyze prints of a file.
#pragma once

#include <string>

#include "analysis/analysis.h"

namespace tactus::app {

// One line of JSON each; docs/formats.md.
std::string analysis_line(const std::string& file, const analysis::TrackAnalysis& analysis);
std::string failure_line(const std::string& file, const std::string& error);

// One line for people: tempo, key, loudness, length.
std::string analysis_words(const analysis::TrackAnalysis& analysis);

}  // namespace tactus::app
