// Renders a script to a file, with progress and a report: what `render`, `mix -o` and `start` share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "session/media_stack.h"
#include "session/renderer.h"

namespace tactus::app {

struct RenderOut {
  std::string path;   // .wav or .flac
  bool json = false;  // one object at the end on standard output, instead of text
  bool quiet = false;
  bool floats = false;                                   // a WAV holds all bits of the engine's samples, instead of 24
  std::vector<std::pair<double, std::string>> chapters;  // seconds, name
};

// Plays into `sink` until it wants no more; an error: nothing can be played.
using PlayOut =
    std::function<media::Result<session::RenderReport>(const session::RenderSink&, const session::RenderProgress&)>;

// Writes what `play` plays, at `rate`. An exit code, as below.
int write_out(const RenderOut& out, SampleRate rate, const PlayOut& play);

// An exit code: failed when the file can't be written, or when an intent was refused, which is named. With `lost`, the
// first file that can't be loaded ends it instead: it is named there, and nothing is written.
int render_out(const std::vector<session::ScriptEvent>& events, const session::RenderOptions& options,
               session::MediaStack& media, const RenderOut& out, std::string* lost = nullptr);

}  // namespace tactus::app
