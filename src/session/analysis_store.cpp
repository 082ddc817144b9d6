#include "session/analysis_store.h"

#include <cstdlib>
#include <future>

#include "analysis/cache.h"
#include "analysis/edits.h"
#include "media/content_id.h"

namespace tactus::session {

std::optional<analysis::TrackAnalysis> AnalysisStore::cached(const std::string& path) const {
  const auto id = media::content_id(path);
  if (!id) return std::nullopt;
  return analysis::find_known(analysis::Cache(), analysis::EditStore(), id.value());
}

void AnalysisStore::known(const std::string& path, OnCues cues, Done done) {
  ask("known", path, media::Lane::normal, std::move(done), {}, [cues = std::move(cues)](const std::string& text) {
    if (auto stored = analysis::parse_stored_cues(text)) cues(std::move(*stored));
  });
}

void AnalysisStore::get(const std::string& path, media::Lane lane, Done done, Progress progress,
                        Provisional provisional) {
  // The worker looks into the cache first, and writes it.
  ask("analyze", path, lane, std::move(done), std::move(progress),
      [provisional = std::move(provisional)](const std::string& text) {
        auto early = analysis::parse_json(text);
        if (early && provisional) provisional(std::move(*early));
      });
}

void AnalysisStore::content(const std::string& path, std::function<void(std::string)> done) {
  media::Job job;
  job.kind = "content";
  job.lane = media::Lane::idle;
  job.path = path;
  pool_.submit(std::move(job), [done = std::move(done)](media::JobEvent&& e) {
    if (e.kind == media::JobEvent::Kind::done) done(e.text);
  });
}

void AnalysisStore::ask(const char* kind, const std::string& path, media::Lane lane, Done done, Progress progress,
                        std::function<void(const std::string&)> info) {
  media::Job job;
  job.kind = kind;
  job.lane = lane;
  job.path = path;
  pool_.submit(std::move(job), [path, done = std::move(done), progress = std::move(progress),
                                info = std::move(info)](media::JobEvent&& e) {
    switch (e.kind) {
      case media::JobEvent::Kind::progress:
        if (progress) progress(std::strtod(e.text.c_str(), nullptr));
        break;
      case media::JobEvent::Kind::info:
        info(e.text);
        break;
      case media::JobEvent::Kind::done: {
        auto found = analysis::parse_json(e.text);
        if (found) {
          done(std::move(*found));
        } else {
          done(media::Error{path, "the analysis came back unreadable"});
        }
        break;
      }
      case media::JobEvent::Kind::failed:
        done(std::move(e.error));
        break;
      default:
        break;
    }
  });
}

media::Result<analysis::TrackAnalysis> AnalysisStore::get(const std::string& path, media::Lane lane) {
  std::promise<media::Result<analysis::TrackAnalysis>> answer;
  get(path, lane, [&](media::Result<analysis::TrackAnalysis> found) { answer.set_value(std::move(found)); });
  return answer.get_future().get();
}

}  // namespace tactus::session
