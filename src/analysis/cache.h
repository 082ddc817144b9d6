// Analyses on disk, so that no file is analysed twice: one JSON file and one waveform each in
// $XDG_CACHE_HOME/tactus/analysis (by default ~/.cache/tactus/analysis), named by the content of the music file and
// kLayout or kWaveformVersion. Nothing is written beside the music.
//
// Any thread and any number of processes: files appear whole or not at all (a waveform at its whole length, and fills
// in). What can't be read, has another layout or makes no sense counts as absent and is written anew; of what an older
// build found, only the parts that this one finds better (Versions).
#pragma once

#include <optional>
#include <string>

#include "analysis/analysis.h"
#include "media/result.h"

namespace tactus::analysis {

class Cache {
 public:
  // `folder` empty: the XDG one. It is created when first written to.
  explicit Cache(std::string folder = {});

  const std::string& folder() const { return folder_; }
  // `id`: media::content_id() of the music file.
  // It may be outdated (TrackAnalysis::up_to_date).
  std::optional<TrackAnalysis> find(const std::string& id) const;
  media::Status store(const std::string& id, const TrackAnalysis& analysis) const;
  // Where the waveform of that file is, or would be (analysis/waveform.h); empty where there is no folder.
  std::string waveform(const std::string& id) const;

 private:
  std::string path(const std::string& id) const;
  std::string folder_;
};

class EditStore;

// From the cache, else analysed here and now and put there, the waveform, too; over it goes what somebody has set right
// (edits.h). A cache that can't be written to costs nothing but time. `provisional`: as Alongside's; an outdated
// analysis comes there at once.
media::Result<TrackAnalysis> analyze_cached(const std::string& path, const Cache& cache, const EditStore& edits,
                                            const Progress& progress = {},
                                            const std::function<void(const TrackAnalysis&)>& provisional = {});

}  // namespace tactus::analysis
