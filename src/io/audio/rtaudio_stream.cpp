#include "io/audio/rtaudio_stream.h"

#include <RtAudio.h>

#if !defined(_WIN32)
#include <dlfcn.h>
#include <pthread.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/msg/callback.h"
#include "io/audio/quiet_cerr.h"

namespace tactus::io {

namespace {

struct Known {
  Driver driver;
  RtAudio::Api api;
};
// The order is that of preference. PipeWire answers as PulseAudio.
constexpr Known kKnown[] = {
    {Driver::jack, RtAudio::UNIX_JACK},    {Driver::pulse, RtAudio::LINUX_PULSE},
    {Driver::alsa, RtAudio::LINUX_ALSA},   {Driver::core, RtAudio::MACOSX_CORE},
    {Driver::asio, RtAudio::WINDOWS_ASIO}, {Driver::wasapi, RtAudio::WINDOWS_WASAPI},
};

bool compiled_in(RtAudio::Api api) {
  std::vector<RtAudio::Api> apis;
  RtAudio::getCompiledApi(apis);
  return std::find(apis.begin(), apis.end(), api) != apis.end();
}

#if defined(__linux__)
void say_nothing(const char*, int, const char*, int, const char*, ...) {}
#endif

// alsa-lib explains to stderr, in eight lines, that a machine has no card.
void quiet_alsa() {
#if defined(__linux__)
  using Handler = void (*)(const char*, int, const char*, int, const char*, ...);
  using SetHandler = int (*)(Handler);
  // Looked up rather than linked: alsa-lib is there only if RtAudio was built with it.
  static const auto set = reinterpret_cast<SetHandler>(dlsym(RTLD_DEFAULT, "snd_lib_error_set_handler"));
  if (set) set(say_nothing);
#endif
}

// Null when the driver isn't compiled in.
std::unique_ptr<RtAudio> make_rtaudio(Driver driver) {
  quiet_cerr();
  quiet_alsa();
  for (const Known& known : kKnown) {
    if (known.driver != driver || !compiled_in(known.api)) continue;
    auto audio = std::make_unique<RtAudio>(known.api);
    audio->showWarnings(false);
    return audio;
  }
  return nullptr;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// RtAudio's sentences name its own classes first.
std::string plain(const std::string& message) {
  const std::size_t colon = message.find(": ");
  return message.rfind("RtApi", 0) == 0 && colon != std::string::npos ? message.substr(colon + 2) : message;
}

// What a driver says of a device: asked again it may say something else, when its server is busy.
struct FoundDevice {
  unsigned index = 0;
  RtAudio::DeviceInfo info;
};

// The output device meant by `name`, or the default one; none when there is none, with the reason.
std::optional<FoundDevice> find_device(RtAudio& audio, const std::string& name, Driver driver, std::string* error) {
  const unsigned count = audio.getDeviceCount();
  std::string names;
  std::optional<FoundDevice> found;
  for (unsigned i = 0; i < count; ++i) {
    const RtAudio::DeviceInfo info = audio.getDeviceInfo(i);
    if (!info.probed || info.outputChannels == 0) continue;
    names += (names.empty() ? "" : ", ") + info.name;
    const bool wanted =
        name.empty() ? i == audio.getDefaultOutputDevice() : lower(info.name).find(lower(name)) != std::string::npos;
    if (wanted && !found) found = {i, info};
    if (!name.empty() && info.name == name) found = {i, info};
    if (name.empty() && !found) found = {i, info};
  }
  if (found) return found;
  *error = names.empty() ? std::string(driver_title(driver)) + " offers no audio device"
                         : std::string(driver_title(driver)) + " has no device named '" + name + "'; it has " + names;
  return {};
}

// PulseAudio's own choice is two seconds; a buffer this short is what the server's timer can serve. Only while a stream
// of its own is opened: an ALSA device that is one of PulseAudio's would be held to it too, and wait without end for
// room for a longer period.
class ShortPulse {
 public:
  explicit ShortPulse(Driver driver) : ours_(driver == Driver::pulse && !std::getenv(kName)) {
    if (ours_) setenv(kName, "10", 0);
  }
  ~ShortPulse() {
    if (ours_) unsetenv(kName);
  }
  ShortPulse(const ShortPulse&) = delete;
  ShortPulse& operator=(const ShortPulse&) = delete;

 private:
  static constexpr const char* kName = "PULSE_LATENCY_MSEC";
  const bool ours_;
};

class RtStream;

// libjack crashes when a client is opened while another of the same process closes because its server died. So whoever
// opens or closes on JACK takes turns, and an opener first waits for those that have fallen silent to close or to
// recover; as long as it takes, for a frozen server would not answer it anyway.
class JackTurn {
 public:
  enum class For { opening, closing };
  JackTurn(Driver driver, For what);

  // Under the lock.
  static std::vector<const RtStream*>& streams() { return shared().streams; }

 private:
  struct Shared {
    std::recursive_mutex mutex;  // a stream that can't be opened is closed by its opener
    std::vector<const RtStream*> streams;
  };
  // Never destroyed: a thread that waits for a frozen server may outlive main().
  static Shared& shared() {
    static Shared* const only = new Shared;
    return *only;
  }
  static bool any_dying();

  std::unique_lock<std::recursive_mutex> lock_;
};

// When its JACK server dies, RtAudio closes a running stream from a thread of its own while libjack's thread still
// tells it so, and libjack ends threads by asynchronous cancellation: wherever that one is, which ends the program
// where C++ can't be unwound. So whoever opened the stream hears of it instead, and closes it. RtAudio shows what it
// keeps of JACK to its subclasses only; the client comes first in it.
struct JackAccess : RtAudio {
  using Heard = void (*)(void*);
  // Before the stream starts, after which JACK takes no other listener.
  static void on_shutdown(RtAudio& audio, Heard heard, void* context) {
#if !defined(_WIN32)
    using Set = void (*)(void* client, Heard, void*);
    // Looked up rather than linked: libjack is there only if RtAudio was built with it.
    static const auto set = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "jack_on_shutdown"));
    if (set) set(Api::client(*(audio.*(&JackAccess::rtapi_))), heard, context);
#endif
  }

