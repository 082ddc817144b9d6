#include "analysis/analysis.h"

#include <algorithm>
#include <cmath>

#include "analysis/confidence.h"
#include "analysis/counting.h"
#include "analysis/embedding.h"
#include "analysis/features.h"
#include "analysis/grid.h"
#include "analysis/listen.h"
#include "analysis/loudness.h"
#include "analysis/network.h"
#include "analysis/onsets.h"
#include "analysis/phrases.h"
#include "analysis/sections.h"
#include "analysis/tonality.h"
#include "analysis/waveform.h"
#include "media/decoder.h"

namespace tactus::analysis {
namespace {

// Returns what the network heard.
Activations add_beats(const Features& features, TrackAnalysis& out) {
  const OnsetCurve curve = onset_curve(features);
  Listening listening = listen_and_count(features, curve, out);
  if (out.last_sound <= out.first_sound || listening.ways.empty()) return std::move(listening.heard);
  Counting& best = listening.ways[0];
  out.grid = std::move(best.grid);
  out.metre = std::move(best.metre);
  out.bpm = best.bpm;
  const Confidences sure = confidences_of(best.evidence);
  out.tempo_confidence = sure.tempo;
  out.confidence = sure.beats;
  out.downbeat_confidence = sure.downbeats;
  out.alternative_bpm = alternative_to(out.bpm);
  out.grid_error_ms = best.error_ms;
  out.first_downbeat = out.seconds_of(0);
  const BarTable table = bar_table(features, out);
  out.phrases = find_phrases(table);
  out.sections = find_sections(table, listening.heard, out);
  suggest_mix(out);
  return std::move(listening.heard);
}

// What of an analysis this build finds anew.
struct Outdated {
  bool loudness = false, beats = false, key = false, embeddings = false;
  bool operator==(const Outdated&) const = default;
};

Outdated outdated(const Versions& found) {
  const bool beats = found.beats < kVersions.beats;
  return {found.loudness < kVersions.loudness, beats, beats || found.key < kVersions.key,
          beats || found.embeddings < kVersions.embeddings};
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

std::vector<double> TrackAnalysis::four_bars() const {
  std::vector<double> out;
  for (const Phrase& p : phrases) {
    if (p.length >= 16) out.push_back(seconds_of(p.beat));
  }
  return out;
}

void listen_to_beats(const Features& features, TrackAnalysis& out) {
  const Activations heard = add_beats(features, out);
  out.vocals = find_vocals(heard, &out.vocal_confidence);
}

void listen_to_key(const Features& features, TrackAnalysis& out) {
  Tonality tonality = find_key(features, out.downbeats(), out.four_bars());
  out.key = tonality.key;
  out.key_confidence = tonality.confidence;
  out.keys = std::move(tonality.spans);
  out.tuning_cents = 100 * features.tuning;
}

void listen(const Features& features, TrackAnalysis& out) {
  listen_to_beats(features, out);
  listen_to_key(features, out);
}

bool TrackAnalysis::up_to_date() const { return outdated(versions) == Outdated{}; }

namespace {

void take_loudness(TrackAnalysis& to, const TrackAnalysis& from) {
  to.lufs = from.lufs;
  to.lra = from.lra;
  to.true_peak_db = from.true_peak_db;
  to.versions.loudness = from.versions.loudness;
}

void take_key(TrackAnalysis& to, const TrackAnalysis& from) {
  to.key = from.key;
  to.key_confidence = from.key_confidence;
  to.keys = from.keys;
  to.tuning_cents = from.tuning_cents;
  to.versions.key = from.versions.key;
}

}  // namespace

TrackAnalysis newest(TrackAnalysis known, const TrackAnalysis& other) {
  const Versions was = known.versions, is = other.versions;
  if (is.beats > was.beats) {
    TrackAnalysis out = other;
    if (was.loudness >= is.loudness) take_loudness(out, known);
    return out;
  }
  if (is.loudness > was.loudness) take_loudness(known, other);
  // Beats of one version are the same but for the machine's arithmetic; where even that parts them, phrases' vectors
  // would be of other phrases.
  if (is.beats < was.beats || other.grid.size() != known.grid.size()) return known;
  if (is.key > was.key) take_key(known, other);
  if (is.embeddings > was.embeddings && other.phrases == known.phrases) {
    known.embeddings = other.embeddings;
    known.versions.embeddings = is.embeddings;
  }
  return known;
}

struct Analyzer::Impl {
  Impl(int rate_, TrackAnalysis known_) : rate(rate_), known(std::move(known_)), anew(outdated(known.versions)) {
    if (anew.loudness) loudness.emplace(rate);
    if (anew.beats || anew.key || anew.embeddings) features.emplace(rate);
  }

  // `heard`: null where no part that is found anew needs it.
  TrackAnalysis conclude(const Features* heard) const {
    TrackAnalysis out = known;
    if (anew.beats) {
      out = {};
      out.lufs = known.lufs;
      out.lra = known.lra;
      out.true_peak_db = known.true_peak_db;
      out.versions.loudness = known.versions.loudness;
    }
    if (loudness) {
      out.lufs = loudness->lufs();
      out.lra = loudness->lra();
      out.true_peak_db = loudness->true_peak_db();
      out.versions.loudness = kVersions.loudness;
    }
    if (heard == nullptr) return out;
    out.duration = static_cast<double>(heard->frames) / rate;
    out.first_sound = static_cast<double>(heard->first_sound) / rate;
    out.last_sound = static_cast<double>(heard->last_sound) / rate;
    if (anew.beats) {
      listen_to_beats(*heard, out);
      out.versions.beats = kVersions.beats;
    }
    if (anew.key) {
      listen_to_key(*heard, out);
      out.versions.key = kVersions.key;
    }
    if (anew.embeddings) {
      out.embeddings = embed(built_in_embedder(), *heard, out);
      out.versions.embeddings = kVersions.embeddings;
    }
    return out;
  }

  int rate;
  TrackAnalysis known;
  Outdated anew;
  std::optional<FeatureExtractor> features;
  std::optional<LoudnessMeter> loudness;
};

Analyzer::Analyzer(int rate, TrackAnalysis known) : impl_(std::make_unique<Impl>(rate, std::move(known))) {}
Analyzer::Analyzer(Analyzer&&) noexcept = default;
Analyzer& Analyzer::operator=(Analyzer&&) noexcept = default;
Analyzer::~Analyzer() = default;

void Analyzer::feed(std::span<const float> interleaved) {
  if (impl_->features) impl_->features->feed(interleaved);
  if (impl_->loudness) impl_->loudness->feed(interleaved);
}

TrackAnalysis Analyzer::so_far() const {
  if (!impl_->features) return impl_->conclude(nullptr);
  const Features heard = impl_->features->so_far();
  return impl_->conclude(&heard);
}

TrackAnalysis Analyzer::finish() {
  if (!impl_->features) return impl_->conclude(nullptr);
  const Features heard = impl_->features->finish();
  return impl_->conclude(&heard);
}

TrackAnalysis analyze(std::span<const float> interleaved, int rate) {
  Analyzer analyzer(rate);
  constexpr std::size_t kSamples = 65536;
  for (std::size_t at = 0; at < interleaved.size(); at += kSamples) {
    analyzer.feed(interleaved.subspan(at, std::min(kSamples, interleaved.size() - at)));
  }
  return analyzer.finish();
}

namespace {

constexpr std::int64_t kPiece = 65536;  // frames that are decoded at once
constexpr int kProvisional = 60;        // seconds

// Hands all of the decoder's audio to `take`, piece by piece, until that returns false.
media::Status read_all(media::Decoder& decoder,
                       const std::function<bool(std::int64_t at, std::span<const float>)>& take) {
  const std::int64_t frames = decoder.info().frames;
  std::vector<float> pcm;
  for (std::int64_t at = 0; at < frames; at += kPiece) {
    pcm.resize(2 * static_cast<std::size_t>(std::min(kPiece, frames - at)));
    if (media::Status read = decoder.read(at, pcm); !read) return read;
    if (!take(at, pcm)) break;
  }
  return {};
}

// At a rate that tempo and key were tuned on, the file's own where that is one, so that peaks are the file's.
media::Result<media::Decoder> open_to_hear(const std::string& path) {
  auto opened = media::Decoder::open(path, 0, media::Stems::ignore);
  if (!opened) return opened;
  if (const int rate = opened->info().source_rate; rate != 44100 && rate != 48000)
    opened = media::Decoder::open(path, 48000, media::Stems::ignore);
  if (opened && opened->info().frames <= 0) return media::Error{path, "there is no audio in it"};
  return opened;
}

}  // namespace

media::Result<TrackAnalysis> analyze_file(const std::string& path, const Progress& progress, const Alongside& alongside,
                                          const TrackAnalysis& known) {
  auto opened = open_to_hear(path);
  if (!opened) return opened.error();
  media::Decoder decoder = std::move(opened).value();
  const media::TrackInfo info = decoder.info();
  const double duration = static_cast<double>(info.frames) / info.rate;

  std::optional<WaveformWriter> waveform;
  if (!alongside.waveform.empty()) {
    if (auto made = WaveformWriter::create(alongside.waveform, info.rate, info.frames))
      waveform = std::move(made).value();
  }
  std::int64_t provisional_at = -1;
  if (alongside.provisional && duration > 2 * kProvisional)
    provisional_at = std::int64_t{kProvisional} * info.rate / kPiece * kPiece;

  Analyzer analyzer(info.rate, known);
  bool stopped = false;
  const media::Status read = read_all(decoder, [&](std::int64_t at, std::span<const float> pcm) {
    // The last few percent are for what comes after the audio.
    stopped = progress && !progress(0.97 * static_cast<double>(at) / static_cast<double>(info.frames));
    if (stopped) return false;
    analyzer.feed(pcm);
    if (waveform) waveform->feed(pcm);
    if (at == provisional_at) {
      TrackAnalysis early = analyzer.so_far();
      early.duration = duration;
      early.title = info.title;
      early.artist = info.artist;
      alongside.provisional(early);
    }
    return true;
  });
  if (!read) return read.error();
  if (stopped) return media::Error{path, "the analysis was stopped"};
  if (waveform) waveform->finish();
  waveform.reset();  // two hours of it are 40 MB of mapped memory
  TrackAnalysis out = analyzer.finish();
  out.title = info.title;
  out.artist = info.artist;
  if (progress) progress(1);
  return out;
}

media::Status draw_waveform(const std::string& path, const std::string& waveform) {
  auto opened = open_to_hear(path);
  if (!opened) return opened.error();
  media::Decoder decoder = std::move(opened).value();
  auto made = WaveformWriter::create(waveform, decoder.info().rate, decoder.info().frames);
  if (!made) return made.error();
  const media::Status read = read_all(decoder, [&](std::int64_t, std::span<const float> pcm) {
    made.value().feed(pcm);
    return true;
  });
  if (read) made.value().finish();
  return read;
}

}  // namespace tactus::analysis
