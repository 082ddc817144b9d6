// The demo crate: seven tracks in seven styles, synthesised here, with their stems and the truth about each written
// beside it. For a first set on a machine without music, and for tests that must know the answer.
//
//   DIR/NN - Artist - Title.flac            the mix: exactly the sum of the stems, sample for sample
//   DIR/NN - Artist - Title.stems/{vocals,drums,bass,other}.flac
//   DIR/NN - Artist - Title.truth.json      grid, key, sections, swing, loudness: docs/formats.md
//   DIR/crate.json                          what is there
//   DIR/truth.jsonl                         all truths as `tactus eval` reads them
//
// The same rate gives the same bits, every time. No thread of the engine calls this; it takes CPU seconds.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "media/result.h"

namespace tactus::demo {

struct Options {
  std::vector<int> only = {};  // track numbers, 1 to 7; empty: all
  double seconds = 0;          // > 0: only about so much of each, whole bars from its best part on
  int rate = 0;                // Hz, 22,050 to 192,000; 0: each track's own (44,100 or 48,000)
  unsigned threads = 0;        // tracks made at once, each takes up to ~600 MB; 0: two, or one on a single core
  const std::atomic<bool>* cancel = nullptr;  // set: stops soon, leaves no half track
};

struct Progress {
  int track = 1, of = 7;   // of those that are being made or checked
  std::string title;       // "Artist - Title"
  double percent = 0;      // of this track, 0 to 100
  double all_percent = 0;  // of everything
};
// Called from the working threads, one call at a time, some ten times a second at most per track.
using ProgressCallback = std::function<void(const Progress&)>;

struct Track {
  int number = 1;
  std::filesystem::path audio, stems, truth;
  std::string artist, title, genre, key, camelot;
  double bpm = 120;
  double seconds = 0;
  bool made = false;  // false: it was there, complete, and was left alone
};

struct Crate {
  std::filesystem::path index;  // crate.json
  std::vector<Track> tracks;    // ascending numbers
};

// Makes what is missing or incomplete in `folder`, which is created. A track appears only when it is whole. Blocks.
media::Result<Crate> make_crate(const std::filesystem::path& folder, const Options& options = {},
                                const ProgressCallback& progress = {});

}  // namespace tactus::demo
