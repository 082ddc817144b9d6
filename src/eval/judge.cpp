#include "eval/judge.h"

#include <cmath>

#include "eval/metrics.h"

namespace tactus::eval {
namespace {

constexpr double kWide = 0.070, kNarrow = 0.020, kBoundary = 0.5, kEnds = 0.010, kExactBpm = 0.05;
constexpr double kRight = 0.9, kRightVocals = 0.8;
// The labels on which people agree; a verse or a build is often a matter of taste.
constexpr std::array<std::string_view, 4> kJudgedLabels = {"intro", "break", "drop", "outro"};

constexpr std::array<FigureInfo, kFigures> kInfo = {{
    {"tempo_1", "tempo within 4 %", "4 %"},
    {"tempo_2", "tempo within 4 %, octave forgiven", "8ve"},
    {"tempo_exact", "tempo within 0.05 BPM, octave forgiven", "0.05"},
    {"grid_ends", "grid within 10 ms at both ends", "ends"},
    {"beat_f70", "beat F at 70 ms", "F70"},
    {"beat_f20", "beat F at 20 ms", "F20"},
    {"cml_t", "CMLt", "CMLt"},
    {"aml_t", "AMLt", "AMLt"},
    {"downbeat_f", "downbeat F at 70 ms", "down"},
    {"offset_ms", "beats late by, ms", "ms", Together::median, false},
    {"boundary_f", "section boundary F at 0.5 s", "bound"},
    {"label", "section labels", "label"},
    {"key", "key, weighted by MIREX", "key"},
    {"no_key", "no clear key, and said so", "nokey"},
    {"tuning_cents", "tuning off by, cents", "cents", Together::median, false},
    {"vocal_f", "vocals F", "vocal", Together::pooled},
}};

template <typename T>
std::vector<Span> spans(const std::vector<T>& sections) {
  std::vector<Span> out;
  for (const T& s : sections) {
    if constexpr (std::is_same_v<T, analysis::Section>) {
      out.push_back({s.start, s.end, analysis::kPartNames[static_cast<std::size_t>(s.label)]});
    } else {
      out.push_back({s.start, s.end, s.label});
    }
  }
  return out;
}

double yes(bool b) { return b ? 1 : 0; }

void judge_tempo(const Truth& truth, const Found& found, Judgement& out) {
  if (const std::optional<double> bpm = truth.tempo(); bpm && found.bpm) {
    out[Figure::tempo_1] = yes(tempo_accuracy_1(*bpm, *found.bpm));
    out[Figure::tempo_2] = yes(tempo_accuracy_2(*bpm, *found.bpm));
    if (truth.bpm && truth.constant) out[Figure::tempo_exact] = yes(tempo_within(*bpm, *found.bpm, kExactBpm));
  }
  if (truth.constant && truth.beats && truth.beats->size() >= 2 && found.grid) {
    const auto ends = found.grid->empty() ? std::nullopt : grid_ends(*truth.beats, *found.grid);
    out[Figure::grid_ends] = yes(ends && ends->within(kEnds));
  }
}

void judge_beats(const Truth& truth, const Found& found, Judgement& out) {
  if (truth.beats && found.beats) {
    out[Figure::beat_f70] = f_measure(*truth.beats, *found.beats, kWide);
    out[Figure::beat_f20] = f_measure(*truth.beats, *found.beats, kNarrow);
    if (truth.beats->size() >= 2) {
      const Continuity c = continuity(*truth.beats, *found.beats);
      out[Figure::cml_t] = c.cml_t;
      out[Figure::aml_t] = c.aml_t;
    }
    if (const auto late = median_offset(*truth.beats, *found.beats, kWide)) out[Figure::offset_ms] = 1e3 * *late;
  }
  if (truth.downbeats && found.downbeats) {
    out[Figure::downbeat_f] = f_measure(*truth.downbeats, *found.downbeats, kWide);
  }
}

void judge_tones(const Truth& truth, const Found& found, Judgement& out) {
  if (truth.key_known && found.key) {
    if (truth.key) {
      out[Figure::key] = *found.key ? key_score(*truth.key, **found.key) : 0;
    } else {
      out[Figure::no_key] = yes(!*found.key);
    }
  }
  if (truth.tuning_cents && found.tuning_cents) {
    // 50 cents up and 50 down are the same tuning.
    out[Figure::tuning_cents] = std::fabs(std::remainder(*found.tuning_cents - *truth.tuning_cents, 100));
  }
}

void judge_parts(const Truth& truth, const Found& found, Judgement& out) {
  if (truth.sections && found.sections) {
    const std::vector<Span> is = spans(*truth.sections), said = spans(*found.sections);
    out[Figure::boundary_f] = boundary_f(is, said, kBoundary);
    out[Figure::label] = label_share(is, said, kJudgedLabels);
  }
  if (truth.vocals && found.vocals) {
    const Overlap o = overlap(*truth.vocals, *found.vocals);
    out[Figure::vocal_f] = o.f();
    out.vocal_seconds = o.truth + o.found;
  }
}

void add_claims(const Truth& truth, const Found& found, Judgement& out) {
  const Found::Confidence& c = *found.confidence;
  const auto claim = [&out](Subject subject, double confidence, bool right) {
    out.claims.push_back({subject, confidence, right});
  };
  if (out[Figure::tempo_1]) claim(Subject::tempo, c.tempo, *out[Figure::tempo_1] == 1);
  if (out[Figure::aml_t]) claim(Subject::beats, c.beats, *out[Figure::aml_t] >= kRight);
  if (out[Figure::downbeat_f] && out[Figure::beat_f70].value_or(0) >= kRight) {
    claim(Subject::downbeats, c.downbeats, *out[Figure::downbeat_f] >= kRight);
  }
  // A key where there is none is wrong, too.
  if (truth.key_known && found.key && *found.key) claim(Subject::key, c.key, truth.key == *found.key);
  if (truth.sections && found.sections) {
    const std::vector<Span> is = spans(*truth.sections), said = spans(*found.sections);
    for (std::size_t i = 0; i < said.size(); ++i) {
      const std::string_view label = label_at(is, (said[i].start + said[i].end) / 2);
      if (!label.empty()) claim(Subject::section, (*found.sections)[i].confidence, label == said[i].label);
    }
  }
  if (out[Figure::vocal_f]) claim(Subject::vocals, c.vocals, *out[Figure::vocal_f] >= kRightVocals);
}

}  // namespace

const FigureInfo& info(Figure figure) { return kInfo[static_cast<std::size_t>(figure)]; }

Found found_in(const analysis::TrackAnalysis& a) {
  Found out;
  out.bpm = a.bpm;
  out.beats = a.beats();
  out.downbeats = a.downbeats();
  out.grid = a.grid;
  out.key = a.key_confidence > 0 ? std::optional(a.key) : std::nullopt;
  out.tuning_cents = a.tuning_cents;
  out.sections = a.sections;
  out.vocals = a.vocals;
  out.confidence = {a.tempo_confidence, a.confidence, a.downbeat_confidence, a.key_confidence, a.vocal_confidence};
  return out;
}

Judgement judge(const Truth& truth, const Found& found) {
  Judgement out;
  judge_tempo(truth, found, out);
  judge_beats(truth, found, out);
  judge_tones(truth, found, out);
  judge_parts(truth, found, out);
  if (found.confidence) add_claims(truth, found, out);
  return out;
}

}  // namespace tactus::eval
