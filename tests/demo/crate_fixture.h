// A short crate, made once for all tests of this program: a dozen seconds of the best part of each song.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "demo/demo.h"
#include "demo/song.h"
#include "support/temp_folder.h"

namespace tactus::demo::test {

using tactus::test::TempFolder;

struct Audio {
  int rate = 0, bits = 0;
  std::vector<std::int32_t> samples;  // interleaved stereo, as the file's whole numbers
  std::int64_t frames() const { return static_cast<std::int64_t>(samples.size() / 2); }
  std::vector<float> floats() const;
  std::vector<float> mono() const;
};
Audio read_audio(const std::filesystem::path& path);
nlohmann::json read_json(const std::filesystem::path& path);
std::string read_bytes(const std::filesystem::path& path);

// One song of the short crate with all its files read.
struct Loaded {
  Song song;
  Track track;
  nlohmann::json truth;
  Audio mix;
  std::array<Audio, kStems> stems;
};
constexpr double kSeconds = 12;
const std::filesystem::path& short_crate();
const std::vector<Loaded>& loaded();

}  // namespace tactus::demo::test
