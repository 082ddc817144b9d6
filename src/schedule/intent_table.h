// THE table of intents: what can be asked of Tactus. Addresses, arguments, units, ranges, guards, spoken phrases and
// help are declared here once; the parser, OSC, the command line, the voice grammar and docs/intents.md follow from it.
//
// Constant data; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/msg/plan.h"
#include "schedule/intent.h"

namespace tactus::schedule {

constexpr int kDecks = 4;  // what the addresses' N reaches; the engine is built for msg::kMaxDecks
using msg::kFxSlots;
using msg::kFxUnits;
constexpr int fx_place(int unit, int slot) { return unit * kFxSlots + slot; }

struct ArgSpec {
  enum class Type {
    none,
    number,  // in `unit`, within [min, max]
    level,   // decibels within [min, max], or -inf
    beats,   // a number that is often written as a fraction
    count,   // a whole number within [min, max]
    flag,    // 0 or 1
    choice,  // one of `choices`, separated by |
    text,    // a path or a name, quoted if it has spaces
  };
  Type type = Type::none;
  std::string_view name;
  std::string_view unit;
  double min = 0, max = 0;
  std::string_view choices;
  bool optional = false;
  std::string_view only_after;  // given if and only if the argument before is this word
};

// How an intent becomes a command, or a request to the owner of threads and files.
struct Meaning {
  enum class Kind { param, op, loop, host, meta };
  enum class Host {
    load,
    unload,
    load_double,
    fx_type,
    clock_source,
    clock_tempo,
    clock_quantum,
    clock_phrase,
    midi_note,
    midi_cc,
    midi_clock,
    hold,
    link,
    link_transport,
    record
  };
  enum class Meta { undo, panic, silence, tap };
  enum class Convert {
    none,     // no value
    plain,    // argument 0 as it is
    gain,     // decibels to linear gain
    speed,    // percent to 1 + x / 100
    percent,  // percent to x / 100
    frames,   // seconds to frames; absent: -1, 'here'
    word,     // which choice
    index,    // which choice, to Command::index
    slot,     // the address's K, from 1
    jog,      // speed while touched, else milliseconds to frames
    assign,   // argument 0 is the deck, argument 1 left, thru, right as -1, 0, 1
    effect,   // a parameter of the effect in the slot
  };
  Kind kind = Kind::param;
  msg::Param param = msg::Param::trim;
  msg::Op op = msg::Op::set_param;
  msg::LoopOp loop = msg::LoopOp::in;
  Host host = Host::load;
  Meta meta = Meta::undo;
  Convert convert = Convert::none;
};

// Guards, beyond range, rate limit and precedence, which all intents pass.
constexpr std::uint8_t kNeedsTrack = 1;  // refused on an empty deck
constexpr std::uint8_t kNeedsForce = 2;  // refused on an audible deck without `force`
constexpr std::uint8_t kMaySilence = 4;  // from an untrusted source, refused when it would silence the last deck
constexpr std::uint8_t kHandOnly = 8;    // from hand or key only
constexpr std::uint8_t kNearOnly = 16;   // not from OSC, voice, motion or AI: opens this machine to a network

enum class Ramps : std::uint8_t {
  no,
  yes,     // takes `over` and a curve
  linear,  // takes `over`; the tempo map knows no other curve
};

// Which touches count as touches of the same thing for precedence.
enum class Control : std::uint8_t {
  own,        // each address for itself
  transport,  // all that moves a deck's playhead
  track,      // what is on the deck
  clock,
  none,  // never held back
};

struct IntentRow {
  std::string_view pattern;  // N deck, K number, UNIT, SLOT, STEM, PARAM in capitals stand for many
  int k_max = 0;             // what K reaches
  std::array<ArgSpec, 4> args{};
  Meaning meaning;
  Ramps ramps = Ramps::no;
  Quant quant{};  // when none is given
  std::uint8_t guards = 0;
  Control control = Control::own;
  bool reversible = false;                   // /undo brings it back
  std::array<std::string_view, 3> spoken{};  // {N}, {beats}, ...; "= -inf" fixes the arguments of a phrase
  std::string_view section;                  // of the documentation
  std::string_view help;
  std::string_view example;

  std::size_t arg_count() const {
    std::size_t n = 0;
    while (n < args.size() && args[n].type != ArgSpec::Type::none) ++n;
    return n;
  }
};

std::span<const IntentRow> intent_table();
inline constexpr std::string_view kStems[] = {"vocals", "drums", "bass", "other"};

// "0 to 1", "-60 to 12 dB or -inf", "left, thru or right": what an argument takes, for errors and help.
std::string describe(const ArgSpec&);
// Why `arg` is not what `spec` takes; empty when it is.
std::string check_arg(const ArgSpec& spec, const Arg& arg);
// Which of `spec.choices` `word` is; -1: none.
int choice_index(const ArgSpec& spec, std::string_view word);
// Whether `name` can stand for PARAM: lower-case letters, digits, _ and -, and none of the slot's own words.
bool is_param_name(std::string_view name);
// Whether the optional `force` was given.
bool forced(const Intent& intent);
// Why `intent` could not have come from parse() (its row, numbers, arguments and suffixes); empty when it could.
std::string check(const Intent& intent);

}  // namespace tactus::schedule
