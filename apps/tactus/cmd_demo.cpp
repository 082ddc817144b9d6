#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>

#include "command.h"
#include "demo/demo.h"
#include "paths.h"
#include "progress.h"

namespace tactus::app {

void add_demo(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("demo", "Make a crate of seven tracks, with stems and the truth about each");
  auto folder = std::make_shared<std::string>();
  auto options = std::make_shared<demo::Options>();
  auto quiet = std::make_shared<bool>(false);
  cmd->add_option("DIR", *folder, "Where to (made if it isn't there)")->default_str(demo_folder().string());
  cmd->add_option("--only", options->only, "Numbers of the tracks to make, 1 to 7")->delimiter(',');
  cmd->add_option("--seconds", options->seconds, "Only about so much of each")->check(CLI::Range(5.0, 600.0));
  cmd->add_option("--rate", options->rate, "Frames a second; else 44,100 or 48,000, as each track has it");
  cmd->add_flag("-q,--quiet", *quiet, "No progress");
  cmd->footer(
      "Tracks that are there already are left alone.\n\n"
      "Examples:\n  tactus demo ~/Music/tactus-demo\n  tactus demo /tmp/short --seconds 20 --only 1,4");
  cmd->callback([&run, folder, options, quiet] {
    run = [folder, options, quiet] {
      const std::filesystem::path to = folder->empty() ? demo_folder() : std::filesystem::path(*folder);
      const int code = make_demo(to, *options, *quiet);
      if (code == kOk) fmt::print("{}\n", to.string());
      return code;
    };
  });
}

int make_demo(const std::filesystem::path& folder, const demo::Options& options, bool quiet) {
  Progress progress("demo crate", quiet);
  const auto crate = demo::make_crate(folder, options, [&](const demo::Progress& p) {
    progress.show(p.all_percent / 100, fmt::format("track {} of {}: {}", p.track, p.of, p.title));
  });
  progress.done();
  if (!crate) {
    fmt::print(stderr, "tactus: {}\n", crate.error().text());
    return kFailed;
  }
  return kOk;
}

}  // namespace tactus::app
