#include "io/audio/devices.h"

#include <nlohmann/json.hpp>

#include "io/audio/deadline.h"
#include "io/audio/rtaudio_stream.h"

namespace tactus::io {

std::vector<DeviceInfo> list_devices(std::int64_t wait_ns, std::vector<Driver>* silent) {
  std::vector<DeviceInfo> all;
  for (const Driver driver : rtaudio_drivers()) {
    const auto found = within<std::vector<DeviceInfo>>(wait_ns, [driver] { return rtaudio_devices(driver); });
    if (found) {
      all.insert(all.end(), found->begin(), found->end());
    } else if (silent) {
      silent->push_back(driver);
    }
  }
  return all;
}

std::string devices_text(const std::vector<DeviceInfo>& devices) {
  if (devices.empty()) return "No audio device was found. The null and file devices work without one.\n";
  std::string text;
  for (const DeviceInfo& device : devices) {
    std::string line = driver_name(device.driver);
    line.resize(std::max<std::size_t>(line.size() + 1, 8), ' ');
    line += device.name + ": " + std::to_string(device.outputs) + " out, " + std::to_string(device.inputs) + " in, ";
    for (const int rate : device.rates) line += std::to_string(rate) + " ";
    text += line + "Hz" + (device.is_default ? ", default" : "") + "\n";
  }
  return text;
}

std::string devices_json(const std::vector<DeviceInfo>& devices) {
  nlohmann::json list = nlohmann::json::array();
  for (const DeviceInfo& device : devices) {
    list.push_back({{"driver", driver_name(device.driver)},
                    {"name", device.name},
                    {"outputs", device.outputs},
                    {"inputs", device.inputs},
                    {"rates", device.rates},
                    {"preferred_rate", device.preferred_rate},
                    {"default", device.is_default}});
  }
  // Names come from drivers: what isn't UTF-8 is replaced rather than thrown at the user.
  return nlohmann::json{{"devices", list}}.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace tactus::io
