#include "io/midi/mapper.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schedule/intent_table.h"
#include "schedule/parse.h"

namespace tactus::io {
namespace {

using Kind = MidiTrigger::Kind;

// After a value was sent it may take so long until the set shows it; until then the knob keeps what it moves.
constexpr std::int64_t kSettleNs = 300'000'000;
// A knob this near to what it moves has it: two and a half steps of a 7-bit knob.
constexpr double kNear = 2.5 / 127;
// An encoder counts on from what it sent while it is turned.
constexpr std::int64_t kTurningNs = 300'000'000;
// Of the loop that follows a hand on a wheel, rad/s. A tick steps its speed by twice the bandwidth times the tick's
// length; a wheel of coarse ticks is followed more slowly, so that they aren't heard as a wobble.
constexpr double kMostBandwidth = 150, kMostStep = 0.25;

constexpr std::uint32_t key_of(int kind, int channel, int number) {
  return static_cast<std::uint32_t>(kind << 16 | channel << 8 | number);
}
// The key of a message; a note-off counts as its note's.
std::uint32_t key_of(const MidiMessage& m) {
  const int kind = m.kind() == 0x80 ? 0x90 : m.kind();
  return key_of(kind, m.channel(), kind == 0xe0 ? 0 : m.bytes[1]);
}
std::vector<std::uint32_t> keys_of(const MidiTrigger& t) {
  switch (t.kind) {
    case Kind::note:
      return {key_of(0x90, t.channel, t.number)};
    case Kind::pitch:
      return {key_of(0xe0, t.channel, 0)};
    case Kind::cc14:
    case Kind::rel14:
      return {key_of(0xb0, t.channel, t.number), key_of(0xb0, t.channel, t.second)};
    default:
      return {key_of(0xb0, t.channel, t.number)};
  }
}

bool is_down(const MidiMessage& m) {
  return m.kind() == 0x80 ? false : m.kind() == 0x90 ? m.bytes[2] > 0 : m.bytes[2] >= 64;
}

// Of a pair: two's complement of 14 bits, or around 8192.
int ticks14_of(MidiTrigger::Code code, int value) {
  if (code == MidiTrigger::Code::offset) return value - 8192;
  return value < 8192 ? value : value - 16384;
}

// 64 of 127 is the middle of a knob, where its detent is.
double place7(int v) { return v < 64 ? v / 128.0 : 0.5 + (v - 64) / 126.0; }
double place14(int v) { return v < 8192 ? v / 16384.0 : 0.5 + (v - 8192) / 16382.0; }

double seconds_a_tick(const MidiJog& j) { return 60 / (j.rpm * j.ticks); }

schedule::Intent jog_intent(const char* what, int deck, double value) {
  schedule::Parsed p = schedule::parse("/deck/1/" + std::string(what) + " 0");
  p.intent->deck = deck;
  p.intent->args[0] = value;
  return std::move(*p.intent);
}

}  // namespace

void PlatterHand::take(std::int64_t now_ns, double tick_seconds) {
  *this = {};
  at_ns_ = now_ns;
  bandwidth_ = std::min(kMostBandwidth, kMostStep / (2 * tick_seconds));
}

double PlatterHand::speed(std::int64_t now_ns) {
  const double dt = std::clamp(static_cast<double>(now_ns - at_ns_) * 1e-9, 0.0, 0.1);
  at_ns_ = now_ns;
  if (dt <= 0) return speed_;
  // The record went at the speed that was told the last time, whatever the loop thinks by now.
  ahead_ -= speed_ * dt;
  // Called too seldom for its bandwidth, a loop in steps would swing.
  const double bandwidth = std::min(bandwidth_, 0.4 / dt);
  steady_ += bandwidth * bandwidth * ahead_ * dt;
  speed_ = steady_ + 2 * bandwidth * ahead_;
  if (std::fabs(speed_) < 1e-3 && std::fabs(ahead_) < 1e-4) speed_ = steady_ = 0;
  return speed_;
}

Mapper::Mapper(Mapping mapping)
    : mapping_(std::move(mapping)), knobs_(mapping_.controls.size()), wheels_(mapping_.jogs.size()) {
  for (const bool layered : {true, false}) {
    for (std::size_t i = 0; i < mapping_.controls.size(); ++i) {
      const MidiControl& c = mapping_.controls[i];
      if (c.layer.empty() == layered) continue;
      for (const std::uint32_t key : keys_of(c.on)) by_message_[key].push_back(static_cast<int>(i));
    }
  }
}

// Takes half of a pair. Its 14 bits once the half that comes last is there, -1 before.
int Mapper::take_half(const MidiTrigger& t, const MidiMessage& m, Halves& halves) {
  const bool is_msb = m.bytes[1] == t.number;
  (is_msb ? halves.msb : halves.lsb) = m.bytes[2];
  if (is_msb != t.msb_last || halves.msb < 0 || halves.lsb < 0) return -1;
  return halves.msb << 7 | halves.lsb;
}

bool Mapper::lasts(const std::string& layer) const {
  const auto found = layers_.find(layer);
  return found != layers_.end() && found->second > 0;
}

int Mapper::control_for(const std::vector<int>& list) const {
  for (const int i : list) {
    const std::string& layer = mapping_.controls[static_cast<std::size_t>(i)].layer;
    if (layer.empty() || lasts(layer)) return i;
  }
  return -1;
}

void Mapper::on_message(const MidiMessage& m, std::int64_t now_ns, const MapperView& view,
                        std::vector<schedule::Intent>& out) {
  if (m.size != 3 || m.kind() >= 0xf0 || m.kind() == 0xa0) return;
  for (std::size_t w = 0; w < wheels_.size(); ++w) wheel(w, m, now_ns, out);
  const std::uint32_t key = key_of(m);
  const auto found = by_message_.find(key);
  if (found == by_message_.end()) return;
  // A key is let go where it was pressed, whatever layer lasts by then.
  const auto held = down_.find(key);
  if (held != down_.end() && !is_down(m)) {
    const int index = held->second;
    down_.erase(held);
    return pressed(index, false, view, out);
  }
  const int index = control_for(found->second);
  if (index < 0) return;
  if (!mapping_.controls[static_cast<std::size_t>(index)].key) return turned(index, m, now_ns, view, out);
  if (!is_down(m) || held != down_.end()) return;
  down_[key] = index;
  pressed(index, true, view, out);
}

double Mapper::state_of(const StateTest& test, const MapperView& view) const {
  if (!test.setting) return view.field(test.field);
  return test.scale.place(view.setting(*test.setting).value_or(0));
}

void Mapper::pressed(int index, bool down, const MapperView& view, std::vector<schedule::Intent>& out) {
  const MidiControl& c = mapping_.controls[static_cast<std::size_t>(index)];
  if (!c.hold.empty()) layers_[c.hold] += down ? 1 : -1;
  const auto add = [&](const std::vector<MidiAction>& list, bool only_open) {
    for (const MidiAction& a : list) {
      if (a.open >= 0 || !only_open) out.push_back(filled(a, down ? 1 : 0));
    }
  };
  if (!down) {
    add(c.act, true);
    return add(c.release, false);
  }
  const bool on = !c.act_on.empty() && c.state && c.state->holds(state_of(*c.state, view));
  add(on ? c.act_on : c.act, false);
}

void Mapper::turned(int index, const MidiMessage& m, std::int64_t now_ns, const MapperView& view,
                    std::vector<schedule::Intent>& out) {
  const MidiControl& c = mapping_.controls[static_cast<std::size_t>(index)];
  Knob& k = knobs_[static_cast<std::size_t>(index)];
  switch (c.on.kind) {
    case Kind::cc:
      return moved(c, k, place7(m.bytes[2]), now_ns, view, out);
    case Kind::pitch:
      return moved(c, k, place14(m.bytes[2] << 7 | m.bytes[1]), now_ns, view, out);
    case Kind::cc14:
      if (const int v = take_half(c.on, m, k.halves); v >= 0) {
        moved(c, k, place14(v), now_ns, view, out);
      }
      return;
    case Kind::rel:
      return ticked(c, k, relative_ticks(c.on.code, m.bytes[2]), now_ns, view, out);
    case Kind::rel14:
      if (const int v = take_half(c.on, m, k.halves); v >= 0) ticked(c, k, ticks14_of(c.on.code, v), now_ns, view, out);
      return;
    case Kind::note:
      return;
  }
}

// Soft takeover: a knob that doesn't stand where its parameter does moves nothing until it has come by there.
void Mapper::moved(const MidiControl& c, Knob& k, double place, std::int64_t now_ns, const MapperView& view,
                   std::vector<schedule::Intent>& out) {
  const double before = std::exchange(k.place, place);
  for (const MidiAction& a : c.act) {
    const auto set = c.pickup && a.open >= 0 ? view.setting(a.intent) : std::nullopt;
    if (!set) continue;
    const double stands = c.scale.place(*set);
    if (k.owned && now_ns - k.sent_ns > kSettleNs && std::fabs(stands - k.sent) > kNear) k.owned = false;
    if (!k.owned) {
      const bool passed = before >= 0 && (before - stands) * (place - stands) <= 0;
      if (!passed && std::fabs(place - stands) > kNear) return;
    }
    break;
  }
  k.owned = true;
  k.sent = place;
  k.sent_ns = now_ns;
  for (const MidiAction& a : c.act) out.push_back(filled(a, c.scale.value(place)));
}

void Mapper::ticked(const MidiControl& c, Knob& k, int ticks, std::int64_t now_ns, const MapperView& view,
                    std::vector<schedule::Intent>& out) {
  if (ticks == 0) return;
  for (const MidiAction& a : ticks > 0 ? c.up : c.down) {
    for (int i = 0; i < std::min(std::abs(ticks), 8); ++i) out.push_back(a.intent);
  }
  if (c.act.empty()) return;
  if (c.change) {
    for (const MidiAction& a : c.act) out.push_back(filled(a, ticks * c.step));
    return;
  }
  if (now_ns - k.sent_ns > kTurningNs) {
    for (const MidiAction& a : c.act) {
      if (a.open < 0) continue;
      k.value = view.setting(a.intent).value_or(k.value);
      break;
    }
  }
  const double low = std::min(c.scale.low, c.scale.high), high = std::max(c.scale.low, c.scale.high);
  // One tick below the lowest level is off, and the next one up is the lowest again.
  const bool level = c.scale.kind == KnobScale::Kind::level;
  const double from = std::isinf(k.value) ? low - std::fabs(c.step) : k.value;
  const double to = from + ticks * c.step;
  k.value = level && to < low ? -INFINITY : std::clamp(to, low, high);
  k.sent_ns = now_ns;
  for (const MidiAction& a : c.act) out.push_back(filled(a, k.value));
}

void Mapper::touch(std::size_t index, bool down, std::int64_t now_ns, std::vector<schedule::Intent>& out) {
  const MidiJog& j = mapping_.jogs[index];
  Wheel& w = wheels_[index];
  if (down == w.touched) return;
  w.touched = down;
  w.push = 0;
  out.push_back(jog_intent("scratch", j.deck, down ? 1 : 0));
  if (down) w.hand.take(now_ns, seconds_a_tick(j));
  w.sent = 0;
}

void Mapper::wheel(std::size_t index, const MidiMessage& m, std::int64_t now_ns, std::vector<schedule::Intent>& out) {
  const MidiJog& j = mapping_.jogs[index];
  Wheel& w = wheels_[index];
  const std::uint32_t key = key_of(m);
  const auto is = [&](const std::optional<MidiTrigger>& t) {
    if (!t) return false;
    const auto keys = keys_of(*t);
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  if (is(j.touch)) return touch(index, is_down(m), now_ns, out);
  const bool rim = is(j.rim);
  if (!rim && !is(j.turn)) return;
  const MidiTrigger& t = rim ? *j.rim : *j.turn;
  int ticks = 0;
  if (t.kind == Kind::rel) {
    ticks = relative_ticks(t.code, m.bytes[2]);
  } else {
    const int v = take_half(t, m, rim ? w.rim : w.turn);
    if (v < 0) return;
    ticks = ticks14_of(t.code, v);
  }
  if (w.touched && !rim) {
    w.hand.turn(ticks * seconds_a_tick(j));
  } else {
    w.push += ticks * j.nudge_ms;
  }
}

void Mapper::tick(std::int64_t now_ns, std::vector<schedule::Intent>& out) {
  for (std::size_t i = 0; i < wheels_.size(); ++i) {
    Wheel& w = wheels_[i];
    const int deck = mapping_.jogs[i].deck;
    if (w.touched) {
      const double speed = w.hand.speed(now_ns);
      if (speed != w.sent) out.push_back(jog_intent("jog", deck, std::clamp(speed, -1000.0, 1000.0)));
      w.sent = speed;
    } else if (w.push != 0) {
      out.push_back(jog_intent("jog", deck, std::clamp(std::exchange(w.push, 0), -1000.0, 1000.0)));
    }
  }
}

void Mapper::lights(const MapperView& view, std::vector<MidiMessage>& out) {
  // A layer's lights go over those without one.
  std::map<std::uint32_t, int> now;
  for (const bool layered : {false, true}) {
    for (const MidiLight& l : mapping_.lights) {
      if (l.layer.empty() == layered || (layered && !lasts(l.layer))) continue;
      const double v = state_of(l.state, view);
      int send = l.state.holds(v) ? l.on : l.off;
      if (l.scaled) {
        const double place = std::clamp((v - l.low) / (l.high - l.low), 0.0, 1.0);
        send = static_cast<int>(std::lround(l.off + place * (l.on - l.off)));
      }
      now[key_of(l.to.kind == Kind::note ? 0x90 : 0xb0, l.to.channel, l.to.number)] = send;
    }
  }
  for (const auto& [place, value] : now) {
    const auto [shown, is_new] = shown_.try_emplace(place, -1);
    if (std::exchange(shown->second, value) == value) continue;
    const int channel = static_cast<int>(place >> 8 & 0xf), number = static_cast<int>(place & 0x7f);
    out.push_back(place >> 16 == 0x90 ? MidiMessage::note_on(channel, number, value)
                                      : MidiMessage::control_change(channel, number, value));
  }
}

void Mapper::let_go(std::vector<schedule::Intent>& out) {
  for (const auto& [key, index] : std::exchange(down_, {})) {
    const MidiControl& c = mapping_.controls[static_cast<std::size_t>(index)];
    for (const MidiAction& a : c.act) {
      if (a.open >= 0) out.push_back(filled(a, 0));
    }
    for (const MidiAction& a : c.release) out.push_back(a.intent);
  }
  layers_.clear();
  for (std::size_t i = 0; i < wheels_.size(); ++i) touch(i, false, 0, out);
  for (Knob& k : knobs_) k = {};
  shown_.clear();
}

}  // namespace tactus::io
