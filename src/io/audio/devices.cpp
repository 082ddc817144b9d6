#include "io/audio/devices.h"

#include <nlohmann/json.hpp>

#include "io/audio/deadline.h"
#include "io/audio/rtaudio_stream.h"

namespace tactus::io {

DeviceList list_devices(std::int64_t wait_ns) {
  DeviceList all;
  for (const Driver driver : rtaudio_drivers()) {
    const auto found = within<std::vector<DeviceInfo>>(wait_ns, [driver] { return rtaudio_devices(driver); });
    if (found) {
      all.devices.insert(all.devices.end(), found->begin(), found->end());
    } else {
      all.silent.push_back(driver);
    }
  }
  return all;
}

std::string devices_text(const DeviceList& list) {
  std::string text;
  if (list.devices.empty()) text = "No audio device was found. The null and file devices work without one.\n";
  for (const DeviceInfo& device : list.devices) {
    std::string line = driver_name(device.driver);
    line.resize(std::max<std::size_t>(line.size() + 1, 8), ' ');
    line += device.name + ": " + std::to_string(device.outputs) + " out, " + std::to_string(device.inputs) + " in, ";
    for (const int rate : device.rates) line += std::to_string(rate) + " ";
    text += line + "Hz" + (device.is_default ? ", default" : "") + "\n";
  }
  for (const Driver driver : list.silent) {
    text += std::string(driver_title(driver)) + " does not answer: its server is frozen, or far too busy.\n";
  }
  return text;
}

std::string devices_json(const DeviceList& list) {
  nlohmann::json devices = nlohmann::json::array(), silent = nlohmann::json::array();
  for (const Driver driver : list.silent) silent.push_back(driver_name(driver));
  for (const DeviceInfo& device : list.devices) {
    devices.push_back({{"driver", driver_name(device.driver)},
                       {"name", device.name},
                       {"outputs", device.outputs},
                       {"inputs", device.inputs},
                       {"rates", device.rates},
                       {"preferred_rate", device.preferred_rate},
                       {"default", device.is_default}});
  }
  // Names come from drivers: what isn't UTF-8 is replaced rather than thrown at the user.
  const nlohmann::json all{{"devices", devices}, {"silent", silent}};
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace tactus::io
