#include "library/exchange/convert.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>

namespace tactus::library {

namespace {

constexpr double kSame = 1e-6;    // seconds
constexpr int kMostMarks = 1000;  // of a kind: store/tracks.h
constexpr double kLowestTempo = 20, kHighestTempo = 300;

bool near(double a, double b) { return std::abs(a - b) <= kSame; }

// The whole number nearest to `beat` that is beat `in_bar` of its bar.
double on_the_bar(double beat, int in_bar, int beats_per_bar) {
  const double bar = std::max(beats_per_bar, 1);
  return std::round((beat - (in_bar - 1)) / bar) * bar + (in_bar - 1);
}

}  // namespace

MarkSlots cue_slots(const ForeignTrack& t, double offset, const std::string& origin) {
  MarkSlots out;
  std::set<int> taken;
  int memory = 0;
  for (const ForeignCue& c : t.cues) {
    const bool hot = c.number >= 0 && c.number < kMostMarks && taken.insert(c.number).second;
    Mark& m = out.emplace_back(std::in_place).value();
    m.kind = hot ? MarkKind::hot_cue : MarkKind::memory_cue;
    m.number = hot ? c.number : memory++;
    m.start = std::max(0.0, c.seconds + offset);
    m.name = c.name;
    m.color = color_number(c.color);
    m.origin = origin;
    if (m.number >= kMostMarks) out.back().reset();
  }
  return out;
}

MarkSlots loop_slots(const ForeignTrack& t, double offset, const std::string& origin) {
  MarkSlots out;
  int number = 0;
  for (const ForeignLoop& l : t.loops) {
    out.emplace_back();
    const double start = std::max(0.0, l.start + offset), stop = l.end + offset;
    if (!(stop > start) || number == kMostMarks) continue;
    Mark& m = out.back().emplace();
    m.kind = MarkKind::loop;
    m.number = number++;
    m.start = start;
    m.stop = stop;
    m.name = l.name;
    m.color = color_number(l.color);
    m.origin = origin;
  }
  return out;
}

std::vector<Mark> marks_of(const ForeignTrack& t, double offset, const std::string& origin) {
  std::vector<Mark> out;
  for (const MarkSlots& slots : {cue_slots(t, offset, origin), loop_slots(t, offset, origin)}) {
    for (const std::optional<Mark>& m : slots)
      if (m) out.push_back(*m);
  }
  return out;
}

std::vector<AnchorFact> grid_of(const ForeignTrack& t, double offset) {
  std::vector<AnchorFact> out;
  for (const ForeignAnchor& a : t.grid) {
    if (!(a.bpm >= kLowestTempo && a.bpm <= kHighestTempo) || a.beat < 1) continue;
    AnchorFact now{a.seconds + offset, static_cast<double>(a.beat - 1), a.bpm};
    if (!out.empty()) {
      const AnchorFact& last = out.back();
      const double beat = last.beat + (now.seconds - last.seconds) * last.bpm / 60;
      now.beat = on_the_bar(beat, a.beat, a.beats_per_bar);
      if (now.beat <= last.beat || now.seconds <= last.seconds) continue;
    }
    out.push_back(now);
  }
  return out;
}

std::vector<ForeignAnchor> foreign_grid(const std::vector<AnchorFact>& grid, double offset) {
  std::vector<ForeignAnchor> out;
  for (const AnchorFact& a : grid) {
    // Their anchors are beats; one of ours may lie between two.
    const double beat = std::ceil(a.beat - 1e-6);
    const double seconds = a.seconds + (beat - a.beat) * 60 / a.bpm;
    const auto in_bar = static_cast<int>(std::fmod(std::fmod(beat, 4) + 4, 4)) + 1;
    out.push_back({seconds - offset, a.bpm, in_bar, 4});
  }
  return out;
}

bool same_mark(const Mark& a, const Mark& b) {
  return a.kind == b.kind && a.number == b.number && near(a.start, b.start) &&
         a.stop.has_value() == b.stop.has_value() && (!a.stop || near(*a.stop, *b.stop)) && a.name == b.name &&
         a.color == b.color;
}

bool same_grid(const std::vector<AnchorFact>& a, const std::vector<AnchorFact>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const AnchorFact& x, const AnchorFact& y) {
    return near(x.seconds, y.seconds) && near(x.beat, y.beat) && near(x.bpm, y.bpm);
  });
}

std::optional<int> color_number(const std::string& color) {
  int out = 0;
  if (color.size() != 7 || color[0] != '#') return std::nullopt;
  const auto [end, code] = std::from_chars(color.data() + 1, color.data() + 7, out, 16);
  return code == std::errc() && end == color.data() + 7 ? std::optional(out) : std::nullopt;
}

std::string color_name(const std::optional<int>& color) {
  if (!color) return {};
  char text[16];
  std::snprintf(text, sizeof text, "#%06X", static_cast<unsigned>(*color) & 0xFFFFFFU);
  return text;
}

}  // namespace tactus::library
