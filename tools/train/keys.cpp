// keys OUT_DIR FILES...: writes what the key is found from to OUT_DIR/NAME.key: 32-bit little-endian numbers (frames,
// seconds of the first, seconds between them, tuning, count of beats), then a beat's seconds, strength, place in its
// bar and length of bar each, then kTones * kBinsPerTone bytes a frame (features.h). For tools/train/keys.py. Files
// that are there already are left.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "analysis/bar_tracker.h"
#include "analysis/network_input.h"
#include "features_of.h"

namespace {

using namespace tactus;

bool write_features(const std::string& from, const std::filesystem::path& to) {
  const auto features = train::features_of(from);
  if (!features) return false;
  const auto beats = analysis::track_bars(analysis::run_network(analysis::network_input(*features)));
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
    put(static_cast<double>(beats.size()));
    for (const analysis::TrackedBeat& b : beats) {
      put(b.seconds);
      put(b.strength);
      put(b.in_bar);
      put(b.bar_length);
    }
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
