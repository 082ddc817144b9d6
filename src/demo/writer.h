// Puts one rendered song on the disk: five FLAC files and the truth. Blocks.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "demo/master.h"
#include "demo/render.h"
#include "demo/song.h"
#include "media/result.h"

namespace tactus::demo {

// Where a song's files are or will be.
struct Places {
  std::filesystem::path audio, stems, truth;
  std::filesystem::path stem(int index) const { return stems / (std::string(kStemNames[index]) + ".flac"); }
};
Places places(const std::filesystem::path& folder, const Song& song);

// What of a song is wanted: goes into the truth, so that a crate of other settings is made anew.
struct Cut {
  int rate = 48000, first_bar = 0, bars = 0;
};

// True when everything that `cut` asks for is there, as the truth beside it says; then `truth` holds it.
bool complete(const Places& at, const Song& song, const Cut& cut, nlohmann::json& truth);

// Rounds the stems to the song's bits, adds them up and writes all into a folder of its own inside the crate, then
// moves it into place, the truth last. `stems` are used up. Progress from 0 to 1.
media::Status write_song(const std::filesystem::path& folder, const Song& song, const Cut& cut, Rendered& rendered,
                         const Loudness& loudness, const std::function<void(double)>& progress,
                         const std::atomic<bool>* cancel);

// Writes text under a temporary name and renames it.
media::Status write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace tactus::demo