 private:
  struct Api : RtApi {
    static void* client(RtApi& api) { return *static_cast<void**>((api.*(&Api::stream_)).apiHandle); }
  };
};

// libjack's cancellation waits until the period is over: no frame of ours could be unwound.
class UntilPeriodEnds {
 public:
  UntilPeriodEnds() {
#if !defined(_WIN32)
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &before_);
#endif
  }
  // Not in a destructor, which may not be unwound either: here a thread that was cancelled meanwhile ends.
  void over() {
#if !defined(_WIN32)
    pthread_setcanceltype(before_, nullptr);
#endif
  }

 private:
  int before_ = 0;
};

class RtStream final : public Stream {
 public:
  // On JACK: within a JackTurn.
  RtStream(std::unique_ptr<RtAudio> audio, StreamInfo info) : audio_(std::move(audio)), info_(std::move(info)) {
    if (info_.driver == Driver::jack) JackTurn::streams().push_back(this);
  }

  ~RtStream() override {
    const JackTurn turn(info_.driver, JackTurn::For::closing);
    std::erase(JackTurn::streams(), this);
    if (audio_->isStreamOpen()) audio_->closeStream();
    audio_.reset();
  }

  // Started, silent, and nobody knows why.
  bool dying() const {
    return audio_->isStreamRunning() && !failed() &&
           monotonic_ns() - last_ns_.load(std::memory_order_relaxed) > 50'000'000;
  }

  std::string open(const RtAudio::StreamParameters& out, const RtAudio::StreamParameters* in,
                   const std::string& client_name);

  const StreamInfo& info() const override { return info_; }
  bool running() const override { return !failed() && !shut_down_.load() && audio_->isStreamOpen(); }
  std::int64_t give_up_ns() const override { return info_.driver == Driver::jack ? 30'000'000'000 : 2'000'000'000; }

