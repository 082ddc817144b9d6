#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "bench_rt.h"
#include "command.h"
#include "progress.h"

namespace tactus::app {

void add_bench(CLI::App& app, Run& run) {
  auto* bench = app.add_subcommand("bench", "Measure the engine on this machine");
  bench->require_subcommand(1);
  bench->footer("Example:\n  tactus bench rt --blocks 50000");
  auto* rt = bench->add_subcommand("rt", "CPU time of the audio callback, with all decks key-locked and effects on");
  auto options = std::make_shared<BenchOptions>();
  auto json = std::make_shared<bool>(false);
  rt->add_option("--blocks", options->blocks, "Blocks to render")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  rt->add_option("--block", options->block, "Frames a block")->capture_default_str()->check(CLI::Range(16, 4096));
  rt->add_option("--rate", options->rate, "Frames a second")->capture_default_str()->check(CLI::Range(8000, 192000));
  rt->add_option("--decks", options->decks, "Decks playing")->capture_default_str()->check(CLI::Range(1, 8));
  rt->add_option("--effects", options->effects, "Effects on each deck")
      ->capture_default_str()
      ->check(CLI::Range(0, 12));
  rt->add_flag("--stems", options->stems, "Tracks of four stems");
  rt->add_option("--stretch", options->mode, "Key lock by")
      ->capture_default_str()
      ->check(CLI::IsMember({"r3", "r3long", "r2", "direct"}));
  rt->add_option("--feeders", options->feeder_threads, "Feeder threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 16));
  rt->add_flag("--control", options->control,
               "After each block as much plain arithmetic, and its times beside: what the machine itself adds");
  rt->add_flag("--json", *json, "One JSON object instead of text");
  rt->footer(
      "Blocks are rendered as fast as the stretchers can feed them, not in real time.\n\n"
      "Examples:\n"
      "  tactus bench rt                        a million blocks: some minutes\n"
      "  tactus bench rt --blocks 50000 --json\n"
      "  tactus bench rt --control              on a machine that others use, too\n"
      "  tactus bench rt --effects 0 --stretch r2\n"
      "  tactus bench rt --decks 2 --stems");
  rt->callback([&run, options, json] {
    run = [options, json] {
      Progress progress("bench rt");
      const BenchResult r = bench_rt(*options, [&](double share) { progress.show(share); });
      progress.done();
      fmt::print("{}\n", *json ? bench_json(r) : bench_text(r));
      return kOk;
    };
  });
}

}  // namespace tactus::app
