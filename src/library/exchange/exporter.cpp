#include "library/exchange/exporter.h"

#include <unordered_map>
#include <unordered_set>

#include "library/exchange/change_track.h"
#include "library/exchange/importer.h"
#include "library/foreign/timeline.h"

namespace tactus::library {

namespace {

// Of a format that is one playlist a file: the import that the crate comes from.
std::optional<Source> source_of_crate(Database& db, const std::string& format, const std::string& crate) {
  std::vector<std::string> paths;
  db.statement("SELECT path FROM source WHERE format = ?1 ORDER BY imported DESC LIMIT 1000")
      .bind(format)
      .each([&](const Statement& s) { paths.push_back(s.text(0)); });
  for (const std::string& path : paths) {
    auto source = read_source(db, format, path);
    if (source && source->playlists.size() == 1 && crate_path_of(format, source->playlists[0]) == crate) return source;
  }
  return std::nullopt;
}

class Exporting {
 public:
  Exporting(Database& db, const std::string& format, const ExportOptions& options, std::vector<std::string>& notes)
      : db_(db), options_(options), notes_(notes) {
    out_.format = format;
    folder_ = crate_folder_of(format);
    if (options.crates.empty() && !folder_.empty()) base_ = read_source(db, format, {});
    if (options.crates.size() == 1 && folder_.empty()) base_ = source_of_crate(db, format, options.crates[0]);
    if (base_ && base_->undone) base_.reset();
  }

  ForeignLibrary run() {
    if (base_) take_base();
    if (options_.crates.empty()) {
      if (!folder_.empty()) all_tracks();
      crates_below(std::nullopt);
    }
    for (const std::string& path : options_.crates) {
      const auto crate = find_crate(db_, path);
      if (!crate) throw StoreError(StoreError::Kind::refused, "there is no crate " + path);
      tree(*read_crate(db_, *crate));
    }
    if (guessed_ > 0) {
      notes_.push_back("where " + out_.format + " begins to count isn't known for " + std::to_string(guessed_) +
                       " tracks: their positions are put where that is likeliest");
    }
    if (waiting_ > 0) {
      notes_.push_back("cues, loops and grids of " + std::to_string(waiting_) + " tracks stay as " + out_.format +
                       " has them, since from where on it counts isn't known for them: import it again");
    }
    if (loops_ > 0) {
      notes_.push_back("the pads that " + std::to_string(loops_) +
                       " loops were on aren't kept from one program to another");
    }
    if (smart_ > 0) notes_.push_back(std::to_string(smart_) + " smart crates are left out");
    return std::move(out_);
  }

 private:
  // All tracks of the source in their order, and its playlists that are still crates.
  void take_base() {
    out_.program = base_->program;
    out_.kept = base_->kept;
    for (const SourceItem& item : base_->items) {
      const auto mine = item.id ? read_track(db_, *item.id) : std::nullopt;
      if (mine) place_.emplace(*item.id, out_.tracks.size());
      waiting_ += mine && !item.offset && (!mine->marks.empty() || mine->grid_by_hand);
      ForeignTrack now = mine ? changed_track(item, *mine, out_.format) : item.track;
      if (now.path == item.track.path) now.path = path_there(now.path);
      out_.tracks.push_back(std::move(now));
    }
    for (const ForeignPlaylist& p : base_->playlists) {
      const auto crate = find_crate(db_, crate_path_of(base_->format, p));
      if (!crate) continue;
      done_.insert(*crate);
      std::vector<TrackId> before;
      for (const std::size_t i : p.tracks)
        if (base_->items[i].id) before.push_back(*base_->items[i].id);
      ForeignPlaylist now = p;
      const std::vector<TrackId> tracks = tracks_of(*read_crate(db_, *crate));
      if (tracks != before) now.tracks = places(tracks);
      out_.playlists.push_back(std::move(now));
    }
  }

  // As the source has it, which was read with other beginnings of paths.
  std::string path_there(const std::string& path) const {
    for (const auto& [from, to] : base_->map) {
      if (!path.starts_with(to)) continue;
      const std::string there = from + path.substr(to.size());
      if (mapped_path(there, base_->map) == path) return there;
    }
    return path;
  }

  void all_tracks() {
    std::int64_t after = 0;
    std::vector<TrackId> page;
    do {
      page.clear();
      db_.statement("SELECT id FROM track WHERE id > ?1 ORDER BY id LIMIT ?2")
          .bind(after, kMostRows)
          .each([&](const Statement& s) { page.push_back(s.integer(0)); });
      for (const TrackId id : page) place(id);
      if (!page.empty()) after = page.back();
    } while (!page.empty());
  }

  void crates_below(std::optional<CrateId> folder) {
    for (const Crate& crate : crates_in(db_, folder)) tree(crate);
  }

  void tree(const Crate& crate) {
    if (crate.kind == CrateKind::folder) return crates_below(crate.id);
    if (done_.contains(crate.id)) return;
    if (crate.kind == CrateKind::smart && !options_.smart) {
      ++smart_;
      return;
    }
    out_.playlists.push_back({path_names(crate), places(tracks_of(crate)), ForeignList::list});
  }

  // Without the folder that this program's own playlists lie in.
  std::vector<std::string> path_names(const Crate& crate) {
    std::vector<std::string> out = {crate.name};
    for (auto parent = crate.parent; parent;) {
      const auto above = read_crate(db_, *parent);
      if (!above) break;
      out.insert(out.begin(), above->name);
      parent = above->parent;
    }
    if (out.size() > 1 && out[0] == folder_) out.erase(out.begin());
    return out;
  }

  std::vector<TrackId> tracks_of(const Crate& crate) {
    if (crate.kind == CrateKind::smart) return options_.smart ? options_.smart(crate) : std::vector<TrackId>();
    std::vector<TrackId> out, page;
    do {
      page = crate_tracks(db_, crate.id, static_cast<std::int64_t>(out.size()), kMostRows);
      out.insert(out.end(), page.begin(), page.end());
    } while (page.size() == static_cast<std::size_t>(kMostRows));
    return out;
  }

  std::vector<std::size_t> places(const std::vector<TrackId>& tracks) {
    std::vector<std::size_t> out;
    for (const TrackId id : tracks)
      if (const auto at = place(id)) out.push_back(*at);
    return out;
  }

  // Where the track is in what is written; it is added where it isn't yet.
  std::optional<std::size_t> place(TrackId id) {
    if (const auto found = place_.find(id); found != place_.end()) return found->second;
    const auto mine = read_track(db_, id);
    if (!mine) return std::nullopt;
    double offset = 0;
    if (!mine->marks.empty() || !mine->grid.empty()) {
      const Timeline line = timeline_of(out_.format, path_of(*mine));
      offset = line.offset.value_or(line.proposed);
      guessed_ += !line.offset;
    }
    place_.emplace(id, out_.tracks.size());
    out_.tracks.push_back(new_track(*mine, offset));
    if (!folder_.empty()) loops_ += out_.tracks.back().loops.size();
    return out_.tracks.size() - 1;
  }

  Database& db_;
  const ExportOptions& options_;
  std::vector<std::string>& notes_;
  std::string folder_;
  std::optional<Source> base_;
  ForeignLibrary out_;
  std::unordered_map<TrackId, std::size_t> place_;
  std::unordered_set<CrateId> done_;
  std::size_t guessed_ = 0, smart_ = 0, waiting_ = 0, loops_ = 0;
};

}  // namespace

ForeignLibrary export_library(Database& db, const std::string& format, const ExportOptions& options,
                              std::vector<std::string>& notes) {
  return Exporting(db, format, options, notes).run();
}

}  // namespace tactus::library