  std::string start(PeriodHandler handler) override {
    handler_ = handler;
    const JackTurn turn(info_.driver, JackTurn::For::opening);
    last_ns_ = monotonic_ns();
    try {
      audio_->startStream();
    } catch (const RtAudioError& error) {
      return plain(error.getMessage());
    }
    return audio_->isStreamRunning() ? std::string() : driver_title(info_.driver) + std::string(" did not start");
  }

 private:
  // The driver reports errors and no period comes between them. JACK stops a client at its first: RtAudio can't follow
  // a server whose period length was changed. (A pulled ALSA card keeps calling: KeptStream sees it run away.)
  bool failed() const { return errors_.load(std::memory_order_relaxed) >= (info_.driver == Driver::jack ? 1 : 3); }

  static int callback(void* out, void* in, unsigned frames, double, RtAudioStreamStatus status, void* context) {
    UntilPeriodEnds uncancelled;
    static_cast<RtStream*>(context)->period(static_cast<float*>(out), static_cast<const float*>(in), frames,
                                            status != 0);
    uncancelled.over();
    return 0;
  }
  void period(float* out, const float* in, unsigned frames, bool xrun) {
    current() = this;
    errors_.store(0, std::memory_order_relaxed);
    std::array<const float*, msg::kMaxDeviceChannels> ins{};
    std::array<float*, msg::kMaxDeviceChannels> outs{};
    for (int c = 0; c < info_.inputs; ++c) ins[static_cast<std::size_t>(c)] = in + static_cast<std::size_t>(c) * frames;
    for (int c = 0; c < info_.outputs; ++c)
      outs[static_cast<std::size_t>(c)] = out + static_cast<std::size_t>(c) * frames;
    const std::int64_t now = monotonic_ns();
    last_ns_.store(now, std::memory_order_relaxed);
    handler_.function(handler_.context,
                      {ins.data(), outs.data(), info_.inputs, info_.outputs, static_cast<int>(frames), now, xrun});
  }

  // RtAudio's error callback has no context; errors that end a stream come on the thread of its callback.
  static RtStream*& current() {
    static thread_local RtStream* stream = nullptr;
    return stream;
  }
  static void on_error(RtAudioError::Type, const std::string&) {
    if (current()) current()->errors_.fetch_add(1, std::memory_order_relaxed);
  }

  std::unique_ptr<RtAudio> audio_;
  StreamInfo info_;
  PeriodHandler handler_;
  std::atomic<int> errors_{0};
  std::atomic<bool> shut_down_{false};  // by JACK
  std::atomic<std::int64_t> last_ns_{monotonic_ns()};
};

JackTurn::JackTurn(Driver driver, For what) {
  if (driver != Driver::jack) return;
  lock_ = std::unique_lock(shared().mutex);
  while (what == For::opening && any_dying()) {
    lock_.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    lock_.lock();
  }
}

bool JackTurn::any_dying() {
  return std::any_of(streams().begin(), streams().end(), [](const RtStream* stream) { return stream->dying(); });
}

std::string RtStream::open(const RtAudio::StreamParameters& out, const RtAudio::StreamParameters* in,
                           const std::string& client_name) {
  RtAudio::StreamOptions options;
  options.flags = RTAUDIO_NONINTERLEAVED | RTAUDIO_SCHEDULE_REALTIME;
  options.priority = 70;
  options.numberOfBuffers = 2;
  options.streamName = client_name;
  auto frames = static_cast<unsigned>(info_.block);
  RtAudio::StreamParameters out_copy = out;
  RtAudio::StreamParameters in_copy = in ? *in : RtAudio::StreamParameters{};
  const ShortPulse short_pulse(info_.driver);
  try {
    audio_->openStream(&out_copy, in ? &in_copy : nullptr, RTAUDIO_FLOAT32, static_cast<unsigned>(info_.rate), &frames,
                       callback, this, &options, on_error);
  } catch (const RtAudioError& error) {
    return plain(error.getMessage());
  }
  if (info_.driver == Driver::jack) {
    JackAccess::on_shutdown(
        *audio_, [](void* self) { static_cast<RtStream*>(self)->shut_down_ = true; }, this);
  }
  // What was asked for is not always what one gets.
  info_.block = static_cast<int>(frames);
  info_.rate = static_cast<int>(audio_->getStreamSampleRate());
  info_.output_latency = static_cast<int>(audio_->getStreamLatency());
  return {};
}

