// An engine host, and short ways to send it commands. Send from the control thread: the test's own.
#pragma once

#include <gtest/gtest.h>

#include "engine/ctl/engine_host.h"
#include "support/engine_rig.h"

namespace tactus::testing {

class HostCommands {
 public:
  explicit HostCommands(const ctl::EngineHost::Options& options) : host(options) {}

  void send(msg::Command c) { ASSERT_TRUE(host.send(c)); }
  void send(msg::Op op, int deck, double a = 0, int index = 0, msg::When when = {}) {
    send(command(op, deck, a, index, when));
  }
  void loop(msg::LoopOp op, int deck, double a = 0, msg::When when = {}) {
    send(msg::Op::loop, deck, a, static_cast<int>(op), when);
  }
  void set(msg::Param param, int deck, double a, msg::When when = {}, int index = 0, int sub = 0,
           msg::RampSpec ramp = {}) {
    msg::Command c = param_command(param, deck, a, when, ramp, index);
    c.sub = static_cast<std::uint8_t>(sub);
    send(c);
  }
  void load(int deck, const RigTrack& track, msg::When when = {}) { send(load_command(deck, track, when)); }

  ctl::EngineHost host;
};

}  // namespace tactus::testing
