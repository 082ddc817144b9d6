#include "io/midi/learner.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace tactus::io {

namespace {

using Kind = MidiTrigger::Kind;
using Code = MidiTrigger::Code;

constexpr std::size_t kMostKept = 4096;  // values of a control; a wheel that spins on says nothing new
// A knob's way over its range comes in as at least so many values, and covers so much of it.
constexpr std::size_t kFewest = 8;
constexpr int kWay = 64;
// No relative encoder counts more ticks than this between two messages when it is turned by hand.
constexpr int kFast = 20;

MidiTrigger trigger_of(Kind kind, const MidiMessage& m) {
  MidiTrigger t;
  t.kind = kind;
  t.channel = static_cast<std::uint8_t>(m.channel());
  if (kind != Kind::pitch) t.number = m.bytes[1];
  return t;
}

int spread(const std::vector<int>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low;
}

// Whether all values are small counts in this code; `both`: in both directions.
bool counts_by(Code code, const std::vector<int>& values, bool* both) {
  bool forwards = false, back = false;
  for (const int v : values) {
    const int ticks = relative_ticks(code, v);
    if (std::abs(ticks) > kFast) return false;
    forwards |= ticks > 0;
    back |= ticks < 0;
  }
  *both = forwards && back;
  return forwards || back;
}

// A knob that knows its place goes through its values one after the other; an encoder repeats the same few.
bool repeats(const std::vector<int>& values) {
  const auto same = std::count_if(values.begin() + 1, values.end(), [&](const int& v) { return v == *(&v - 1); });
  return 2 * same >= static_cast<std::ptrdiff_t>(values.size()) - 1;
}

}  // namespace

void ControlLearner::on_message(const MidiMessage& m, std::int64_t now_ns) {
  const int kind = m.kind();
  if (kind != 0x90 && kind != 0xb0 && kind != 0xe0) return;
  if (kind == 0x90 && m.bytes[2] == 0) return;
  last_ns_ = now_ns;
  const bool bend = kind == 0xe0;
  const auto same = [&](const Moved& c) {
    return c.first.bytes[0] == m.bytes[0] && (bend || c.first.bytes[1] == m.bytes[1]);
  };
  auto at = std::find_if(moved_.begin(), moved_.end(), same);
  if (at == moved_.end()) at = moved_.insert(at, Moved{m, {}});
  if (at->values.size() < kMostKept) at->values.push_back(m.bytes[2]);
}

// The control of this kind that sent most; of those that sent the same the first.
const ControlLearner::Moved* ControlLearner::most(int kind) const {
  const Moved* best = nullptr;
  for (const Moved& c : moved_) {
    if (c.first.kind() == kind && (!best || c.values.size() > best->values.size())) best = &c;
  }
  return best;
}

std::optional<MidiTrigger> ControlLearner::learned(std::int64_t now_ns, std::string* hint) const {
  hint->clear();
  if (moved_.empty() || now_ns - last_ns_ < kQuietNs) return std::nullopt;
  switch (wanted_) {
    case Wanted::key:
      if (auto key = learned_key()) return key;
      *hint = "that is no key: press one, once";
      return std::nullopt;
    case Wanted::knob:
      return learned_knob(hint);
    case Wanted::turn:
      break;
  }
  return learned_turn(hint);
}

std::optional<MidiTrigger> ControlLearner::learned_key() const {
  if (const Moved* note = most(0x90)) return trigger_of(Kind::note, note->first);
  for (const Moved& c : moved_) {
    // A key that sends a controller is either down or up.
    const bool key = c.first.kind() == 0xb0 &&
                     std::all_of(c.values.begin(), c.values.end(), [](int v) { return v == 0 || v >= 64; }) &&
                     c.values.size() <= 4 && *std::max_element(c.values.begin(), c.values.end()) > 0;
    if (key) return trigger_of(Kind::cc, c.first);
  }
  return std::nullopt;
}

// Controllers 0 to 31 have their finer half 32 further on (MIDI 1.0, table of controllers).
std::optional<MidiTrigger> ControlLearner::pair_of(const Moved& cc) const {
  const int number = cc.first.bytes[1];
  for (const Moved& other : moved_) {
    if (other.first.bytes[0] != cc.first.bytes[0]) continue;
    if (std::abs(other.first.bytes[1] - number) != 32 || std::min<int>(other.first.bytes[1], number) >= 32) continue;
    // Both halves are sent each time, or nearly so: two knobs moved at once aren't a pair.
    const double ratio = static_cast<double>(other.values.size()) / static_cast<double>(cc.values.size());
    if (ratio < 0.5 || ratio > 2) continue;
    const bool coarse = number < other.first.bytes[1];
    const Moved& msb = coarse ? cc : other;
    MidiTrigger t = trigger_of(Kind::cc14, msb.first);
    t.second = coarse ? other.first.bytes[1] : cc.first.bytes[1];
    // The half that came first, of the very first pair.
    t.msb_last = &msb > &(coarse ? other : cc);
    return t;
  }
  return std::nullopt;
}

std::optional<MidiTrigger> ControlLearner::learned_knob(std::string* hint) const {
  const Moved* bend = most(0xe0);
  const Moved* cc = most(0xb0);
  if (bend && (!cc || bend->values.size() >= cc->values.size())) {
    if (bend->values.size() >= kFewest && spread(bend->values) >= kWay) return trigger_of(Kind::pitch, bend->first);
    *hint = "a little more: over its whole range";
    return std::nullopt;
  }
  if (!cc) {
    *hint = "that is a key: move the knob or fader";
    return std::nullopt;
  }
  if (const auto pair = pair_of(*cc)) {
    for (const Moved& c : moved_) {
      if (c.first.bytes[0] == cc->first.bytes[0] && c.first.bytes[1] == pair->number && spread(c.values) >= kWay) {
        return pair;
      }
    }
    *hint = "a little more: over its whole range";
    return std::nullopt;
  }
  if (cc->values.size() >= kFewest && repeats(cc->values)) return learned_turn(hint);
  if (cc->values.size() >= kFewest && spread(cc->values) >= kWay) return trigger_of(Kind::cc, cc->first);
  *hint = "a little more: over its whole range, there and back";
  return std::nullopt;
}

std::optional<MidiTrigger> ControlLearner::learned_turn(std::string* hint) const {
  const Moved* cc = most(0xb0);
  if (!cc) {
    *hint = "that sends no ticks: turn it";
    return std::nullopt;
  }
  int found = 0;
  MidiTrigger t = trigger_of(Kind::rel, cc->first);
  for (const Code code : {Code::twos, Code::offset, Code::sign}) {
    bool both = false;
    if (!counts_by(code, cc->values, &both) || !both) continue;
    ++found;
    t.code = code;
  }
  if (found == 1 && cc->values.size() >= 2 * kFewest) return t;
  *hint = "turn it slowly to the right, and then to the left";
  return std::nullopt;
}

void TickCounter::on_message(const MidiMessage& m, std::int64_t now_ns) {
  if (m.kind() != 0xb0 || m.channel() != turn_.channel || m.bytes[1] != turn_.number) return;
  ticks_ += relative_ticks(turn_.code, m.bytes[2]);
  last_ns_ = now_ns;
}

int TickCounter::ticks(std::int64_t now_ns) const {
  return now_ns - last_ns_ < 2 * ControlLearner::kQuietNs ? 0 : std::abs(ticks_);
}

}  // namespace tactus::io
