#include "engine/rt/transport.h"

#include <cmath>

#include "lockfree/chunk_table.h"

namespace tactus::rt {
namespace {

constexpr double kTurn = 0.25;  // a change of speed, in track frames a session frame, that makes a corner in the sound
const music::GridView kNoGrid{};

double grid_of_sync(msg::SyncMode mode, const music::Metre& metre) TACTUS_RT {
  switch (mode) {
    case msg::SyncMode::bar:
      return metre.bar.value();
    case msg::SyncMode::phrase:
      return metre.phrase.value();
    default:
      return 1;
  }
}

}  // namespace

double Law::position(double f, const music::TempoMap& map, const music::GridView& grid) const TACTUS_RT {
  switch (kind) {
    case Kind::still:
      return p0;
    case Kind::free:
      return p0 + v * (f - f0);
    case Kind::map:
      return grid.frame_of(sb0 + ratio * (map.beat_of(f) - mb0));
  }
  return p0;
}

double Law::speed(double f, const music::TempoMap& map, const music::GridView& grid) const TACTUS_RT {
  switch (kind) {
    case Kind::still:
      return 0;
    case Kind::free:
      return v;
    case Kind::map: {
      const double sb = sb0 + ratio * (map.beat_of(f) - mb0);
      return ratio * map.slope_at(f) * 60.0 * grid.rate / grid.at_beat(sb).bpm;
    }
  }
  return 0;
}

const music::GridView& Transport::grid() const TACTUS_RT { return track_ ? track_->grid : kNoGrid; }

// A bar that is a guess would be held against the session's with all the confidence of a bar that is known.
msg::SyncMode Transport::held_sync() const TACTUS_RT {
  const bool by_bars = sync_ == msg::SyncMode::bar || sync_ == msg::SyncMode::phrase;
  return by_bars && track_ && !track_->bars_sure ? msg::SyncMode::beat : sync_;
}

double Transport::length() const TACTUS_RT {
  return track_ && track_->pcm ? static_cast<double>(track_->pcm->frames()) : 0;
}

// --- Time ------------------------------------------------------------------------------------------------------------

void Transport::advance(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  tempo_.settle(frame, map);
  key_.settle(frame, map);
  if (!moving() && !touched_) return;
  const double f = static_cast<double>(frame);
  double p = position(f, map);
  const double v = speed(f, map);

  if (const double folded = fold(p, v); folded != 0) {
    unrolled_ += folded;
    broke(Break::wrap);
    p -= folded;
  } else if (!slipping_ && ((v > 0 && p >= length()) || (v < 0 && p < 0))) {
    stop(frame, v > 0 ? length() : 0, map);
    ended_ = true;
    return;
  }
  if (slipping_ && shadow_.kind != Law::Kind::still && shadow_.position(f, map, grid()) >= length()) {
    slipping_ = false;  // the shadow has run off the end: nothing to return to
  }
  if (frame % kGrid == 0) take_steps(frame, map);
}

// Where the playhead has run out of its loop: moves the law back by whole turns, and says how many track frames that
// is.
double Transport::fold(double p, double v) TACTUS_RT {
  if (!loop_.active || !((v >= 0 && p >= loop_.end) || (v < 0 && p < loop_.start))) return 0;
  const double turns = std::floor((p - loop_.start) / loop_.length());
  if (law_.kind == Law::Kind::map) {
    law_.sb0 -= turns * (grid().beat_of(loop_.end) - grid().beat_of(loop_.start));
  } else {
    law_.p0 -= turns * loop_.length();
  }
  return turns * loop_.length();
}

std::int64_t Transport::next_break(std::int64_t from, std::int64_t limit, const music::TempoMap& map) const TACTUS_RT {
  if (!moving() || from >= limit) return limit;
  const auto crossed = [&](std::int64_t at) TACTUS_RT {
    const double p = position(static_cast<double>(at), map);
    const double v = speed(static_cast<double>(at), map);
    if (loop_.active) return v >= 0 ? p >= loop_.end : p < loop_.start;
    return v >= 0 ? p >= length() : p < 0;
  };
  if (!crossed(limit)) return limit;
  // The playhead moves one way within a control step: bisect for the first frame past the edge.
  std::int64_t lo = from, hi = limit;
  while (hi - lo > 1) {
    const std::int64_t mid = lo + (hi - lo) / 2;
    (crossed(mid) ? hi : lo) = mid;
  }
  return hi;
}

void Transport::map_changed(std::int64_t frame, const music::TempoMap& old_map,
                            const music::TempoMap& new_map) TACTUS_RT {
  const double f = static_cast<double>(frame);
  for (Law* law : {&law_, &shadow_}) {
    if (law->kind != Law::Kind::map) continue;
    // Only a beat line set forward moves the deck's place on it; a mere tempo change is continuous.
    const double shift = new_map.beat_of(f) - old_map.beat_of(f);
    if (std::fabs(shift) > 1e-6) law->mb0 += shift;
  }
}

// Takes up everything that changes speed smoothly: ramps, bends, the hand, the brake.
void Transport::take_steps(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const double f = static_cast<double>(frame);
  const double p = position(f, map);
  double bend = 0;
  if (bend_ != 0) {
    // An untouched jog wheel catches up over about 40 ms: an eighth of what is left, a control step at a time.
    bend = std::fabs(bend_) < 0.5 ? bend_ : bend_ / 8;
    bend_ -= bend;
    bend /= static_cast<double>(kGrid);
  }
  if (braking_ && frame >= brake_frame_ + brake_frames_) {
    braking_ = false;
    if (brake_to_ == 0) {
      playing_ = previewing_ = false;
      hold(frame, p);
      return;
    }
    relaw(frame, map);
    return;
  }
  if (law_.kind == Law::Kind::map) {
    const double base = sync_ratio(p, frame, map);
    const double per_beat = 1.0 / (map.slope_at(f) * 60.0 * grid().rate / grid().bpm_at(p));
    const double ratio = base * (1 + nudge_) + bend * per_beat;
    if (ratio != law_.ratio) {
      law_.sb0 += law_.ratio * (map.beat_of(f) - law_.mb0);
      law_.mb0 = map.beat_of(f);
      law_.ratio = ratio;
    }
  } else if (law_.kind == Law::Kind::free) {
    const double v = target_speed(frame, p, map) + bend;
    if (v != law_.v) law_ = {Law::Kind::free, f, p, v, 0, 0, 1};
  }
  if (slipping_ && shadow_.kind == Law::Kind::free && tempo_.active()) {
    shadow_ = {Law::Kind::free, f, shadow_.position(f, map, grid()), tempo_.value(frame, map), 0, 0, 1};
  }
}

double Transport::target_speed(std::int64_t frame, double p, const music::TempoMap& map) const TACTUS_RT {
  if (touched_) {
    // The platter follows the hand with a time constant of two control steps, which hides a controller's ticks.
    const double now = law_.kind == Law::Kind::free ? law_.v : 0;
    const double next = now + (jog_ - now) * 0.4;
    return std::fabs(next - jog_) < 1e-6 ? jog_ : next;
  }
  double v = tempo_.value(frame, map);
  if (synced()) {
    v = sync_ratio(p, frame, map) * map.slope_at(static_cast<double>(frame)) * 60.0 * grid().rate / grid().bpm_at(p);
  }
  v *= 1 + nudge_;
  if (braking_) {
    const double x = static_cast<double>(frame - brake_frame_) / static_cast<double>(brake_frames_);
    v *= brake_from_ + (brake_to_ - brake_from_) * (x < 0 ? 0 : x > 1 ? 1 : x);
  }
  return reverse_ ? -v : v;
}

// Track beats a session beat: the power of two that needs the least change of tempo.
double Transport::sync_ratio(double p, std::int64_t frame, const music::TempoMap& map) const TACTUS_RT {
  const double x = grid().bpm_at(p) / map.bpm_at_frame(static_cast<double>(frame));
  double ratio = 1;
  while (x > ratio * 1.4142135623730951) ratio *= 2;
  while (x < ratio * 0.7071067811865476) ratio /= 2;
  return ratio;
}

double Transport::beats_to_frames(double beats, double p, std::int64_t frame,
                                  const music::TempoMap& map) const TACTUS_RT {
  if (!grid().empty()) return grid().frame_of(grid().beat_of(p) + beats) - p;
  // Without a grid the session's clock measures beats.
  return beats * 60.0 * map.rate() / map.bpm_at_frame(static_cast<double>(frame));
}

// --- Laws ------------------------------------------------------------------------------------------------------------

void Transport::broke(Break kind) TACTUS_RT {
  ++epoch_;
  last_break_ = kind;
}

void Transport::hold(std::int64_t frame, double p) TACTUS_RT {
  law_ = {Law::Kind::still, static_cast<double>(frame), p, 0, 0, 0, 1};
  broke(Break::jump);
}

// The law that holds phase from `p` on; with `align`, moved to the nearest place in phase with the session.
bool Transport::phase_law(std::int64_t frame, double p, const music::TempoMap& map, bool align,
                          Law& out) const TACTUS_RT {
  const bool phase = sync_ == msg::SyncMode::beat || sync_ == msg::SyncMode::bar || sync_ == msg::SyncMode::phrase;
  if (!phase || grid().empty() || reverse_ || touched_ || braking_) return false;
  out = {Law::Kind::map,           0, 0, 0, map.beat_of(static_cast<double>(frame)), grid().beat_of(p),
         sync_ratio(p, frame, map)};
  if (align) {
    const music::Metre metre = map.metre_at_frame(static_cast<double>(frame));
    const double q = grid_of_sync(held_sync(), metre);
    const double off = out.sb0 - out.ratio * (out.mb0 - metre.phase.value());
    out.sb0 -= off - q * std::floor(off / q + 0.5);
    if (grid().frame_of(out.sb0) < 0) out.sb0 += q;
  }
  return true;
}

// Moves on from `p` by whatever law now applies.
void Transport::begin(std::int64_t frame, double p, const music::TempoMap& map) TACTUS_RT {
  if (!phase_law(frame, p, map, true, law_)) {
    law_ = {Law::Kind::free, static_cast<double>(frame), p, 0, 0, 0, 1};
    law_.v = target_speed(frame, p, map);
  }
  broke(Break::jump);
}

// Goes to `p` exactly, and on from there; play state unchanged. Under sync what was in phase before stays so only if
// the jump is a whole number of beats: a performer who asks for a place gets that place.
void Transport::jump_to(std::int64_t frame, double p, const music::TempoMap& map) TACTUS_RT {
  if (p < 0) p = 0;
  if (!moving()) {
    hold(frame, p);
    return;
  }
  if (!phase_law(frame, p, map, false, law_)) law_ = {Law::Kind::free, static_cast<double>(frame), p, law_.v, 0, 0, 1};
  broke(Break::jump);
}

// Changes the law where the playhead is. Coming into phase may move it (by at most half a sync unit).
void Transport::relaw(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const double f = static_cast<double>(frame);
  const double p = position(f, map);
  if (!playing_ && !previewing_) {
    if (touched_) {
      law_ = {Law::Kind::free, f, p, law_.kind == Law::Kind::free ? law_.v : 0, 0, 0, 1};
    } else if (moving()) {
      hold(frame, p);
    }
    return;
  }
  Law next;
  const double before = speed(f, map);
  if (phase_law(frame, p, map, true, next)) {
    const double moved = next.position(f, map, grid()) - p;
    law_ = next;
    if (std::fabs(moved) > 0.5) {
      broke(Break::jump);
    } else if (std::fabs(speed(f, map) - before) > kTurn) {
      broke(Break::turn);
    }
    return;
  }
  const double v = touched_ ? before : target_speed(frame, p, map);
  law_ = {Law::Kind::free, f, p, v, 0, 0, 1};
  if (std::fabs(v - before) > kTurn) broke(Break::turn);
}

void Transport::play(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  if (!track_) return;
  const bool was_moving = moving() && !touched_ && !braking_;
  playing_ = true;
  previewing_ = false;
  braking_ = false;
  if (touched_ || was_moving) return;  // playing already, or latched out of a preview; the hand lets go later
  const double p = position(static_cast<double>(frame), map);
  begin(frame, p >= length() ? 0 : p, map);
}

void Transport::stop(std::int64_t frame, double at, const music::TempoMap&) TACTUS_RT {
  playing_ = previewing_ = braking_ = slipping_ = rolling_ = false;
  hold(frame, at);
}

// --- Slip ------------------------------------------------------------------------------------------------------------

void Transport::slip_out(std::int64_t) TACTUS_RT {
  if (slipping_ || !playing_) return;
  slipping_ = true;
  shadow_ = law_;
}

void Transport::slip_return(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  if (!slipping_) return;
  slipping_ = false;
  rolling_ = false;
  loop_.active = false;
  if (!playing_) return;
  if (shadow_.kind == Law::Kind::map) {
    law_ = shadow_;  // the very law it left, so phase is what it was
    broke(Break::jump);
  } else {
    begin(frame, shadow_.position(static_cast<double>(frame), map, grid()), map);
  }
}

}  // namespace tactus::rt
