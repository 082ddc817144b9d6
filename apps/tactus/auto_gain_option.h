// --lufs and --no-auto-gain, the same for every command that plays tracks.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

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
  std::optional<double> target() const { return off ? std::nullopt : std::optional(lufs); }
};

}  // namespace tactus::app
