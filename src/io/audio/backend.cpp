#include "io/audio/backend.h"

#include "io/audio/rtaudio_stream.h"
#include "io/audio/supervisor.h"

namespace tactus::io {

bool parse_audio(std::string_view text, AudioOptions* options, std::string* error) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  for (const Driver driver : {Driver::automatic, Driver::jack, Driver::alsa, Driver::pulse, Driver::core,
                              Driver::wasapi, Driver::asio, Driver::null, Driver::file}) {
    if (name != driver_name(driver)) continue;
    const std::string_view device = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    if (driver == Driver::file && device.empty()) {
      *error = "'file' needs a path, for example file:set.wav";
      return false;
    }
    options->driver = driver;
    options->device = device;
    return true;
  }
  *error =
      "there is no audio driver '" + std::string(name) + "'; there are auto, jack, alsa, pulse, null and file:PATH";
  return false;
}

OpenedAudio open_audio(const AudioOptions& options, const msg::Callback& engine, const StreamFactory& factory,
                       std::int64_t wait_ns) {
  Routing routing;
  RoutingError wrong;
  if (!options.routing.empty() && !Routing::parse(options.routing, &routing, &wrong)) {
    return {nullptr, wrong.pointed(options.routing)};
  }
  const std::vector<Driver> drivers =
      options.driver == Driver::automatic ? rtaudio_drivers() : std::vector<Driver>{options.driver};
  std::string reasons;
  for (const Driver driver : drivers) {
    AudioOptions one = options;
    one.driver = driver;
    auto supervisor = std::make_unique<Supervisor>(one, options.routing.empty() ? nullptr : &routing, engine, factory);
    const std::string error = supervisor->start(wait_ns);
    if (error.empty()) return {std::move(supervisor), {}};
    reasons += (reasons.empty() ? "" : "; ") + error;
  }
  if (options.driver != Driver::automatic) return {nullptr, reasons};
  return {nullptr, "No audio device: " + reasons};
}

}  // namespace tactus::io
