#include "demo/truth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

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

// The parts of a song in the words of the analysis, which has six.
std::string_view label_of(std::string_view name) {
  struct Word {
    std::string_view name, label;
  };
  constexpr std::array kWords = {Word{"rise", "build"}, Word{"chorus", "drop"}, Word{"hook", "drop"},
                                 Word{"groove", "verse"}};
  for (const Word& w : kWords)
    if (w.name == name) return w.label;
  return name;
}

// When somebody sings alone: choirs are pads. Spans in seconds after beat 0 of the song, those nearer than half a
// second joined.
std::vector<std::pair<double, double>> sung(const Song& song, double seconds_per_beat) {
  constexpr double kGap = 0.5;
  std::vector<std::pair<double, double>> notes, out;
  for (const Part& part : song.parts) {
    if (part.stem != Stem::vocals || part.name == "choir") continue;
    for (const Note& n : part.notes) {
      const double start = (part.swung ? swung(n.beat, song.swing) : n.beat) * seconds_per_beat;
      notes.emplace_back(start, start + n.beats * seconds_per_beat);
    }
  }
  std::sort(notes.begin(), notes.end());
  for (const auto& [start, end] : notes) {
    if (!out.empty() && start - out.back().second < kGap) {
      out.back().second = std::max(out.back().second, end);
    } else {
      out.emplace_back(start, end);
    }
  }
  return out;
}

}  // namespace

json eval_truth_of(const Song& song, const json& truth) {
  const double bpm = song.bpm, first = truth.at("grid").at("first_downbeat_seconds"), end = truth.at("seconds");
  const double beat = 60 / bpm;
  const int beats = 4 * truth.at("grid").at("bars").get<int>(), first_bar = truth.at("cut").at("first_bar");
  json all = json::array(), downbeats = json::array(), sections = json::array(), vocals = json::array();
  for (int i = 0; i < beats; ++i) {
    all.push_back(first + i * beat);
    if (i % 4 == 0) downbeats.push_back(first + i * beat);
  }
  for (const json& s : truth.at("sections")) {
    const double start = s.at("seconds");
    sections.push_back({{"start", start},
                        {"end", start + 4 * beat * s.at("bars").get<int>()},
                        {"label", label_of(s.at("name").get<std::string>())}});
  }
  for (const auto& [from, to] : sung(song, beat)) {
    const double shift = first - 4 * beat * first_bar;
    if (to + shift > 0 && from + shift < end)
      vocals.push_back({std::max(0.0, from + shift), std::min(end, to + shift)});
  }
  return {{"file", truth.at("audio")},
          {"style", song.genre},
          {"kind", "electronic"},
          {"part", "demo"},
          {"bpm", bpm},
          {"constant", true},
          {"beats", all},
          {"downbeats", downbeats},
          {"metre", 4},
          {"key", song.key.name()},
          {"tuning_cents", 0},
          {"sections", sections},
          {"vocals", vocals},
          {"duration", end}};
}

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
