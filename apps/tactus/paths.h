// Where things of the user's are kept, by the XDG base directory specification; and what several commands share.
#pragma once

#include <filesystem>
#include <string>

#include "demo/demo.h"

namespace tactus::app {

// $XDG_DATA_HOME/tactus/demo
std::filesystem::path demo_folder();
// $XDG_DATA_HOME/tactus/sets: where a rendered set goes when nobody said where.
std::filesystem::path sets_folder();
// Tactus in the user's music folder: $XDG_MUSIC_DIR, or ~/Music.
std::filesystem::path recordings_folder();
// $XDG_CONFIG_HOME/tactus
std::filesystem::path config_folder();

// The running program's file, or its name where that can't be known.
std::string own_program();

// Makes the demo crate with a line of progress; an exit code.
int make_demo(const std::filesystem::path& folder, const demo::Options& options, bool quiet);

}  // namespace tactus::app
