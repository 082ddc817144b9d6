// What write.cpp puts together. Internal to library/foreign.
#pragma once

#include <string>

#include "library/foreign/write.h"

namespace tactus::library {

// Beside its name, on the disk, then renamed. `error` names the file.
bool write_whole(const std::string& path, const std::string& bytes, std::string* error);
// As a file may be called.
std::string file_name_of(std::string name, Cant& cant);

bool write_serato(const ForeignLibrary& library, const std::string& folder, bool music_too, Cant& cant,
                  std::string* error);

std::string m3u_text(const ForeignLibrary& library, std::size_t playlist, Cant& cant);
std::string pls_text(const ForeignLibrary& library, std::size_t playlist, Cant& cant);
std::string csv_text(const ForeignLibrary& library, Cant& cant);
std::string cue_text(const ForeignLibrary& library, Cant& cant);

}  // namespace tactus::library
