// The mapping files that there are: those that came with the program, and the user's own, read again as they are saved.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/midi/mapping.h"

namespace tactus::session {

// A mapping that came with the program.
struct BundledMapping {
  std::string_view name;  // of its file, without .toml
  std::string_view text;
};

struct ShelvedMapping {
  std::string name;
  std::filesystem::path path;  // empty: it came with the program
  std::shared_ptr<const io::Mapping> mapping;
};
using MappingList = std::vector<ShelvedMapping>;

// Names fields of the StateBoard by their place in sidecar::board_fields().
int find_board_field(std::string_view name);
// "FILE:LINE: what is wrong", for each.
std::string errors_text(const std::string& file, const io::ReadMapping& read);
// What read_mapping() says of a file; a file that can't be read is one error.
io::ReadMapping read_mapping_file(const std::filesystem::path& path);

// Looks at the folder on a thread of its own, twice a second.
class MappingShelf {
 public:
  MappingShelf(std::vector<BundledMapping> bundled, std::filesystem::path folder);
  ~MappingShelf();
  MappingShelf(const MappingShelf&) = delete;
  MappingShelf& operator=(const MappingShelf&) = delete;

  // The user's first, by name; a file of theirs takes the place of a bundled one of its name. The same pointer as long
  // as nothing changed. Any thread.
  std::shared_ptr<const MappingList> list() const;
  // Since the last call: which files were taken up, and what is wrong with others. One thread.
  std::vector<std::string> take_notices();

 private:
  struct File {
    std::filesystem::file_time_type at;
    std::uintmax_t size = 0;
    std::shared_ptr<const io::Mapping> mapping;  // the last that was good; null: there was none
  };
  void watch();
  void look();
  void publish();
  void say(std::string text);

  const std::filesystem::path folder_;
  MappingList bundled_;
  std::map<std::string, File> files_;  // the watcher's
  bool first_ = true;

  mutable std::mutex mutex_;
  std::condition_variable again_;
  std::shared_ptr<const MappingList> list_;
  std::vector<std::string> notices_;
  bool stop_ = false;
  std::thread watcher_;
};

}  // namespace tactus::session
