#include "analysis/user_files.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tactus::analysis {
namespace {

namespace fs = std::filesystem;

// A name that no other thread or process writes to.
std::string partial_name(const std::string& path) {
  static std::atomic<unsigned> count{0};
  return path + "." + std::to_string(::getpid()) + "." + std::to_string(count++) + ".part";
}

}  // namespace

std::string user_folder(const char* variable, const char* below_home, const std::string& name) {
  const char* xdg = std::getenv(variable);
  if (xdg && xdg[0] == '/') return std::string(xdg) + "/tactus/" + name;
  const char* home = std::getenv("HOME");
  if (home && home[0] == '/') return std::string(home) + "/" + below_home + "/tactus/" + name;
  return {};
}

media::Status write_whole(const std::string& path, const std::string& text) {
  std::error_code error;
  const std::string folder = fs::path(path).parent_path().string();
  fs::create_directories(folder, error);
  if (error) return media::Error{folder, "can't be created: " + error.message()};
  const std::string partial = partial_name(path);
  {
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) {
      fs::remove(partial, error);
      return media::Error{partial, "can't be written"};
    }
  }
  fs::rename(partial, path, error);
  if (!error) return {};
  const std::string cause = error.message();
  fs::remove(partial, error);
  return media::Error{path, "can't be written: " + cause};
}

}  // namespace tactus::analysis
