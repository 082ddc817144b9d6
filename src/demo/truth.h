// The truth about a rendered song, as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "demo/master.h"
#include "demo/render.h"
#include "demo/song.h"

namespace tactus::demo {

// Raise it when a song or the synthesis changes: crates on disk are then made anew.
constexpr int kCrateVersion = 1;

nlohmann::json truth_of(const Song& song, const Rendered& rendered, int first_bar, const Loudness& loudness);

// The same, for `tactus eval` (docs/formats.md): a line of truth.jsonl. `truth` is that beside the track, with its cut.
nlohmann::json eval_truth_of(const Song& song, const nlohmann::json& truth);

}  // namespace tactus::demo
