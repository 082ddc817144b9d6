// tactus map: the mapping files of MIDI controllers, seen, checked and made.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "command.h"
#include "io/midi/ports.h"
#include "learn.h"
#include "mappings.h"
#include "schedule/parse.h"

namespace tactus::app {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string joined(const std::vector<std::string>& words, const char* between) {
  return fmt::format("{}", fmt::join(words, between));
}

// --- list ------------------------------------------------------------------------------------------------------------

int list(bool as_json) {
  session::MappingShelf shelf(bundled_mappings(), mappings_folder());
  json rows = json::array();
  for (const session::ShelvedMapping& m : *shelf.list()) {
    rows.push_back({{"file", m.name},
                    {"path", m.path.string()},
                    {"bundled", m.path.empty()},
                    {"name", m.mapping->name},
                    {"devices", m.mapping->devices},
                    {"controls", m.mapping->controls.size() + m.mapping->jogs.size()},
                    {"lights", m.mapping->lights.size()}});
  }
  const std::vector<std::string> notices = shelf.take_notices();
  if (as_json) {
    fmt::print("{}\n", json{{"mappings", rows}, {"folder", mappings_folder().string()}, {"problems", notices}}.dump(2));
    return kOk;
  }
  for (const json& m : rows) {
    fmt::print("{:<28} {:<28} {:>4} controls {:>4} lights  {}\n", m["file"].get<std::string>(),
               m["name"].get<std::string>(), m["controls"].get<int>(), m["lights"].get<int>(),
               m["bundled"].get<bool>() ? "came with Tactus" : m["path"].get<std::string>());
    fmt::print("  for ports named {}\n", joined(m["devices"].get<std::vector<std::string>>(), " or "));
  }
  fmt::print("Yours go into {}\n", mappings_folder().string());
  for (const std::string& text : notices) fmt::print(stderr, "{}\n", text);
  return kOk;
}

// --- show and check --------------------------------------------------------------------------------------------------

// A file, or the name of a bundled one.
io::ReadMapping read(const std::string& file) {
  std::error_code none;
  if (!fs::exists(file, none)) {
    const std::string stem = fs::path(file).stem().string();
    for (const session::BundledMapping& b : bundled_mappings()) {
      if (b.name == file || b.name == stem) return io::read_mapping(b.text, session::find_board_field);
    }
  }
  return session::read_mapping_file(file);
}

int tell_errors(const std::string& file, const io::ReadMapping& mapping, bool as_json) {
  json errors = json::array();
  for (const io::MappingError& e : mapping.errors) errors.push_back({{"line", e.line}, {"text", e.text}});
  if (as_json) {
    fmt::print("{}\n", json{{"file", file}, {"ok", mapping.mapping.has_value()}, {"errors", errors}}.dump(2));
  } else if (!mapping.mapping) {
    fmt::print(stderr, "{}\n", session::errors_text(file, mapping));
  }
  return mapping.mapping ? kOk : kFailed;
}

int check(const std::string& file, bool as_json) {
  const io::ReadMapping mapping = read(file);
  const int code = tell_errors(file, mapping, as_json);
  if (code == kOk && !as_json) {
    const io::Mapping& m = *mapping.mapping;
    fmt::print("{}: no mistakes: {} controls, {} wheels, {} lights\n", file, m.controls.size(), m.jogs.size(),
               m.lights.size());
  }
  return code;
}

std::string actions(const std::vector<io::MidiAction>& list) {
  std::vector<std::string> words;
  for (const io::MidiAction& a : list) words.push_back(io::action_text(a));
  return joined(words, "; ");
}

void add_line(json& rows, const io::MidiTrigger& on, const std::string& layer, const char* when,
              const std::string& does) {
  if (does.empty()) return;
  rows.push_back({{"midi", io::trigger_text(on)}, {"layer", layer}, {"when", when}, {"does", does}});
}

int show(const std::string& file, bool as_json) {
  const io::ReadMapping mapping = read(file);
  if (!mapping.mapping) return tell_errors(file, mapping, as_json);
  const io::Mapping& m = *mapping.mapping;
  json rows = json::array();
  for (const io::MidiControl& c : m.controls) {
    add_line(rows, c.on, c.layer, c.key ? "pressed" : "moved", actions(c.act));
    add_line(rows, c.on, c.layer, "pressed again", actions(c.act_on));
    add_line(rows, c.on, c.layer, "let go", actions(c.release));
    add_line(rows, c.on, c.layer, "forwards", actions(c.up));
    add_line(rows, c.on, c.layer, "back", actions(c.down));
    if (!c.hold.empty()) add_line(rows, c.on, c.layer, "held", "layer " + c.hold);
  }
  for (const io::MidiJog& j : m.jogs) {
    const std::string deck = fmt::format("deck {}", j.deck + 1);
    if (j.touch) add_line(rows, *j.touch, "", "touched", deck + ": the record follows the hand");
    if (j.turn) add_line(rows, *j.turn, "", "turned", deck + ": scratches or nudges");
    if (j.rim) add_line(rows, *j.rim, "", "turned", deck + ": nudges");
  }
  if (as_json) {
    fmt::print("{}\n", json{{"name", m.name},
                            {"chart", m.chart},
                            {"devices", m.devices},
                            {"controls", rows},
                            {"lights", m.lights.size()}}
                           .dump(2));
    return kOk;
  }
  fmt::print("{}, for ports named {}\n", m.name, joined(m.devices, " or "));
  if (!m.chart.empty()) fmt::print("by {}\n", m.chart);
  for (const json& r : rows) {
    const std::string layer = r["layer"].get<std::string>();
    fmt::print("  {:<22} {:<14} {}\n", r["midi"].get<std::string>() + (layer.empty() ? "" : " [" + layer + "]"),
               r["when"].get<std::string>(), r["does"].get<std::string>());
  }
  fmt::print("  {} lights\n", m.lights.size());
  return kOk;
}

// --- ports -----------------------------------------------------------------------------------------------------------

std::string mapping_of(const session::MappingList& list, std::string port) {
  std::transform(port.begin(), port.end(), port.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const session::ShelvedMapping& m : list) {
    for (const std::string& part : m.mapping->devices) {
      if (port.find(part) != std::string::npos) return m.name;
    }
  }
  return {};
}

int ports(const std::string& api, bool as_json) {
  using namespace std::chrono_literals;
  constexpr auto kPatience = 3s;  // for a MIDI server to answer
  std::string error;
  io::MidiPortsOptions options;
  options.api = api;
  options.client = "Tactus ports";
  options.virtual_ports = false;
  const auto open = io::MidiPorts::start(
      options, [] {}, &error);
  if (!open) {
    fmt::print(stderr, "tactus: {}\n", error);
    return kFailed;
  }
  io::MidiPortNames names = open->names();
  for (const auto until = std::chrono::steady_clock::now() + kPatience;
       names.api.empty() && std::chrono::steady_clock::now() < until; names = open->names()) {
    std::this_thread::sleep_for(20ms);
  }
  const session::MappingShelf shelf(bundled_mappings(), mappings_folder());
  const auto list = shelf.list();
  if (as_json) {
    json in = json::array();
    for (const std::string& n : names.in) in.push_back({{"name", n}, {"mapping", mapping_of(*list, n)}});
    fmt::print("{}\n", json{{"api", names.api}, {"apis", io::midi_apis()}, {"in", in}, {"out", names.out}}.dump(2));
    return kOk;
  }
  if (names.api.empty()) {
    fmt::print("No MIDI server answers. This build knows: {}.\n", joined(io::midi_apis(), ", "));
    return kFailed;
  }
  fmt::print("By {} (this build knows: {}).\n", names.api, joined(io::midi_apis(), ", "));
  for (const std::string& n : names.in) {
    const std::string mapping = mapping_of(*list, n);
    fmt::print("  in   {:<44} {}\n", n, mapping.empty() ? "no mapping; `tactus map learn` makes one" : mapping);
  }
  for (const std::string& n : names.out) fmt::print("  out  {}\n", n);
  if (names.in.empty() && names.out.empty()) fmt::print("  No port is there: nothing is plugged in.\n");
  return kOk;
}

}  // namespace

