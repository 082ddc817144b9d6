#include "session/midi_schedule.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/curve.h"

namespace tactus::session {
namespace {

double due_frame(const msg::When& when, const music::TempoMap& map, double from) {
  using Kind = msg::When::Kind;
  if (when.kind == Kind::beat) return map.frame_of(Beat{when.value}.value());
  return when.kind == Kind::frame ? static_cast<double>(when.value) : from;
}

CurveShape curve_of(msg::Curve curve) { return static_cast<CurveShape>(curve); }
static_assert(static_cast<int>(CurveShape::s_curve) == static_cast<int>(msg::Curve::s_curve));

}  // namespace

bool MidiSchedule::note(const msg::When& when, const schedule::ask::MidiNote& note) {
  if (notes_.size() >= kMost) return false;
  notes_.push_back({when, note});
  return true;
}

bool MidiSchedule::cc(const msg::When& when, const schedule::ask::MidiCc& cc) {
  if (ramps_.size() >= kMost) return false;
  ramps_.push_back({when, cc});
  return true;
}

void MidiSchedule::send(const schedule::ask::MidiCc& cc, double value, double frame, std::vector<io::TimedMidi>& out) {
  const std::size_t at = slot(cc);
  value_[at] = value;
  const auto whole = static_cast<std::int16_t>(std::lround(value));
  if (std::exchange(sent_[at], whole) == whole) return;
  out.push_back({frame, io::MidiMessage::control_change(cc.channel, cc.controller, whole)});
}

void MidiSchedule::advance(Ramp& r, const music::TempoMap& map, double until, std::vector<io::TimedMidi>& out) {
  const double beats = Beats{r.cc.ramp.micro_beats}.value();
  const double end =
      beats > 0 ? map.frame_of(r.begin_beat + beats) : r.begin_frame + static_cast<double>(r.cc.ramp.frames);
  for (; r.next_frame < std::min(until, end); r.next_frame += kStepSeconds * map.rate()) {
    const double gone = beats > 0 ? (map.beat_of(r.next_frame) - r.begin_beat) / beats
                                  : (r.next_frame - r.begin_frame) / static_cast<double>(r.cc.ramp.frames);
    const double c = curve_at(curve_of(r.cc.ramp.curve), gone, r.cc.value > r.from);
    send(r.cc, r.from + c * (r.cc.value - r.from), r.next_frame, out);
  }
  if (end >= until) return;
  send(r.cc, r.cc.value, std::max(end, r.begin_frame), out);
  r.over = true;
}

// In the order in which they are due, each where the one before has brought the controller.
void MidiSchedule::begin(const music::TempoMap& map, double from, double to, std::vector<io::TimedMidi>& out) {
  std::vector<std::pair<double, Ramp*>> due;
  for (Ramp& r : ramps_) {
    const double frame = r.begun ? to : std::max(from, due_frame(r.when, map, from));
    if (frame < to) due.emplace_back(frame, &r);
  }
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [frame, r] : due) {
    for (Ramp& other : ramps_) {
      if (!other.begun || other.over || slot(other.cc) != slot(r->cc)) continue;
      advance(other, map, frame, out);
      other.over = true;
    }
    const double stands = value_[slot(r->cc)];
    r->begun = true;
    r->from = stands < 0 ? r->cc.value : stands;
    r->begin_frame = r->next_frame = frame;
    r->begin_beat = map.beat_of(frame);
  }
}

void MidiSchedule::play(Note& n, const music::TempoMap& map, double from, double to, std::vector<io::TimedMidi>& out) {
  if (!n.sounds) {
    const double frame = std::max(from, due_frame(n.when, map, from));
    if (!(frame < to)) return;
    n.sounds = true;
    n.off_beat = map.beat_of(frame) + n.note.length.value();
    out.push_back({frame, io::MidiMessage::note_on(n.note.channel, n.note.note, n.note.velocity)});
  }
  const double off = std::max(from, map.frame_of(n.off_beat));
  if (!(off < to)) return;
  n.over = true;
  // The same key struck again meanwhile: its own end is the one that counts.
  const bool held = std::any_of(notes_.begin(), notes_.end(), [&](const Note& other) {
    return &other != &n && other.sounds && !other.over && other.note.channel == n.note.channel &&
           other.note.note == n.note.note && other.off_beat >= n.off_beat;
  });
  if (!held) out.push_back({off, io::MidiMessage::note_off(n.note.channel, n.note.note)});
}

void MidiSchedule::events(const music::TempoMap& map, double from, double to, std::vector<io::TimedMidi>& out) {
  const auto before = static_cast<std::ptrdiff_t>(out.size());
  begin(map, from, to, out);
  for (Ramp& r : ramps_) {
    if (r.begun && !r.over) advance(r, map, to, out);
  }
  std::erase_if(ramps_, [](const Ramp& r) { return r.over; });
  for (Note& n : notes_) play(n, map, from, to, out);
  std::erase_if(notes_, [](const Note& n) { return n.over; });
  std::stable_sort(out.begin() + before, out.end(), [](const auto& a, const auto& b) { return a.frame < b.frame; });
}

void MidiSchedule::silence(double frame, std::vector<io::TimedMidi>& out) {
  for (const Note& n : notes_) {
    if (n.sounds) out.push_back({frame, io::MidiMessage::note_off(n.note.channel, n.note.note)});
  }
  notes_.clear();
  ramps_.clear();
}

}  // namespace tactus::session
