// What the analysis keeps for the user: where, and that small files appear whole or not at all, whoever else writes
// them at the same time.
#pragma once

#include <string>

#include "media/result.h"

namespace tactus::analysis {

// "tactus/NAME" in the folder that `variable` names, else below the home folder, as the XDG base directory
// specification says (relative paths count as unset). Empty where neither is known.
std::string user_folder(const char* variable, const char* below_home, const std::string& name);

// Makes the folder, too.
media::Status write_whole(const std::string& path, const std::string& text);

}  // namespace tactus::analysis
