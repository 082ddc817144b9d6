// An analysis as the library keeps it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/analysis.h"
#include "library/store/facts.h"

namespace tactus::app {

// Of the analysis as it was found, without anybody's edits; those have their own place in the library. `content`:
// media::content_id of the file. `words`: of its phrases (analysis/words.h), where they are known from elsewhere; else
// words_of(). Any thread; reads the disk.
library::Facts facts_of(const analysis::TrackAnalysis& analysis, const std::string& content,
                        const std::optional<std::vector<std::string>>& words = std::nullopt);

// Words of the phrases, by the waveform that the cache has of the file, if it has one. Any thread; reads the disk.
std::vector<std::string> words_of(const analysis::TrackAnalysis& analysis, const std::string& content);

// Facts::versions: greater, whenever a part is from a newer analyser.
int facts_version(const analysis::Versions& versions);

}  // namespace tactus::app
