// MIDI: --midi and what goes with it, for the engine.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tactus::app {

struct MidiOption {
  bool on = false, clock_out = false;
  std::string api;
  std::vector<std::string> out, clock_in;
  double offset = 0;

  // Call once; must outlive the parse.
  void add(CLI::App* cmd) {
    auto* midi = cmd->add_flag("--midi", on, "Controllers play, by their mappings; other programs find virtual ports");
    cmd->add_option("--midi-api", api, "alsa or jack; see `tactus map ports`. By default what answers first")
        ->needs(midi);
    cmd->add_option("--midi-out", out, "Send notes, controllers and clock to the port whose name contains this, too")
        ->needs(midi);
    cmd->add_flag("--midi-clock-out", clock_out, "Send MIDI clock, for drum machines and synthesizers to follow")
        ->needs(midi);
    cmd->add_option("--midi-clock-in", clock_in, "Listen to the MIDI clock of the port whose name contains this, too")
        ->needs(midi);
    cmd->add_option("--midi-offset", offset, "So much later than the device says is our sound heard, ms")
        ->check(CLI::Range(-500.0, 500.0))
        ->needs(midi);
  }
};

}  // namespace tactus::app
