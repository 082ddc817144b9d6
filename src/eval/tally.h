// Many tracks' judgements as one: figures, and how often a confidence is deserved.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "eval/judge.h"

namespace tactus::eval {

class Tally {
 public:
  void add(const Judgement& judgement);

  int tracks() const { return static_cast<int>(judgements_.size()); }
  // Over the tracks of which the figure is known; nothing when there is none.
  std::optional<double> value(Figure figure) const;
  int count(Figure figure) const;

  // What was said with a confidence of at least `from` and less than `below` (1 counts into the last one).
  struct Reliability {
    int said = 0, right = 0;
  };
  Reliability reliability(Subject subject, double from, double below) const;

 private:
  std::vector<Judgement> judgements_;
};

}  // namespace tactus::eval
