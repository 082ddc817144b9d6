// What the realtime harness (harness.cpp) plays: a set driven block by block, with a script between the blocks.
//
// scripted_sets() is the table of all of them, by name: `clean` and the planted faults (planted_sets.cpp), which prove
// the traps, and the sets that the traps are for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/msg/callback.h"
#include "support/soak.h"

namespace tactus::test {

struct SetOptions {
  double seconds = soak_length(20.0, 600.0);  // length of the set
  int block = 64;                             // frames a block
  double rate = 48000;
};

// Built, driven and destroyed on one thread. Only the callback's process() runs inside the traps.
class ScriptedSet {
 public:
  virtual ~ScriptedSet() = default;
  // Before the block that starts at `frame`: sends what the script has due, and waits until the feeders are ready for
  // the block (a harness plays faster than a device would). False ends the set early.
  virtual bool before_block(std::int64_t frame) = 0;
  // What to play; asked for once, before the first block.
  virtual msg::Callback callback() = 0;
  // After the last block: what was wrong (silence, refused commands, misses), or empty.
  virtual std::string problem() { return {}; }
};

struct SetEntry {
  const char* name;
  const char* what;  // one line for --list
  std::unique_ptr<ScriptedSet> (*make)(const SetOptions&);
};

std::vector<SetEntry> planted_sets();
std::vector<SetEntry> scripted_sets();

}  // namespace tactus::test
