// Plays a script of intents through a whole session, offline, as fast as the machine goes; same script, same bits,
// whatever the block size. The caller's thread does everything but decode.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "session/script_player.h"

namespace tactus::session {

struct RenderOptions {
  SampleRate rate{48000};
  Bpm tempo{120};
  schedule::Metre metre = {};
  int block = 256;                                    // frames, 1 to 4096
  double max_seconds = 0;                             // 0: until the music has ended
  std::optional<double> target_lufs = kAutoGainLufs;  // of auto-gain; none: off
};

struct RenderReport {
  std::int64_t frames = 0;
  double realtime_factor = 0;
  double true_peak_db = 0, lufs = 0;
  double limited_db = 0;  // the most that the limiter took away; 0: it was idle all the time
  std::vector<Executed> events;
  std::vector<Refused> refused;  // by the scheduler, or because the file can't be played
  std::vector<std::string> notices;
};

// What the renderer gives back as it goes. `frames` interleaved stereo of the master. False: stop.
using RenderSink = std::function<bool(std::span<const float> interleaved)>;
// Seconds rendered so far, and how much is known to come (0: unknown).
using RenderProgress = std::function<void(double done, double total)>;

// Ends when every event has executed and no deck moves any more and the tails have died away (2 s at least); decks that
// loop with nothing left to come are let run for 16 beats. The engine's latency is trimmed: frame 0 of the file is
// session frame 0.
RenderReport render(const std::vector<ScriptEvent>& events, const RenderOptions& options, TrackSource& source,
                    const RenderSink& sink, const RenderProgress& progress = {});

}  // namespace tactus::session
