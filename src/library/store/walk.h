// Which music files lie below a folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tactus::library {

struct Walk {
  std::vector<std::string> files;       // paths, folder by folder, in the order of their names
  std::vector<std::string> folders;     // all of them, the first one too
  std::vector<std::string> unreadable;  // folders that couldn't be looked into
  std::vector<std::string> problems;    // a sentence each
  bool stopped = false;
};

// Hidden files and folders are left out, and stems folders (`*.stems`). Symbolic links to folders are followed, but no
// folder is entered twice: so loops end. `go_on` is asked now and then with the files found so far.
Walk walk_music(const std::string& folder, const std::function<bool(std::size_t found)>& go_on);

}  // namespace tactus::library
