#pragma once
#include "engine/msg/command.h"
#include "music/tempo_map.h"
namespace tactus::rt {
class FxNode {
 public:
  void set_param(const msg::Command&, std::int64_t, const music::TempoMap&) TACTUS_RT {}
  void step(std::int64_t, const music::TempoMap&) TACTUS_RT {}
  void process(float*, float*, int, std::int64_t, const music::TempoMap&) TACTUS_RT {}
  void bypass() TACTUS_RT {}
};
}  // namespace tactus::rt
