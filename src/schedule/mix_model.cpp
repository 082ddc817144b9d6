#include "schedule/mix_model.h"

#include <algorithm>
#include <cmath>

namespace tactus::schedule {

using msg::Op;
using msg::Param;

std::optional<double> neutral(Param param) {
  switch (param) {
    case Param::eq_low:
    case Param::eq_mid:
    case Param::eq_high:
    case Param::stem_gain:
      return 1;
    case Param::filter:
    case Param::stem_mute:
    case Param::stem_solo:
    case Param::fx_on:
    case Param::key:
      return 0;
    default:
      return {};
  }
}

namespace {

// How the engine begins, for what its snapshot doesn't show.
double initial(const ParamKey& key, const msg::Snapshot& snapshot) {
  const msg::DeckSnapshot& d = snapshot.decks[key.deck];
  const bool ran = snapshot.blocks > 0;
  switch (key.param) {
    case Param::trim:
      return d.trim;
    case Param::eq_low:
      return d.eq_low;
    case Param::eq_mid:
      return d.eq_mid;
    case Param::eq_high:
      return d.eq_high;
    case Param::filter:
      return d.filter;
    case Param::fader:
      return ran ? d.fader : 1;
    case Param::tempo:
      return d.tempo;
    case Param::key:
      return d.key;
    case Param::crossfader:
      return snapshot.crossfader;
    case Param::stem_gain:
    case Param::master:
    case Param::headphones:
    case Param::booth:
    case Param::fx_wet:
      return 1;
    default:
      return 0;
  }
}

bool bears_on_loudness(Param param) {
  switch (param) {
    case Param::trim:
    case Param::eq_low:
    case Param::eq_mid:
    case Param::eq_high:
    case Param::fader:
    case Param::stem_gain:
    case Param::crossfader:
    case Param::master:
      return true;
    default:
      return false;
  }
}

bool is_mixer(Param param) { return param >= Param::crossfader; }

}  // namespace

Frame ramp_end(const msg::Command& c, Frame at, const World& world) {
  if (c.ramp.micro_beats <= 0) return at + Frames{c.ramp.frames};
  const double beat = world.map.beat_of(static_cast<double>(at.v)) + Beats{c.ramp.micro_beats}.value();
  return {static_cast<std::int64_t>(world.map.frame_of(beat))};
}

double ParamMemory::Set::now(Frame f) const {
  if (f >= until || until <= at) return value;
  const double done = static_cast<double>((f - at).v) / static_cast<double>((until - at).v);
  return from + (value - from) * std::max(0.0, done);
}

std::optional<ParamMemory::Set> ParamMemory::known(const ParamKey& key) const {
  const auto found = known_.find(key);
  if (found == known_.end()) return {};
  return found->second;
}

double ParamMemory::value(const ParamKey& key, const msg::Snapshot& snapshot) const {
  const auto found = known_.find(key);
  return found != known_.end() ? found->second.value : initial(key, snapshot);
}

void ParamMemory::set(const msg::Command& c, Frame at, const World& world) {
  const ParamKey key = ParamKey::of(c);
  const auto before = known_.find(key);
  if (before != known_.end() && at < before->second.at) return;
  const double from = before != known_.end() ? before->second.now(at) : initial(key, world.snapshot);
  const Frame end = ramp_end(c, at, world);
  known_[key] = {from, c.a, at, end, c.ramp.curve};
  if (!bears_on_loudness(c.param)) return;
  for (int d = 0; d < msg::kMaxDecks; ++d) {
    if (is_mixer(c.param) || d == c.deck) fading_[static_cast<std::size_t>(d)] = end;
  }
}

void MixModel::apply(const msg::Command& c, Frame at) {
  if (c.op != Op::set_param) return transport(c, at);
  if (!fades_ || !bears_on_loudness(c.param)) {
    set_[ParamKey::of(c)] = c.a;
    return;
  }
  std::array<bool, msg::kMaxDecks> heard{};
  for (int d = 0; d < msg::kMaxDecks; ++d) heard[static_cast<std::size_t>(d)] = audible(d);
  set_[ParamKey::of(c)] = c.a;
  for (int d = 0; d < msg::kMaxDecks; ++d) {
    if (heard[static_cast<std::size_t>(d)] && !audible(d)) deck(d).fades_until = ramp_end(c, at, world_);
  }
}

void MixModel::transport(const msg::Command& c, Frame at) {
  Deck& d = deck(c.deck);
  switch (c.op) {
    case Op::play:
      d.playing = loaded(c.deck);
      d.ending = false;
      break;
    case Op::pause:
      d.playing = false;
      break;
    case Op::cue_button:
      if (c.a > 0) d.playing = false;
      break;
    case Op::brake:
      d.playing = c.a < 0 && loaded(c.deck);
      break;
    case Op::scratch:  // the platter stands still until it is turned
      d.held = c.a > 0;
      break;
    case Op::seek:
      send_to(c.deck, c.a, at);
      break;
    case Op::jump_beats:
      send_to(c.deck, place(c.deck, at) + c.a * beat_frames(c.deck), at);
      break;
    case Op::hotcue_button:
    case Op::hotcue_jump: {
      const double cue = world_.snapshot.decks[c.deck].hotcues[c.index];
      if (cue >= 0 && (c.op == Op::hotcue_jump || c.a > 0)) send_to(c.deck, cue, at);
      break;
    }
    case Op::reverse:
    case Op::censor:
      turn(c.deck, c.a > 0, at);
      break;
    case Op::loop:
      loop(c, at);
      break;
    default:
      return;
  }
  if (!playing(c.deck)) d.fades_until = {};
}

// A loop takes back what runs out of it.
void MixModel::send_to(int n, double to, Frame at) {
  Deck& d = deck(n);
  d.sent = {to, at};
  d.ending = !d.looping.value_or(world_.snapshot.decks[n].loop_active) && near_end(n, to);
}

void MixModel::turn(int n, bool reversed, Frame at) {
  Deck& d = deck(n);
  const double here = place(n, at);
  d.reversed = reversed;
  send_to(n, here, at);
  if (!reversed) d.ending = false;
}

void MixModel::loop(const msg::Command& c, Frame at) {
  Deck& d = deck(c.deck);
  const msg::DeckSnapshot& s = world_.snapshot.decks[c.deck];
  switch (static_cast<msg::LoopOp>(c.index)) {
    case msg::LoopOp::in:
    case msg::LoopOp::exit: {
      const double here = place(c.deck, at);
      d.looping = false;
      if (s.loop_active) send_to(c.deck, here, at);
      break;
    }
    case msg::LoopOp::out:
    case msg::LoopOp::beats:
    case msg::LoopOp::roll:
    case msg::LoopOp::reloop:
    case msg::LoopOp::slot_recall:
      d.looping = true;
      break;
    case msg::LoopOp::move:  // past the end of the track nothing sounds
      d.ending = s.loop_active && s.loop_start + c.a * beat_frames(c.deck) >= s.length;
      break;
    default:
      break;
  }
}

double MixModel::place(int n, Frame at) const {
  const msg::DeckSnapshot& s = world_.snapshot.decks[n];
  const Deck& d = deck(n);
  const auto [from, since] = d.sent.value_or(std::pair{s.position, Frame{world_.snapshot.frame}});
  const double speed = d.reversed.value_or(s.reverse) ? -std::fabs(s.speed) : std::fabs(s.speed);
  const double to = from + speed * static_cast<double>(std::max(Frames{0}, at - since).v);
  const double turn = s.loop_end - s.loop_start;
  if (d.sent || !s.loop_active || turn <= 0 || to < s.loop_end) return to;
  return s.loop_start + std::fmod(to - s.loop_start, turn);
}

double MixModel::beat_frames(int n) const {
  const double bpm = world_.decks[static_cast<std::size_t>(n)].grid_bpm;
  return 60 * world_.map.rate() / (bpm > 0 ? bpm : world_.map.bpm_at_frame(static_cast<double>(world_.now.v)));
}

bool MixModel::near_end(int n, double place) const {
  if (deck(n).loaded) return false;  // how long that track is, nobody knows yet
  const msg::DeckSnapshot& s = world_.snapshot.decks[n];
  const double left = kEndSeconds * world_.map.rate();
  return deck(n).reversed.value_or(s.reverse) ? place < left : place >= s.length - left;
}

bool MixModel::fading_out(int n, Frame at) const {
  if (!playing(n)) return false;
  if (deck(n).held || deck(n).ending) return true;
  return deck(n).fades_until > at || (world_.snapshot.decks[n].audible && memory_.fading_until(n) > at);
}

void MixModel::apply(const HostAction& a) {
  const auto fresh = [](bool loaded, bool playing) {
    Deck d;
    d.loaded = loaded;
    d.playing = playing;
    return d;
  };
  if (const auto* load = std::get_if<ask::Load>(&a.what)) {
    deck(load->deck) = fresh(true, false);
  } else if (const auto* back = std::get_if<ask::UndoLoad>(&a.what)) {
    deck(back->deck) = fresh(true, back->law.playing);
  } else if (const auto* twice = std::get_if<ask::LoadDouble>(&a.what)) {
    deck(twice->deck) = fresh(true, playing(twice->from));
  } else if (const auto* out = std::get_if<ask::Unload>(&a.what)) {
    deck(out->deck) = fresh(false, false);
  }
}

double MixModel::value(const ParamKey& key) const {
  const auto found = set_.find(key);
  return found != set_.end() ? found->second : memory_.value(key, world_.snapshot);
}

double MixModel::deck_value(Param param, int deck, int index) const {
  return value({param, static_cast<std::uint8_t>(deck), static_cast<std::uint8_t>(index), 0});
}

bool MixModel::loaded(int n) const { return deck(n).loaded.value_or(world_.snapshot.decks[n].track_id != 0); }
bool MixModel::playing(int n) const { return deck(n).playing.value_or(world_.snapshot.decks[n].playing); }

double MixModel::stem_gain(int n) const {
  if (!world_.decks[static_cast<std::size_t>(n)].has_stems) return 1;
  bool any_solo = false;
  for (int s = 0; s < msg::kStems; ++s) any_solo = any_solo || deck_value(Param::stem_solo, n, s) > 0;
  double loudest = 0;
  for (int s = 0; s < msg::kStems; ++s) {
    const bool heard = any_solo ? deck_value(Param::stem_solo, n, s) > 0 : true;
    if (heard && deck_value(Param::stem_mute, n, s) <= 0)
      loudest = std::max(loudest, deck_value(Param::stem_gain, n, s));
  }
  return loudest;
}

// The loudest band that neither EQ nor filter takes away. The filter's slopes of 12 dB an octave take 40 dB of the low
// band (to 230 Hz) from a cut-off of 2.3 kHz on, of the high one (from 2.5 kHz) below 250 Hz, and never of the middle.
double MixModel::bands_gain(int n) const {
  constexpr double kLowGone = 0.78, kHighGone = -0.8;
  const double filter = deck_value(Param::filter, n);
  const double low = filter > kLowGone ? 0 : deck_value(Param::eq_low, n);
  const double high = filter < kHighGone ? 0 : deck_value(Param::eq_high, n);
  return std::max({low, deck_value(Param::eq_mid, n), high});
}

bool MixModel::audible(int n) const {
  if (!playing(n) || deck(n).held || deck(n).ending) return false;
  const double side = deck_value(Param::xf_assign, n);
  const double x = value({Param::crossfader, 0, 0, 0});
  const double cross = side < 0 ? (1 - x) / 2 : side > 0 ? (1 + x) / 2 : 1;
  const double gain = deck_value(Param::trim, n) * bands_gain(n) * deck_value(Param::fader, n) * stem_gain(n);
  return gain >= kSilence && cross >= kSilence && value({Param::master, 0, 0, 0}) >= kSilence;
}

bool MixModel::any_audible() const {
  for (int d = 0; d < msg::kMaxDecks; ++d)
    if (audible(d)) return true;
  return false;
}

}  // namespace tactus::schedule