void add_map(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("map", "MIDI controllers: which mappings there are, what they do; make your own");
  cmd->require_subcommand(1);
  auto as_json = std::make_shared<bool>(false);
  auto file = std::make_shared<std::string>();
  auto api = std::make_shared<std::string>();

  auto* of_list = cmd->add_subcommand("list", "All mappings, where they are, and which devices they fit");
  of_list->callback([&run, as_json] { run = [as_json] { return list(*as_json); }; });
  auto* of_show = cmd->add_subcommand("show", "What each control of a mapping does");
  of_show->callback([&run, file, as_json] { run = [file, as_json] { return show(*file, *as_json); }; });
  auto* of_check = cmd->add_subcommand("check", "Read a mapping and tell every mistake, with its line");
  of_check->callback([&run, file, as_json] { run = [file, as_json] { return check(*file, *as_json); }; });
  auto* of_ports = cmd->add_subcommand("ports", "The MIDI ports that are there, and which mapping each gets");
  of_ports->callback([&run, api, as_json] { run = [api, as_json] { return ports(*api, *as_json); }; });
  for (CLI::App* with_json : {of_list, of_show, of_check, of_ports}) {
    with_json->add_flag("--json", *as_json, "One JSON object instead of text");
  }
  for (CLI::App* with_file : {of_show, of_check}) {
    with_file->add_option("FILE", *file, "A file, or the name of a mapping that came with Tactus")->required();
  }
  of_ports->add_option("--midi-api", *api, "alsa or jack; by default what answers first");
  of_list->footer("Examples:\n  tactus map list\n  tactus map list --json");
  of_ports->footer("Examples:\n  tactus map ports\n  tactus map ports --midi-api jack --json");
  of_show->footer("Examples:\n  tactus map show pioneer-ddj-ergo\n  tactus map show mine.toml --json");
  of_check->footer("Example:\n  tactus map check ~/.config/tactus/mappings/mine.toml");

  auto learn_options = std::make_shared<LearnOptions>();
  auto* of_learn = cmd->add_subcommand("learn", "Ask for one control after the other and write a mapping");
  of_learn->add_option("-o,--output", learn_options->output, "The file to write; by default one named by the device");
  of_learn->add_option("--decks", learn_options->decks, "Decks that the controller has")
      ->capture_default_str()
      ->check(CLI::Range(1, 4));
  of_learn->add_option("--midi-api", learn_options->api, "alsa or jack; by default what answers first");
  of_learn->footer(
      "Move what is asked for. Enter skips it, b goes back, q writes what was learned so far and ends.\n\n"
      "Examples:\n  tactus map learn\n  tactus map learn --decks 4 -o ~/.config/tactus/mappings/mine.toml");
  of_learn->callback([&run, learn_options] { run = [learn_options] { return learn(*learn_options); }; });
  cmd->footer(
      "Examples:\n  tactus map ports\n  tactus map list\n  tactus map show behringer-bcd3000\n  tactus map learn\n\n"
      "docs/mappings.md tells how a mapping is written.");
}

}  // namespace tactus::app
