// tactus library export: our library as other programs read it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "deck_marks.h"
#include "library/exchange/exporter.h"
#include "library/foreign/write.h"
#include "library/store/store.h"
#include "library_commands.h"
#include "library_option.h"

namespace tactus::app {

namespace {

struct ExportCommand {
  LibraryOption library;
  std::string format, out;
  std::vector<std::string> crates;
  bool force = false, write_tags = false;
};

// What was set on decks belongs to it. Where somebody else writes the library, it stays out this time, and is said.
void take_from_decks(const std::string& folder) {
  try {
    library::Store store(folder, {.who = "tactus library export", .wait = {.ms = 500}, .create = false});
    for (const std::string& problem : share_with_decks(store).problems) fmt::print(stderr, "tactus: {}\n", problem);
  } catch (const library::StoreError& e) {
    if (e.kind() != library::StoreError::Kind::busy) throw;
    fmt::print(stderr, "tactus: {}; what was set on decks since the last time isn't in the export\n", e.what());
  }
}

int export_command(const ExportCommand& o) {
  const auto format = library::foreign_format(o.format);
  if (!format) {
    fmt::print(stderr, "tactus: --to is one of {}, not '{}'\n", fmt::join(library::foreign_format_names(), ", "),
               o.format);
    return kUsage;
  }
  std::error_code none;
  if (!o.force && std::filesystem::is_regular_file(o.out, none))
    return fail(o.out + " is there already; --force writes over it");
  take_from_decks(o.library.folder);
  library::Reader reader(o.library.folder);
  std::vector<std::string> notes;
  library::ExportOptions options;
  options.crates = o.crates;
  const auto library = library::export_library(reader.db(), library::read_name(*format), options, notes);
  std::string error;
  const auto cant = library::write_foreign(library, *format, o.out, &error);
  if (!cant) return fail(error);
  notes.insert(notes.end(), cant->begin(), cant->end());
  if (o.write_tags) {
    for (std::string& problem : library::write_serato_music(library)) notes.push_back(std::move(problem));
  }
  if (o.library.json) {
    fmt::print("{}\n", json_line({{"file", o.out},
                                  {"tracks", library.tracks.size()},
                                  {"playlists", library.playlists.size()},
                                  {"notes", notes}}));
    return kOk;
  }
  fmt::print("{}: {} tracks, {} playlists\n", o.out, library.tracks.size(), library.playlists.size());
  for (const std::string& note : notes) fmt::print("  {}\n", note);
  return kOk;
}

}  // namespace

void add_library_export(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("export", "Write the library for another program");
  auto o = std::make_shared<ExportCommand>();
  o->library.add(cmd, "A JSON object for what was written");
  cmd->add_option("--to", o->format, fmt::format("{}", fmt::join(library::foreign_format_names(), ", ")))->required();
  cmd->add_option("-o,--out", o->out,
                  "A file; for serato the folder that \"_Serato_\" is in, for several playlists a folder for them")
      ->required();
  cmd->add_option("--crate", o->crates, "This crate and its tracks alone; may be said several times");
  cmd->add_flag("--force", o->force, "Write over a file that is there");
  cmd->add_flag(
      "--write-tags", o->write_tags,
      "serato: put cues, loops and grids into the music files' tags, too, each copied, verified and swapped in");
  cmd->footer(
      "What was imported from the same program goes back as it was, with what has changed in Tactus since. What the "
      "format\ncan't say is listed. Music files are left alone without --write-tags.\n\n"
      "Examples:\n"
      "  tactus library export --to rekordbox -o rekordbox.xml\n"
      "  tactus library export --to m3u8 --crate Sets/Friday -o friday.m3u8\n"
      "  tactus library export --to serato -o ~/Music --write-tags");
  cmd->callback([&run, o] { run = [o] { return export_command(*o); }; });
}

}  // namespace tactus::app
