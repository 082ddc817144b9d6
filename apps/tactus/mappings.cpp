#include "mappings.h"

#include "bundled_mappings.h"
#include "paths.h"

namespace tactus::app {

std::vector<session::BundledMapping> bundled_mappings() {
  std::vector<session::BundledMapping> list;
  for (const auto& [name, text] : kBundledMappings) list.push_back({name, text});
  return list;
}

std::filesystem::path mappings_folder() { return config_folder() / "mappings"; }

std::string midi_program() { return (std::filesystem::path(own_program()).parent_path() / "tactus-midi").string(); }

}  // namespace tactus::app
