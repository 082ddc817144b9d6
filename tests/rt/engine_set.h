// The set that the traps are for: four decks of the real engine with feeders on threads of their own, and a script that
// uses every command, parameter, loop operation and effect there is, plan swaps and tempo maps among them.
#pragma once

#include "scripted_set.h"

namespace tactus::test {

// Fails (ScriptedSet::problem) when anything of that was not executed, a command was lost, a second was silent, or
// hardly anything was key-locked.
std::unique_ptr<ScriptedSet> make_engine_set(const SetOptions& options);

}  // namespace tactus::test
