// The order and wiring of nodes: what the audio thread walks through for every control step.
//
// A plan is built off-thread by the plan builder (engine/ctl), swapped at a block boundary by Op::swap_plan, and handed
// back with Event::plan_released. A plan holds no sound: DSP state belongs to the engine and is found by (kind, deck),
// and an effect's state by the instance pointer that every plan with that effect carries. So a swap changes nothing
// that is audible by itself.
#pragma once

#include <cstdint>
#include <type_traits>

#include "engine/msg/track.h"

namespace tactus::msg {

constexpr int kFxUnits = 4;
constexpr int kFxSlots = 3;  // a unit
constexpr int kDeckFx = kFxUnits * kFxSlots;

enum class NodeKind : std::uint8_t {
  deck_reader,  // decoded track or stretcher ring -> stems and stereo
  stem_gate,    // stems -> stereo
  trim,
  eq,
  filter,
  fx,           // slot = unit * kFxSlots + slot
  strip,        // fader, crossfader, cue bus: stereo -> buses
  clip_player,  // reader and stems of a clip lane in one, deck = the lane's place behind the decks
};

struct PlanStep {
  NodeKind kind = NodeKind::deck_reader;
  std::uint8_t deck = 0;
  std::uint8_t slot = 0;
  void* state = nullptr;  // fx: rt::FxInstance, owned by the plan builder; others: null
};

struct Plan {
  static constexpr int kMaxSteps = kMaxDecks * (6 + kDeckFx) + 1;
  std::uint64_t id = 0;
  std::uint32_t count = 0;
  PlanStep steps[kMaxSteps];

  bool add(const PlanStep& step) {
    if (count == kMaxSteps) return false;
    steps[count++] = step;
    return true;
  }
};
static_assert(std::is_trivially_copyable_v<Plan>);

}  // namespace tactus::msg
