#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "doctor.h"

namespace tactus::app {

void add_doctor(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("doctor", "Say whether this machine is ready for a set, and what to mend");
  auto json = std::make_shared<bool>(false);
  cmd->add_flag("--json", *json, "One JSON object instead of text");
  cmd->footer("Exit status: 0 ready, 1 something to mend.\nExamples:\n  tactus doctor\n  tactus doctor --json");
  cmd->callback([&run, json] {
    run = [json] {
      const auto findings = judge(read_machine());
      fmt::print("{}\n", *json ? doctor_json(findings) : doctor_text(findings));
      return ready(findings) ? kOk : kFailed;
    };
  });
}

}  // namespace tactus::app
