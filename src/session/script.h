// A script: intents on a time line.
#pragma once

#include <string>

#include "engine/msg/command.h"

namespace tactus::session {

struct ScriptEvent {
  msg::When at;      // beat or frame of the session
  std::string text;  // an intent; its own @ counts from there
  int line = 0;      // of the file it came from, for messages; 0: none
};

// As a JSON string, quotes included; bytes that aren't UTF-8 are replaced.
std::string json_text(const std::string& text);

}  // namespace tactus::session
