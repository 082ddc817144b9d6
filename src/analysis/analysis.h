// What Tactus knows of a track's music: where its beats, bars and phrases are, its key, its loudness.
//
// Times are in seconds of the decoded track (frame 0 = 0 s), so they hold at any sample rate; beats are the track's
// own, beat 0 its first downbeat. Offline: allocates and takes its time; several tracks may be analysed
// at once on as many threads. docs/analysis.md says how, and how well.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "media/result.h"
#include "music/beat_grid.h"
#include "music/key.h"

namespace tactus::analysis {

// Of an analysis as JSON; another layout isn't read.
constexpr int kLayout = 8;

// By which analyser each part of an analysis was found. A number goes up whenever that analyser may find something else
// in the same file: then this part alone is found anew. `beats` are all that the network hears, phrases, sections, mix
// points and voices too; key and embeddings go by them, and are found anew with them.
struct Versions {
  int loudness = 0, beats = 0, key = 0, embeddings = 0;  // 0: not found
  bool operator==(const Versions&) const = default;
};
constexpr Versions kVersions{.loudness = 1, .beats = 5, .key = 2, .embeddings = 1};

// As music::GridAnchor, in seconds.
struct Anchor {
  double seconds = 0;
  double beat = 0;
  double bpm = 120;
  bool operator==(const Anchor&) const = default;
};

// How many beats a bar has from `beat`, a downbeat, on.
struct BarLength {
  double beat = 0;
  int beats_per_bar = 4;
  bool operator==(const BarLength&) const = default;
};

// Where the music changes: a part begins, drums enter.
struct Phrase {
  double beat = 0;      // a downbeat; ascending
  int length = 16;      // 8, 16 or 32: what the beat is a multiple of, counted from the first phrase
  double strength = 0;  // 0 nothing changes here, to 1 the greatest change of the track
  bool operator==(const Phrase&) const = default;
};

// What a part of a track is for, in the words of dance music: a drop is also a chorus, a break anything that holds
// back.
enum class Part { intro, verse, build, drop, breakdown, outro };
constexpr std::array<std::string_view, 6> kPartNames = {"intro", "verse", "build", "drop", "break", "outro"};

struct Section {
  double start = 0;  // seconds; each begins where the one before ends
  double end = 0;
  Part label = Part::verse;
  int energy = 5;         // 1 to 10, against the rest of the track and against other tracks
  double confidence = 0;  // 0 to 1, of the label
  bool operator==(const Section&) const = default;
};

// A key that the track is in from `start` on.
struct KeySpan {
  double start = 0;  // seconds
  music::Key key;
  double confidence = 0;  // 0 to 1
  bool operator==(const KeySpan&) const = default;
};

struct TimeSpan {
  double start = 0, end = 0;  // seconds
  bool operator==(const TimeSpan&) const = default;
};

// What the phrases and the track sound like, as directions: analysis/embedding.h.
struct Embeddings {
  static constexpr int kMostNumbers = 4096;
  static constexpr std::size_t kLongestName = 60;
  std::string embedder;              // name and version; empty: nothing was heard. Only vectors of one embedder compare
  int size = 0;                      // of a vector
  std::vector<std::int8_t> track;    // one vector
  std::vector<std::int8_t> phrases;  // one for each phrase of the analysis, one after the other
  std::span<const std::int8_t> phrase(std::size_t i) const {
    const auto n = static_cast<std::size_t>(size);
    return std::span(phrases).subspan(i * n, n);
  }
  bool operator==(const Embeddings&) const = default;
};

struct TrackAnalysis {
  Versions versions;
  std::string title;  // as tagged; may be empty
  std::string artist;
  double duration = 0;  // seconds

  std::vector<Anchor> grid;        // one anchor: constant tempo. Empty: no beat was found, and the fields below are 0
  std::vector<BarLength> metre;    // ascending, the first at beat 0; empty: four beats to a bar
  double bpm = 0;                  // of the grid; where it changes, the median over time
  double alternative_bpm = 0;      // what a listener of another mind might count, half or double or two thirds; 0: none
  double tempo_confidence = 0;     // 0 to 1: that bpm is what people would write on the record
  double confidence = 0;           // 0 to 1: that the beats are right, but for the octave. Below 0.3 don't rely on it
  double downbeat_confidence = 0;  // 0 to 1: that the bars are right, where the beats are
  double grid_error_ms = 0;        // median distance between grid and the onsets that follow it
  double first_downbeat = 0;       // seconds; where beat 0 is. May be before the first sound by less than a bar
  std::vector<Phrase> phrases;
  std::vector<Section> sections;  // from first to last sound; empty: too short to tell

