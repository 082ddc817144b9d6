// The drivers that RtAudio brings: JACK, ALSA and PulseAudio here, CoreAudio, WASAPI and ASIO elsewhere.
#pragma once

#include <string>
#include <vector>

#include "io/audio/devices.h"
#include "io/audio/stream.h"

namespace tactus::io {

// The drivers compiled in, in the order in which 'auto' tries them.
std::vector<Driver> rtaudio_drivers();

// What a driver offers now; none when its server doesn't run. May block as long as a server doesn't answer.
std::vector<DeviceInfo> rtaudio_devices(Driver driver);

OpenedStream open_rtaudio(const StreamRequest& request);

}  // namespace tactus::io
