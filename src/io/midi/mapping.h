// Mapping files: what the keys, knobs, wheels and lights of a controller do. docs/mappings.md is the format's guide.
//
// read_mapping() checks everything that can be known before a key is pressed: the format, that each intent parses, that
// each state exists. A file with one mistake is refused as a whole, and every mistake is told with its line. Pure; any
// thread; never throws on any input.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/midi/message.h"
#include "schedule/intent.h"

namespace tactus::io {

constexpr std::size_t kMaxMappingBytes = 1 << 20;
constexpr std::size_t kMaxMappingControls = 4096;  // templates written out

// The message that moves a control.
struct MidiTrigger {
  enum class Kind : std::uint8_t { note, cc, cc14, pitch, rel, rel14 };
  // How a relative encoder writes its ticks: two's complement, 64 is none, or bit 6 is the sign.
  enum class Code : std::uint8_t { twos, offset, sign };
  Kind kind = Kind::note;
  std::uint8_t channel = 0;  // 0 to 15
  std::uint8_t number = 0;   // note or controller; of a pair the more significant one
  std::uint8_t second = 0;   // the less significant one of a pair
  Code code = Code::twos;
  bool msb_last = false;  // of a pair: the device sends the more significant half last

  bool relative() const { return kind == Kind::rel || kind == Kind::rel14; }
  bool operator==(const MidiTrigger&) const = default;
};

// An intent with at most one number left open.
struct MidiAction {
  schedule::Intent intent;
  int open = -1;  // index of the open argument; -1: none
};

// From a knob's place, 0 to 1, to a value.
struct KnobScale {
  enum class Kind : std::uint8_t { linear, level };
  Kind kind = Kind::linear;
  double low = 0, high = 1;  // linear: values at 0 and 1. Level: dB; below `low` is off, `high` is at 1

  double value(double place) const;
  double place(double value) const;  // within 0 to 1
};

// A light or a state: a field of the board or a control's setting, and how it is looked at.
struct StateTest {
  enum class Op : std::uint8_t { plain, less, less_equal, greater, greater_equal, equal, has_bits };
  int field = -1;                           // as the finder named it; -1: `setting` counts
  std::optional<schedule::Intent> setting;  // whose open argument is looked at
  KnobScale scale;                          // of that
  Op op = Op::plain;
  double number = 0;
  bool negate = false;

  // Whether it holds for what the field stands at.
  bool holds(double value) const;
};

struct MidiLight {
  MidiTrigger to;  // note or cc
  StateTest state;
  std::uint8_t on = 127, off = 0;
  bool scaled = false;  // a meter or ring: `low` to `high` of the state is `off` to `on`
  double low = 0, high = 1;
  std::string layer;  // shown only while this layer lasts; empty: while none does that has the same place
};

struct MidiControl {
  MidiTrigger on;
  std::vector<MidiAction> act;     // pressed or moved
  std::vector<MidiAction> act_on;  // pressed while `state` holds, if any
  std::vector<MidiAction> release, up, down;
  std::optional<StateTest> state;
  KnobScale scale;
  bool key = false;     // pressed and released, not turned
  bool change = false;  // of a relative control: what is sent is the change itself
  bool pickup = true;   // soft takeover
  double step = 1;      // a tick of a relative control, in units of the intent
  std::string layer;    // acts only while this layer lasts
  std::string hold;     // lasts while this key is down
  int line = 0;
};

struct MidiJog {
  int deck = 0;  // from 0
  std::optional<MidiTrigger> touch;
  std::optional<MidiTrigger> turn, rim;
  double ticks = 720;        // a revolution
  double rpm = 100.0 / 3.0;  // of the record that the wheel stands for
  double nudge_ms = 1;       // a tick's push while nobody touches
};

struct Mapping {
  std::string name, chart;
  std::vector<std::string> devices;  // parts of port names, lower case
  std::vector<MidiControl> controls;
  std::vector<MidiJog> jogs;
  std::vector<MidiLight> lights;
};

struct MappingError {
  int line = 0;  // from 1
  std::string text;
};

struct ReadMapping {
  std::optional<Mapping> mapping;  // only when there is no error
  std::vector<MappingError> errors;
};

// A field of the state by its name ("deck/1/playing") as a number of the caller's choice, or -1: there is none.
using FieldFinder = std::function<int(std::string_view)>;

ReadMapping read_mapping(std::string_view toml, const FieldFinder& find_field);

// "note 1 11", as a file writes it.
std::string trigger_text(const MidiTrigger& t);
// The trigger that such words mean. Nothing, and why in `error`, for anything else.
std::optional<MidiTrigger> parse_trigger(std::string_view words, std::string* error);
// Ticks that a value, 0 to 127, of a relative encoder means; forwards is positive.
int relative_ticks(MidiTrigger::Code code, int value);
// An intent in which one argument may be {}. Nothing, and why in `error`.
std::optional<MidiAction> parse_action(std::string_view text, std::string* error);
// The action as a file writes it.
std::string action_text(const MidiAction& action);
// The intent of `action` with its number filled in, kept within what the intent takes.
schedule::Intent filled(const MidiAction& action, double value);
// The scale of an open argument over all that it takes.
KnobScale natural_scale(const MidiAction& action);

}  // namespace tactus::io
