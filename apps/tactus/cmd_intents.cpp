#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command.h"
#include "schedule/docs.h"

namespace tactus::app {

void add_intents(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("intents", "List all that can be asked of the instrument");
  auto markdown = std::make_shared<bool>(false);
  auto json = std::make_shared<bool>(false);
  cmd->add_flag("--markdown", *markdown, "As docs/intents.md");
  cmd->add_flag("--json", *json, "As one JSON object, for programs")->excludes("--markdown");
  cmd->footer(
      "Examples:\n  tactus intents | less\n  tactus intents --markdown > docs/intents.md\n  tactus intents --json");
  cmd->callback([&run, json] {
    run = [json] {
      fmt::print("{}", *json ? schedule::intents_json() + "\n" : schedule::intents_markdown());
      return kOk;
    };
  });
}

}  // namespace tactus::app
