// How an engine starts: --level, --tempo and --safety-loop, the same for every command that runs or starts one.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "schedule/numbers.h"

namespace tactus::app {

struct StartOption {
  double level = -6, tempo = 120, safety_loop = 0;

  // Call once; must outlive the parse.
  void add(CLI::App* cmd) {
    cmd->add_option("--level", level, "Master level at the start, dB")
        ->capture_default_str()
        ->check(CLI::Range(-60.0, 6.0));
    cmd->add_option("--tempo", tempo, "Tempo of the clock until a deck leads it")
        ->capture_default_str()
        ->check(CLI::Range(20.0, 300.0));
    cmd->add_option("--safety-loop", safety_loop, "Beats that a sounding deck loops rather than end; 0: it ends")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 64.0));
  }
  // As words of a command line.
  std::vector<std::string> words() const {
    return {"--level",       schedule::number_text(level),      "--tempo", schedule::number_text(tempo),
            "--safety-loop", schedule::number_text(safety_loop)};
  }
};

}  // namespace tactus::app
