#include "analysis/cues.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "analysis/user_files.h"

namespace tactus::analysis {
namespace {

namespace fs = std::filesystem;

// What a file holds; nothing when there is none.
std::optional<std::string> text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A name that nothing has yet.
std::string free_name(const std::string& path) {
  std::error_code ignored;
  std::string name = path + ".damaged";
  for (int n = 2; fs::exists(name, ignored); ++n) name = path + ".damaged-" + std::to_string(n);
  return name;
}

}  // namespace

void apply(const CueChanges& changes, Cues& cues) {
  for (const auto& [number, seconds] : changes) {
    if (number == 0) cues.cue = seconds;
    if (number > 0 && number <= kHotcues) cues.hotcues[static_cast<std::size_t>(number - 1)] = seconds;
  }
}

CueStore::CueStore(std::string folder)
    : folder_(folder.empty() ? user_folder("XDG_DATA_HOME", ".local/share", "cues") : std::move(folder)) {}

std::string CueStore::path(const std::string& id) const { return folder_ + "/" + id + ".json"; }

CueStore::Found CueStore::find(const std::string& id) const {
  if (folder_.empty()) return {};
  const auto text = text_of(path(id));
  if (!text) return {};
  if (auto cues = parse_cues(*text)) return {std::move(*cues), {}};
  return {{}, path(id) + ", with the track's cue and hot cues, can't be understood"};
}

media::Status CueStore::change(const std::string& id, const CueChanges& changes, std::string* aside) const {
  if (folder_.empty()) return media::Error{"", "neither XDG_DATA_HOME nor HOME names a folder for cues"};
  const std::string file = path(id);
  std::error_code error;
  Cues cues;
  if (const auto text = text_of(file)) {
    if (auto known = parse_cues(*text)) {
      cues = *known;
    } else {
      const std::string elsewhere = free_name(file);
      fs::rename(file, elsewhere, error);
      if (error) return media::Error{file, "can't be put aside: " + error.message()};
      if (aside) *aside = elsewhere;
    }
  }
  apply(changes, cues);
  if (cues != Cues{}) return write_whole(file, to_json(cues) + '\n');
  fs::remove(file, error);
  if (error) return media::Error{file, "can't be removed: " + error.message()};
  return {};
}

}  // namespace tactus::analysis