// The device's own rate for a sound server, else the wished-for one if the card can.
int choose_rate(const RtAudio::DeviceInfo& device, Driver driver, int wished) {
  const bool listed = std::find(device.sampleRates.begin(), device.sampleRates.end(), static_cast<unsigned>(wished)) !=
                      device.sampleRates.end();
  if (listed && driver != Driver::jack) return wished;
  if (device.preferredSampleRate) return static_cast<int>(device.preferredSampleRate);
  return device.sampleRates.empty() ? wished : static_cast<int>(device.sampleRates.back());
}

}  // namespace

std::vector<Driver> rtaudio_drivers() {
  std::vector<Driver> drivers;
  for (const Known& known : kKnown) {
    if (compiled_in(known.api)) drivers.push_back(known.driver);
  }
  return drivers;
}

std::vector<DeviceInfo> rtaudio_devices(Driver driver) try {
  const JackTurn turn(driver, JackTurn::For::opening);
  std::vector<DeviceInfo> devices;
  const auto audio = make_rtaudio(driver);
  if (!audio) return devices;
  const unsigned count = audio->getDeviceCount();
  for (unsigned i = 0; i < count; ++i) {
    const RtAudio::DeviceInfo info = audio->getDeviceInfo(i);
    if (!info.probed) continue;
    DeviceInfo device;
    device.driver = driver;
    device.name = info.name;
    device.outputs = static_cast<int>(info.outputChannels);
    device.inputs = static_cast<int>(info.inputChannels);
    device.rates.assign(info.sampleRates.begin(), info.sampleRates.end());
    device.preferred_rate = static_cast<int>(info.preferredSampleRate);
    device.is_default = info.isDefaultOutput || (info.outputChannels > 0 && count == 1);
    devices.push_back(std::move(device));
  }
  return devices;
} catch (const RtAudioError&) {
  return {};  // it went while it was asked
}

OpenedStream open_rtaudio(const StreamRequest& request) try {
  const JackTurn turn(request.driver, JackTurn::For::opening);
  auto audio = make_rtaudio(request.driver);
  if (!audio) return {nullptr, std::string("this build has no ") + driver_title(request.driver)};
  std::string error;
  const std::optional<FoundDevice> found = find_device(*audio, request.device, request.driver, &error);
  if (!found) return {nullptr, error};
  const RtAudio::DeviceInfo& device = found->info;

  StreamInfo info;
  info.driver = request.driver;
  info.device = device.name;
  info.rate = choose_rate(device, request.driver, request.rate);
  info.block = request.block;
  info.outputs = std::min({request.outputs, static_cast<int>(device.outputChannels), msg::kMaxDeviceChannels});
  // Inputs come from the same device, or from the default one where playing and recording are devices of their own.
  unsigned in_index = found->index;
  if (request.inputs > 0 && device.inputChannels == 0) in_index = audio->getDefaultInputDevice();
  const int inputs =
      static_cast<int>((in_index == found->index ? device : audio->getDeviceInfo(in_index)).inputChannels);
  info.inputs = std::min({request.inputs, inputs, msg::kMaxDeviceChannels});

  RtAudio::StreamParameters out{found->index, static_cast<unsigned>(info.outputs), 0};
  RtAudio::StreamParameters in{in_index, static_cast<unsigned>(info.inputs), 0};
  const bool duplex = info.inputs > 0;
  auto stream = std::make_unique<RtStream>(std::move(audio), info);
  error = stream->open(out, duplex ? &in : nullptr, request.client_name);
  if (!error.empty()) return {nullptr, info.title() + ": " + error};
  return {std::move(stream), {}};
} catch (const RtAudioError& error) {
  return {nullptr, std::string(driver_title(request.driver)) + ": " + plain(error.getMessage())};
}

}  // namespace tactus::io
