// What there is to play on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/audio/stream.h"

namespace tactus::io {

struct DeviceInfo {
  Driver driver = Driver::null;
  std::string name;
  int outputs = 0;
  int inputs = 0;
  std::vector<int> rates;  // frames a second, rising; for a sound server the one it runs at
  int preferred_rate = 0;
  bool is_default = false;  // of its driver
};

struct DeviceList {
  std::vector<DeviceInfo> devices;
  std::vector<Driver> silent;  // whose server is there and doesn't answer
};

// Every driver's devices, in the order in which `auto` would choose; the null and file devices are not listed. A driver
// that doesn't answer within `wait_ns` counts as silent. Not realtime-safe.
DeviceList list_devices(std::int64_t wait_ns = 3'000'000'000);

// For people: a line a device, or a sentence that there are none, and one for each driver that is silent.
std::string devices_text(const DeviceList& list);
// {"devices": [{"driver", "name", "outputs", "inputs", "rates", "preferred_rate", "default"}], "silent": ["jack"]}
std::string devices_json(const DeviceList& list);

}  // namespace tactus::io
