// --lufs and --no-auto-gain, the same for every command that plays tracks.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "schedule/numbers.h"
#include "session/auto_gain.h"

namespace tactus::app {

struct AutoGainOption {
  double lufs = session::kAutoGainLufs;
  bool off = false;

  // Call once; must outlive the parse.
  void add(CLI::App* cmd) {
    cmd->add_option("--lufs", lufs, "Loudness that auto-gain brings tracks to, without lifting a peak past -1 dBTP")
        ->capture_default_str()
        ->check(CLI::Range(-40.0, 0.0));
    cmd->add_flag("--no-auto-gain", off, "Play tracks as loud as they are");
  }
  // As words of a command line.
  std::vector<std::string> words() const {
    std::vector<std::string> list{"--lufs", schedule::number_text(lufs)};
    if (off) list.emplace_back("--no-auto-gain");
    return list;
  }
  std::optional<double> target() const { return off ? std::nullopt : std::optional(lufs); }
};

}  // namespace tactus::app
