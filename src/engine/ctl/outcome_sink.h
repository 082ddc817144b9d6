// Who writes down what became of things in a live engine (engine/msg/outcome.h), so that it can be played again.
#pragma once

#include <vector>

#include "engine/ctl/plan_builder.h"
#include "engine/msg/outcome.h"
#include "music/tempo_map.h"

namespace tactus::ctl {

// Called on the control thread, by EngineHost::take_outcomes.
class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;
  // The audio thread took the command in at the start of a block. `slots`: what is in it, of Op::swap_plan.
  virtual void took(Frame at, const msg::Command& command, const std::vector<PlanBuilder::Slot>& slots) = 0;
  // The same of a tempo map.
  virtual void took(Frame at, const music::TempoMap& map) = 0;
  // Kind::block, Kind::source and Kind::missed.
  virtual void happened(const msg::EngineOutcome& outcome) = 0;
  virtual void fed(int deck, const msg::VoiceOutcome& outcome) = 0;
};

}  // namespace tactus::ctl
