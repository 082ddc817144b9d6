// Which files of what the user named are music. Pure file system look-ups; any thread.
#pragma once

#include <string>
#include <vector>

namespace tactus::session {

// Files as named, folders searched below, in the order of their names; hidden files and stems folders (`*.stems`) left
// out. What doesn't exist or can't be read is named in `problems`.
std::vector<std::string> find_music(const std::vector<std::string>& paths, std::vector<std::string>* problems);

}  // namespace tactus::session
