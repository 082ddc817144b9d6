// What each command does to a deck's transport.
#include <cmath>

#include "engine/rt/transport.h"

namespace tactus::rt {

using msg::LoopOp;
using msg::Op;

namespace {
constexpr double kDirectLoopSeconds = 0.060;
constexpr double kAtCue = 1.0;        // frames: closer than that the deck stands on its cue
constexpr double kShortestLoop = 64;  // frames
// A stretcher bends its pitch by so many semitones at once with what it holds, or over so long, and stays within a
// fraction of a millisecond of its place.
constexpr double kMostBend = 0.5;
constexpr Seconds kLeastBend{0.05};

// Where a deck stands that was loaded and left alone.
double start_of(const msg::TrackRef& track) TACTUS_RT { return track.cue >= 0 ? track.cue : track.first_sound; }

// What a deck may be told without its playhead becoming anybody's choice.
bool leaves_playhead(Op op) TACTUS_RT {
  switch (op) {
    case Op::set_param:
    case Op::hotcue_clear:
    case Op::keylock:
    case Op::stretch:
    case Op::sync:
    case Op::slip:
    case Op::nudge:
    case Op::reverse:
    case Op::panic:
    case Op::swap_plan:
    case Op::regrid:
      return true;
    default:
      return false;
  }
}
}  // namespace

void Transport::apply(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const double f = static_cast<double>(frame);
  const bool on = c.a != 0;
  if (!leaves_playhead(c.op)) at_load_ = false;  // a load says so again itself
  switch (c.op) {
    case Op::set_param:
      if (c.param == msg::Param::tempo) {
        tempo_.set(c.a, c.ramp, frame, map);
      } else if (c.param == msg::Param::key) {
        do_key(c, frame, map);
      } else if (c.param >= msg::Param::stem_gain && c.param <= msg::Param::stem_solo) {
        const int kind = static_cast<int>(c.param) - static_cast<int>(msg::Param::stem_gain);
        const std::uint32_t bit = 1u << (kind * msg::kStems + c.index % msg::kStems);
        const bool neutral = c.param == msg::Param::stem_gain ? c.a == 1 : c.a == 0;
        stems_changed_ = neutral ? stems_changed_ & ~bit : stems_changed_ | bit;
      }
      break;
    case Op::load:
    case Op::double_from:
      do_load(c, frame, map);
      break;
    case Op::unload:
      track_ = nullptr;
      loop_ = {};
      stop(frame, 0, map);
      break;
    case Op::play:
      play(frame, map);
      break;
    case Op::pause:
      if (moving()) stop(frame, position(f, map), map);
      break;
    case Op::cue_button:
      do_cue(on, frame, map);
      break;
    case Op::cue_set:
      cue_ = c.a < 0 ? position(f, map) : c.a;
      cue_of_load_ = false;
      break;
    case Op::hotcue_button:
      do_hotcue(c.index, on, frame, map);
      break;
    case Op::hotcue_set:
      hotcues_[c.index] = c.a < 0 ? position(f, map) : c.a;
      break;
    case Op::hotcue_clear:
      hotcues_[c.index] = -1;
      break;
    case Op::hotcue_jump:
      if (hotcues_[c.index] >= 0) {
        if (slip_) slip_out(frame);
        jump_to(frame, hotcues_[c.index], map);
      }
      break;
    case Op::seek:
      if (slip_) slip_out(frame);
      jump_to(frame, c.a, map);
      break;
    case Op::jump_beats: {
      if (slip_) slip_out(frame);
      const double p = position(f, map);
      jump_to(frame, p + beats_to_frames(c.a, p, frame, map), map);
      break;
    }
    case Op::loop:
      do_loop(static_cast<LoopOp>(c.index), c.a, frame, map);
      break;
    case Op::scratch:
      do_scratch(on, frame, map);
      break;
    case Op::jog:
      if (touched_) {
        jog_ = c.a;
      } else {
        bend_ += c.a;
      }
      break;
    case Op::censor:
      do_reverse(on, true, frame, map);
      break;
    case Op::reverse:
      do_reverse(on, false, frame, map);
      break;
    case Op::nudge:
      nudge_ = c.a;
      break;
    case Op::keylock:
      if (on != keylock_) ++key_breaks_;
      keylock_ = on;
      break;
    case Op::stretch:
      stretch_ = static_cast<msg::StretchMode>(c.index);
      break;
    case Op::sync:
      sync_ = static_cast<msg::SyncMode>(c.index);
      if (sync_ == msg::SyncMode::off && !grid().empty() && moving()) {
        tempo_.jump(std::fabs(speed(f, map)));  // leaving sync keeps the tempo it had
      }
      if (moving()) relaw(frame, map);
      break;
    case Op::slip:
      slip_ = on;
      if (!on && !rolling_ && !censoring_) slip_return(frame, map);
      break;
    case Op::brake:
      if (c.a >= 0 && moving()) {
        braking_ = true;
        brake_from_ = 1, brake_to_ = 0;
      } else if (c.a < 0 && track_ && !moving()) {
        playing_ = braking_ = true;
        brake_from_ = 0, brake_to_ = 1;
      } else {
        break;
      }
      brake_frame_ = frame;
      brake_frames_ = static_cast<std::int64_t>(std::fabs(c.a) * map.rate()) + 1;
      if (!moving()) broke(Break::jump);
      law_ = {Law::Kind::free, f, position(f, map), moving() ? speed(f, map) : 0, 0, 0, 1};
      break;
    case Op::panic:
      do_panic(frame, map);
      break;
    case Op::regrid:
      if (track_ && c.track && c.track->id == track_->id) do_regrid(*c.track, frame, map);
      break;
    case Op::swap_plan:
      break;
  }
}

void Transport::do_load(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const bool go_on = (c.flags & msg::kFlagKeepPlaying) && (playing_ || c.op == Op::double_from);
  track_ = c.track;
  loop_ = {};
  loop_in_ = -1;
  nudge_ = bend_ = 0;
  unrolled_ = 0;
  stop(frame, 0, map);
  reverse_ = censoring_ = ended_ = false;
  for (Loop& slot : slots_) slot = {};
  if (!track_) return;
  for (int k = 0; k < msg::kHotcues; ++k) hotcues_[k] = track_->hotcues[k];
  for (int k = 0; k < msg::kLoopSlots; ++k) slots_[k] = {track_->slots[k].start, track_->slots[k].end};
  loop_ = {track_->loop.start, track_->loop.end, track_->looping};
  cue_ = start_of(*track_);
  cue_of_load_ = true;
  // A doubled deck stands where the other one does, not at its cue.
  const bool twin = c.op == Op::double_from;
  law_.p0 = twin ? c.a : cue_;
  at_load_ = !go_on && (!twin || (c.flags & msg::kFlagAtLoad));
  if (go_on) {
    playing_ = true;
    begin(frame, law_.p0, map);
  }
}

// The same load, of which more is known. What nobody has touched stands where it would had that been known at once.
void Transport::do_regrid(const msg::TrackRef& known, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  hold_position(frame, map);
  track_ = &known;
  if (cue_of_load_) cue_ = start_of(known);
  if (at_load_) {
    hold(frame, cue_);
  } else if (moving()) {
    relaw(frame, map);
  }
}

// A sudden change is a cross-fade from one stretcher to another, which has the new pitch from its first frame on.
void Transport::do_key(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const bool slow = c.ramp.micro_beats > 0 || c.ramp.frames >= SampleRate{map.rate()}.frames(kLeastBend).v;
  if (slow || std::fabs(c.a - key_.value(frame, map)) <= kMostBend) {
    key_.set(c.a, c.ramp, frame, map);
  } else {
    key_.jump(c.a);
    ++key_breaks_;
  }
}

void Transport::do_cue(bool pressed, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  if (!track_) return;
  const double p = position(static_cast<double>(frame), map);
  if (!pressed) {
    if (previewing_) stop(frame, preview_from_, map);
    return;
  }
  if (playing_) {
    stop(frame, cue_, map);
  } else if (std::fabs(p - cue_) <= kAtCue) {
    previewing_ = true;
    preview_from_ = cue_;
    begin(frame, cue_, map);
  } else {
    cue_ = p;
    cue_of_load_ = false;
  }
}

void Transport::do_hotcue(int k, bool pressed, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  if (!track_) return;
  if (!pressed) {
    if (previewing_) stop(frame, preview_from_, map);
    if (slip_ && playing_ && !rolling_) slip_return(frame, map);
    return;
  }
  if (hotcues_[k] < 0) {
    hotcues_[k] = position(static_cast<double>(frame), map);
    return;
  }
  if (playing_) {
    if (slip_) slip_out(frame);
    jump_to(frame, hotcues_[k], map);
    return;
  }
  previewing_ = true;
  preview_from_ = hotcues_[k];
  begin(frame, hotcues_[k], map);
}

void Transport::do_loop(LoopOp op, double a, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  if (!track_) return;
  const double p = position(static_cast<double>(frame), map);
  const int slot = static_cast<int>(a) - 1;
  const bool slot_ok = slot >= 0 && slot < msg::kLoopSlots;
  switch (op) {
    case LoopOp::in:
      loop_in_ = a < 0 ? p : a;
      loop_.active = false;
      break;
    case LoopOp::out: {
      const double end = a < 0 ? p : a;
      if (loop_in_ < 0 || end - loop_in_ < kShortestLoop) break;
      if (slip_) slip_out(frame);
      loop_ = {loop_in_, end, true};
      break;
    }
    case LoopOp::roll:
      slip_out(frame);
      rolling_ = slipping_;
      [[fallthrough]];
    case LoopOp::beats: {
      const double start = loop_.active ? loop_.start : p;
      const double end = start + beats_to_frames(a, start, frame, map);
      if (op == LoopOp::beats && slip_) slip_out(frame);
      if (end - start >= kShortestLoop) loop_ = {start, end, true};
      break;
    }
    case LoopOp::halve:
      if (loop_.length() / 2 >= kShortestLoop) loop_.end = loop_.start + loop_.length() / 2;
      break;
    case LoopOp::twice:
      if (loop_.start >= 0) loop_.end = loop_.start + loop_.length() * 2;
      break;
    case LoopOp::move: {
      if (loop_.start < 0) break;
      const double by = beats_to_frames(a, loop_.start, frame, map);
      if (loop_.start + by < 0) break;
      const bool inside = loop_.active && p >= loop_.start && p < loop_.end;
      if (inside && slip_) slip_out(frame);
      loop_.start += by;
      loop_.end += by;
      if (inside && moving()) jump_to(frame, p + by, map);  // the groove goes on, from the moved loop
      break;
    }
    case LoopOp::exit:
      loop_.active = false;
      if (rolling_ || slip_) slip_return(frame, map);
      break;
    case LoopOp::reloop:
      if (loop_.start >= 0) take_up(loop_, p, frame, map);
      break;
    case LoopOp::slot_save:
      if (slot_ok && loop_.start >= 0) slots_[slot] = loop_;
      break;
    case LoopOp::slot_recall:
      if (slot_ok && slots_[slot].start >= 0) take_up(slots_[slot], p, frame, map);
      break;
  }
  come_inside(frame, map);
}

// A loop that was closed behind the playhead takes it back at once: that is a jump, not one of its wraps.
void Transport::come_inside(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const double f = static_cast<double>(frame);
  if (moving() && fold(position(f, map), speed(f, map)) != 0) broke(Break::jump);
}

void Transport::take_up(const Loop& loop, double p, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  if (slip_) slip_out(frame);
  loop_ = {loop.start, loop.end, true};
  if (p < loop_.start || p >= loop_.end) jump_to(frame, loop_.start, map);
}

void Transport::do_scratch(bool on, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  if (!track_ || on == touched_) return;
  if (on) {
    if (slip_) slip_out(frame);
    jog_ = 0;
    braking_ = false;
    const double v = speed(static_cast<double>(frame), map);
    const double p = position(static_cast<double>(frame), map);
    touched_ = true;
    law_ = {Law::Kind::free, static_cast<double>(frame), p, v, 0, 0, 1};
    return;
  }
  touched_ = false;
  if (slip_ && slipping_) {
    slip_return(frame, map);
  } else {
    relaw(frame, map);
  }
}

void Transport::do_reverse(bool on, bool censor, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  if (on == reverse_) return;
  if (on && (censor || slip_)) slip_out(frame);
  const bool was_censor = censoring_;
  censoring_ = on && censor;
  reverse_ = on;
  if (!on && (was_censor || slip_) && slipping_) {
    slip_return(frame, map);
  } else if (moving()) {
    relaw(frame, map);
  }
}

void Transport::do_panic(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const bool odd = reverse_ || touched_ || braking_ || slipping_;
  const bool back = slipping_;
  reverse_ = censoring_ = touched_ = braking_ = slip_ = false;
  nudge_ = bend_ = 0;
  loop_.active = false;
  if (back) {
    slip_return(frame, map);
  } else if (odd && moving()) {
    relaw(frame, map);
  }
  rolling_ = false;
}

// From a law over the old grid to the same movement over none, so that the grid can change beneath it.
void Transport::hold_position(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const double f = static_cast<double>(frame);
  if (law_.kind == Law::Kind::map) law_ = {Law::Kind::free, f, position(f, map), speed(f, map), 0, 0, 1};
  if (shadow_.kind == Law::Kind::map) {
    shadow_ = {Law::Kind::free, f, shadow_.position(f, map, grid()), shadow_.speed(f, map, grid()), 0, 0, 1};
  }
}

bool Transport::take_ended() TACTUS_RT {
  const bool was = ended_;
  ended_ = false;
  return was;
}

bool Transport::direct_only(const music::TempoMap& map) const TACTUS_RT {
  return touched_ || braking_ || stretch_ == msg::StretchMode::direct ||
         (loop_.active && loop_.length() < kDirectLoopSeconds * map.rate());
}

double Transport::pitch_scale(std::int64_t frame, const music::TempoMap& map) const TACTUS_RT {
  const double shift = std::exp2(key_.value(frame, map) / 12.0);
  return keylock_ ? shift : shift * std::fabs(speed(static_cast<double>(frame), map));
}

bool Transport::wants_stretch(std::int64_t frame, const music::TempoMap& map) const TACTUS_RT {
  if (direct_only(map) || !moving()) return false;
  if (key_.active() || key_.target() != 0) return true;
  return keylock_ && std::fabs(std::fabs(speed(static_cast<double>(frame), map)) - 1.0) > 1e-7;
}

void Transport::fill(msg::DeckSnapshot& s, std::int64_t frame, const music::TempoMap& map) const TACTUS_RT {
  const double f = static_cast<double>(frame);
  s.track_id = track_ ? track_->id : 0;
  s.position = position(f, map);
  s.speed = speed(f, map);
  s.length = length();
  s.bpm = grid().empty() ? 0 : grid().bpm_at(s.position) * (moving() ? std::fabs(s.speed) : tempo_.target());
  s.track_beat = grid().empty() ? 0 : grid().beat_of(s.position);
  s.loop_start = loop_.start;
  s.loop_end = loop_.end;
  s.loop_active = loop_.active;
  s.cue = cue_;
  s.cue_set = cue_of_load_ ? track_ && track_->cue >= 0 : cue_ >= 0;
  for (int k = 0; k < msg::kHotcues; ++k) s.hotcues[k] = hotcues_[k];
  for (int k = 0; k < msg::kLoopSlots; ++k) s.slots[k] = {slots_[k].start, slots_[k].end};
  s.tempo = tempo_.target();
  s.key = key_.target();
  s.playing = playing_;
  s.previewing = previewing_;
  s.slip = slip_;
  s.keylock = keylock_;
  s.reverse = reverse_;
  s.sync = sync_;
  s.sync_held = held_sync();
  s.stretch = stretch_;
}

}  // namespace tactus::rt
