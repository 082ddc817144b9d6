// A planned set, live: a client of the engine that hands the plan on as it comes due, goes on analysing, plans again
// what hasn't started, and listens to the keyboard.
#pragma once

#include <string>
#include <vector>

#include "mix_set.h"
#include "session/mix_plan.h"

namespace tactus::app {

struct LiveMixOptions {
  std::string session;             // the session's folder; empty: the default one
  std::vector<std::string> words;  // options of the engine that is started when none runs
  session::MixOptions mix;
};

// Plays until the set ends or the user says so. `began` stays false when no engine could be started, and then `error`
// says why. An exit code. `workers` do the analyses.
int live_mix(Analyses& analyses, media::WorkerPool& workers, const LiveMixOptions& options, bool* began,
             std::string* error);

}  // namespace tactus::app
