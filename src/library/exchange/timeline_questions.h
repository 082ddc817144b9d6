// Where the moment from which a source counts can't be known: what settles it, and what is to be asked.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "library/exchange/sources.h"
#include "library/foreign/timeline.h"

namespace tactus::library {

// Tracks that are alike: of the same program, codec and kind of header.
struct TimelineQuestion {
  std::string why;             // Timeline::why: what they are, and what isn't known
  std::string because;         // what makes the proposal the likeliest
  std::size_t tracks = 0;      // of the source
  double least = 0, most = 0;  // seconds: by what positions would move, the likeliest of each of them
  std::vector<double> others;  // seconds: what else is possible for the first of them
};

// What an import of the source would leave to wait: not what an earlier import or the beats that were heard settle.
// `path`: as import_library's. Only reads; throws StoreError.
std::vector<TimelineQuestion> timeline_questions(Database& db, const ForeignLibrary& library, const std::string& path);

// What is known of a timeline of `track` that doesn't say it itself; `before`: of the last import, or null; `mine`: the
// library's track, or null. Adds to `why` by what it goes. Nothing: it is still not known.
std::optional<double> settled_offset(const Timeline& line, const ForeignTrack& track, const SourceItem* before,
                                     const Track* mine, std::string& why);

bool has_positions(const ForeignTrack& track);

}  // namespace tactus::library
