#include "paths.h"

#include <cstdlib>

namespace tactus::app {

namespace {

// The folder of ours in what `variable` names, or in `fallback` at home.
std::filesystem::path xdg_folder(const char* variable, const char* fallback) {
  const char* xdg = std::getenv(variable);
  if (xdg && *xdg == '/') return std::filesystem::path(xdg) / "tactus";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : "/tmp") / fallback / "tactus";
}

std::filesystem::path data_folder() { return xdg_folder("XDG_DATA_HOME", ".local/share"); }

}  // namespace

std::filesystem::path demo_folder() { return data_folder() / "demo"; }
std::filesystem::path sets_folder() { return data_folder() / "sets"; }

std::filesystem::path recordings_folder() {
  const char* music = std::getenv("XDG_MUSIC_DIR");
  if (music && *music == '/') return std::filesystem::path(music) / "Tactus";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : "/tmp") / "Music" / "Tactus";
}

std::filesystem::path config_folder() { return xdg_folder("XDG_CONFIG_HOME", ".config"); }

std::string own_program() {
  std::error_code code;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", code);
  return code ? "tactus" : path.string();
}

}  // namespace tactus::app
