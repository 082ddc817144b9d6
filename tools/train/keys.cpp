// keys OUT_DIR FILES...: writes what the key is found from to OUT_DIR/NAME.key: 32-bit little-endian numbers (frames,
// seconds of the first, seconds between them, tuning, counts of downbeats and of phrases), then the seconds of those,
// then kTones * kBinsPerTone bytes a frame (features.h). For tools/train/keys.py. Files that are there already are
// left.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "analysis/listen.h"
#include "features_of.h"

namespace {

using namespace tactus;

bool write_features(const std::string& from, const std::filesystem::path& to) {
  const auto features = train::features_of(from);
  if (!features) return false;
  analysis::TrackAnalysis heard;
  heard.duration = static_cast<double>(features->frames) / features->rate;
  heard.first_sound = static_cast<double>(features->first_sound) / features->rate;
  heard.last_sound = static_cast<double>(features->last_sound) / features->rate;
  analysis::listen(*features, heard);
  const std::vector<double> downbeats = heard.downbeats(), phrases = heard.four_bars();
  const std::filesystem::path part = to.string() + ".part";
  {
    std::ofstream out(part, std::ios::binary);
    const auto put = [&out](double v) {
      const auto f = static_cast<float>(v);
      out.write(reinterpret_cast<const char*>(&f), sizeof f);
    };
    put(static_cast<double>(features->tones.size()));
    put(features->pitch_first);
    put(features->pitch_step);
    put(features->tuning);
    put(static_cast<double>(downbeats.size()));
    put(static_cast<double>(phrases.size()));
    for (const double d : downbeats) put(d);
    for (const double p : phrases) put(p);
    for (const analysis::Tones& t : features->tones) {
      out.write(reinterpret_cast<const char*>(t.data()), std::ssize(t));
    }
  }
  std::filesystem::rename(part, to);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: keys OUT_DIR FILES...\n";
    return 2;
  }
  int failed = 0;
  for (int i = 2; i < argc; ++i) {
    const std::filesystem::path from = argv[i];
    const std::filesystem::path to = std::filesystem::path(argv[1]) / (from.stem().string() + ".key");
    if (std::filesystem::exists(to)) continue;
    if (!write_features(from, to)) {
      std::cerr << "can't read " << from << '\n';
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}
