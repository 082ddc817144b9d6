// Renders a script to a file, with progress and a report: what `render`, `mix -o` and `start` share.
#pragma once

#include <string>
#include <vector>

#include "session/media_stack.h"
#include "session/renderer.h"

namespace tactus::app {

struct RenderOut {
  std::string path;   // .wav or .flac
  bool json = false;  // one object at the end on standard output, instead of text
  bool quiet = false;
  std::vector<std::pair<double, std::string>> chapters;  // seconds, name
};

// An exit code: failed when the file can't be written. Refused intents are named, and are no failure.
int render_out(const std::vector<session::ScriptEvent>& events, const session::RenderOptions& options,
               session::MediaStack& media, const RenderOut& out);

}  // namespace tactus::app
