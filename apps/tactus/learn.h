// tactus map learn: walks a person through a controller and writes its mapping.
#pragma once

#include <string>

namespace tactus::app {

struct LearnOptions {
  std::string output;  // empty: named by the device, in the user's folder
  std::string api;
  int decks = 2;
};

// In the terminal; an exit code. Never overwrites a file.
int learn(const LearnOptions& options);

}  // namespace tactus::app
