#include "analyze_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "progress.h"

namespace tactus::app {
namespace {

using nlohmann::json;

// Times to 0.01 ms, so that a line isn't mostly noise of the last digits.
double time(double seconds) { return std::round(seconds * 1e5) / 1e5; }
json level(double db) { return std::isfinite(db) ? json(std::round(db * 1e3) / 1e3) : json(nullptr); }

json times(const std::vector<double>& list) {
  json out = json::array();
  for (const double t : list) out.push_back(time(t));
  return out;
}

// The label of the section that rules at `seconds`; a phrase just before a section's rounding belongs to it.
json label_at(const analysis::TrackAnalysis& a, double seconds) {
  constexpr double kNear = 0.05;
  json out = nullptr;
  for (const analysis::Section& s : a.sections) {
    if (s.start <= seconds + kNear) out = analysis::kPartNames[static_cast<std::size_t>(s.label)];
  }
  return out;
}

std::string dump(const json& out) { return out.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string analysis_line(const std::string& file, const analysis::TrackAnalysis& a) {
  json grid = json::array(), sections = json::array(), phrases = json::array();
  for (const analysis::Anchor& g : a.grid) {
    grid.push_back({{"start", time(g.seconds)}, {"bpm", g.bpm}, {"beat", g.beat}});
  }
  for (const analysis::Section& s : a.sections) {
    sections.push_back({{"start", time(s.start)},
                        {"end", time(s.end)},
                        {"label", analysis::kPartNames[static_cast<std::size_t>(s.label)]},
                        {"energy", s.energy}});
  }
  for (const analysis::Phrase& p : a.phrases) {
    const double t = a.seconds_of(p.beat);
    phrases.push_back({{"t", time(t)}, {"label", label_at(a, t)}});
  }
  return dump({{"file", file},
               {"duration", time(a.duration)},
               {"bpm", a.has_grid() ? json(a.bpm) : json(nullptr)},
               {"beats", times(a.beats())},
               {"downbeats", times(a.downbeats())},
               {"grid", grid},
               {"key", a.key_confidence > 0 ? json(a.key.name()) : json(nullptr)},
               {"key_confidence", a.key_confidence},
               {"tuning_cents", a.tuning_cents},
               {"lufs", level(a.lufs)},
               {"lra", level(a.lra)},
               {"true_peak_db", level(a.true_peak_db)},
               {"sections", sections},
               {"phrases", phrases},
               {"first_sound", time(a.first_sound)},
               {"last_sound", time(a.last_sound)}});
}

std::string failure_line(const std::string& file, const std::string& error) {
  return dump({{"file", file}, {"error", error}});
}

std::string analysis_words(const analysis::TrackAnalysis& a) {
  const std::string tempo = a.has_grid() ? fmt::format("{:.2f} BPM", a.bpm) : "no beat";
  const std::string key = a.key_confidence > 0 ? fmt::format("{} ({})", a.key.name(), a.key.camelot()) : "no clear key";
  const std::string loudness =
      std::isfinite(a.lufs) ? fmt::format("{:.1f} LUFS, peak {:+.1f} dBTP", a.lufs, a.true_peak_db) : "silence";
  return fmt::format("{:<10}  {:<15}  {}  {}", tempo, key, loudness, clock_text(a.duration));
}

}  // namespace tactus::app
