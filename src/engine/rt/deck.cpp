#include "engine/rt/deck.h"

#include "dsp/guard.h"
#include "lockfree/chunk_table.h"

namespace tactus::rt {

using msg::Param;

namespace {
constexpr Seconds kEqFade{0.010};
}

void Deck::prepare(SampleRate rate, VoiceRing* a, VoiceRing* b, const dsp::SincTables* sinc) noexcept {
  reader.attach(a, b, sinc, rate);
  eq.prepare(rate);
  eq_fade_ = static_cast<int>(rate.frames(kEqFade).v);
  filter.prepare(rate);
  for (dsp::StemGate& gate : gates_) gate.prepare(rate);
  for (dsp::PeakHold* hold : {&peak_left_, &peak_right_}) hold->prepare(rate);
}

void Deck::set_param(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  const int stem = c.index % msg::kStems;
  if (msg::moves_transport(c.param)) transport.apply(c, frame, map);
  switch (c.param) {
    case Param::trim:
      trim_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::eq_low:
    case Param::eq_mid:
    case Param::eq_high: {
      const int band = static_cast<int>(c.param) - static_cast<int>(Param::eq_low);
      eq_drive_[band].aim(eq.gain(static_cast<dsp::Eq::Band>(band)), c.a, c.ramp, frame, map);
      break;
    }
    case Param::filter:
      filter_drive_.aim(filter.knob(), c.a, c.ramp, frame, map);
      break;
    case Param::fader:
      fader_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::cue_bus:
      cue_bus_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::xf_assign:
      assign_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::stem_gain:
      stem_drive_[stem].aim(gates_[stem].gain(), c.a, c.ramp, frame, map);
      break;
    case Param::stem_mute:
      gates_[stem].set_mute(c.a != 0);
      break;
    case Param::stem_solo: {
      bool any = false;
      for (int i = 0; i < msg::kStems; ++i) any = any || (i == stem ? c.a != 0 : gates_[i].soloed());
      for (int i = 0; i < msg::kStems; ++i) gates_[i].set_solo(i == stem ? c.a != 0 : gates_[i].soloed(), any);
      break;
    }
    default:
      break;
  }
}

void Deck::step(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  trim_.step(frame, map);
  fader_.step(frame, map);
  assign_.step(frame, map);
  cue_bus_.step(frame, map);
  for (int b = 0; b < 3; ++b) eq_drive_[b].step(eq.gain(static_cast<dsp::Eq::Band>(b)), frame, map);
  filter_drive_.step(filter.knob(), frame, map);
  for (int i = 0; i < msg::kStems; ++i) stem_drive_[i].step(gates_[i].gain(), frame, map);
}

bool Deck::silence_broken_input(int n) TACTUS_RT {
  bool broken = input_.has_plain && dsp::flush_if_broken(input_.plain[0], input_.plain[1], n);
  for (int s = 0; input_.has_stems && s < msg::kStems; ++s)
    broken = dsp::flush_if_broken(input_.stems[2 * s], input_.stems[2 * s + 1], n) || broken;
  return broken;
}

void Deck::gate_stems(float* left, float* right, int n) TACTUS_RT {
  for (int i = 0; i < n; ++i) {
    left[i] = input_.has_plain ? input_.plain[0][i] : 0;
    right[i] = input_.has_plain ? input_.plain[1][i] : 0;
  }
  if (!input_.has_stems) return;
  for (int s = 0; s < msg::kStems; ++s) {
    float* l = input_.stems[2 * s];
    float* r = input_.stems[2 * s + 1];
    gates_[s].process(l, r, n);
    for (int i = 0; i < n; ++i) {
      left[i] += l[i];
      right[i] += r[i];
    }
  }
}

void Deck::apply_eq(float* left, float* right, int n) TACTUS_RT {
  bool flat = true;
  for (int b = 0; b < 3; ++b) {
    const dsp::Ramp& g = eq.gain(static_cast<dsp::Eq::Band>(b));
    flat = flat && g.target() == 1.0f && !g.active();
  }
  const float wanted = flat ? 0.0f : 1.0f;
  if (eq_in_.target() != wanted) eq_in_.to(wanted, eq_fade_);
  float dry[2][kGrid];
  for (int i = 0; i < n; ++i) {
    dry[0][i] = left[i];
    dry[1][i] = right[i];
  }
  eq.process(left, right, n);  // always, so that it is warm when it is wanted
  if (!eq_in_.active() && wanted == 1.0f) return;
  for (int i = 0; i < n; ++i) {
    const float g = eq_in_.next();
    left[i] = g == 0 ? dry[0][i] : dry[0][i] + g * (left[i] - dry[0][i]);
    right[i] = g == 0 ? dry[1][i] : dry[1][i] + g * (right[i] - dry[1][i]);
  }
}

namespace {

// Gain of a side assignment a (-1 left, 0 thru, 1 right, gliding between) given the crossfader's two sides.
float side_gain(float a, const dsp::CrossfaderGains& g) TACTUS_RT {
  if (a == 0) return 1;
  return a < 0 ? (1 + a) - a * g.left : (1 - a) + a * g.right;
}

}  // namespace

void Deck::mix(const float* left, const float* right, int n, const Sides& sides, const Buses& buses) TACTUS_RT {
  meter_.process(left, right, n);
  const bool cue = cue_bus_.ramp.active() || cue_bus_.ramp.target() != 0;
  float assign[kGrid], fader[kGrid];
  assign_.ramp.fill(assign, n);
  fader_.ramp.fill(fader, n);
  for (int i = 0; i < n; ++i) {
    float g = dsp::fader_gain(fader[i]);
    if (assign[i] != 0) g *= side_gain(assign[i], {sides.left[i], sides.right[i]});
    const float l = left[i] * g, r = right[i] * g;
    buses.master[0][i] += l;
    buses.master[1][i] += r;
    if (buses.heard[0]) {
      buses.heard[0][i] = l;
      buses.heard[1][i] = r;
    }
    if (!cue) continue;
    const float c = cue_bus_.ramp.next();
    buses.cue[0][i] += left[i] * c;
    buses.cue[1][i] += right[i] * c;
  }
}

float Deck::heading_gain(const dsp::CrossfaderGains& sides) const TACTUS_RT {
  const float strip =
      dsp::fader_gain(fader_.ramp.target()) * trim_.ramp.target() * side_gain(assign_.ramp.target(), sides);
  const float bands = eq.gain(dsp::Eq::low).target() + eq.gain(dsp::Eq::mid).target() + eq.gain(dsp::Eq::high).target();
  bool open = false;
  for (const dsp::StemGate& gate : gates_) open = open || (gate.open() && gate.gain().target() > 0);
  const bool stems = transport.track() && transport.track()->pcm->channels() == kMaxChannels;
  return bands > 0 && (open || !stems) ? strip : 0;
}

void Deck::fill(msg::DeckSnapshot& s, std::int64_t frame, int n, const music::TempoMap& map) TACTUS_RT {
  transport.fill(s, frame, map);
  s.fader = fader_.ramp.target();
  s.trim = trim_.ramp.target();
  s.eq_low = eq.gain(dsp::Eq::low).target();
  s.eq_mid = eq.gain(dsp::Eq::mid).target();
  s.eq_high = eq.gain(dsp::Eq::high).target();
  s.filter = filter.knob().target();
  s.stems_muted = 0;
  for (int i = 0; i < msg::kStems; ++i) {
    if (!gates_[i].open()) s.stems_muted = static_cast<std::uint8_t>(s.stems_muted | (1 << i));
  }
  const dsp::MeterReading m = meter_.take();
  s.peak_l = peak_left_.hold(m.peak_left, n);
  s.peak_r = peak_right_.hold(m.peak_right, n);
  s.source = reader.source();
  s.fallbacks = reader.fallbacks();
  s.late_chunks = reader.late_chunks();
}

}  // namespace tactus::rt
