#include "engine/ctl/foresight.h"

#include <algorithm>
#include <cmath>

namespace tactus::ctl {

using rt::kGrid;

namespace {
constexpr std::size_t kMaxPending = 256;
constexpr std::int64_t kRemember = 4096;  // frames of the past that fading voices still ask for
constexpr double kSameVoice = 96;         // track frames a voice can be off and be led back without a seam
}  // namespace

Foresight::Foresight(const music::TempoMap& map) : map_(map) {
  pending_.reserve(kMaxPending);
  points_.reserve(8192);
  runs_.reserve(1024);
  splices_.reserve(1024);
  previous_.reserve(1024);
}

void Foresight::rebase(const rt::TransportReport& report) {
  base_ = report;
  restart();
}

std::int64_t Foresight::due(const msg::Command& c) const {
  return c.when.kind == msg::When::Kind::beat ? map_.due(Beat{c.when.value}).v : c.when.value;
}

void Foresight::sort_pending() {
  std::stable_sort(pending_.begin(), pending_.end(),
                   [this](const msg::Command& a, const msg::Command& b) { return due(a) < due(b); });
}

void Foresight::expect(const msg::Command& command) {
  if (command.when.kind == msg::When::Kind::now || pending_.size() == kMaxPending) return;
  pending_.push_back(command);
  sort_pending();
  if (due(command) < frame_) restart();
}

void Foresight::set_map(const music::TempoMap& map) {
  // As the engine does where it takes the map over; its next report settles any difference.
  base_.transport.map_changed(base_.frame, map_, map);
  map_ = map;
  sort_pending();
  restart();
}

// Throws the future away from the base on; it is made again by extend().
void Foresight::restart() {
  ++edition_;
  const std::int64_t from = base_.frame;
  const auto past = [from](const auto& x) { return x.frame < from; };
  points_.resize(
      static_cast<std::size_t>(std::partition_point(points_.begin(), points_.end(), past) - points_.begin()));
  splices_.resize(
      static_cast<std::size_t>(std::partition_point(splices_.begin(), splices_.end(), past) - splices_.begin()));
  const auto cut = std::partition_point(runs_.begin(), runs_.end(), [from](const Run& r) { return r.begin < from; });
  previous_.assign(cut, runs_.end());
  runs_.erase(cut, runs_.end());
  if (!runs_.empty()) runs_.back().end = Run::kOpen;
  ahead_ = base_.transport;
  frame_ = from;
  // What was due before the base has been executed, and is in it.
  std::erase_if(pending_, [&](const msg::Command& c) { return due(c) < from; });
  next_pending_ = 0;
}

void Foresight::extend(std::int64_t now, std::int64_t horizon) {
  while (frame_ < horizon) process_frame();
  advance_base(now);
  forget(now - kRemember);
}

// One step of the engine's own loop: breaks, then commands, then on to the next grid point, command or break.
void Foresight::process_frame() {
  const std::uint32_t epoch = ahead_.epoch();
  const msg::TrackRef* track = ahead_.track();
  const double before = ahead_.unrolled();
  ahead_.advance(frame_, map_);
  while (next_pending_ < pending_.size() && due(pending_[next_pending_]) <= frame_) {
    ahead_.apply(pending_[next_pending_++], frame_, map_);
  }
  const bool jumped = (ahead_.epoch() != epoch && ahead_.last_break() == rt::Transport::Break::jump) ||
                      ahead_.track() != track || runs_.empty();
  record(jumped, before);
  std::int64_t next = (frame_ / kGrid + 1) * kGrid;
  if (next_pending_ < pending_.size()) next = std::min(next, std::max(due(pending_[next_pending_]), frame_ + 1));
  frame_ = ahead_.next_break(frame_, next, map_);
}

void Foresight::record(bool jumped, double back_before) {
  const double f = static_cast<double>(frame_);
  const bool stretch = ahead_.wants_stretch(frame_, map_);
  const double position = ahead_.position(f, map_);
  const double unrolled = position + ahead_.unrolled();
  const Run* last = runs_.empty() ? nullptr : &runs_.back();
  const bool resumed = last && points_.empty() ? false : last && points_.back().frame < frame_;
  // Within a run the unrolled position only ever moves one way: a stretcher can't be fed backwards and forwards.
  const bool backwards = ahead_.speed(f, map_) < 0;
  bool fresh = jumped || !last || last->stretch != stretch || last->track != ahead_.track() ||
               last->backwards != backwards ||
               (stretch && (last->mode != ahead_.stretch() || last->pitched != ahead_.wants_pitch() ||
                            last->key_breaks != ahead_.key_breaks()));
  // After a new base the playhead may be elsewhere without a break that was seen here.
  if (!fresh && resumed && std::fabs(this->position(last->id, f) - unrolled) > kSameVoice) fresh = true;
  if (fresh) {
    if (last) runs_.back().end = frame_;
    begin_run(stretch);
  } else if (ahead_.unrolled() != back_before) {
    const bool forwards = ahead_.unrolled() > back_before;
    double edge = (forwards ? ahead_.loop_end() : ahead_.loop_start()) + back_before;
    // A loop closed behind the playhead folds from here, not from its edge.
    if (std::fabs(unrolled - edge) > 2 * std::fabs(ahead_.speed(f, map_))) edge = unrolled;
    splices_.push_back({runs_.back().id, edge, back_before, ahead_.unrolled(), forwards, frame_});
  }
  const std::int64_t next = (frame_ / kGrid + 1) * kGrid;
  const double there = ahead_.position(static_cast<double>(next), map_);
  const double slope = (there - position) / static_cast<double>(next - frame_);
  points_.push_back({frame_, runs_.back().id, unrolled, slope, ahead_.pitch_scale(frame_, map_), ahead_.stems_whole()});
}

void Foresight::begin_run(bool stretch) {
  Run run;
  run.begin = frame_;
  run.back = ahead_.unrolled();
  run.unrolled = ahead_.position(static_cast<double>(frame_), map_) + run.back;
  run.stretch = stretch;
  run.backwards = ahead_.speed(static_cast<double>(frame_), map_) < 0;
  run.mode = ahead_.stretch();
  run.pitched = ahead_.wants_pitch();
  run.key_breaks = ahead_.key_breaks();
  run.track = ahead_.track();
  // The same run as was foretold before the table was made anew keeps its id, and with it the voice primed for it.
  for (const Run& old : previous_) {
    if (old.begin == run.begin && old.stretch == run.stretch && old.mode == run.mode && old.pitched == run.pitched &&
        old.key_breaks == run.key_breaks && old.track == run.track && std::fabs(old.unrolled - run.unrolled) < 1 &&
        old.back == run.back) {
      run.id = old.id;
    }
  }
  if (run.id == 0) run.id = next_id_++;
  runs_.push_back(run);
}

// Moves the base up to now, so that making the table anew never has far to go.
void Foresight::advance_base(std::int64_t now) {
  const std::int64_t to = std::min(now / kGrid * kGrid, frame_);
  while (base_.frame < to) {
    // A command that the engine must have executed by now is in a report that is still to come: wait for it. One that
    // stays out was refused by a full queue.
    if (!pending_.empty() && due(pending_.front()) <= base_.frame) {
      if (due(pending_.front()) + kRemember > now) return;
      pending_.erase(pending_.begin());
      if (next_pending_ > 0) --next_pending_;
    }
    base_.transport.advance(base_.frame, map_);
    const std::int64_t next = std::min((base_.frame / kGrid + 1) * kGrid, to);
    base_.frame = base_.transport.next_break(base_.frame, next, map_);
  }
}

void Foresight::forget(std::int64_t before) {
  if (points_.size() < 4096) return;
  const auto old = [before](const auto& x) { return x.frame < before; };
  points_.erase(points_.begin(), std::partition_point(points_.begin(), points_.end(), old));
  const auto kept = std::partition_point(splices_.begin(), splices_.end(), old);
  for (auto s = splices_.begin(); s != kept; ++s) {
    for (Run& r : runs_) {
      if (r.id == s->run) r.back = s->back_after;
    }
  }
  splices_.erase(splices_.begin(), kept);
  std::erase_if(runs_, [before](const Run& r) { return r.end != Run::kOpen && r.end < before; });
}

const Run* Foresight::run(std::uint32_t id) const {
  for (auto r = runs_.rbegin(); r != runs_.rend(); ++r) {
    if (r->id == id) return &*r;
  }
  return nullptr;
}

const Foresight::Point* Foresight::find(std::uint32_t id, double frame) const {
  const Run* r = run(id);
  if (!r || points_.empty()) return nullptr;
  double f = std::max(frame, static_cast<double>(r->begin));
  if (r->end != Run::kOpen) f = std::min(f, static_cast<double>(r->end - 1));
  auto at = std::upper_bound(points_.begin(), points_.end(), f,
                             [](double x, const Point& p) { return x < static_cast<double>(p.frame); });
  if (at == points_.begin()) return &*at;
  return &*std::prev(at);
}

double Foresight::position(std::uint32_t id, double frame) const {
  const Point* p = find(id, frame);
  return p ? p->unrolled + (frame - static_cast<double>(p->frame)) * p->slope : 0;
}

double Foresight::pitch(std::uint32_t id, std::int64_t frame) const {
  const Point* p = find(id, static_cast<double>(frame));
  return p ? p->pitch : 1;
}

bool Foresight::whole(std::uint32_t id, std::int64_t frame) const {
  const Point* p = find(id, static_cast<double>(frame));
  return !p || p->whole;
}

}  // namespace tactus::ctl
