#include "mappings.h"

#include "paths.h"

namespace tactus::app {

std::filesystem::path mappings_folder() { return config_folder() / "mappings"; }

std::string midi_program() { return (std::filesystem::path(own_program()).parent_path() / "tactus-midi").string(); }

}  // namespace tactus::app
