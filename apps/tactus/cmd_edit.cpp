#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cmath>
#include <memory>
#include <optional>
#include <string>

#include "analysis/edits.h"
#include "analyze_json.h"
#include "command.h"
#include "media/content_id.h"
#include "session/analysis_store.h"

namespace tactus::app {
namespace {

struct EditOptions {
  std::string path, key;
  double bpm = 0, downbeat = 0;
  CLI::Option* downbeat_given = nullptr;
  bool twice = false, half = false, forget = false, json = false;
};

// As many beats again, or every other one, from the first downbeat.
void multiply(std::vector<analysis::Anchor>& grid, double by) {
  for (analysis::Anchor& a : grid) {
    a.beat *= by;
    a.bpm *= by;
  }
}

// The nearest beat to `seconds` becomes a first downbeat, exactly there; all others move along.
void put_downbeat(analysis::TrackAnalysis& track, double seconds) {
  const double beat = std::round(track.beat_of(seconds)), later = seconds - track.seconds_of(beat);
  for (analysis::Anchor& a : track.grid) {
    a.seconds += later;
    a.beat -= beat;
  }
}

// The track as it is known now, with what the command line says about its beats.
std::string edit_grid(const EditOptions& o, analysis::TrackAnalysis& track) {
  const bool placed = o.downbeat_given->count() > 0;
  if (o.bpm > 0) {
    if (!track.has_grid() && !placed) return "no beat was found in it; say --downbeat, too";
    const double first = track.has_grid() ? track.seconds_of(0) : o.downbeat;
    track.grid = {{first, 0, o.bpm}};
  }
  if (!track.has_grid()) return "no beat was found in it; say --bpm and --downbeat";
  if (o.twice) multiply(track.grid, 2);
  if (o.half) multiply(track.grid, 0.5);
  if (placed) put_downbeat(track, o.downbeat);
  return {};
}

int run_command(const EditOptions& o) {
  const std::optional<music::Key> key = o.key.empty() ? std::nullopt : music::parse_key(o.key);
  if (!o.key.empty() && !key) {
    fmt::print(stderr, "tactus: '{}' is no key; keys are written F#m, \"F# minor\", 11A or 4m\n", o.key);
    return kUsage;
  }
  const auto id = media::content_id(o.path);
  if (!id) return fail(id.error().text());
  const analysis::EditStore store;
  if (o.forget) {
    const media::Status gone = store.store(id.value(), {});
    if (!gone) return fail(gone.error().text());
  }
  media::WorkerPool pool;
  session::AnalysisStore analyses(pool);
  auto found = analyses.get(o.path, media::Lane::normal);
  if (!found) return fail(found.error().text());
  analysis::Edits edits = store.find(id.value());
  if (o.bpm > 0 || o.twice || o.half || o.downbeat_given->count() > 0) {
    analysis::TrackAnalysis track = found.value();
    const std::string why = edit_grid(o, track);
    if (!why.empty()) return fail(o.path + ": " + why);
    edits.grid = track.grid;
  }
  if (key) edits.key = key;
  if (edits != analysis::Edits{} && !analysis::parse_edits(analysis::to_json(edits)))
    return fail(o.path + ": these beats are out of all bounds; nothing was changed");
  if (!(edits == store.find(id.value()))) {
    const media::Status kept = store.store(id.value(), edits);
    if (!kept) return fail(kept.error().text());
    found = analyses.get(o.path, media::Lane::normal);  // as everybody will see it from now on
    if (!found) return fail(found.error().text());
  }
  if (o.json) {
    fmt::print("{}\n", analysis_line(o.path, found.value()));
  } else {
    fmt::print("{}  {}\n", analysis_words(found.value()), o.path);
  }
  return kOk;
}

}  // namespace

void add_edit(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("edit", "Set right what the analysis found: tempo, beats, bars, key of a file");
  auto o = std::make_shared<EditOptions>();
  cmd->add_option("FILE", o->path, "A music file")->required();
  auto* bpm = cmd->add_option("--bpm", o->bpm, "The one tempo of the whole track")->check(CLI::Range(20.0, 400.0));
  o->downbeat_given = cmd->add_option("--downbeat", o->downbeat, "Where a bar begins, in seconds; beats move along")
                          ->check(CLI::Range(0.0, 86400.0));
  auto* twice = cmd->add_flag("--double", o->twice, "Twice the tempo that is known now")->excludes(bpm);
  cmd->add_flag("--halve", o->half, "Half of it")->excludes(bpm)->excludes(twice);
  cmd->add_option("--key", o->key, "The key: F#m, \"F# minor\", 11A or 4m");
  cmd->add_flag("--forget", o->forget, "First forget what was set right before");
  cmd->add_flag("--json", o->json, "Print what is known then as tactus analyze --jsonl does");
  cmd->footer(
      "No analysis, however new, changes what was set right; the file itself is never touched. A deck takes it up when "
      "it\n"
      "loads the track the next time. Without options: what is known.\n\n"
      "Examples:\n"
      "  tactus edit --halve a.mp3\n"
      "  tactus edit --bpm 126 --downbeat 0.482 a.mp3\n"
      "  tactus edit --key 8A a.mp3\n"
      "  tactus edit --forget a.mp3");
  cmd->callback([&run, o] { run = [o] { return run_command(*o); }; });
}

}  // namespace tactus::app
