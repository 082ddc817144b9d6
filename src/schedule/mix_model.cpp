#include "schedule/mix_model.h"

#include <algorithm>

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
  if (c.op != Op::set_param) return transport(c);
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

void MixModel::transport(const msg::Command& c) {
  Deck& d = deck(c.deck);
  switch (c.op) {
    case Op::play:
      d.playing = loaded(c.deck);
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
    default:
      return;
  }
  if (!playing(c.deck)) d.fades_until = {};
}

bool MixModel::fading_out(int n, Frame at) const {
  if (!playing(n)) return false;
  return deck(n).fades_until > at || (world_.snapshot.decks[n].audible && memory_.fading_until(n) > at);
}

void MixModel::apply(const HostAction& a) {
  if (const auto* load = std::get_if<ask::Load>(&a.what)) {
    deck(load->deck) = {true, false, {}};
  } else if (const auto* back = std::get_if<ask::UndoLoad>(&a.what)) {
    deck(back->deck) = {true, back->law.playing, {}};
  } else if (const auto* twice = std::get_if<ask::LoadDouble>(&a.what)) {
    deck(twice->deck) = {true, playing(twice->from), {}};
  } else if (const auto* out = std::get_if<ask::Unload>(&a.what)) {
    deck(out->deck) = {false, false, {}};
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

bool MixModel::audible(int n) const {
  if (!playing(n)) return false;
  const double eq =
      std::max({deck_value(Param::eq_low, n), deck_value(Param::eq_mid, n), deck_value(Param::eq_high, n)});
  const double side = deck_value(Param::xf_assign, n);
  const double x = value({Param::crossfader, 0, 0, 0});
  const double cross = side < 0 ? (1 - x) / 2 : side > 0 ? (1 + x) / 2 : 1;
  const double gain = deck_value(Param::trim, n) * eq * deck_value(Param::fader, n) * stem_gain(n);
  return gain >= kSilence && cross >= kSilence && value({Param::master, 0, 0, 0}) >= kSilence;
}

bool MixModel::any_audible() const {
  for (int d = 0; d < msg::kMaxDecks; ++d)
    if (audible(d)) return true;
  return false;
}

}  // namespace tactus::schedule
