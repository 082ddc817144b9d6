// What analysis is built on, measured: qm-dsp's beat tracker against aubio's on tracks whose truth is written beside
// them, each alone and under our grid and metre; and our key against qm-dsp's.
//
//   tactus demo DIR && analysis_compare DIR
//
// Prints Markdown for docs/analysis.md; fails when our analysis of a track is wrong. CPU seconds are of this thread.
#include <aubio/aubio.h>
#include <sndfile.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/beat_tracker.h"
#include "analysis/features.h"
#include "analysis/grid.h"
#include "analysis/metre.h"
#include "analysis/onsets.h"

// qm-dsp's headers expect this.
using namespace std;
#include <dsp/keydetection/GetKeyMode.h>

namespace fs = std::filesystem;
using tactus::analysis::Anchor;
using tactus::music::Key;

namespace {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct Track {
  std::string name;
  int rate = 0;
  std::vector<float> pcm;  // interleaved stereo
  double bpm = 0, first_downbeat = 0;
  int beats = 0;
  Key key;
  double seconds() const { return static_cast<double>(pcm.size()) / 2 / rate; }
  double beat_at(int beat) const { return first_downbeat + beat * 60 / bpm; }
};

Track load(const fs::path& truth_file) {
  const auto truth = nlohmann::json::parse(std::ifstream(truth_file));
  Track t;
  t.name = truth.at("title");
  t.bpm = truth.at("grid").at("bpm");
  t.first_downbeat = truth.at("grid").at("first_downbeat_seconds");
  t.beats = truth.at("grid").at("bars").get<int>() * 4;
  t.key = tactus::music::parse_key(truth.at("key").at("name").get<std::string>()).value();
  const fs::path audio = truth_file.parent_path() / truth.at("audio").get<std::string>();
  SF_INFO info{};
  SNDFILE* file = sf_open(audio.c_str(), SFM_READ, &info);
  if (!file || info.channels != 2) throw std::runtime_error("cannot read " + audio.string());
  t.rate = info.samplerate;
  t.pcm.resize(2 * static_cast<std::size_t>(info.frames));
  sf_readf_float(file, t.pcm.data(), info.frames);
  sf_close(file);
  return t;
}

struct Taps {
  std::vector<double> beats;  // seconds
  double bpm = 0;             // as the tracker itself says, or by the median distance of its beats
  double cpu = 0;
};

double median(std::vector<double> v) {
  if (v.empty()) return 0;
  std::nth_element(v.begin(), v.begin() + std::ssize(v) / 2, v.end());
  return v[v.size() / 2];
}

// With everything that features.h computes, pitch included: it is more work than the tracker alone needs.
Taps qm_taps(const Track& t, tactus::analysis::Features& features) {
  const double start = cpu_seconds();
  tactus::analysis::FeatureExtractor extractor(t.rate);
  extractor.feed(t.pcm);
  features = extractor.finish();
  Taps out{tactus::analysis::track_beats(features), 0, 0};
  out.cpu = cpu_seconds() - start;
  std::vector<double> gaps;
  for (std::size_t i = 1; i < out.beats.size(); ++i) gaps.push_back(out.beats[i] - out.beats[i - 1]);
  out.bpm = gaps.empty() ? 0 : 60 / median(gaps);
  return out;
}

Taps aubio_taps(const Track& t) {
  constexpr uint_t kWindow = 1024, kHop = 512;  // as its own command-line program
  const double start = cpu_seconds();
  aubio_tempo_t* tempo = new_aubio_tempo("default", kWindow, kHop, static_cast<uint_t>(t.rate));
  fvec_t* in = new_fvec(kHop);
  fvec_t* beat = new_fvec(1);
  Taps out;
  for (std::size_t at = 0; 2 * (at + kHop) <= t.pcm.size(); at += kHop) {
    for (uint_t i = 0; i < kHop; ++i) in->data[i] = 0.5f * (t.pcm[2 * (at + i)] + t.pcm[2 * (at + i) + 1]);
    aubio_tempo_do(tempo, in, beat);
    if (beat->data[0] != 0) out.beats.push_back(static_cast<double>(aubio_tempo_get_last_s(tempo)));
  }
  out.cpu = cpu_seconds() - start;
  out.bpm = static_cast<double>(aubio_tempo_get_bpm(tempo));
  del_fvec(in);
  del_fvec(beat);
  del_aubio_tempo(tempo);
  return out;
}

// Share of true beats with a tap within 70 ms, of taps with a true beat, as one number (the F measure in use since
// Dixon 2007); and the median distance of those that count.
struct Score {
  double f = 0, error_ms = 0;
};

Score score(const Track& t, const std::vector<double>& taps) {
  constexpr double kNear = 0.070;
  std::vector<double> errors;
  std::vector<bool> hit(static_cast<std::size_t>(t.beats), false);
  for (const double tap : taps) {
    const auto beat = static_cast<int>(std::lround((tap - t.first_downbeat) * t.bpm / 60));
    if (beat < 0 || beat >= t.beats || hit[static_cast<std::size_t>(beat)]) continue;
    const double error = tap - t.beat_at(beat);
    if (std::fabs(error) > kNear) continue;
    hit[static_cast<std::size_t>(beat)] = true;
    errors.push_back(error);
  }
  const double hits = static_cast<double>(errors.size());
  const double all = static_cast<double>(taps.size() + hit.size());
  return {all > 0 ? 2 * hits / all : 0, 1e3 * median(errors)};
}

// The grid under which a set would be mixed, from either tracker's beats.
struct GridError {
  double bpm = 0;          // found less true
  double downbeat_ms = 0;  // of beat 0 against the true downbeat that is nearest
  int phase = 0;           // beats that beat 0 is off from a downbeat; 0 is right
  double end_ms = 0;       // of the beat nearest to the last one
};

GridError grid_error(const Track& t, const tactus::analysis::Features& features, const std::vector<double>& taps) {
  using namespace tactus::analysis;
  const OnsetCurve curve = onset_curve(features);
  const Grid grid = find_grid(curve, taps, t.seconds());
  if (grid.anchors.empty()) return {-t.bpm, 0, 0, 0};
  const double first = find_metre(features, curve, grid.anchors).first_downbeat;
  const double seconds = seconds_of(grid.anchors, first);
  const auto beat = static_cast<int>(std::lround((seconds - t.first_downbeat) * t.bpm / 60));
  const double last = t.beat_at(t.beats - 1);
  return {grid.anchors[0].bpm - t.bpm, 1e3 * (seconds - t.beat_at(beat)), (beat % 4 + 4) % 4,
          1e3 * (seconds_of(grid.anchors, std::round(beat_of(grid.anchors, last))) - last)};
}

// qm-dsp's own key estimator with the settings of its Vamp plugin: the key that it names for most of the time.
Key qm_key(const Track& t) {
  GetKeyMode detector(t.rate, 440, 10, 10);
  const std::size_t block = detector.getBlockSize(), hop = detector.getHopSize();
  std::vector<double> mono(t.pcm.size() / 2), window(block);
  for (std::size_t i = 0; i < mono.size(); ++i) mono[i] = 0.5 * (t.pcm[2 * i] + t.pcm[2 * i + 1]);
  std::array<int, 25> votes{};
  for (std::size_t at = 0; at + block <= mono.size(); at += hop) {
    std::copy_n(mono.begin() + static_cast<std::ptrdiff_t>(at), block, window.begin());
    ++votes[static_cast<std::size_t>(std::clamp(detector.process(window.data()), 0, 24))];
  }
  return Key::of_index(static_cast<int>(std::max_element(votes.begin() + 1, votes.end()) - votes.begin()) - 1);
}

std::string judged(Key found, Key truth) {
  const char* how = found == truth ? "" : found == truth.relative() ? " (relative)" : " (wrong)";
  return std::string(found.name()) + how;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER-OF-THE-DEMO-CRATE\n", argv[0]);
    return 2;
  }
  std::vector<fs::path> truths;
  for (const auto& entry : fs::directory_iterator(argv[1])) {
    if (entry.path().string().ends_with(".truth.json")) truths.push_back(entry.path());
  }
  std::sort(truths.begin(), truths.end());
  std::string trackers, grids, keys;
  double seconds = 0, qm_cpu = 0, aubio_cpu = 0, all_cpu = 0;
  int wrong = 0;
  char line[512];
  for (const fs::path& truth : truths) {
    const Track t = load(truth);
    tactus::analysis::Features features;
    const Taps qm = qm_taps(t, features), aubio = aubio_taps(t);
    const double start = cpu_seconds();
    const auto whole = tactus::analysis::analyze(t.pcm, t.rate);
    all_cpu += cpu_seconds() - start;
    seconds += t.seconds();
    qm_cpu += qm.cpu;
    aubio_cpu += aubio.cpu;
    const Score a = score(t, qm.beats), b = score(t, aubio.beats);
    std::snprintf(line, sizeof line, "| %s | %.0f | %.2f | %.3f | %+.1f | %.2f | %.3f | %+.1f |\n", t.name.c_str(),
                  t.bpm, qm.bpm, a.f, a.error_ms, aubio.bpm, b.f, b.error_ms);
    trackers += line;
    const GridError g = grid_error(t, features, qm.beats), h = grid_error(t, features, aubio.beats);
    std::snprintf(line, sizeof line, "| %s | %+.4f | %d | %+.2f | %+.2f | %+.4f | %d | %+.2f | %+.2f |\n",
                  t.name.c_str(), g.bpm, g.phase, g.downbeat_ms, g.end_ms, h.bpm, h.phase, h.downbeat_ms, h.end_ms);
    grids += line;
    const bool right = std::fabs(g.bpm) < 0.05 && g.phase == 0 && std::fabs(g.downbeat_ms) < 10 &&
                       std::fabs(g.end_ms) < 10 && (whole.key == t.key || whole.key == t.key.relative());
    if (!right) ++wrong;
    std::snprintf(line, sizeof line, "| %s | %s | %s | %s |\n", t.name.c_str(), std::string(t.key.name()).c_str(),
                  judged(whole.key, t.key).c_str(), judged(qm_key(t), t.key).c_str());
    keys += line;
  }
  std::printf(
      "| track | true BPM | qm-dsp BPM | F | ms late | aubio BPM | F | ms late "
      "|\n|---|---|---|---|---|---|---|---|\n%s\n",
      trackers.c_str());
  std::printf(
      "| track | on qm-dsp: BPM error | beats off | downbeat ms | last beat ms | on aubio: BPM error | beats off "
      "| downbeat ms | last beat ms |\n|---|---|---|---|---|---|---|---|---|\n%s\n",
      grids.c_str());
  std::printf("| track | true key | ours | qm-dsp's GetKeyMode |\n|---|---|---|---|\n%s\n", keys.c_str());
  std::printf(
      "CPU for %.0f s of music: features and qm-dsp's tracker %.2f s (%.0fx real time), aubio's tracker %.2f s "
      "(%.0fx), our whole analysis %.2f s (%.0fx)\n",
      seconds, qm_cpu, seconds / qm_cpu, aubio_cpu, seconds / aubio_cpu, all_cpu, seconds / all_cpu);
  std::printf("Right in tempo, beat, bar and key: %d of %d\n", static_cast<int>(truths.size()) - wrong,
              static_cast<int>(truths.size()));
  return wrong == 0 ? 0 : 1;
}
