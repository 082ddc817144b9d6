#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "library/foreign/foreign.h"
#include "library/foreign/timeline.h"
#include "library_commands.h"
#include "library_exchange.h"

namespace tactus::app {

namespace {

using LibraryJson = nlohmann::ordered_json;

struct ImportOptions {
  std::vector<std::string> sources, maps;
  bool dry_run = false, jsonl = false;
  ImportInto how;
  LibraryOption library;
};

LibraryJson named(const std::string& text) { return text.empty() ? LibraryJson(nullptr) : LibraryJson(text); }
LibraryJson stated(double value) { return value > 0 ? LibraryJson(value) : LibraryJson(nullptr); }

// Milliseconds' thousandths: what was added and what was there are told apart, and no more.
LibraryJson ours(double seconds, const library::Timeline& t) {
  return t.offset ? LibraryJson(std::round((seconds + *t.offset) * 1e6) / 1e6) : LibraryJson(nullptr);
}

LibraryJson track_json(const std::string& format, const library::ForeignTrack& t) {
  const library::Timeline line = library::timeline_of(format, t.path);
  LibraryJson cues = LibraryJson::array(), loops = LibraryJson::array(), grid = LibraryJson::array();
  for (const library::ForeignCue& c : t.cues) {
    cues.push_back({{"t", c.seconds},
                    {"t_ours", ours(c.seconds, line)},
                    {"num", c.number},
                    {"name", c.name},
                    {"color", named(c.color)}});
  }
  for (const library::ForeignLoop& l : t.loops) {
    loops.push_back({{"start", l.start},
                     {"end", l.end},
                     {"start_ours", ours(l.start, line)},
                     {"end_ours", ours(l.end, line)},
                     {"num", l.number},
                     {"name", l.name},
                     {"color", named(l.color)}});
  }
  for (const library::ForeignAnchor& a : t.grid) {
    grid.push_back({{"t", a.seconds},
                    {"t_ours", ours(a.seconds, line)},
                    {"bpm", a.bpm},
                    {"beat", a.beat},
                    {"beats_per_bar", a.beats_per_bar}});
  }
  return {{"path", t.path},
          {"title", t.title},
          {"artist", t.artist},
          {"album", named(t.album)},
          {"genre", named(t.genre)},
          {"comment", named(t.comment)},
          {"label", named(t.label)},
          {"composer", named(t.composer)},
          {"remixer", named(t.remixer)},
          {"bpm", stated(t.bpm)},
          {"key", named(t.key)},
          {"duration", stated(t.length)},
          {"rating", t.rating < 0 ? LibraryJson(nullptr) : LibraryJson(t.rating)},
          {"plays", t.plays < 0 ? LibraryJson(nullptr) : LibraryJson(t.plays)},
          {"year", stated(t.year)},
          {"color", named(t.color)},
          {"timeline",
           {{"offset", line.offset ? LibraryJson(*line.offset) : LibraryJson(nullptr)},
            {"proposed", line.offset || line.others.empty() ? LibraryJson(nullptr) : LibraryJson(line.proposed)},
            {"why", line.why}}},
          {"cues", std::move(cues)},
          {"loops", std::move(loops)},
          {"grid", std::move(grid)}};
}

std::string import_line(const std::string& source, const library::ForeignLibrary& found) {
  LibraryJson tracks = LibraryJson::array(), playlists = LibraryJson::array();
  for (const library::ForeignTrack& t : found.tracks) tracks.push_back(track_json(found.format, t));
  for (const library::ForeignPlaylist& p : found.playlists) {
    LibraryJson entries = LibraryJson::array();
    for (const std::size_t i : p.tracks) entries.push_back(found.tracks[i].path);
    LibraryJson list = {{"path", p.path}};
    if (p.kind != library::ForeignList::list)
      list["kind"] = p.kind == library::ForeignList::smart ? "smart" : "history";
    list["tracks"] = std::move(entries);
    playlists.push_back(std::move(list));
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

// How many tracks are moved by how much, and why; of those with something that has a place in time.
std::string timeline_report(const library::ForeignLibrary& found) {
  std::map<std::string, std::size_t> counts;
  for (const library::ForeignTrack& t : found.tracks) {
    if (t.cues.empty() && t.loops.empty() && t.grid.empty()) continue;
    const library::Timeline line = library::timeline_of(found.format, t.path);
    std::string what = line.why;
    if (line.offset) what += fmt::format(": positions move by {:+.1f} ms", 1000 * *line.offset);
    if (!line.offset && !line.others.empty()) what += fmt::format("; likeliest is {:+.1f} ms", 1000 * line.proposed);
    ++counts[what];
  }
  std::string text;
  for (const auto& [what, count] : counts) text += fmt::format("  {} tracks: {}\n", count, what);
  return text;
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
  text += timeline_report(found);
  for (const std::string& note : found.notes) text += fmt::format("  {}\n", note);
  return text;
}

int import(const ImportOptions& o) {
  const auto map = path_map(o.maps);
  if (!map) return kUsage;
  ImportInto how = o.how;
  how.map = *map;
  int code = kOk;
  for (const std::string& source : o.sources) {
    std::string error;
    const auto found = library::read_foreign(source, &error, *map);
    if (!found) {
      if (o.jsonl) fmt::print("{}\n", LibraryJson{{"file", source}, {"error", error}}.dump());
      code = fail(source + ": " + error);
      continue;
    }
    if (o.dry_run) {
      fmt::print("{}", o.jsonl ? import_line(source, *found) + "\n" : import_report(source, *found));
    } else if (const int done = import_into(o.library, *found, source, how); done != kOk) {
      return done;
    }
  }
  return code;
}

}  // namespace

std::optional<std::vector<std::pair<std::string, std::string>>> path_map(const std::vector<std::string>& maps) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& m : maps) {
    const std::size_t equals = m.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == m.size()) {
      fmt::print(stderr, "tactus: --map is FROM=TO, as in --map C:/Music=/home/me/Music, not '{}'\n", m);
      return std::nullopt;
    }
    std::string from = m.substr(0, equals);
    std::replace(from.begin(), from.end(), '\\', '/');
    out.emplace_back(std::move(from), m.substr(equals + 1));
  }
  return out;
}

