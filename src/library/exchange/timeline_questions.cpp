#include "library/exchange/timeline_questions.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace tactus::library {

namespace {

// The beats that were heard, in seconds, where no person has set the grid.
std::vector<double> heard_beats(const Track& track) {
  std::vector<double> out;
  const double* duration = std::get_if<double>(&track.field("length"));
  if (track.grid_by_hand || !duration) return out;
  constexpr std::size_t kEnough = 2000;
  for (std::size_t i = 0; i < track.grid.size(); ++i) {
    const AnchorFact& a = track.grid[i];
    const double until = i + 1 < track.grid.size() ? track.grid[i + 1].seconds - 1e-6 : *duration;
    for (double at = a.seconds; at < until && a.bpm > 0 && out.size() < kEnough; at += 60 / a.bpm) out.push_back(at);
  }
  return out;
}

bool is_possible(const Timeline& line, double offset) {
  const auto same = [&](double o) { return std::abs(o - offset) < 1e-6; };
  return same(line.proposed) || std::any_of(line.others.begin(), line.others.end(), same);
}

}  // namespace

bool has_positions(const ForeignTrack& t) { return !t.cues.empty() || !t.loops.empty() || !t.grid.empty(); }

std::optional<double> settled_offset(const Timeline& line, const ForeignTrack& track, const SourceItem* before,
                                     const Track* mine, std::string& why) {
  if (line.others.empty()) return std::nullopt;
  std::optional<double> out;
  if (mine) out = offset_by_beats(line, track.grid, heard_beats(*mine));
  if (out) {
    why += "; by the beats that are heard";
  } else if (before && before->offset && is_possible(line, *before->offset)) {
    out = before->offset;
    why += "; as at the last import";
  }
  return out;
}

std::vector<TimelineQuestion> timeline_questions(Database& db, const ForeignLibrary& library, const std::string& path) {
  const auto last = read_source(db, library.format, path);
  std::unordered_map<std::string, const SourceItem*> before;
  if (last && !last->undone) {
    for (const SourceItem& item : last->items) before.emplace(item.track.path, &item);
  }
  std::map<std::string, TimelineQuestion> found;
  for (const ForeignTrack& t : library.tracks) {
    if (!has_positions(t)) continue;
    const Timeline line = timeline_of(library.format, t.path);
    if (line.offset || line.others.empty()) continue;
    const auto id = find_track(db, t.path);
    const auto mine = id ? read_track(db, *id) : std::nullopt;
    const auto old = before.find(t.path);
    std::string why;
    if (settled_offset(line, t, old == before.end() ? nullptr : old->second, mine ? &*mine : nullptr, why)) continue;
    auto [at, first] =
        found.try_emplace(line.why, TimelineQuestion{line.why, line.because, 0, line.proposed, line.proposed, {}});
    TimelineQuestion& q = at->second;
    if (first) q.others = line.others;
    ++q.tracks;
    q.least = std::min(q.least, line.proposed);
    q.most = std::max(q.most, line.proposed);
  }
  std::vector<TimelineQuestion> out;
  for (auto& [why, q] : found) out.push_back(std::move(q));
  return out;
}

}  // namespace tactus::library
