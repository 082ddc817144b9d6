#include "io/audio/stream.h"

#include <algorithm>

#include "engine/msg/callback.h"
#include "io/audio/clock_stream.h"
#include "io/audio/rtaudio_stream.h"

namespace tactus::io {

const char* driver_name(Driver driver) {
  switch (driver) {
    case Driver::automatic:
      return "auto";
    case Driver::jack:
      return "jack";
    case Driver::alsa:
      return "alsa";
    case Driver::pulse:
      return "pulse";
    case Driver::core:
      return "core";
    case Driver::wasapi:
      return "wasapi";
    case Driver::asio:
      return "asio";
    case Driver::null:
      return "null";
    case Driver::file:
      return "file";
  }
  return "";
}

const char* driver_title(Driver driver) {
  switch (driver) {
    case Driver::jack:
      return "JACK";
    case Driver::alsa:
      return "ALSA";
    case Driver::pulse:
      return "PulseAudio";
    case Driver::core:
      return "CoreAudio";
    case Driver::wasapi:
      return "WASAPI";
    case Driver::asio:
      return "ASIO";
    case Driver::null:
      return "the null device";
    case Driver::file:
      return "the file";
    case Driver::automatic:
      break;
  }
  return "the default driver";
}

std::string StreamInfo::title() const {
  if (driver == Driver::file) return device;
  return device.empty() ? driver_title(driver) : std::string(driver_title(driver)) + " (" + device + ")";
}

OpenedStream open_stream(const StreamRequest& request) {
  if (request.driver != Driver::null && request.driver != Driver::file) return open_rtaudio(request);
  StreamInfo info;
  info.driver = request.driver;
  info.rate = request.rate;
  info.block = request.block;
  info.outputs = std::clamp(request.outputs, 1, msg::kMaxDeviceChannels);
  std::unique_ptr<WavSink> sink;
  if (request.driver == Driver::file) {
    info.device = request.device;
    std::string error;
    sink = WavSink::create(request.device, info.rate, info.outputs, &error);
    if (!sink) return {nullptr, error};
  }
  return {std::make_unique<ClockStream>(info, std::move(sink)), {}};
}

}  // namespace tactus::io
