// One running connection to something that consumes audio at its own pace: a sound server, a card, a clock, a file.
// A stream knows nothing of the engine; it calls a PeriodHandler once a period on a thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tactus::io {

enum class Driver : std::uint8_t { automatic, jack, alsa, pulse, core, wasapi, asio, null, file };

// "auto", "jack", ...; also how a user types it.
const char* driver_name(Driver driver);
// For sentences: "JACK", "PulseAudio", ...
const char* driver_title(Driver driver);

struct StreamRequest {
  Driver driver = Driver::null;  // never automatic
  std::string device;            // a name or part of one, any case; empty: the driver's default. file: the path
  int rate = 48000;              // frames a second wished for; a device that can't gives its own
  int block = 256;               // frames a period wished for; likewise
  int outputs = 2;               // channels wished for, 0 to 8; fewer if the device has fewer
  int inputs = 0;
  std::string client_name = "tactus";  // what a sound server shows
};

// What a stream really runs at, read back after opening. A device may change nothing of it while open.
struct StreamInfo {
  Driver driver = Driver::null;
  std::string device;
  int rate = 48000;
  int block = 256;
  int outputs = 2;
  int inputs = 0;
  int output_latency = 0;  // frames from the period's start to the socket, as far as the driver knows
  bool realtime = false;   // the thread was given FIFO priority, where that is known
  // "JACK (system)": for sentences.
  std::string title() const;
};

// One period, planar. `out` holds rubbish on entry and is written in full; null pointers never occur.
struct Period {
  const float* const* in = nullptr;
  float* const* out = nullptr;
  int inputs = 0;
  int outputs = 0;
  int frames = 0;           // any number above 0, up to the driver
  std::int64_t now_ns = 0;  // CLOCK_MONOTONIC when the driver called, unfiltered
  bool xrun = false;        // the driver says that it missed something since the last period
};

struct PeriodHandler {
  using Function = void (*)(void* context, const Period&) noexcept;
  Function function = nullptr;
  void* context = nullptr;
};

class Stream {
 public:
  virtual ~Stream() = default;  // stops and closes; may block for as long as a frozen server is frozen
  virtual const StreamInfo& info() const = 0;
  // Once. The handler is called from now until the destructor returns. Empty, or why it can't.
  virtual std::string start(PeriodHandler handler) = 0;
  // False once the device is known to be gone (server shut down, card unplugged). Any thread.
  virtual bool running() const = 0;
  // After how long without a period a stream that calls itself running is given up and closed. Long where the driver
  // would say if its server were gone: a frozen JACK server only needs patience.
  virtual std::int64_t give_up_ns() const { return 2'000'000'000; }
  // A sentence when the stream had to do without something (a full disk, ...), else empty. Any thread but its own.
  virtual std::string take_trouble() { return {}; }
};

struct OpenedStream {
  std::unique_ptr<Stream> stream;
  std::string error;  // set when stream is null: one plain sentence
};

// How streams are made; tests put their own in its place.
using StreamFactory = std::function<OpenedStream(const StreamRequest&)>;

// The real thing, for every driver. May block for as long as a server doesn't answer; not realtime-safe.
OpenedStream open_stream(const StreamRequest& request);

std::int64_t monotonic_ns() noexcept;

}  // namespace tactus::io