  music::Key key;             // where it changes, the one that rules longest
  double key_confidence = 0;  // 0 to 1; 0: no clear key
  std::vector<KeySpan> keys;  // ascending; one where the key never changes, none without a clear key
  double tuning_cents = 0;    // of A against 440 Hz, -50 to 50

  double lufs = 0;          // EBU R128 integrated; -infinity: silence
  double lra = 0;           // loudness range, LU (EBU Tech 3342)
  double true_peak_db = 0;  // dBTP of the louder channel; -infinity: silence
  double first_sound = 0;   // seconds: the first and last moment above -60 dBFS; equal when there is none
  double last_sound = 0;
  double mix_in = 0;   // seconds: downbeats where a mix into this track would begin, and one out of it end its intro or
  double mix_out = 0;  // begin its outro; equal where none is worth suggesting
  std::vector<TimeSpan> vocals;  // where somebody sings or speaks; ascending, apart
  double vocal_confidence = 0;

  Embeddings embeddings;

  // Nothing of it can be found better by this build. It may be from a newer one.
  bool up_to_date() const;
  bool has_grid() const { return !grid.empty(); }
  // Of the grid; both need has_grid().
  double seconds_of(double beat) const;
  double beat_of(double seconds) const;
  // The grid as decks use it, in frames at `rate`.
  std::vector<music::GridAnchor> anchors(double rate) const;
  // Of the grid, from the first sound to the last, in seconds. Empty without a grid.
  std::vector<double> beats() const;
  std::vector<double> downbeats() const;
  // Of `phrases`, those that begin four bars, in seconds.
  std::vector<double> four_bars() const;

  bool operator==(const TrackAnalysis&) const = default;
};

// 0 to 1, now and then; false ends the analysis.
using Progress = std::function<bool(double)>;

// Takes PCM piece by piece and keeps a few kilobytes for each second of it, so a two-hour recording is no problem.
class Analyzer {
 public:
  // `rate`: 8,000 to 192,000; tempo and key are best at 44,100 to 48,000. `known`: an earlier analysis of the same
  // track, of which only that is found anew that this build finds better.
  explicit Analyzer(int rate, TrackAnalysis known = {});
  Analyzer(Analyzer&&) noexcept;
  Analyzer& operator=(Analyzer&&) noexcept;
  ~Analyzer();

  void feed(std::span<const float> interleaved_stereo);
  TrackAnalysis so_far() const;  // of what was fed until now, as if that were all
  TrackAnalysis finish();        // once, at the end

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

TrackAnalysis analyze(std::span<const float> interleaved_stereo, int rate);

// Of two analyses of the same file each part from the one whose analyser is newer, of equal ones `known`'s: key and
// embeddings stay with the beats that they were found by. So it doesn't matter in which order, or how often, others
// come to what is known.
TrackAnalysis newest(TrackAnalysis known, const TrackAnalysis& other);

// What else comes of a file while it is heard.
struct Alongside {
  std::string
      waveform;  // the path of a WaveformWriter's file; empty: none. One that can't be written costs only itself
  // Called once with what the first minute tells, for a track of more than two; phrases and sections are those until
  // then, the duration the whole track's.
  std::function<void(const TrackAnalysis&)> provisional;
};

// Decodes in this process (see media/decoder.h for what a hostile file may do to it). Fails when the file can't be
// decoded, is empty, or `progress` said so.
// `known`: as the Analyzer's.
media::Result<TrackAnalysis> analyze_file(const std::string& path, const Progress& progress = {},
                                          const Alongside& alongside = {}, const TrackAnalysis& known = {});
// The waveform alone.
media::Status draw_waveform(const std::string& path, const std::string& waveform);

// One line of JSON; infinities are written as null. parse_json gives nothing for anything that isn't a whole and
// plausible analysis of this layout.
std::string to_json(const TrackAnalysis& analysis);
std::optional<TrackAnalysis> parse_json(std::string_view text);

}  // namespace tactus::analysis
