// From an intent to commands and requests: what its row of the table means, with units converted. Pure, any thread.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "schedule/host_action.h"
#include "schedule/intent_table.h"
#include "schedule/world.h"

namespace tactus::schedule {

// The little of the decks' planned state on which the meaning of some intents depends.
struct Planned {
  std::array<std::array<std::string, msg::kDeckFx>, msg::kMaxDecks> fx;  // the effect in each slot; empty: none
  std::array<bool, msg::kMaxDecks> scratching{};
};

struct Translation {
  std::vector<msg::Command> commands;  // stamped, without id
  std::vector<HostAction> actions;     // likewise
  std::string refusal;                 // why it can't be; empty when it can
  std::string note;                    // what the user should know although it can
};

// `when`: the stamp that quantisation gave. An intent that moves the leading deck's tempo, asked for at once, is
// stamped with the first frame that the engine can't have rendered yet, so that deck and clock move at the same frame.
// Does not handle Meaning::Kind::meta, which depends on the scheduler's own state.
Translation translate(const Intent& intent, const World& world, msg::When when, const Planned& planned);

// `over ...` as the engine takes it; its default ramp when there is none.
msg::RampSpec ramp_of(const Intent& intent, const World& world);

}  // namespace tactus::schedule
