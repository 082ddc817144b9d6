#include "library/store/walk.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include "library/store/music_file.h"

namespace tactus::library {

namespace {

struct FolderEntries {
  std::vector<std::string> files, folders;
};

class Walker {
 public:
  Walker(Walk& out, const std::function<bool(std::size_t)>& go_on) : out_(out), go_on_(go_on) {}

  void enter(const std::string& first) {
    // A list, not a recursion: depth costs no stack.
    std::vector<std::string> waiting{first};
    while (!waiting.empty() && !out_.stopped) {
      const std::string folder = std::move(waiting.back());
      waiting.pop_back();
      if (!is_new(folder)) continue;
      out_.folders.push_back(folder);
      FolderEntries found = entries(folder);
      std::sort(found.files.begin(), found.files.end());
      std::sort(found.folders.rbegin(), found.folders.rend());
      const std::string prefix = folder == "/" ? folder : folder + "/";
      for (const std::string& name : found.files) out_.files.push_back(prefix + name);
      for (const std::string& name : found.folders) waiting.push_back(prefix + name);
      if (go_on_ && !go_on_(out_.files.size())) out_.stopped = true;
    }
  }

 private:
  bool is_new(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) {
      unreadable(folder, errno);
      return false;
    }
    if (entered_.emplace(status.st_dev, status.st_ino).second) return true;
    out_.problems.push_back(shown_path(folder) + ": it leads to a folder that was scanned already; left out");
    return false;
  }

  void unreadable(const std::string& folder, int why) {
    if (why == ENOENT) return;  // it has gone, and what was in it, too
    out_.unreadable.push_back(folder);
    out_.problems.push_back(shown_path(folder) + ": it can't be looked into: " + std::strerror(why));
  }

  FolderEntries entries(const std::string& folder) {
    FolderEntries found;
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
    if (!dir) {
      unreadable(folder, errno);
      return found;
    }
    errno = 0;
    while (const dirent* entry = ::readdir(dir.get())) {
      const std::string name = entry->d_name;
      if (name.starts_with('.')) continue;
      const int kind = kind_of(folder, name, entry->d_type);
      if (kind == DT_DIR && !name.ends_with(".stems")) found.folders.push_back(name);
      if (kind == DT_REG && is_music_name(name)) found.files.push_back(name);
      errno = 0;
    }
    if (errno != 0) unreadable(folder, errno);  // a drive that was pulled out in between
    return found;
  }

  static int kind_of(const std::string& folder, const std::string& name, int stated) {
    if (stated == DT_DIR || stated == DT_REG) return stated;
    if (stated != DT_LNK && stated != DT_UNKNOWN) return stated;
    struct stat status {};
    if (::stat((folder + "/" + name).c_str(), &status) != 0) return DT_UNKNOWN;
    return S_ISDIR(status.st_mode) ? DT_DIR : S_ISREG(status.st_mode) ? DT_REG : DT_UNKNOWN;
  }

  Walk& out_;
  const std::function<bool(std::size_t)>& go_on_;
  std::set<std::pair<dev_t, ino_t>> entered_;
};

}  // namespace

Walk walk_music(const std::string& folder, const std::function<bool(std::size_t found)>& go_on) {
  Walk out;
  Walker(out, go_on).enter(folder);
  return out;
}

}  // namespace tactus::library
