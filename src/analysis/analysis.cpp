#include "analysis/analysis.h"

#include <algorithm>
#include <cmath>

#include "analysis/beat_tracker.h"
#include "analysis/features.h"
#include "analysis/grid.h"
#include "analysis/loudness.h"
#include "analysis/metre.h"
#include "analysis/onsets.h"
#include "analysis/tonality.h"
#include "media/decoder.h"

namespace tactus::analysis {
namespace {

// Of the tempos of a grid, the one below which half of its time lies.
double median_bpm(const std::vector<Anchor>& grid, double duration) {
  std::vector<std::pair<double, double>> spans;  // tempo, seconds
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double from = i == 0 ? 0 : grid[i].seconds;
    const double to = i + 1 < grid.size() ? grid[i + 1].seconds : duration;
    spans.emplace_back(grid[i].bpm, std::max(0.0, to - from));
  }
  std::sort(spans.begin(), spans.end());
  double left = duration / 2;
  for (const auto& [bpm, seconds] : spans) {
    left -= seconds;
    if (left <= 0) return bpm;
  }
  return spans.back().first;
}

void add_beats(const Features& features, TrackAnalysis& out) {
  const OnsetCurve curve = onset_curve(features);
  Grid grid = find_grid(curve, track_beats(features), out.duration);
  if (grid.anchors.empty() || grid.confidence <= 0) return;
  const Metre metre = find_metre(features, curve, grid.anchors);
  for (Anchor& a : grid.anchors) a.beat -= metre.first_downbeat;
  out.grid = std::move(grid.anchors);
  // One anchor may as well stand where the music starts.
  if (out.grid.size() == 1) out.grid[0] = {out.seconds_of(0), 0, out.grid[0].bpm};
  out.bpm = median_bpm(out.grid, out.duration);
  out.confidence = grid.confidence;
  out.grid_error_ms = grid.error_ms;
  out.first_downbeat = out.seconds_of(0);
  out.phrases = metre.phrases;
}

}  // namespace

double TrackAnalysis::seconds_of(double beat) const { return analysis::seconds_of(grid, beat); }
double TrackAnalysis::beat_of(double seconds) const { return analysis::beat_of(grid, seconds); }

std::vector<music::GridAnchor> TrackAnalysis::anchors(double rate) const {
  std::vector<music::GridAnchor> out;
  for (const Anchor& a : grid) out.push_back({a.seconds * rate, a.beat, a.bpm});
  return out;
}

std::vector<double> TrackAnalysis::beats() const {
  std::vector<double> out;
  if (!has_grid()) return out;
  // A tenth of a beat: room for an attack before its beat.
  for (double b = std::ceil(beat_of(first_sound) - 0.1); seconds_of(b) < last_sound; b += 1)
    out.push_back(seconds_of(b));
  return out;
}

std::vector<double> TrackAnalysis::downbeats() const {
  std::vector<double> out;
  if (!has_grid()) return out;
  std::size_t ruling = 0;
  for (double b = std::ceil(beat_of(first_sound) - 0.1); seconds_of(b) < last_sound; b += 1) {
    while (ruling + 1 < metre.size() && metre[ruling + 1].beat <= b) ++ruling;
    const BarLength bar = metre.empty() ? BarLength{} : metre[ruling];
    const double in_bar = (b - bar.beat) / bar.beats_per_bar;
    if (in_bar == std::floor(in_bar)) out.push_back(seconds_of(b));
  }
  return out;
}

struct Analyzer::Impl {
  explicit Impl(int rate_) : rate(rate_), features(rate_), loudness(rate_) {}
  int rate;
  FeatureExtractor features;
  LoudnessMeter loudness;
};

Analyzer::Analyzer(int rate) : impl_(std::make_unique<Impl>(rate)) {}
Analyzer::Analyzer(Analyzer&&) noexcept = default;
Analyzer& Analyzer::operator=(Analyzer&&) noexcept = default;
Analyzer::~Analyzer() = default;

void Analyzer::feed(std::span<const float> interleaved) {
  impl_->features.feed(interleaved);
  impl_->loudness.feed(interleaved);
}

TrackAnalysis Analyzer::finish() {
  const Features features = impl_->features.finish();
  TrackAnalysis out;
  out.duration = static_cast<double>(features.frames) / impl_->rate;
  out.first_sound = static_cast<double>(features.first_sound) / impl_->rate;
  out.last_sound = static_cast<double>(features.last_sound) / impl_->rate;
  out.lufs = impl_->loudness.lufs();
  out.true_peak_db = impl_->loudness.true_peak_db();
  const Tonality tonality = find_key(features);
  out.key = tonality.key;
  out.key_confidence = tonality.confidence;
  add_beats(features, out);
  return out;
}

TrackAnalysis analyze(std::span<const float> interleaved, int rate) {
  Analyzer analyzer(rate);
  constexpr std::size_t kPiece = 65536;
  for (std::size_t at = 0; at < interleaved.size(); at += kPiece) {
    analyzer.feed(interleaved.subspan(at, std::min(kPiece, interleaved.size() - at)));
  }
  return analyzer.finish();
}

media::Result<TrackAnalysis> analyze_file(const std::string& path, const Progress& progress) {
  auto opened = media::Decoder::open(path, 0, media::Stems::ignore);
  if (!opened) return opened.error();
  // The file's own rate, so that peaks are the file's; but tempo and key were tuned on these two.
  if (const int rate = opened->info().source_rate; rate != 44100 && rate != 48000) {
    opened = media::Decoder::open(path, 48000, media::Stems::ignore);
    if (!opened) return opened.error();
  }
  media::Decoder decoder = std::move(opened).value();
  const media::TrackInfo info = decoder.info();
  if (info.frames <= 0) return media::Error{path, "there is no audio in it"};

  Analyzer analyzer(info.rate);
  constexpr std::int64_t kPiece = 65536;
  std::vector<float> pcm;
  for (std::int64_t at = 0; at < info.frames; at += kPiece) {
    // The last few percent are for what comes after the audio.
    if (progress && !progress(0.97 * static_cast<double>(at) / static_cast<double>(info.frames))) {
      return media::Error{path, "the analysis was stopped"};
    }
    pcm.resize(2 * static_cast<std::size_t>(std::min(kPiece, info.frames - at)));
    if (const media::Status read = decoder.read(at, pcm); !read) return read.error();
    analyzer.feed(pcm);
  }
  TrackAnalysis out = analyzer.finish();
  out.title = info.title;
  out.artist = info.artist;
  if (progress) progress(1);
  return out;
}

}  // namespace tactus::analysis
