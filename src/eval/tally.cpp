#include "eval/tally.h"

#include <algorithm>

namespace tactus::eval {

void Tally::add(const Judgement& judgement) { judgements_.push_back(judgement); }

int Tally::count(Figure figure) const {
  return static_cast<int>(
      std::count_if(judgements_.begin(), judgements_.end(), [&](const Judgement& j) { return j[figure].has_value(); }));
}

std::optional<double> Tally::value(Figure figure) const {
  const Together together = info(figure).together;
  std::vector<double> values;
  double sum = 0, weight = 0;
  for (const Judgement& j : judgements_) {
    if (!j[figure]) continue;
    const double w = together == Together::pooled ? j.vocal_seconds : 1;
    values.push_back(*j[figure]);
    sum += w * *j[figure];
    weight += w;
  }
  if (values.empty()) return std::nullopt;
  if (together == Together::median) {
    std::sort(values.begin(), values.end());
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
  }
  // No voice anywhere, and none found.
  return weight > 0 ? sum / weight : 1;
}

Tally::Reliability Tally::reliability(Subject subject, double from, double below) const {
  Reliability out;
  for (const Judgement& j : judgements_) {
    for (const Claim& c : j.claims) {
      if (c.subject != subject || c.confidence < from || (c.confidence >= below && below < 1)) continue;
      ++out.said;
      out.right += c.right ? 1 : 0;
    }
  }
  return out;
}

}  // namespace tactus::eval
