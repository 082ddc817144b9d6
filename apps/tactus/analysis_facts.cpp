#include "analysis_facts.h"

#include <algorithm>
#include <cmath>

#include "analysis/cache.h"
#include "analysis/waveform.h"
#include "analysis/words.h"

namespace tactus::app {
namespace {

std::optional<double> finite(double value) { return std::isfinite(value) ? std::optional(value) : std::nullopt; }

// How much of from..to there is in the spans, 0 to 1.
double share_of(const std::vector<analysis::TimeSpan>& spans, double from, double to) {
  double sum = 0;
  for (const analysis::TimeSpan& s : spans) sum += std::max(0.0, std::min(s.end, to) - std::max(s.start, from));
  return to > from ? std::clamp(sum / (to - from), 0.0, 1.0) : 0;
}

// The section that rules from..to for longest; nullptr: there is none.
const analysis::Section* section_of(const analysis::TrackAnalysis& a, double from, double to) {
  const analysis::Section* out = nullptr;
  double longest = 0;
  for (const analysis::Section& s : a.sections) {
    const double seconds = std::min(s.end, to) - std::max(s.start, from);
    if (seconds <= longest) continue;
    longest = seconds;
    out = &s;
  }
  return out;
}

// How loud and full the track is where it is not at rest: its most energetic section of some length.
std::optional<int> energy_of(const analysis::TrackAnalysis& a) {
  constexpr double kShortest = 8;  // seconds
  std::optional<int> out;
  for (const analysis::Section& s : a.sections) {
    if (s.end - s.start >= std::min(kShortest, a.duration / 4)) out = std::max(out.value_or(1), s.energy);
  }
  return out;
}

double bpm_at(const analysis::TrackAnalysis& a, double beat) {
  double out = a.bpm;
  for (const analysis::Anchor& g : a.grid) {
    if (g.beat <= beat || &g == &a.grid.front()) out = g.bpm;
  }
  return out;
}

std::optional<int> key_at(const analysis::TrackAnalysis& a, double seconds) {
  std::optional<int> out;
  for (const analysis::KeySpan& k : a.keys) {
    if (k.start <= seconds || !out) out = k.key.index();
  }
  return out;
}

library::PhraseFact phrase_of(const analysis::TrackAnalysis& a, std::size_t i) {
  library::PhraseFact out;
  out.start = a.seconds_of(a.phrases[i].beat);
  const double end = i + 1 < a.phrases.size() ? a.seconds_of(a.phrases[i + 1].beat) : a.last_sound;
  out.seconds = std::max(0.0, end - out.start);
  if (const analysis::Section* s = section_of(a, out.start, end)) {
    out.label = analysis::kPartNames[static_cast<std::size_t>(s->label)];
    out.energy = s->energy;
  }
  out.bpm = bpm_at(a, a.phrases[i].beat);
  out.key = key_at(a, out.start);
  out.vocals = share_of(a.vocals, out.start, end);
  if (!a.embeddings.embedder.empty()) {
    const auto vector = a.embeddings.phrase(i);
    out.vector.assign(vector.begin(), vector.end());
  }
  return out;
}

}  // namespace

int facts_version(const analysis::Versions& v) {
  return v.beats * 1'000'000 + v.key * 10'000 + v.embeddings * 100 + v.loudness;
}

std::vector<std::string> words_of(const analysis::TrackAnalysis& a, const std::string& content) {
  const auto waveform = analysis::Waveform::open(analysis::Cache().waveform(content));
  return analysis::phrase_words(a, waveform && waveform->complete() ? &waveform.value() : nullptr);
}

library::Facts facts_of(const analysis::TrackAnalysis& a, const std::string& content,
                        const std::optional<std::vector<std::string>>& known_words) {
  library::Facts out;
  out.content = content;
  out.versions = facts_version(a.versions);
  out.duration = a.duration;
  out.lufs = finite(a.lufs);
  out.true_peak = finite(a.true_peak_db);
  out.energy = energy_of(a);
  out.vocals = share_of(a.vocals, a.first_sound, a.last_sound);
  if (a.key_confidence > 0) out.key = a.key.index();
  out.embedder = a.embeddings.embedder;
  if (!a.has_grid()) return out;
  out.bpm = a.bpm;
  for (const analysis::Anchor& g : a.grid) out.grid.push_back({g.seconds, g.beat, g.bpm});
  const std::vector<std::string> words = known_words ? *known_words : words_of(a, content);
  for (std::size_t i = 0; i < a.phrases.size(); ++i) {
    out.phrases.push_back(phrase_of(a, i));
    if (i < words.size()) out.phrases[i].words = words[i];
  }
  return out;
}

}  // namespace tactus::app
