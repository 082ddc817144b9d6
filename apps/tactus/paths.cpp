#include "paths.h"

#include <cstdlib>

namespace tactus::app {

namespace {

std::filesystem::path data_folder() {
  const char* xdg = std::getenv("XDG_DATA_HOME");
  if (xdg && *xdg == '/') return std::filesystem::path(xdg) / "tactus";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : "/tmp") / ".local" / "share" / "tactus";
}

}  // namespace

std::filesystem::path demo_folder() { return data_folder() / "demo"; }
std::filesystem::path sets_folder() { return data_folder() / "sets"; }

std::string own_program() {
  std::error_code code;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", code);
  return code ? "tactus" : path.string();
}

}  // namespace tactus::app
