#include "eval/truth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace tactus::eval {
namespace {

using nlohmann::json;

bool known(const json& in, const char* field) { return in.contains(field) && !in.at(field).is_null(); }

std::string text(const json& in, const char* field) {
  return known(in, field) ? in.at(field).get<std::string>() : std::string();
}

std::optional<std::vector<double>> times(const json& in, const char* field) {
  if (!known(in, field)) return std::nullopt;
  auto out = in.at(field).get<std::vector<double>>();
  if (!std::is_sorted(out.begin(), out.end())) {
    throw json::other_error::create(501, std::string(field) + " don't ascend", nullptr);
  }
  return out;
}

void read_key(const json& in, Truth& truth) {
  truth.key_known = in.contains("key");
  if (!known(in, "key")) return;
  const auto name = in.at("key").get<std::string>();
  truth.key = music::parse_key(name);
  if (!truth.key) throw json::other_error::create(501, "\"" + name + "\" is no key", nullptr);
}

void read_spans(const json& in, Truth& truth) {
  if (known(in, "sections")) {
    auto& sections = truth.sections.emplace();
    for (const json& s : in.at("sections")) {
      sections.push_back({s.at("start").get<double>(), s.at("end").get<double>(), text(s, "label")});
    }
  }
  if (known(in, "vocals")) {
    auto& vocals = truth.vocals.emplace();
    for (const json& v : in.at("vocals")) vocals.push_back({v.at(0).get<double>(), v.at(1).get<double>()});
  }
}

}  // namespace

std::optional<double> Truth::tempo() const {
  if (bpm) return bpm;
  if (!beats || beats->size() < 2) return std::nullopt;
  std::vector<double> intervals;
  for (std::size_t i = 1; i < beats->size(); ++i) intervals.push_back((*beats)[i] - (*beats)[i - 1]);
  std::sort(intervals.begin(), intervals.end());
  // The interval in which the middle of the time lies, not the middle one of the intervals.
  double left = (beats->back() - beats->front()) / 2;
  std::size_t i = 0;
  while (i + 1 < intervals.size() && left > intervals[i]) left -= intervals[i++];
  if (intervals[i] <= 0) return std::nullopt;
  return 60 / intervals[i];
}

media::Result<Truth> parse_truth(std::string_view line, const std::string& folder) {
  Truth truth;
  try {
    const json in = json::parse(line);
    truth.name = in.at("file").get<std::string>();
    truth.path = (std::filesystem::path(folder) / truth.name).string();
    truth.style = text(in, "style");
    truth.kind = text(in, "kind");
    truth.part = text(in, "part");
    if (known(in, "bpm")) truth.bpm = in.at("bpm").get<double>();
    truth.constant = known(in, "constant") ? in.at("constant").get<bool>() : truth.bpm.has_value();
    truth.beats = times(in, "beats");
    truth.downbeats = times(in, "downbeats");
    if (known(in, "tuning_cents")) truth.tuning_cents = in.at("tuning_cents").get<double>();
    read_key(in, truth);
    read_spans(in, truth);
  } catch (const json::exception& e) {
    return media::Error{folder, e.what()};
  }
  return truth;
}

media::Result<std::vector<Truth>> read_truth(const std::string& path) {
  std::ifstream in(path);
  if (!in) return media::Error{path, "the truth can't be read"};
  const std::string folder = std::filesystem::path(path).parent_path().string();
  std::vector<Truth> out;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    media::Result<Truth> truth = parse_truth(line, folder);
    if (!truth) return media::Error{path + ":" + std::to_string(number), truth.error().cause};
    out.push_back(std::move(truth).value());
  }
  if (out.empty()) return media::Error{path, "there is no truth in it"};
  return out;
}

}  // namespace tactus::eval
