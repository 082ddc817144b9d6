#include "schedule/translate.h"

#include <algorithm>

#include "schedule/deck_name.h"
#include "schedule/numbers.h"
#include "schedule/parse.h"
#include "schedule/tokens.h"

namespace tactus::schedule {
namespace {

using Convert = Meaning::Convert;
using Host = Meaning::Host;
using msg::Command;
using msg::Op;
using msg::Param;
using msg::When;

constexpr double kDefaultRampSeconds = 0.005;   // the engine's, see msg::RampSpec
constexpr double kSlowest = 0.1, kFastest = 2;  // of a deck's speed, as /deck/N/tempo allows

class Translator {
 public:
  Translator(const Intent& intent, const World& world, When when, const Planned& planned)
      : intent_(intent), world_(world), when_(when), planned_(planned) {}

  Translation run() {
    switch (intent_.row->meaning.kind) {
      case Meaning::Kind::param:
        param();
        break;
      case Meaning::Kind::op:
        op();
        break;
      case Meaning::Kind::loop:
        loop();
        break;
      case Meaning::Kind::host:
        host();
        break;
      case Meaning::Kind::meta:
        break;
    }
    return std::move(out_);
  }

 private:
  Command command(Op op) const {
    Command c;
    c.op = op;
    c.deck = static_cast<std::uint8_t>(intent_.deck);
    c.when = when_;
    return c;
  }
  template <typename What>
  void ask_for(What what) {
    out_.actions.push_back({0, when_, std::move(what)});
  }
  double converted() const;
  void param();
  bool effect_param(Command& c);
  void op();
  void loop();
  void host();
  void fx_type();
  void clock_tempo();
  void midi();
  void hold();
  void lead_tempo(int deck, Bpm bpm);
  const DeckInfo& info(int deck) const { return world_.decks[static_cast<std::size_t>(deck)]; }
  const msg::DeckSnapshot& state(int deck) const { return world_.snapshot.decks[deck]; }

