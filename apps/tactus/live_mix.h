// A planned set, live: plays, goes on analysing, plans again what hasn't started, and listens to the keyboard.
#pragma once

#include <string>

#include "mix_set.h"
#include "session/live.h"
#include "session/media_stack.h"

namespace tactus::app {

struct LiveMixOptions {
  session::LiveOptions live;
  session::MixOptions mix;
  double level_db = -6;  // where the master starts: moderate
};

// Plays until the set ends or the user says so. `opened` is set once sound is on; when it stays false no device could
// be opened, and `error` says so. An exit code.
int live_mix(Analyses& analyses, session::MediaStack& media, const LiveMixOptions& options, bool* opened,
             std::string* error);

}  // namespace tactus::app
