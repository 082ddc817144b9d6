// What an analyser found in a track against what is true of it: one number a figure, and which of its confidences were
// deserved. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "analysis/analysis.h"
#include "eval/truth.h"

namespace tactus::eval {

// What any analyser may find. What it doesn't look for is not judged.
struct Found {
  struct Confidence {  // 0 to 1 each
    double tempo = 0, beats = 0, downbeats = 0, key = 0, vocals = 0;
  };
  std::optional<double> bpm;                            // 0: none
  std::optional<std::vector<double>> beats, downbeats;  // seconds
  std::optional<std::vector<analysis::Anchor>> grid;
  std::optional<std::optional<music::Key>> key;  // inner nothing: it says that there is no clear key
  std::optional<double> tuning_cents;
  std::optional<std::vector<analysis::Section>> sections;
  std::optional<std::vector<analysis::TimeSpan>> vocals;
  std::optional<Confidence> confidence;
};
Found found_in(const analysis::TrackAnalysis& analysis);

enum class Figure {
  tempo_1,      // 1 or 0: within 4 %
  tempo_2,      // 1 or 0: or of an octave
  tempo_exact,  // 1 or 0: within 0.05 BPM, octave forgiven; constant tempo only
  grid_ends,    // 1 or 0: the grid within 10 ms at both ends; constant tempo only
  beat_f70,     // F at 70 ms
  beat_f20,     // F at 20 ms
  cml_t,
  aml_t,
  downbeat_f,    // F at 70 ms
  offset_ms,     // median of found less true beat, where they are within 70 ms
  boundary_f,    // F at 0.5 s
  label,         // share of the time called intro, break, drop or outro that is called the same
  key,           // weighted by MIREX
  no_key,        // 1 or 0: said so where there is no clear key
  tuning_cents,  // distance
  vocal_f,       // of the times with a voice
};
constexpr std::size_t kFigures = 16;

// How tracks' figures become one.
enum class Together { mean, median, pooled };
struct FigureInfo {
  std::string_view id;     // for scripts
  std::string_view title;  // for people
  std::string_view brief;  // over a column
  Together together = Together::mean;
  bool is_share = true;  // of 1; else in its unit
};
const FigureInfo& info(Figure figure);

enum class Subject { tempo, beats, downbeats, key, section, vocals };
constexpr std::array<std::string_view, 6> kSubjects = {"tempo", "beats", "downbeats", "key", "section", "vocals"};

// Something said with a confidence, and whether it is right. Tempo: within 4 %. Beats: AMLt from 0.9 (the octave is the
// tempo's). Downbeats: F from 0.9, judged where the beats' is. Key: exactly. Section: its label is what is true in its
// middle. Vocals: F from 0.8.
struct Claim {
  Subject subject = Subject::tempo;
  double confidence = 0;
  bool right = false;
};

struct Judgement {
  std::array<std::optional<double>, kFigures> figures;
  double vocal_seconds = 0;  // true and found ones: how much vocal_f weighs among other tracks
  std::vector<Claim> claims;

  std::optional<double>& operator[](Figure f) { return figures[static_cast<std::size_t>(f)]; }
  const std::optional<double>& operator[](Figure f) const { return figures[static_cast<std::size_t>(f)]; }
};

Judgement judge(const Truth& truth, const Found& found);

}  // namespace tactus::eval
