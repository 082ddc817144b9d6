// tactus eval: analyses tracks whose truth is known, and judges what was found.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "eval/judge.h"
#include "eval/rivals.h"
#include "eval/truth.h"

namespace tactus::app {

// One track, by every analyser: ours first, then the rivals in the order asked for.
struct EvalTrack {
  std::optional<std::string> error;  // then the rest is empty
  double seconds = 0;                // of music
  std::vector<eval::Judgement> by;
  std::vector<double> cpu_seconds;  // decoding included
};

struct EvalOptions {
  unsigned jobs = 1;
  std::vector<const eval::Rival*> rivals;
};

// share: 0 to 1 of all the work; called from the working threads, one call at a time.
using EvalProgress = std::function<void(double share, const std::string& name)>;

// In the order of `truths`. Analyses anew, in this process; no cache is read or written.
std::vector<EvalTrack> run_eval(const std::vector<eval::Truth>& truths, const EvalOptions& options,
                                const EvalProgress& progress);

}  // namespace tactus::app
