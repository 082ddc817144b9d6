// What an analysis finds, as the library keeps it. Whoever analyses (apps/tactus, the engine) fills this in; the
// library itself knows no analyser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tactus::library {

struct PhraseFact {
  double start = 0, seconds = 0;  // on our timeline
  std::string label;              // of the section that it begins in: intro, verse, build, drop, break, outro
  std::optional<int> energy;      // 1 to 10
  std::optional<double> bpm;
  std::optional<int> key;           // music::Key::index()
  std::optional<double> vocals;     // share of it in which somebody sings, 0 to 1
  std::vector<std::int8_t> vector;  // empty: none
  std::string words{};              // what it sounds like, in plain words (analysis/words.h); may be empty
};

struct AnchorFact {
  double seconds = 0, beat = 0, bpm = 120;
};

struct Facts {
  std::string content;  // media::content_id of the file that was heard
  int versions = 1;     // of the analysers; more is newer
  double duration = 0;  // seconds
  std::optional<double> bpm, lufs, true_peak, gain, vocals;
  std::optional<int> key, energy;
  std::vector<AnchorFact> grid;  // empty: no beat was found
  std::string embedder;          // name and version; empty: no vectors
  std::vector<PhraseFact> phrases;
};

// As the table `grid` has it.
std::string anchors_json(const std::vector<AnchorFact>& grid);

class Store;

// Puts what was found into the track's rows, in a transaction: what a person set stays (by_hand), the phrases replace
// those of an earlier analysis. Throws StoreError; `refused` where there is no such track.
void put_analysis(Store& store, std::int64_t track, const Facts& facts);

}  // namespace tactus::library
