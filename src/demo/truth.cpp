#include "demo/truth.h"

#include <algorithm>
#include <cmath>

namespace tactus::demo {
namespace {

using nlohmann::json;

// Whether a kick sounds on the first beat of every bar.
bool kick_on_every_bar(const Song& song, const Span& span) {
  for (int bar = 0; bar < span.bars; ++bar) {
    const double beat = span.from(bar, 1).beat;
    bool found = false;
    for (const Part& p : song.parts)
      if (p.name == "kick")
        found |=
            std::any_of(p.notes.begin(), p.notes.end(), [&](const Note& n) { return std::fabs(n.beat - beat) < 1e-9; });
    if (!found) return false;
  }
  return true;
}

}  // namespace

json truth_of(const Song& song, const Rendered& r, int first_bar, const Loudness& loudness) {
  const auto rounded = [](double v, double step) { return std::round(v / step) * step; };
  const auto place = [&](int bar) {
    const double frame = static_cast<double>(r.first_downbeat) + 4.0 * bar * r.frames_per_beat;
    return json{{"bar", bar + 1}, {"beat", 4 * bar}, {"frame", frame}, {"seconds", frame / r.rate}};
  };
  json sections = json::array(), phrases = json::array();
  for (const Section& s : song.sections) {
    const int start = static_cast<int>(s.span.beat / 4.0);
    const int from = std::max(start, first_bar), to = std::min(start + s.span.bars, first_bar + r.bars);
    if (from >= to) continue;
    json section = place(from - first_bar);
    section["name"] = s.name;
    section["bars"] = to - from;
    section["energy"] = rounded(s.energy, 0.01);
    section["kick_on_downbeats"] = kick_on_every_bar(song, {4.0 * from, to - from});
    sections.push_back(section);
    for (int bar = from; bar < to; bar += 8) {
      json phrase = place(bar - first_bar);
      phrase["bars"] = std::min(8, to - bar);
      phrase["section"] = s.name;
      phrases.push_back(phrase);
    }
  }
  const json first{{"frame", r.first_downbeat}, {"beat", 0}, {"bpm", song.bpm}};
  return {
      {"tactus_truth", 1},
      {"crate_version", kCrateVersion},
      {"title", song.title},
      {"artist", song.artist},
      {"genre", song.genre},
      {"rate", r.rate},
      {"bits", song.bits},
      {"frames", r.frames},
      {"seconds", static_cast<double>(r.frames) / r.rate},
      {"grid",
       {{"bpm", song.bpm},
        {"first_downbeat_frame", r.first_downbeat},
        {"first_downbeat_seconds", static_cast<double>(r.first_downbeat) / r.rate},
        {"frames_per_beat", r.frames_per_beat},
        {"beats_per_bar", 4},
        {"bars", r.bars},
        {"anchors", json::array({first})}}},
      {"swing", {{"unit", "1/16"}, {"ratio", rounded(song.swing, 0.001)}}},
      {"key",
       {{"name", song.key.name()},
        {"tonic", song.key.tonic},
        {"mode", song.key.minor ? "minor" : "major"},
        {"camelot", song.key.camelot()}}},
      {"sections", sections},
      {"phrases", phrases},
      {"loudness", {{"lufs", rounded(loudness.lufs, 0.01)}, {"true_peak_dbtp", rounded(loudness.true_peak_db, 0.01)}}},
  };
}

}  // namespace tactus::demo
