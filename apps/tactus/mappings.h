// Mapping files of MIDI controllers: those that came with the program, and where the user's are.
#pragma once

#include <filesystem>
#include <vector>

#include "session/mapping_shelf.h"

namespace tactus::app {

// mappings/*.toml as they were when the program was built.
std::vector<session::BundledMapping> bundled_mappings();
// $XDG_CONFIG_HOME/tactus/mappings
std::filesystem::path mappings_folder();
// The program that holds the MIDI ports: beside this one.
std::string midi_program();

}  // namespace tactus::app
