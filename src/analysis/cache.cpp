#include "analysis/cache.h"

#include <fstream>
#include <sstream>

#include "analysis/edits.h"
#include "analysis/user_files.h"
#include "analysis/waveform.h"
#include "media/content_id.h"

namespace tactus::analysis {

Cache::Cache(std::string folder)
    : folder_(folder.empty() ? user_folder("XDG_CACHE_HOME", ".cache", "analysis") : std::move(folder)) {}

std::string Cache::path(const std::string& id) const {
  return folder_ + "/" + id + "-" + std::to_string(kLayout) + ".json";
}

std::optional<TrackAnalysis> Cache::find(const std::string& id) const {
  if (folder_.empty()) return std::nullopt;
  std::ifstream file(path(id), std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return parse_json(text.str());
}

media::Status Cache::store(const std::string& id, const TrackAnalysis& analysis) const {
  if (folder_.empty()) return media::Error{"", "neither XDG_CACHE_HOME nor HOME names a folder for the cache"};
  return write_whole(path(id), to_json(analysis) + '\n');
}

std::string Cache::waveform(const std::string& id) const {
  return folder_.empty() ? std::string() : folder_ + "/" + id + "-" + std::to_string(kWaveformVersion) + ".wave";
}

media::Result<TrackAnalysis> analyze_cached(const std::string& path, const Cache& cache, const EditStore& edits,
                                            const Progress& progress,
                                            const std::function<void(const TrackAnalysis&)>& provisional) {
  const media::Result<std::string> id = media::content_id(path);
  if (!id) return id.error();
  const std::string picture = cache.waveform(id.value());
  const auto drawn = Waveform::open(picture);
  const bool undrawn = !picture.empty() && !(drawn && drawn->complete());
  std::optional<TrackAnalysis> known = cache.find(id.value());
  const Edits edited = edits.find(id.value());
  if (known && known->up_to_date()) {
    if (undrawn) (void)draw_waveform(path, picture);
    apply(edited, *known);
    return *known;
  }
  Alongside alongside{undrawn ? picture : std::string(), {}};
  const auto tell = [&](TrackAnalysis early) {
    apply(edited, early);
    provisional(early);
  };
  if (provisional && known) {
    tell(*known);
  } else if (provisional) {
    alongside.provisional = tell;
  }
  media::Result<TrackAnalysis> made = analyze_file(path, progress, alongside, known.value_or(TrackAnalysis{}));
  if (!made) return made;
  (void)cache.store(id.value(), made.value());
  apply(edited, made.value());
  return made;
}

}  // namespace tactus::analysis
