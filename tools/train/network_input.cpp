// network_input OUT_DIR FILES...: writes what the beat network would be given of each file to OUT_DIR/NAME.in
// (kInputRows bytes a frame, 50 frames a second), for tools/train/train.py. Files that are there already are left.
#include "analysis/network_input.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "features_of.h"

namespace {

using namespace tactus;

bool write_input(const std::string& from, const std::filesystem::path& to) {
  const auto features = train::features_of(from);
  if (!features) return false;
  const std::vector<std::uint8_t> input = analysis::network_input(*features);
  const std::filesystem::path part = to.string() + ".part";
  std::ofstream(part, std::ios::binary).write(reinterpret_cast<const char*>(input.data()), std::ssize(input));
  std::filesystem::rename(part, to);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: network_input OUT_DIR FILES...\n";
    return 2;
  }
  int failed = 0;
  for (int i = 2; i < argc; ++i) {
    const std::filesystem::path from = argv[i];
    const std::filesystem::path to = std::filesystem::path(argv[1]) / (from.stem().string() + ".in");
    if (std::filesystem::exists(to)) continue;
    if (!write_input(from, to)) {
      std::cerr << "can't read " << from << '\n';
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}
