// Cues as JSON:
//
//   {"tactus_cues": 1, "cue": 12.5, "hotcues": [{"number": 1, "seconds": 63.5}]}
//
// `cue` and `hotcues` are there where there are any.
#include <nlohmann/json.hpp>

#include "analysis/cues.h"
#include "base/json_number.h"

namespace tactus::analysis {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr int kCuesFormat = 1;
constexpr double kMostSeconds = 86400;  // what intents take

std::string line_of(const Ordered& j) { return j.dump(-1, ' ', false, Ordered::error_handler_t::replace); }

Ordered object_of(const Cues& cues) {
  Ordered out = {{"tactus_cues", kCuesFormat}};
  if (cues.cue) out["cue"] = *cues.cue;
  for (std::size_t k = 0; k < cues.hotcues.size(); ++k)
    if (cues.hotcues[k]) out["hotcues"].push_back({{"number", k + 1}, {"seconds", *cues.hotcues[k]}});
  return out;
}

bool plausible(double seconds) { return seconds >= 0 && seconds <= kMostSeconds; }

// Throws the library's exceptions.
std::optional<Cues> cues_of(const Ordered& in) {
  if (json_whole<int>(in.at("tactus_cues")) != kCuesFormat) return std::nullopt;
  Cues cues;
  if (in.contains("cue")) {
    cues.cue = in["cue"].get<double>();
    if (!plausible(*cues.cue)) return std::nullopt;
  }
  if (!in.contains("hotcues")) return cues;
  if (!in["hotcues"].is_array()) return std::nullopt;
  for (const Ordered& h : in["hotcues"]) {
    const auto number = json_whole<std::int64_t>(h.at("number"));
    const auto seconds = h.at("seconds").get<double>();
    if (number < 1 || number > kHotcues || !plausible(seconds)) return std::nullopt;
    cues.hotcues[static_cast<std::size_t>(number - 1)] = seconds;
  }
  return cues;
}

}  // namespace

std::string to_json(const Cues& cues) { return line_of(object_of(cues)); }

std::optional<Cues> parse_cues(std::string_view text) {
  try {
    return cues_of(Ordered::parse(text));
  } catch (const Ordered::exception&) {
    return std::nullopt;
  }
}

std::string to_json(const StoredCues& stored) {
  return line_of({{"content", stored.content}, {"cues", object_of(stored.cues)}, {"trouble", stored.trouble}});
}

std::optional<StoredCues> parse_stored_cues(std::string_view text) {
  try {
    const Ordered in = Ordered::parse(text);
    auto cues = cues_of(in.at("cues"));
    if (!cues) return std::nullopt;
    return StoredCues{in.at("content").get<std::string>(), std::move(*cues), in.at("trouble").get<std::string>()};
  } catch (const Ordered::exception&) {
    return std::nullopt;
  }
}

}  // namespace tactus::analysis
