// How close what was found is to the truth: the field's measures as pure functions. Times are in seconds and ascend;
// every result is a share of 1 unless it says otherwise. Any thread; some allocate.
//
// Sources: beats after Dixon (2007) and Davies, Degara and Plumbley (2009), "Evaluation methods for musical audio beat
// tracking algorithms"; details where the papers leave them open as mir_eval has them (Raffel et al. 2014); tempo after
// Gouyon et al. (2006); keys after MIREX' Audio Key Detection.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/analysis.h"
#include "music/key.h"

namespace tactus::eval {

using Times = std::span<const double>;

// Pairs of a true and a found time at most `window` apart, each time in one pair at the most; as many as possible.
struct Match {
  double truth = 0, found = 0;
};
std::vector<Match> match(Times truth, Times found, double window);

// The harmonic mean of precision and recall of match(). Nothing to find and nothing found is 1.
double f_measure(Times truth, Times found, double window);

// The median of found less true time over match(): > 0 is late. Nothing where nothing matches.
std::optional<double> median_offset(Times truth, Times found, double window);

// A found beat is right where it lies within 17.5 % of a true interval of a true beat that no other has claimed, and
// its own interval is within 17.5 % of the true one.
struct Continuity {
  double cml_c = 0;  // at the true level: the longest run of right beats, of all
  double cml_t = 0;  // all right beats
  double aml_c = 0;  // the best of five levels: as is, off-beats, double, and either half of the tempo
  double aml_t = 0;
};
// All 0 with fewer than two beats on either side.
Continuity continuity(Times truth, Times found);

// Whether a tempo is within `share` of the true one, or of what counts as its octave where `octaves` is.
constexpr double kTempoShare = 0.04;
bool tempo_accuracy_1(double truth, double found);  // within 4 %
bool tempo_accuracy_2(double truth, double found);  // or 4 % of its double, triple, half or third
// Within `bpm`, in true beats, where double and half are taken for the tempo itself.
bool tempo_within(double truth, double found, double bpm);

// Where a grid and a steady track part: how far the nearest beat of the grid is from the first and the last true beat,
// in seconds, where the grid counts as many beats between them, or exactly twice or half as many. Nothing where it
// doesn't: such a grid is off by whole beats somewhere. Needs two true beats and a grid.
struct GridEnds {
  double first = 0, last = 0;
  bool within(double seconds) const;
};
std::optional<GridEnds> grid_ends(Times truth, const std::vector<analysis::Anchor>& grid);

// 1 right, 0.5 a fifth above or below (as MIREX since 2017), 0.3 relative, 0.2 parallel, else 0.
double key_score(music::Key truth, music::Key found);

struct Span {
  double start = 0, end = 0;  // seconds
  std::string_view label;
};

// The F measure of where one part follows another; beginning and end of the whole don't count. Nothing when there is no
// true boundary.
std::optional<double> boundary_f(std::span<const Span> truth, std::span<const Span> found, double window);

// Of the time that is truly called one of `labels`, the share that is found to be. Nothing when there is no such time.
std::optional<double> label_share(std::span<const Span> truth, std::span<const Span> found,
                                  std::span<const std::string_view> labels);
// The label at `seconds`, empty where there is none.
std::string_view label_at(std::span<const Span> spans, double seconds);

// Two sets of spans as times that are in them, in seconds: exact, so that no frame has to be chosen.
struct Overlap {
  double truth = 0, found = 0, both = 0;
  // 2 both / (truth + found); 1 when both are empty.
  double f() const;
};
Overlap overlap(std::span<const analysis::TimeSpan> truth, std::span<const analysis::TimeSpan> found);

}  // namespace tactus::eval
