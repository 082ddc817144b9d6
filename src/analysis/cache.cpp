#include "analysis/cache.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "media/content_id.h"

namespace tactus::analysis {
namespace {

namespace fs = std::filesystem;

std::string default_folder() {
  // As the XDG base directory specification says: relative paths count as unset.
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg && xdg[0] == '/') return std::string(xdg) + "/tactus/analysis";
  const char* home = std::getenv("HOME");
  if (home && home[0] == '/') return std::string(home) + "/.cache/tactus/analysis";
  return {};
}

// A name that no other thread or process writes to.
std::string partial_name(const std::string& path) {
  static std::atomic<unsigned> count{0};
  return path + "." + std::to_string(::getpid()) + "." + std::to_string(count++) + ".part";
}

}  // namespace

Cache::Cache(std::string folder) : folder_(folder.empty() ? default_folder() : std::move(folder)) {}

std::string Cache::path(const std::string& id) const {
  return folder_ + "/" + id + "-" + std::to_string(kVersion) + ".json";
}

std::optional<TrackAnalysis> Cache::find(const std::string& id) const {
  if (folder_.empty()) return std::nullopt;
  std::ifstream file(path(id), std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return parse_json(text.str());
}

media::Status Cache::store(const std::string& id, const TrackAnalysis& analysis) const {
  if (folder_.empty()) return media::Error{"", "neither XDG_CACHE_HOME nor HOME names a folder for the cache"};
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return media::Error{folder_, "can't be created: " + error.message()};
  const std::string name = path(id), partial = partial_name(name);
  {
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file << to_json(analysis) << '\n';
    file.close();
    if (!file) {
      fs::remove(partial, error);
      return media::Error{partial, "can't be written"};
    }
  }
  fs::rename(partial, name, error);
  if (!error) return {};
  const std::string cause = error.message();
  fs::remove(partial, error);
  return media::Error{name, "can't be written: " + cause};
}

media::Result<TrackAnalysis> analyze_cached(const std::string& path, const Cache& cache, const Progress& progress) {
  const media::Result<std::string> id = media::content_id(path);
  if (!id) return id.error();
  if (std::optional<TrackAnalysis> known = cache.find(id.value())) return *known;
  media::Result<TrackAnalysis> made = analyze_file(path, progress);
  if (made) (void)cache.store(id.value(), made.value());
  return made;
}

}  // namespace tactus::analysis
