#include "library/exchange/importer.h"

#include <cstdio>
#include <ctime>
#include <unordered_map>

#include "library/exchange/import_files.h"
#include "library/exchange/merge_track.h"
#include "library/exchange/sources.h"
#include "library/exchange/timeline_questions.h"
#include "library/store/crates.h"

namespace tactus::library {

namespace {

std::string milliseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.1f ms", 1000 * seconds);
  return text;
}

// One import, from the source to the report.
class Importing {
 public:
  Importing(Store& store, const ForeignLibrary& library, const std::string& path, const ImportOptions& options)
      : db_(store.db()), store_(store), library_(library), options_(options) {
    source_.format = library.format;
    source_.path = path;
    if (auto last = read_source(db_, library.format, path)) {
      source_.id = last->id;
      if (!last->undone) last_ = std::move(*last);
    }
    source_.program = library.program;
    source_.imported = static_cast<std::int64_t>(std::time(nullptr));
    source_.playlists = library.playlists;
    source_.kept = library.kept;
    source_.map = options.map;
    for (const SourceItem& item : last_.items) before_.emplace(item.track.path, &item);
  }

  ImportReport run() {
    report_.tracks = library_.tracks.size();
    report_.notes = library_.notes;
    ImportFiles files;
    if (!files.look(db_, library_, options_)) return stopped();
    Edit edit(store_, options_.who, "import " + library_.format + " " + source_.path);
    for (const ForeignTrack& t : library_.tracks) {
      const auto done = static_cast<double>(source_.items.size());
      if (options_.progress && source_.items.size() % 64 == 0 &&
          !options_.progress(0.5 + 0.5 * done / static_cast<double>(library_.tracks.size())))
        return stopped();
      const auto found = before_.find(t.path);
      const SourceItem* before = found == before_.end() ? nullptr : found->second;
      SourceItem item{t, std::nullopt, files.place(db_, t, before ? before->id : std::nullopt, report_)};
      item.offset = offset_of(t, before, *item.id);
      if (before && !is_still(*before, *item.id)) before = nullptr;
      merge_track(edit, library_.format, before, item, options_, report_);
      source_.items.push_back(std::move(item));
    }
    crates(edit);
    write_source(db_, source_, last_.id != 0);
    if (edit.commit()) remember_change(db_, source_);
    return std::move(report_);
  }

 private:
  ImportReport stopped() {
    report_.stopped = true;
    return std::move(report_);
  }

  // Where another track is now, nobody has taken from that one what the last import gave the first. One that is gone by
  // now was found to be this one, and lives on in it.
  bool is_still(const SourceItem& before, TrackId id) {
    return before.id == id || (before.id && !db_.integer("SELECT 1 FROM track WHERE id = ?1", *before.id));
  }

  std::optional<double> offset_of(const ForeignTrack& t, const SourceItem* before, TrackId id) {
    if (!has_positions(t)) return 0.0;
    const Timeline line = timeline_of(library_.format, t.path);
    std::optional<double> offset = line.offset;
    std::string why = line.why;
    if (!offset && !line.others.empty()) {
      const auto mine = read_track(db_, id);
      offset = settled_offset(line, t, before, mine ? &*mine : nullptr, why);
      if (!offset && (options_.accept_proposed || options_.accepted.contains(line.why))) {
        offset = line.proposed;
        why += "; the likeliest";
      }
    }
    if (offset) {
      ++report_.timelines[why + ": positions move by " + milliseconds(*offset)];
      return offset;
    }
    if (!line.others.empty()) why += "; likeliest is " + milliseconds(line.proposed);
    ++report_.timelines[why + ": positions wait"];
    report_.waiting.push_back(shown_path(t.path) + ": " + why);
    return std::nullopt;
  }

  std::vector<TrackId> ids(const std::vector<SourceItem>& items, const ForeignPlaylist& p) {
    std::vector<TrackId> out;
    for (const std::size_t i : p.tracks)
      if (items[i].id) out.push_back(*items[i].id);
    return out;
  }

  void crates(Edit& edit) {
    std::unordered_map<std::string, const ForeignPlaylist*> before;
    for (const ForeignPlaylist& p : last_.playlists) before.emplace(crate_path_of(last_.format, p), &p);
    for (const ForeignPlaylist& p : library_.playlists) {
      if (p.path.empty()) continue;
      const std::string path = crate_path_of(library_.format, p);
      const auto old = before.find(path);
      try {
        crate(edit, path, ids(source_.items, p),
              old == before.end() ? std::nullopt : std::optional(ids(last_.items, *old->second)));
      } catch (const StoreError& e) {
        if (e.kind() != StoreError::Kind::refused) throw;
        report_.notes.push_back("the playlist " + path + " becomes no crate: " + e.what());
      }
    }
  }

  void crate(Edit& edit, const std::string& path, const std::vector<TrackId>& now,
             const std::optional<std::vector<TrackId>>& before) {
    const auto there = find_crate(db_, path);
    if (!there && before) {
      if (!options_.overwrite) return;  // it was deleted in Tactus
    }
    if (there) {
      const std::vector<TrackId> mine = all_tracks(*there);
      if (mine == now) return;
      if ((!before || mine != *before) && !options_.overwrite) {
        ++report_.kept;
        return;
      }
    }
    set_crate_tracks(edit, there ? *there : make_crate(edit, path, CrateKind::list), now);
    ++report_.crates;
  }

  std::vector<TrackId> all_tracks(CrateId crate) {
    std::vector<TrackId> out, page;
    do {
      page = crate_tracks(db_, crate, static_cast<std::int64_t>(out.size()), kMostRows);
      out.insert(out.end(), page.begin(), page.end());
    } while (page.size() == static_cast<std::size_t>(kMostRows));
    return out;
  }

  Database& db_;
  Store& store_;
  const ForeignLibrary& library_;
  const ImportOptions& options_;
  Source last_, source_;
  std::unordered_map<std::string, const SourceItem*> before_;  // of last_, by path
  ImportReport report_;
};

}  // namespace

std::string crate_folder_of(const std::string& format) {
  for (const char* playlist : {"M3U", "PLS", "CSV", "CUE"})
    if (format.starts_with(playlist)) return {};
  return format.substr(0, format.find(' '));
}

std::string crate_path_of(const std::string& format, const ForeignPlaylist& playlist) {
  std::string out = crate_folder_of(format);
  for (const std::string& name : playlist.path) {
    if (!out.empty()) out += '/';
    for (const char c : name) {
      if (c == '/' || c == '\\') out += '\\';
      out += c;
    }
    if (name.empty()) out += "(no name)";
  }
  return out;
}

ImportReport import_library(Store& store, const ForeignLibrary& library, const std::string& path,
                            const ImportOptions& options) {
  return Importing(store, library, path, options).run();
}

}  // namespace tactus::library
