// tactus library related: what goes with a track.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "library/search/related.h"
#include "library/store/store.h"
#include "library/store/tracks.h"
#include "library_commands.h"
#include "library_option.h"
#include "track_rows.h"

namespace tactus::app {

namespace {

struct RelatedCommand {
  LibraryOption library;
  std::string track;
  std::size_t limit = 20;
};

template <class T>
nlohmann::ordered_json value_or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

int related_command(const RelatedCommand& o) {
  library::Reader reader(o.library.folder);
  const auto id = library::find_track(reader.db(), o.track);
  if (!id) return fail(o.track + ": no track of the library is called so; name its number (#12) or one of its files");
  library::Searcher searcher(reader.db());
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const library::Related& r : library::related_tracks(reader.db(), searcher, *id, o.limit)) {
    for (const library::TrackRow& row : library::read_rows(reader.db(), {r.track})) {
      if (!o.library.json) {
        fmt::print("{}\n    {}\n", row_words(row), fmt::join(r.reasons(), ", "));
        continue;
      }
      nlohmann::ordered_json one = row_json(row);
      one["points"] = r.points;
      one["right_after"] = r.after;
      one["right_before"] = r.before;
      one["sets"] = r.sets;
      one["key_distance"] = value_or_null(r.key_distance);
      one["tempo_percent"] = value_or_null(r.tempo);
      one["reasons"] = r.reasons();
      list.push_back(std::move(one));
    }
  }
  if (o.library.json) fmt::print("{}\n", json_line({{"track", *id}, {"related", std::move(list)}}));
  return kOk;
}

}  // namespace

void add_library_related(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("related", "What goes with a track");
  auto o = std::make_shared<RelatedCommand>();
  o->library.add(cmd, "A JSON object with the tracks and what speaks for each");
  cmd->add_option("TRACK", o->track, "Its number (#12) or one of its files")->required();
  cmd->add_option("--limit", o->limit, "How many")->check(CLI::Range(1, library::kMostRows))->capture_default_str();
  cmd->footer(
      "Heard beside it in your sets, compatible in key and tempo; each with its reasons, the best first.\n\n"
      "Examples:\n"
      "  tactus library related '#12'\n"
      "  tactus library related ~/Music/track.flac --json | jq '.related[] | {title, reasons}'");
  cmd->callback([&run, o] { run = [o] { return related_command(*o); }; });
}

}  // namespace tactus::app