  const Intent& intent_;
  const World& world_;
  When when_;
  const Planned& planned_;
  Translation out_;
};

double Translator::converted() const {
  const double x = intent_.number(0);
  switch (intent_.row->meaning.convert) {
    case Convert::gain:
      return std::isinf(x) ? 0 : Decibels{x}.gain();
    case Convert::speed:
      return 1 + x / 100;
    case Convert::percent:
      return x / 100;
    case Convert::frames:
      return intent_.args.empty() ? -1 : x * world_.map.rate();
    case Convert::word:
      return choice_index(intent_.row->args[0], intent_.word(0));
    case Convert::slot:
      return intent_.index + 1;
    case Convert::jog:
      return planned_.scratching[static_cast<std::size_t>(intent_.deck)] ? x : x * 1e-3 * world_.map.rate();
    case Convert::assign:
      return choice_index(intent_.row->args[1], intent_.word(1)) - 1;
    case Convert::none:
      return 0;
    case Convert::plain:
    case Convert::index:
    case Convert::effect:
      break;
  }
  return x;
}

void Translator::param() {
  const Meaning& meaning = intent_.row->meaning;
  Command c = command(Op::set_param);
  c.param = meaning.param;
  c.a = converted();
  c.ramp = ramp_of(intent_, world_);
  switch (meaning.param) {
    case Param::stem_gain:
    case Param::stem_mute:
    case Param::stem_solo:
      c.index = static_cast<std::uint8_t>(intent_.index);
      break;
    case Param::fx_on:
    case Param::fx_wet:
    case Param::fx_param:
      c.index = static_cast<std::uint8_t>(fx_place(intent_.unit, intent_.slot));
      break;
    case Param::xf_assign:
      c.deck = static_cast<std::uint8_t>(intent_.number(0) - 1);
      break;
    case Param::tempo:
      if (world_.leader == intent_.deck && info(intent_.deck).grid_bpm > 0) {
        return lead_tempo(intent_.deck, {info(intent_.deck).grid_bpm * c.a});
      }
      if (state(intent_.deck).sync != msg::SyncMode::off) {
        out_.note = deck_name(intent_.deck) + " follows the clock; its own tempo counts when sync is off";
      }
      break;
    default:
      break;
  }
  if (meaning.param == Param::fx_param && !effect_param(c)) return;
  out_.commands.push_back(c);
}

bool Translator::effect_param(Command& c) {
  const std::string& id = planned_.fx[static_cast<std::size_t>(intent_.deck)][c.index];
  const msg::FxInfo* fx = world_.effect(id);
  if (!fx) {
    const std::string address = address_text(intent_);
    out_.refusal = "slot " + std::to_string(intent_.slot + 1) + " of unit " + std::to_string(intent_.unit + 1) +
                   " is empty; put an effect there with " + address.substr(0, address.rfind('/')) + "/type NAME";
    return false;
  }
  const int sub = msg::find_fx_param(*fx, intent_.name);
  const auto settable = [](const msg::FxParamInfo& p) { return p.role == msg::FxRole::user; };
  if (sub < 0 || !settable(fx->params[static_cast<std::size_t>(sub)])) {
    out_.refusal = id + " has no parameter '" + intent_.name + "'; it has on, wet";
    for (const msg::FxParamInfo& p : fx->params)
      if (settable(p)) out_.refusal += ", " + std::string(p.id);
    return false;
  }
  const msg::FxParamInfo& p = fx->params[static_cast<std::size_t>(sub)];
  // The table's limits are floats: 0.6 as a double lies outside [0, 0.6f] or inside, as rounding has it.
  if (!(static_cast<float>(c.a) >= p.min && static_cast<float>(c.a) <= p.max)) {
    out_.refusal = intent_.name + " of " + id + " takes " + number_text(p.min) + " to " + number_text(p.max) +
                   (p.unit.empty() ? "" : " " + std::string(p.unit));
    return false;
  }
  c.sub = static_cast<std::uint8_t>(sub);
  return true;
}

void Translator::op() {
  const Meaning& meaning = intent_.row->meaning;
  Command c = command(meaning.op);
  if (meaning.convert == Convert::index) {
    c.index = static_cast<std::uint8_t>(choice_index(intent_.row->args[0], intent_.word(0)));
  } else {
    c.index = static_cast<std::uint8_t>(intent_.index);
    c.a = converted();
  }
  out_.commands.push_back(c);
}

void Translator::loop() {
  Command c = command(Op::loop);
  c.index = static_cast<std::uint8_t>(intent_.row->meaning.loop);
  c.a = converted();
  out_.commands.push_back(c);
}

void Translator::host() {
  switch (intent_.row->meaning.host) {
    case Host::load:
      return ask_for(ask::Load{intent_.deck, std::string(intent_.word(0))});
    case Host::unload:
      return ask_for(ask::Unload{intent_.deck});
    case Host::load_double: {
      const int from = static_cast<int>(intent_.number(0)) - 1;
      if (from == intent_.deck) out_.refusal = "a deck can't double itself; name another deck";
      return ask_for(ask::LoadDouble{intent_.deck, from});
    }
    case Host::fx_type:
      return fx_type();
    case Host::clock_source: {
      const auto kind = static_cast<ask::ClockSource::Kind>(choice_index(intent_.row->args[0], intent_.word(0)));
      return ask_for(ask::ClockSource{kind, static_cast<int>(intent_.number(1)) - 1});
    }
    case Host::clock_tempo:
      return clock_tempo();
    case Host::clock_quantum:
      return ask_for(ask::ClockMetre{Beats::of(intent_.number(0)), {}});
    case Host::clock_phrase:
      return ask_for(
          ask::ClockMetre{{}, Beats::of(choice_index(intent_.row->args[0], intent_.word(0)) == 0 ? 16 : 32)});
    case Host::midi_note:
    case Host::midi_cc:
    case Host::midi_clock:
      return midi();
    case Host::hold:
      return hold();
    case Host::record:
      return ask_for(ask::Record{intent_.number(0) != 0});
    case Host::link:
      return ask_for(ask::Link{ask::Link::What::share, intent_.number(0) != 0});
    case Host::link_transport:
      return ask_for(ask::Link{ask::Link::What::transport, intent_.number(0) != 0});
  }
}

void Translator::hold() {
  const bool on = intent_.number(0) != 0;
  if (on && world_.link.enabled) {
    out_.refusal = "Ableton Link is on, and its beat doesn't wait; pause the decks instead";
  } else if (on && world_.midi.enabled && world_.midi.peers > 0) {
    out_.refusal = "a MIDI clock comes in, and its beat doesn't wait; pause the decks instead";
  }
  return ask_for(ask::Hold{on});
}

void Translator::midi() {
  if (!world_.no_midi.empty()) out_.refusal = world_.no_midi;
  const auto whole = [this](std::size_t i) { return static_cast<int>(std::lround(intent_.number(i))); };
  const int channel = whole(0) - 1;
  switch (intent_.row->meaning.host) {
    case Host::midi_note:
      return ask_for(ask::MidiNote{channel, whole(1), whole(2), Beats::of(intent_.number(3))});
    case Host::midi_cc:
      return ask_for(
          ask::MidiCc{channel, whole(1), intent_.number(2), intent_.over ? ramp_of(intent_, world_) : msg::RampSpec{}});
    default:
      return ask_for(
          ask::MidiClock{static_cast<ask::MidiClock::Kind>(choice_index(intent_.row->args[0], intent_.word(0)))});
  }
}

void Translator::fx_type() {
  const std::string name(intent_.word(0));
  if (name == "none") return ask_for(ask::FxType{intent_.deck, intent_.unit, intent_.slot, {}});
  if (world_.effect(name)) {
    return ask_for(ask::FxType{intent_.deck, intent_.unit, intent_.slot, name});
  }
  std::vector<std::string_view> names{"none"};
  out_.refusal = "there is no effect '" + name.substr(0, 60) + "'; there are none";
  for (const msg::FxInfo& fx : world_.effects) {
    names.push_back(fx.id);
    out_.refusal += ", " + std::string(fx.id);
  }
  const std::string_view near = nearest(name, names);
  if (!near.empty()) out_.refusal += "; did you mean '" + std::string(near) + "'?";
}

// The length in beats of a tempo ramp that takes `seconds`: the inverse of music::TempoSegment::seconds.
double ramp_beats(double seconds, double from, double to) {
  const double x = to / from - 1;
  const double mean = std::fabs(x) < 1e-9 ? (from + to) / 2 : (to - from) / std::log1p(x);
  return seconds * mean / 60;
}

Beats tempo_ramp(const Intent& intent, const World& world, When when, Bpm to) {
  const msg::RampSpec ramp = ramp_of(intent, world);
  if (ramp.micro_beats > 0) return Beats{ramp.micro_beats};
  const double from = world.map.bpm_at_frame(static_cast<double>(world.frame_of(when).v));
  return Beats::of(ramp_beats(static_cast<double>(ramp.frames) / world.map.rate(), from, to.v));
}

void Translator::clock_tempo() {
  const Bpm bpm{intent_.number(0)};
  const int leader = world_.leader;
  if (leader >= 0 && state(leader).sync == msg::SyncMode::off && info(leader).grid_bpm > 0) {
    const double speed = bpm.v / info(leader).grid_bpm;
    if (speed < kSlowest || speed > kFastest) {
      out_.refusal = "leading " + deck_name(leader) + " can't go that far from its own " +
                     number_text(std::round(info(leader).grid_bpm * 100) / 100) +
                     " BPM; choose another leader with /clock/source";
      return;
    }
    return lead_tempo(leader, bpm);
  }
  ask_for(ask::ClockTempo{bpm, tempo_ramp(intent_, world_, when_, bpm)});
}

// Deck and clock move together: same frame, same law, so that the leader's beats stay on the session's.
void Translator::lead_tempo(int deck, Bpm bpm) {
  if (intent_.curve && *intent_.curve != msg::Curve::linear) {
    out_.refusal = deck_name(deck) + " leads the clock, whose tempo moves linearly in beats; leave out the curve";
    return;
  }
  if (bpm.v < 20 || bpm.v > 300) {
    out_.refusal = deck_name(deck) + " leads the clock, and that would be " + number_text(std::round(bpm.v * 10) / 10) +
                   " BPM; the clock takes 20 to 300";
    return;
  }
  if (when_.kind == When::Kind::now) when_ = When::at(world_.now + world_.lead);
  Beats over = tempo_ramp(intent_, world_, when_, bpm);
  if (over.micro <= 0) over = Beats::of(kDefaultRampSeconds * bpm.v / 60);
  Command c = command(Op::set_param);
  c.deck = static_cast<std::uint8_t>(deck);
  c.param = Param::tempo;
  c.a = bpm.v / info(deck).grid_bpm;
  c.ramp.micro_beats = over.micro;
  out_.commands.push_back(c);
  ask_for(ask::ClockTempo{bpm, over});
}

}  // namespace

msg::RampSpec ramp_of(const Intent& intent, const World& world) {
  msg::RampSpec ramp;
  if (intent.curve) ramp.curve = *intent.curve;
  if (!intent.over) return ramp;
  switch (intent.over->unit) {
    case Over::Unit::beats:
      ramp.micro_beats = Beats::of(intent.over->amount).micro;
      break;
    case Over::Unit::bars:
      ramp.micro_beats = Beats::of(intent.over->amount * world.metre.bar.value()).micro;
      break;
    case Over::Unit::seconds:
      ramp.frames = world.frames(intent.over->amount).v;
      break;
  }
  // A length that rounds to nothing is still not 'no length given', which would be the engine's default ramp.
  if (intent.over->unit == Over::Unit::seconds) {
    ramp.frames = std::max<std::int64_t>(ramp.frames, 1);
  } else {
    ramp.micro_beats = std::max<std::int64_t>(ramp.micro_beats, 1);
  }
  return ramp;
}

Translation translate(const Intent& intent, const World& world, When when, const Planned& planned) {
  return Translator(intent, world, when, planned).run();
}

}  // namespace tactus::schedule
