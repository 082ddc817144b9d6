#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "analysis/analysis.h"

namespace tactus::analysis {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

json level(double db) { return std::isfinite(db) ? json(db) : json(nullptr); }
double level(const json& j) { return j.is_null() ? -kInfinity : j.get<double>(); }

json grid_json(const std::vector<Anchor>& grid) {
  json out = json::array();
  for (const Anchor& a : grid) out.push_back({{"seconds", a.seconds}, {"beat", a.beat}, {"bpm", a.bpm}});
  return out;
}

json phrases_json(const std::vector<Phrase>& phrases) {
  json out = json::array();
  for (const Phrase& p : phrases) out.push_back({{"beat", p.beat}, {"length", p.length}, {"strength", p.strength}});
  return out;
}

bool within(double v, double low, double high) { return v >= low && v <= high; }

bool plausible(const TrackAnalysis& a) {
  if (a.version != kVersion || !within(a.duration, 0, 1e6) || !within(a.confidence, 0, 1)) return false;
  if (!within(a.first_sound, 0, a.duration) || !within(a.last_sound, a.first_sound, a.duration)) return false;
  if (!within(a.first_downbeat, -60, a.duration) || !within(a.bpm, 0, 1000)) return false;
  for (std::size_t i = 0; i < a.grid.size(); ++i) {
    if (!within(a.grid[i].bpm, 10, 1000) || !within(a.grid[i].seconds, -60, 1e6)) return false;
    if (i > 0 && (a.grid[i].beat <= a.grid[i - 1].beat || a.grid[i].seconds <= a.grid[i - 1].seconds)) return false;
  }
  for (std::size_t i = 1; i < a.phrases.size(); ++i) {
    if (a.phrases[i].beat <= a.phrases[i - 1].beat) return false;
  }
  return true;
}

}  // namespace

std::string to_json(const TrackAnalysis& a) {
  const json out = {{"tactus_analysis", a.version},
                    {"title", a.title},
                    {"artist", a.artist},
                    {"duration", a.duration},
                    {"grid", grid_json(a.grid)},
                    {"bpm", a.bpm},
                    {"confidence", a.confidence},
                    {"grid_error_ms", a.grid_error_ms},
                    {"first_downbeat", a.first_downbeat},
                    {"phrases", phrases_json(a.phrases)},
                    {"key", a.key.name()},
                    {"key_confidence", a.key_confidence},
                    {"lufs", level(a.lufs)},
                    {"true_peak_db", level(a.true_peak_db)},
                    {"first_sound", a.first_sound},
                    {"last_sound", a.last_sound}};
  // Tags may hold anything; a broken byte must not cost the analysis.
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<TrackAnalysis> parse_json(std::string_view text) {
  try {
    const json in = json::parse(text);
    TrackAnalysis a;
    a.version = in.at("tactus_analysis").get<int>();
    a.title = in.at("title").get<std::string>();
    a.artist = in.at("artist").get<std::string>();
    a.duration = in.at("duration").get<double>();
    for (const json& j : in.at("grid")) {
      a.grid.push_back({j.at("seconds").get<double>(), j.at("beat").get<double>(), j.at("bpm").get<double>()});
    }
    a.bpm = in.at("bpm").get<double>();
    a.confidence = in.at("confidence").get<double>();
    a.grid_error_ms = in.at("grid_error_ms").get<double>();
    a.first_downbeat = in.at("first_downbeat").get<double>();
    for (const json& j : in.at("phrases")) {
      a.phrases.push_back({j.at("beat").get<double>(), j.at("length").get<int>(), j.at("strength").get<double>()});
    }
    const std::optional<music::Key> key = music::parse_key(in.at("key").get<std::string>());
    if (!key) return std::nullopt;
    a.key = *key;
    a.key_confidence = in.at("key_confidence").get<double>();
    a.lufs = level(in.at("lufs"));
    a.true_peak_db = level(in.at("true_peak_db"));
    a.first_sound = in.at("first_sound").get<double>();
    a.last_sound = in.at("last_sound").get<double>();
    if (!plausible(a)) return std::nullopt;
    return a;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace tactus::analysis
