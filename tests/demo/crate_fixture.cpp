#include "crate_fixture.h"

#include <sndfile.h>

#include <fstream>
#include <iterator>

namespace tactus::demo::test {

namespace fs = std::filesystem;

std::vector<float> Audio::floats() const {
  std::vector<float> out(samples.size());
  const float scale = std::ldexp(1.0f, 1 - bits);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(samples[i]) * scale;
  return out;
}

std::vector<float> Audio::mono() const {
  const std::vector<float> stereo = floats();
  std::vector<float> out(stereo.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = 0.5f * (stereo[2 * i] + stereo[2 * i + 1]);
  return out;
}

Audio read_audio(const fs::path& path) {
  Audio a;
  SF_INFO info{};
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  EXPECT_NE(file, nullptr) << path;
  if (file == nullptr) return a;
  EXPECT_EQ(info.channels, 2);
  a.rate = info.samplerate;
  a.bits = (info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16 ? 16 : 24;
  a.samples.resize(static_cast<std::size_t>(2 * info.frames));
  EXPECT_EQ(sf_readf_int(file, a.samples.data(), info.frames), info.frames);
  sf_close(file);
  for (std::int32_t& v : a.samples) v >>= 32 - a.bits;
  return a;
}

nlohmann::json read_json(const fs::path& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in, nullptr, false);
}

std::string read_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const fs::path& short_crate() {
  static const TempFolder folder;
  static const bool made = [] {
    const auto crate = make_crate(folder.path(), {.seconds = kSeconds});
    EXPECT_TRUE(crate.ok()) << (crate.ok() ? "" : crate.error().text());
    return crate.ok();
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

const std::vector<Loaded>& loaded() {
  static const std::vector<Loaded> all = [] {
    std::vector<Loaded> out;
    const auto crate = make_crate(short_crate(), {.seconds = kSeconds});
    EXPECT_TRUE(crate.ok());
    const std::vector<Song> songs = all_songs();
    for (std::size_t i = 0; crate.ok() && i < crate->tracks.size(); ++i) {
      Loaded l{songs[i], crate->tracks[i], {}, {}, {}};
      l.truth = read_json(l.track.truth);
      l.mix = read_audio(l.track.audio);
      for (std::size_t s = 0; s < kStems; ++s)
        l.stems[s] = read_audio(l.track.stems / (std::string(kStemNames[s]) + ".flac"));
      out.push_back(std::move(l));
    }
    return out;
  }();
  return all;
}

}  // namespace tactus::demo::test
