#include "analysis/edits.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "analysis/grid.h"
#include "analysis/user_files.h"

namespace tactus::analysis {
namespace {

namespace fs = std::filesystem;

constexpr double kBar = 4;

}  // namespace

void apply(const Edits& edits, TrackAnalysis& a) {
  if (edits.grid) {
    std::vector<double> at;
    if (a.has_grid()) {
      for (const Phrase& p : a.phrases) at.push_back(a.seconds_of(p.beat));
    }
    a.grid = *edits.grid;
    a.metre.clear();
    a.bpm = median_bpm(a.grid, a.duration);
    a.alternative_bpm = alternative_to(a.bpm);
    a.tempo_confidence = a.confidence = a.downbeat_confidence = 1;
    a.grid_error_ms = 0;
    a.first_downbeat = a.seconds_of(0);
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double bar = kBar * std::round(a.beat_of(at[i]) / kBar);
      a.phrases[i].beat = i == 0 ? bar : std::max(bar, a.phrases[i - 1].beat + kBar);
    }
  }
  if (edits.key) {
    a.key = *edits.key;
    a.key_confidence = 1;
    a.keys = {{a.first_sound, a.key, 1}};
  }
}

EditStore::EditStore(std::string folder)
    : folder_(folder.empty() ? user_folder("XDG_DATA_HOME", ".local/share", "edits") : std::move(folder)) {}

std::string EditStore::path(const std::string& id) const { return folder_ + "/" + id + ".json"; }

Edits EditStore::find(const std::string& id) const {
  if (folder_.empty()) return {};
  std::ifstream file(path(id), std::ios::binary);
  return parse_edits(std::string(std::istreambuf_iterator<char>(file), {})).value_or(Edits{});
}

media::Status EditStore::store(const std::string& id, const Edits& edits) const {
  if (folder_.empty()) return media::Error{"", "neither XDG_DATA_HOME nor HOME names a folder for edits"};
  if (edits == Edits{}) {
    std::error_code error;
    fs::remove(path(id), error);
    if (error) return media::Error{path(id), "can't be removed: " + error.message()};
    return {};
  }
  return write_whole(path(id), to_json(edits) + '\n');
}

std::optional<TrackAnalysis> find_known(const Cache& cache, const EditStore& edits, const std::string& id) {
  std::optional<TrackAnalysis> known = cache.find(id);
  if (!known || !known->up_to_date()) return std::nullopt;
  apply(edits.find(id), *known);
  return known;
}

}  // namespace tactus::analysis
