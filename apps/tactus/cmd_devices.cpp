#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command.h"
#include "io/audio/devices.h"

namespace tactus::app {

void add_devices(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("devices", "List the audio devices that sound can come out of");
  auto json = std::make_shared<bool>(false);
  cmd->add_flag("--json", *json, "One JSON object instead of text");
  cmd->footer("Examples:\n  tactus devices\n  tactus devices --json");
  cmd->callback([&run, json] {
    run = [json] {
      const io::DeviceList list = io::list_devices();
      fmt::print("{}\n", *json ? io::devices_json(list) : io::devices_text(list));
      return kOk;
    };
  });
}

}  // namespace tactus::app
