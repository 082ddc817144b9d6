#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "library/foreign/foreign.h"
#include "library/foreign/write.h"
#include "library_commands.h"

namespace tactus::app {

namespace {

struct ConvertOptions {
  std::string source, out, to;
  std::vector<std::string> maps;
  bool write_tags = false, json = false;
};

int convert(const ConvertOptions& o) {
  const auto format = library::foreign_format(o.to);
  const auto map = path_map(o.maps);
  if (!format || !map) return kUsage;
  if (o.write_tags && *format != library::ForeignFormat::serato) {
    fmt::print(stderr, "tactus: --write-tags is for Serato: no other program reads cues from there\n");
    return kUsage;
  }
  std::string error;
  auto found = library::read_foreign(o.source, &error, *map);
  if (!found) return fail(o.source + ": " + error);
  library::Cant cant;
  const library::ForeignLibrary there = library::retimed(std::move(*found), *format, cant);
  const auto more = library::write_foreign(there, *format, o.out, &error, o.write_tags);
  if (!more) return fail(error);
  for (const std::string& sentence : *more) cant.add(sentence);
  if (o.write_tags) {
    for (const std::string& sentence : library::write_serato_music(there)) cant.add(sentence);
  }
  if (o.json) {
    const nlohmann::ordered_json report = {
        {"file", o.source},   {"format", there.format},        {"out", o.out},
        {"to", o.to},         {"tracks", there.tracks.size()}, {"playlists", there.playlists.size()},
        {"cant", cant.all()}, {"notes", there.notes}};
    fmt::print("{}\n", report.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return kOk;
  }
  fmt::print("{}: {} tracks and {} playlists of {} for {}\n", o.out, there.tracks.size(), there.playlists.size(),
             there.format, o.to);
  for (const std::string& note : there.notes) fmt::print("  not read: {}\n", note);
  for (const std::string& sentence : cant.all()) fmt::print("  {}\n", sentence);
  return kOk;
}

}  // namespace

void add_library_convert(CLI::App& library, Run& run) {
  auto* convert_to = library.add_subcommand("convert", "Write another program's library for a third one");
  auto o = std::make_shared<ConvertOptions>();
  convert_to->add_option("SRC", o->source, "What to read, as `tactus library import` does")->required();
  convert_to
      ->add_option("-o,--out", o->out,
                   "A file; for serato the folder that _Serato_ goes into; for m3u8 and pls a folder where there are "
                   "several playlists")
      ->required();
  convert_to->add_option("--to", o->to, "For whom")->required()->check(CLI::IsMember(library::foreign_format_names()));
  convert_to->add_option("--map", o->maps, "FROM=TO: where its paths begin with FROM, TO is written")
      ->allow_extra_args(false);
  convert_to->add_flag("--write-tags", o->write_tags,
                       "Serato keeps cues and grids in the music files: write them there, each file copied, changed, "
                       "its audio compared, and swapped in");
  convert_to->add_flag("--json", o->json, "The report as a JSON object");
  convert_to->footer(
      "What is there already is replaced. What the format can't say is listed. Positions are put on the other "
      "program's\n"
      "timeline where the music files are there and it is known how they differ; docs/formats.md says by what.\n\n"
      "Examples:\n  tactus library convert rekordbox.xml --to traktor -o collection.nml\n"
      "  tactus library convert /media/usb --to rekordbox -o rekordbox.xml\n"
      "  tactus library convert collection.nml --to serato -o ~/Music --write-tags");
  convert_to->callback([&run, o] { run = [o] { return convert(*o); }; });
}

}  // namespace tactus::app
