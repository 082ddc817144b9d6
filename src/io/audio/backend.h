// Sound out of (and into) the machine: opens a device, drives the engine's callback with it, and keeps the set playing
// while that device is gone.
//
//   msg::Callback engine = ...;
//   OpenedAudio opened = open_audio({.driver = Driver::automatic, .routing = "master=1-2 cue=3-4"}, engine);
//   if (!opened.audio) say(opened.error);   // "No audio device: ..."
//
// Nothing here is realtime-safe and all of it belongs to one thread, but for what the callbacks do inside.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/msg/callback.h"
#include "io/audio/callback_driver.h"
#include "io/audio/gate.h"
#include "io/audio/routing.h"
#include "io/audio/stream.h"

namespace tactus::io {

struct AudioOptions {
  Driver driver = Driver::automatic;  // JACK if a server answers, else PulseAudio or PipeWire, else ALSA
  std::string device = {};            // a name or part of one; empty: the driver's default. For `file`: the path
  int rate = 48000;                   // the engine's, for the whole session; a device that differs is resampled
  int block = 256;                    // frames wished for; the device decides
  std::string routing = {};           // see routing.h; empty: what the outputs allow
  std::string client_name = "tactus";
  // Headphones on a device of their own get the cue bus. `automatic`: none.
  Driver phones_driver = Driver::automatic;
  std::string phones_device = {};
  // A device that is silent for longer has lost the engine to the standby clock. With a period of the standby 90 ms
  // make at most 100 ms from its last callback to the standby's first; less would trip over what a busy machine steals.
  std::int64_t patience_ns = 90'000'000;
  BlockHook before_block = {};  // before every block, e.g. LinkClock::capture; its context outlives the AudioOut
  TrapHooks trap = {};          // around every `process`
  bool count_faults = false;    // page faults of every callback, at the price of two getrusage() calls
};

// "auto", "jack", "alsa", "pulse", "core", "wasapi", "asio", "null", "file:PATH", and "DRIVER:DEVICE". False and a
// sentence in `error` for anything else.
bool parse_audio(std::string_view text, AudioOptions* options, std::string* error);

// One plain sentence for the user.
struct Notice {
  bool warning = false;
  std::string text;
  std::int64_t frame = 0;  // the engine's, at about that time
};

struct AudioStatus {
  StreamInfo device;        // as opened last
  bool on_device = true;    // false: the standby clock drives the engine, nobody hears it
  std::int64_t frames = 0;  // engine frames passed
  std::uint64_t periods = 0, late_periods = 0, xruns = 0;  // late: came without the right to play, were silent
  std::uint64_t minor_faults = 0, major_faults = 0;        // inside callbacks, when counted
  std::uint64_t blocks = 0;                                // callbacks measured, of which CPU time in microseconds:
  double cpu_mean_us = 0, cpu_p99_us = 0, cpu_p9999_us = 0, cpu_max_us = 0;
  bool phones = false;  // the second device plays
};

class AudioOut {
 public:
  virtual ~AudioOut() = default;  // when it returns the engine's callback is never called again

  virtual AudioStatus status() const = 0;
  virtual Prelisten prelisten() const = 0;
  // Since the last call. Any thread.
  virtual std::vector<Notice> take_notices() = 0;
  // Since the last call; for the journal. Ids: EngineGate::kStandby, or a device.
  virtual std::vector<Handover> take_handovers() = 0;
};

struct OpenedAudio {
  std::unique_ptr<AudioOut> audio;
  std::string error;  // when audio is null: one plain sentence, e.g. "No audio device: JACK offers none; ..."
};

// Opens and starts. A driver that doesn't answer for `wait_ns` counts as absent.
OpenedAudio open_audio(const AudioOptions& options, const msg::Callback& engine,
                       const StreamFactory& factory = open_stream, std::int64_t wait_ns = 5'000'000'000);

}  // namespace tactus::io
