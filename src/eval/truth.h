// What is known of a track beforehand: a line of a truth file (docs/formats.md). Fields that are missing are not
// judged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analysis.h"
#include "media/result.h"
#include "music/key.h"

namespace tactus::eval {

struct TruthSection {
  double start = 0, end = 0;  // seconds
  std::string label;          // one of analysis::kPartNames or any other; empty: none
};

struct Truth {
  std::string name;  // as the file is named in the truth
  std::string path;  // where it is
  std::string style, kind, part;
  std::optional<double> bpm;                            // where it is constant
  bool constant = false;                                // every beat lies on one line
  std::optional<std::vector<double>> beats, downbeats;  // seconds, ascending
  bool key_known = false;
  std::optional<music::Key> key;  // nothing although known: no clear key
  std::optional<double> tuning_cents;
  std::optional<std::vector<TruthSection>> sections;
  std::optional<std::vector<analysis::TimeSpan>> vocals;

  // The constant tempo, or the median over time of the beats' intervals. Nothing where neither is known.
  std::optional<double> tempo() const;
};

// One line; `folder` is what its path is relative to. The error says what is wrong with it.
media::Result<Truth> parse_truth(std::string_view line, const std::string& folder);

// A file of such lines; empty lines are skipped. An error names the file and the line.
media::Result<std::vector<Truth>> read_truth(const std::string& path);

}  // namespace tactus::eval
