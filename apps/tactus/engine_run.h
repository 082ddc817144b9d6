// The engine's process: one session, its clients, its journal, and how it ends.
#pragma once

#include <string>
#include <vector>

#include "audio_option.h"
#include "auto_gain_option.h"
#include "midi_option.h"
#include "start_option.h"

namespace tactus::app {

struct EngineOptions {
  AudioOption audio;
  AutoGainOption auto_gain;
  MidiOption midi;
  StartOption start;
  std::string session, library;  // library: its folder; empty: the user's own; "off": none
  std::vector<std::string> osc;
  std::string osc_bind = "127.0.0.1";
  std::string resume = "now";
  bool link = false;
  double link_offset = 0;
  std::string record, record_what = "master", record_format = "flac", record_split = "no";
};

// Until a signal or a client says stop; an exit code. Says on standard error why it can't run.
int run_engine(const EngineOptions& options);

}  // namespace tactus::app
