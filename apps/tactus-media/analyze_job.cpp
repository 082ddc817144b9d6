#include <string>

#include "analysis/cache.h"
#include "analysis/cues.h"
#include "analysis/edits.h"
#include "jobs.h"
#include "media/content_id.h"

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
      analysis::analyze_cached(request.path, analysis::Cache(request.text), analysis::EditStore(), progress,
                               [&](const analysis::TrackAnalysis& early) { context.info(analysis::to_json(early)); });
  if (!made) return made.error();
  return analysis::to_json(made.value());
}

media::Result<std::string> known_job(const JobRequest& request, JobContext& context) {
  const media::Result<std::string> id = media::content_id(request.path);
  if (!id) return id.error();
  analysis::CueStore::Found stored = analysis::CueStore().find(id.value());
  context.info(analysis::to_json(analysis::StoredCues{id.value(), std::move(stored.cues), std::move(stored.trouble)}));
  const auto found = analysis::find_known(analysis::Cache(request.text), analysis::EditStore(), id.value());
  if (!found) return media::Error{request.path, "it isn't analysed yet"};
  return analysis::to_json(*found);
}

media::Result<std::string> content_job(const JobRequest& request, JobContext&) {
  return media::content_id(request.path);
}

}  // namespace tactus::worker
