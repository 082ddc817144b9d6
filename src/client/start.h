// The engine on demand: a client that finds none starts one, under its supervisor, and plays it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "client/client.h"

namespace tactus::client {

struct Instrument {
  std::unique_ptr<Client> client;  // null: see `error`
  pid_t supervisor = 0;            // of an engine that was started for us; 0: it ran already
  std::string error;               // plain sentences; empty when the engine has said on standard error what is wrong
  int exit_code = 1;               // of the engine that didn't start
};

// What an engine that is started says on standard error.
enum class Stderr {
  shared,  // goes to ours
  kept,    // is lost, but for why it didn't start: that is the error. Notices reach those who subscribe to events
};

// Connects; where no engine runs for that session, starts `program up WORDS --session ...` in a session of its own (it
// outlives this process unless it is ended) and waits until it answers. Blocks, at most so long as `patience`.
Instrument connect_or_start(const ConnectOptions& options, const std::string& program, std::vector<std::string> words,
                            Stderr words_of_engine = Stderr::shared,
                            std::chrono::seconds patience = std::chrono::seconds(20));

// Ends an engine that was started for us, with its fade, and waits for it. Nothing happens to one that ran already.
void end(Instrument& instrument);

}  // namespace tactus::client
