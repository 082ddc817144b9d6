// tactus library generate: a made-up library, for benchmarks and for trying things.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>

#include "library/search/generate.h"
#include "library/store/store.h"
#include "library_commands.h"
#include "library_option.h"
#include "progress.h"

namespace tactus::app {

namespace {

struct GenerateCommand {
  std::string folder;
  std::size_t tracks = 100000;
  std::uint64_t seed = 1;
  bool quiet = false;
};

int generate_command(const GenerateCommand& o) {
  library::Store store(o.folder, as_writer("tactus library generate", true));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  Progress progress("generate", o.quiet);
  library::generate_library(store.db(), o.tracks, o.seed, std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                            [&](std::size_t done) {
                              progress.show(
                                  static_cast<double>(done) / static_cast<double>(std::max<std::size_t>(o.tracks, 1)),
                                  fmt::format("{} tracks", done));
                            });
  return kOk;
}

}  // namespace

void add_library_generate(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("generate", "Make up a library, for benchmarks");
  auto o = std::make_shared<GenerateCommand>();
  cmd->add_option("FOLDER", o->folder, "Where to: an empty library, or none yet")->required();
  cmd->add_option("--tracks", o->tracks, "How many")->check(CLI::Range(0, 100000000))->capture_default_str();
  cmd->add_option("--seed", o->seed, "Another one, another library")->capture_default_str();
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  cmd->footer(
      "Titles, artists, tempos, plays and crates as skewed as real ones, and no music files. A million tracks take "
      "some\n"
      "minutes and 1.2 GB.\n\n"
      "Examples:\n"
      "  tactus library generate /tmp/big --tracks 1000000\n"
      "  tactus library search --library /tmp/big deep house");
  cmd->callback([&run, o] { run = [o] { return generate_command(*o); }; });
}

}  // namespace tactus::app
