// tactus library info: what is in the library.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "analysis/user_files.h"
#include "library/store/art.h"
#include "library/store/health.h"
#include "library/store/music_file.h"
#include "library_commands.h"
#include "library_option.h"
#include "library_show.h"

namespace tactus::app {

namespace {

struct InfoCommand {
  LibraryOption library;
  std::vector<std::string> tracks;
  std::string art;
  bool duplicates = false, missing = false, broken = false;
};

int info_of_library(const InfoCommand& o, library::Reader& reader) {
  const library::LibraryCounts n = library::count_library(reader.db());
  const library::LogState log = library::log_state(o.library.folder);
  if (o.library.json) {
    nlohmann::ordered_json roots = nlohmann::ordered_json::array();
    library::Statement(reader.db(), "SELECT path FROM root ORDER BY path").each([&](const library::Statement& s) {
      roots.push_back(library::shown_path(s.text(0)));
    });
    fmt::print("{}\n", json_line({{"folder", o.library.folder},
                                  {"layout", library::schema_version()},
                                  {"roots", roots},
                                  {"tracks", n.tracks},
                                  {"analysed", n.analysed},
                                  {"phrases", n.phrases},
                                  {"crates", n.crates},
                                  {"plays", n.plays},
                                  {"files", n.files},
                                  {"missing", n.missing},
                                  {"broken", n.broken},
                                  {"duplicates", n.duplicates},
                                  {"bytes", n.bytes},
                                  {"log_bytes", log.bytes}}));
    return kOk;
  }
  fmt::print("{}\n", o.library.folder);
  library::Statement(reader.db(), "SELECT path FROM root ORDER BY path").each([&](const library::Statement& s) {
    fmt::print("  music in {}\n", library::shown_path(s.text(0)));
  });
  fmt::print("  {} tracks, {} of them analysed into {} phrases\n", n.tracks, n.analysed, n.phrases);
  fmt::print("  {} files: {} missing, {} broken; {} tracks have more than one\n", n.files, n.missing, n.broken,
             n.duplicates);
  fmt::print("  {} crates, {} plays\n", n.crates, n.plays);
  fmt::print("  database {:.1f} MB, its log {:.1f} MB\n", static_cast<double>(n.bytes) / 1e6,
             static_cast<double>(log.bytes) / 1e6);
  if (const std::string trouble = library::log_trouble(log); !trouble.empty()) fmt::print("  {}\n", trouble);
  return kOk;
}

// Files page by page, so that no statement stands open while somebody reads the output slowly.
void print_files(library::Database& db, const std::string& where, bool as_json) {
  std::string after;
  for (;;) {
    struct Row {
      std::string path, error;
      std::optional<std::int64_t> track;
    };
    std::vector<Row> page;
    library::Statement(db, "SELECT path, coalesce(error, ''), track FROM file WHERE " + where +
                               " AND path > ?1 ORDER BY path LIMIT 1000")
        .bind(library::Bytes{after})
        .each([&](const library::Statement& s) {
          page.push_back({s.text(0), s.text(1), s.integer_or_null(2)});
        });
    for (const Row& r : page) {
      if (as_json) {
        fmt::print("{}\n", json_line({{"path", library::shown_path(r.path)},
                                      {"track", r.track ? nlohmann::ordered_json(*r.track) : nullptr},
                                      {"error", r.error.empty() ? nlohmann::ordered_json(nullptr)
                                                                : nlohmann::ordered_json(r.error)}}));
      } else {
        fmt::print("{}{}\n", library::shown_path(r.path), r.error.empty() ? "" : ": " + r.error);
      }
    }
    if (page.size() < 1000) return;
    after = page.back().path;
  }
}

void print_duplicates(library::Database& db, bool as_json) {
  library::TrackId after = 0;
  for (;;) {
    std::vector<library::TrackId> page;
    library::Statement(db,
                       "SELECT track FROM file WHERE missing_since IS NULL AND track > ?1 GROUP BY track HAVING "
                       "count(*) > 1 ORDER BY track LIMIT 1000")
        .bind(after)
        .each([&](const library::Statement& s) { page.push_back(s.integer(0)); });
    for (const library::TrackId id : page) {
      const auto track = library::read_track(db, id);
      if (!track) continue;
      fmt::print("{}\n", as_json ? json_line(library_track_json(*track)) : track_words(*track));
      if (as_json) continue;
      for (const library::TrackFile& f : track->files)
        if (!f.missing_since) fmt::print("  {}\n", library::shown_path(f.path));
    }
    if (page.size() < 1000) return;
    after = page.back();
  }
}

int write_art(const std::string& to, const library::Track& track) {
  for (const library::TrackFile& f : track.files) {
    if (f.missing_since) continue;
    const std::optional<library::Art> art = library::embedded_art(f.path);
    if (!art) continue;
    if (to == "-") {
      const bool whole = std::fwrite(art->bytes.data(), 1, art->bytes.size(), stdout) == art->bytes.size();
      return whole && std::fflush(stdout) == 0 ? kOk : fail("the picture can't be written to standard output");
    }
    const media::Status written = analysis::write_whole(std::filesystem::absolute(to).string(), art->bytes);
    return written ? kOk : fail(written.error().text());
  }
  return fail(fmt::format("#{}: no picture is embedded in it", track.id));
}

int art_command(const InfoCommand& o, library::Reader& reader) {
  if (o.tracks.size() != 1) {
    fmt::print(stderr, "tactus: --art is for one track\n");
    return kUsage;
  }
  const auto named = tracks_named(reader.db(), o.tracks);
  const auto track = library::read_track(reader.db(), named.front());
  return track ? write_art(o.art, *track) : fail(o.tracks.front() + ": it has just been taken away");
}

int info_command(const InfoCommand& o) {
  library::Reader reader(o.library.folder);
  if (!o.art.empty()) return art_command(o, reader);
  if (o.duplicates) print_duplicates(reader.db(), o.library.json);
  if (o.missing) print_files(reader.db(), "missing_since IS NOT NULL", o.library.json);
  if (o.broken) print_files(reader.db(), "error IS NOT NULL", o.library.json);
  if (o.duplicates || o.missing || o.broken) return kOk;
  if (o.tracks.empty()) return info_of_library(o, reader);
  for (const library::TrackId id : tracks_named(reader.db(), o.tracks)) {
    const auto track = library::read_track(reader.db(), id);
    if (track) fmt::print("{}", o.library.json ? json_line(library_track_json(*track)) + "\n" : track_page(*track));
  }
  return kOk;
}

}  // namespace

void add_library_info(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("info", "What is in the library, or all about a track");
  auto o = std::make_shared<InfoCommand>();
  o->library.add(cmd, "JSON: an object for the library, or one a line for each track or file");
  cmd->add_option("TRACKS", o->tracks, "Tracks, by number or by path");
  cmd->add_flag("--duplicates", o->duplicates, "Tracks that lie in several files");
  cmd->add_flag("--missing", o->missing, "Files that are no longer where they were");
  cmd->add_flag("--broken", o->broken, "Files that can't be read, and why");
  cmd->add_option("--art", o->art, "Write the picture that is embedded in the track to this file; - is standard output")
      ->type_name("FILE");
  cmd->footer(
      "Examples:\n"
      "  tactus library info\n"
      "  tactus library info '#12' ~/Music/a.mp3 --json\n"
      "  tactus library info '#12' --art cover.jpg\n"
      "  tactus library info --duplicates");
  cmd->callback([&run, o] { run = [o] { return info_command(*o); }; });
}

}  // namespace tactus::app
