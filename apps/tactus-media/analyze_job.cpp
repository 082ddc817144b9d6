#include <string>

#include "analysis/cache.h"
#include "jobs.h"

namespace tactus::worker {

media::Result<std::string> analyze_job(const JobRequest& request, JobContext& context) {
  double told = -1;
  const auto progress = [&](double share) {
    constexpr double kStep = 0.01;  // finer steps are noise to a reader and traffic to the pool
    if (share >= told + kStep || share == 1) {
      context.progress(std::to_string(share));
      told = share;
    }
    return !context.cancelled();
  };
  const media::Result<analysis::TrackAnalysis> made =
      analysis::analyze_cached(request.path, analysis::Cache(request.text), progress);
  if (!made) return made.error();
  return analysis::to_json(made.value());
}

}  // namespace tactus::worker
