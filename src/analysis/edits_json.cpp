#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/edits.h"
#include "base/json_number.h"

namespace tactus::analysis {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;

bool plausible(const std::vector<Anchor>& grid) {
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const Anchor& a = grid[i];
    if (!(a.bpm >= 10 && a.bpm <= 1000 && a.seconds >= -60 && a.seconds <= 1e6 && std::fabs(a.beat) <= 1e7))
      return false;
    if (i > 0 && !(a.seconds > grid[i - 1].seconds && a.beat > grid[i - 1].beat)) return false;
  }
  return !grid.empty();
}

}  // namespace

std::string to_json(const Edits& edits) {
  json out = {{"tactus_edits", kFormat}};
  if (edits.grid) {
    out["grid"] = json::array();
    for (const Anchor& a : *edits.grid)
      out["grid"].push_back({{"seconds", a.seconds}, {"beat", a.beat}, {"bpm", a.bpm}});
  }
  if (edits.key) out["key"] = edits.key->name();
  return out.dump();
}

std::optional<Edits> parse_edits(std::string_view text) {
  try {
    const json in = json::parse(text);
    if (json_whole<int>(in.at("tactus_edits")) != kFormat) return std::nullopt;
    Edits edits;
    if (in.contains("grid")) {
      edits.grid.emplace();
      for (const json& a : in["grid"])
        edits.grid->push_back({a.at("seconds").get<double>(), a.at("beat").get<double>(), a.at("bpm").get<double>()});
      if (!plausible(*edits.grid)) return std::nullopt;
    }
    if (in.contains("key")) {
      edits.key = music::parse_key(in["key"].get<std::string>());
      if (!edits.key) return std::nullopt;
    }
    return edits;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace tactus::analysis
