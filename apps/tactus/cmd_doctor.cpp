#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "client/client.h"
#include "command.h"
#include "doctor.h"

namespace tactus::app {

namespace {

struct DoctorOptions {
  std::string session;
  bool json = false;
};

int doctor(const DoctorOptions& o) {
  const auto findings = judge(read_machine());
  std::vector<std::string> session;
  std::string none;
  const auto engine = client::Client::connect({.session = o.session, .name = "doctor"}, &none);
  const auto state = engine ? engine->board().read() : std::nullopt;
  if (state && state->version != 0) session = describe(counters_of(*state));
  if (engine && !engine->board().alive()) session = {"It does not answer."};
  fmt::print("{}\n", o.json ? doctor_json(findings, session) : doctor_text(findings, session));
  return ready(findings) ? kOk : kFailed;
}

}  // namespace

void add_doctor(CLI::App& app, Run& run) {
  auto* cmd =
      app.add_subcommand("doctor", "Say whether this machine is ready for a set, and how the one that plays goes");
  auto o = std::make_shared<DoctorOptions>();
  cmd->add_flag("--json", o->json, "One JSON object instead of text");
  cmd->add_option("--session", o->session, "The session's folder");
  cmd->footer("Exit status: 0 ready, 1 something to mend.\nExamples:\n  tactus doctor\n  tactus doctor --json");
  cmd->callback([&run, o] { run = [o] { return doctor(*o); }; });
}

}  // namespace tactus::app