void add_library_import(CLI::App& library, Run& run) {
  auto* read = library.add_subcommand("import", "Read another program's library or playlist");
  auto o = std::make_shared<ImportOptions>();
  read->add_option("SRC", o->sources,
                   "rekordbox XML, Traktor collection.nml, VirtualDJ database.xml, iTunes XML, M3U8, M3U, PLS, CSV, "
                   "CUE; the folder of a rekordbox or Engine DJ USB stick, an \"Engine Library\", a \"_Serato_\"; a "
                   "music file with Serato's tags")
      ->required();
  read->add_flag("--dry-run", o->dry_run, "Say what is in it, and keep nothing");
  read->add_flag("--jsonl,--json", o->jsonl, "A JSON object for each of them, one a line");
  read->add_flag("--overwrite", o->how.overwrite, "What the source says goes before what was set in Tactus");
  read->add_flag("--accept-proposed", o->how.accept_proposed,
                 "Where the moment from which that program counts can't be known, take the likeliest; without this it "
                 "is asked for on a terminal, and else those positions wait");
  read->add_flag("-q,--quiet", o->how.quiet, "No progress");
  o->library.add(read);
  read->add_option("--map", o->maps, "FROM=TO: where its paths begin with FROM, the files are below TO here")
      ->allow_extra_args(false);
  read->footer(
      "Tracks, cues, loops, grids and playlists (as crates) come into the library as one change, which `tactus library "
      "undo`\ntakes back. The same source again brings what changed there; what was set in Tactus since stays. Music "
      "files "
      "are only\nread.\n\n"
      "With --dry-run nothing is written anywhere. Positions are the source's; `t_ours` is the same moment as Tactus "
      "counts.\nIt is null where that can't be known: the file isn't there, or nothing is published of where that "
      "program "
      "begins to\ncount in a file of that kind. `timeline` says by what it went.\n\n"
      "Examples:\n  tactus library import collection.nml\n"
      "  tactus library import /media/usb --dry-run\n"
      "  tactus library import rekordbox.xml --map C:/Music=/home/me/Music --dry-run --jsonl | jq '.tracks[] | {path, "
      "bpm}'");
  read->callback([&run, o] {
    o->library.json = o->jsonl;
    run = [o] { return import(*o); };
  });
}

}  // namespace tactus::app
