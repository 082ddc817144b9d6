// Where sound goes: --audio, --headphones, --routing, --rate and --block, the same for every command that plays live.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "io/audio/backend.h"

namespace tactus::app {

struct AudioOption {
  std::string audio = "auto", headphones, routing;
  int rate = 48000, block = 256;

  // Call once; must outlive the parse.
  void add(CLI::App* cmd) {
    cmd->add_option("--audio", audio, "auto, jack, alsa, pulse, null, file:OUT.wav, or DRIVER:DEVICE")
        ->capture_default_str();
    cmd->add_option("--headphones", headphones,
                    "A second device for pre-listening, e.g. alsa:USB; see `tactus devices`");
    cmd->add_option("--routing", routing, "Outputs by name, e.g. \"master=1-2 cue=3-4\", or split=1-2");
    cmd->add_option("--rate", rate, "Frames a second")->capture_default_str()->check(CLI::Range(8000, 192000));
    cmd->add_option("--block", block, "Frames a block")->capture_default_str()->check(CLI::Range(16, 4096));
  }
  // As words of a command line.
  std::vector<std::string> words() const {
    std::vector<std::string> list{"--audio", audio, "--rate", std::to_string(rate), "--block", std::to_string(block)};
    if (!headphones.empty()) list.insert(list.end(), {"--headphones", headphones});
    if (!routing.empty()) list.insert(list.end(), {"--routing", routing});
    return list;
  }
  // False and a sentence in `error` when a word can't be understood.
  bool fill(io::AudioOptions* options, std::string* error) const {
    if (!io::parse_audio(audio, options, error)) return false;
    if (!headphones.empty()) {
      io::AudioOptions phones;
      if (!io::parse_audio(headphones, &phones, error)) return false;
      if (phones.driver == io::Driver::automatic || phones.driver == io::Driver::null) {
        *error = "--headphones needs a device of its own: DRIVER or DRIVER:DEVICE, see `tactus devices`";
        return false;
      }
      options->phones_driver = phones.driver;
      options->phones_device = phones.device;
    }
    io::RoutingError wrong;
    io::Routing parsed;
    if (!routing.empty() && !io::Routing::parse(routing, &parsed, &wrong)) {
      *error = "--routing: " + wrong.text;
      return false;
    }
    options->routing = routing;
    options->rate = rate;
    options->block = block;
    return true;
  }
};

}  // namespace tactus::app
