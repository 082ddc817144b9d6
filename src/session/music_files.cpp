#include "session/music_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

namespace tactus::session {

namespace fs = std::filesystem;

namespace {

bool is_music(const fs::path& path) {
  static constexpr std::array<const char*, 14> kEndings = {".mp3",  ".m4a", ".mp4", ".aac", ".flac", ".wav",  ".wave",
                                                           ".aiff", ".aif", ".ogg", ".oga", ".opus", ".alac", ".caf"};
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

void search(const fs::path& folder, std::vector<std::string>& found, std::vector<std::string>* problems) {
  std::error_code error;
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
  if (error) {
    problems->push_back(folder.string() + ": " + error.message());
    return;
  }
  std::vector<std::string> here;
  for (; it != end; it.increment(error)) {
    if (error) {
      problems->push_back(folder.string() + ": " + error.message());
      break;
    }
    const fs::path& path = it->path();
    const bool hidden = path.filename().string().starts_with('.');
    if (it->is_directory(error)) {
      if (hidden || path.extension() == ".stems") it.disable_recursion_pending();
    } else if (!hidden && is_music(path) && it->is_regular_file(error)) {
      here.push_back(path.string());
    }
  }
  std::sort(here.begin(), here.end());
  found.insert(found.end(), here.begin(), here.end());
}

}  // namespace

std::vector<std::string> find_music(const std::vector<std::string>& paths, std::vector<std::string>* problems) {
  std::vector<std::string> found;
  for (const std::string& name : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(name, error);
    if (!fs::exists(status)) {
      problems->push_back(name + ": there is no such file or folder");
    } else if (fs::is_directory(status)) {
      search(name, found, problems);
    } else {
      found.push_back(name);  // named by hand: the decoder is the judge, whatever its ending
    }
  }
  return found;
}

}  // namespace tactus::session
