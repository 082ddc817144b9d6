// What tactus eval prints.
#pragma once

#include <string>
#include <vector>

#include "eval/truth.h"
#include "eval_run.h"

namespace tactus::app {

// names: "tactus", then the rivals, as EvalTrack::by.
std::string eval_tables(const std::vector<eval::Truth>& truths, const std::vector<EvalTrack>& tracks,
                        const std::vector<std::string>& names, bool each_track);
std::string eval_json(const std::vector<eval::Truth>& truths, const std::vector<EvalTrack>& tracks,
                      const std::vector<std::string>& names);

}  // namespace tactus::app
