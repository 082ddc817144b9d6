// What somebody has set right about a track by hand, or brought along from another program's library: it goes before
// whatever an analysis finds, now and later. One JSON file a track in $XDG_DATA_HOME/tactus/edits (by default
// ~/.local/share/tactus/edits), named by the content of the music file: apart from analyses, so that no analyser,
// however new, writes over it, and no cleared cache loses it.
//
// Any thread and any number of processes: files appear whole or not at all. What makes no sense counts as absent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/cache.h"
#include "media/result.h"

namespace tactus::analysis {

struct Edits {
  // In place of the one that was found, four beats to a bar from beat 0 on. Never an empty one.
  std::optional<std::vector<Anchor>> grid;
  std::optional<music::Key> key;  // of the whole track
  bool operator==(const Edits&) const = default;
};

// Both are sure (confidence 1) then; phrases keep their places, by the new grid's bars.
void apply(const Edits& edits, TrackAnalysis& analysis);

class EditStore {
 public:
  // `folder` empty: the XDG one. It is created when first written to.
  explicit EditStore(std::string folder = {});
  const std::string& folder() const { return folder_; }
  // `id`: media::content_id() of the music file. No edits: an empty Edits.
  Edits find(const std::string& id) const;
  // Empty ones take the file away.
  media::Status store(const std::string& id, const Edits& edits) const;

 private:
  std::string path(const std::string& id) const;
  std::string folder_;
};

// What is known of a track: the cache's analysis under what somebody has set right. Nothing where that is outdated.
std::optional<TrackAnalysis> find_known(const Cache& cache, const EditStore& edits, const std::string& id);

// One line of JSON; parse_edits gives nothing for what isn't whole and plausible.
std::string to_json(const Edits& edits);
std::optional<Edits> parse_edits(std::string_view text);

}  // namespace tactus::analysis
