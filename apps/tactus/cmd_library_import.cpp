#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "library/foreign/foreign.h"
#include "library_commands.h"

namespace tactus::app {

namespace {

using LibraryJson = nlohmann::ordered_json;

struct ImportOptions {
  std::vector<std::string> sources;
  bool dry_run = false, jsonl = false;
};

// Whether every program counts this file's time from the same moment: PCM begins at its first frame, while an MP3's or
// AAC's encoder delay is counted by some and not by others.
bool of_one_timeline(const std::string& path) {
  std::string kind = std::filesystem::path(path).extension().string();
  std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) { return std::tolower(c); });
  return kind == ".wav" || kind == ".aif" || kind == ".aiff" || kind == ".flac";
}

LibraryJson named(const std::string& text) { return text.empty() ? LibraryJson(nullptr) : LibraryJson(text); }
LibraryJson stated(double value) { return value > 0 ? LibraryJson(value) : LibraryJson(nullptr); }

LibraryJson track_json(const library::ForeignTrack& t) {
  const bool same = of_one_timeline(t.path);
  LibraryJson cues = LibraryJson::array(), loops = LibraryJson::array(), grid = LibraryJson::array();
  for (const library::ForeignCue& c : t.cues) {
    cues.push_back({{"t", c.seconds},
                    {"t_ours", same ? LibraryJson(c.seconds) : LibraryJson(nullptr)},
                    {"num", c.number},
                    {"name", c.name},
                    {"color", named(c.color)}});
  }
  for (const library::ForeignLoop& l : t.loops) {
    loops.push_back(
        {{"start", l.start}, {"end", l.end}, {"num", l.number}, {"name", l.name}, {"color", named(l.color)}});
  }
  for (const library::ForeignAnchor& a : t.grid)
    grid.push_back({{"t", a.seconds}, {"bpm", a.bpm}, {"beat", a.beat}, {"beats_per_bar", a.beats_per_bar}});
  return {{"path", t.path},
          {"title", t.title},
          {"artist", t.artist},
          {"album", named(t.album)},
          {"genre", named(t.genre)},
          {"comment", named(t.comment)},
          {"bpm", stated(t.bpm)},
          {"key", named(t.key)},
          {"duration", stated(t.length)},
          {"rating", t.rating < 0 ? LibraryJson(nullptr) : LibraryJson(t.rating)},
          {"plays", t.plays < 0 ? LibraryJson(nullptr) : LibraryJson(t.plays)},
          {"year", stated(t.year)},
          {"color", named(t.color)},
          {"cues", std::move(cues)},
          {"loops", std::move(loops)},
          {"grid", std::move(grid)}};
}

std::string import_line(const std::string& source, const library::ForeignLibrary& found) {
  LibraryJson tracks = LibraryJson::array(), playlists = LibraryJson::array();
  for (const library::ForeignTrack& t : found.tracks) tracks.push_back(track_json(t));
  for (const library::ForeignPlaylist& p : found.playlists) {
    LibraryJson entries = LibraryJson::array();
    for (const std::size_t i : p.tracks) entries.push_back(found.tracks[i].path);
    playlists.push_back({{"path", p.path}, {"tracks", std::move(entries)}});
  }
  const LibraryJson line = {{"file", source},
                            {"format", found.format},
                            {"program", named(found.program)},
                            {"tracks", std::move(tracks)},
                            {"playlists", std::move(playlists)},
                            {"notes", found.notes}};
  // A path may hold any bytes.
  return line.dump(-1, ' ', false, LibraryJson::error_handler_t::replace);
}

std::string import_report(const std::string& source, const library::ForeignLibrary& found) {
  std::size_t cues = 0, loops = 0, grids = 0, missing = 0, entries = 0;
  for (const library::ForeignTrack& t : found.tracks) {
    cues += t.cues.size();
    loops += t.loops.size();
    grids += !t.grid.empty();
    std::error_code ignored;
    missing += !std::filesystem::exists(t.path, ignored);
  }
  for (const library::ForeignPlaylist& p : found.playlists) entries += p.tracks.size();
  std::string text =
      fmt::format("{}: {}{}\n", source, found.format, found.program.empty() ? std::string() : " of " + found.program);
  text += fmt::format("  {} tracks, of which {} are not where it says on this machine\n", found.tracks.size(), missing);
  text += fmt::format("  {} cues, {} loops, {} beat grids\n", cues, loops, grids);
  text += fmt::format("  {} playlists with {} entries\n", found.playlists.size(), entries);
  for (const std::string& note : found.notes) text += fmt::format("  {}\n", note);
  return text;
}

int import(const ImportOptions& o) {
  if (!o.dry_run) {
    fmt::print(stderr, "tactus: only --dry-run is there so far: it shows what a library holds, and keeps nothing\n");
    return kUsage;
  }
  int code = kOk;
  for (const std::string& source : o.sources) {
    std::string error;
    const auto found = library::read_foreign(source, &error);
    if (!found) {
      if (o.jsonl) fmt::print("{}\n", LibraryJson{{"file", source}, {"error", error}}.dump());
      code = fail(source + ": " + error);
      continue;
    }
    fmt::print("{}", o.jsonl ? import_line(source, *found) + "\n" : import_report(source, *found));
  }
  return code;
}

}  // namespace

void add_library_import(CLI::App& library, Run& run) {
  auto* read = library.add_subcommand("import", "Read another program's library or playlist");
  auto o = std::make_shared<ImportOptions>();
  read->add_option("SRC", o->sources,
                   "rekordbox XML, Traktor collection.nml, VirtualDJ database.xml, iTunes XML, "
                   "M3U8, M3U, PLS, CSV, CUE")
      ->required();
  read->add_flag("--dry-run", o->dry_run, "Say what is in it, and keep nothing");
  read->add_flag("--jsonl", o->jsonl, "A JSON object for each of them, one a line");
  read->footer(
      "Nothing is written anywhere. Positions are the source's; `t_ours` is null where programs count a file's time\n"
      "from different moments (MP3, AAC) and ours isn't worked out yet.\n\n"
      "Examples:\n  tactus library import collection.nml --dry-run\n"
      "  tactus library import rekordbox.xml --dry-run --jsonl | jq '.tracks[] | {path, bpm}'");
  read->callback([&run, o] { run = [o] { return import(*o); }; });
}

}  // namespace tactus::app
