// What can be said on the wire beside intents, and what is heard in answer: constant data, from which `tactus intents
// --json` tells programs. src/session/engine_server answers; docs/clients.md says the same to people.
#pragma once

#include <span>
#include <string_view>

namespace tactus::schedule {

struct WireArg {
  std::string_view name;
  std::string_view type;  // "int" (int32 or int64), "number", "string", "bool"
  bool optional = false;
};

struct WireRow {
  std::string_view address;
  std::span<const WireArg> args;
  std::string_view where;  // "any", "local" (the Unix socket), "udp"
  std::string_view help;
};

// What a client sends.
std::span<const WireRow> request_table();
// What it hears.
std::span<const WireRow> reply_table();

}  // namespace tactus::schedule
