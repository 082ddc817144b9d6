// A part of as many files as are asked for, made of one with real analyses: what merging a catalogue costs, without a
// catalogue. Each file is another one by its path, its content and its sound; so it comes in as a track of its own.
//
//   build/dev/bench/parts_many REAL.part 100000 MANY.part
//   time build/dev/bin/tactus library merge MANY.part --library LIBRARY
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "library/parts/part.h"
#include "library/parts/part_text.h"

namespace lib = tactus::library;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

lib::PartEntry another(lib::PartEntry entry, std::size_t i) {
  entry.path = fmt::format("artist {}/album {}/{}", i / 100, i / 10 % 10, i) + entry.path;
  entry.content = fmt::format("{:032x}", i);
  entry.scanned.identity.hash = static_cast<std::int64_t>(i);
  entry.scanned.title += fmt::format(" {}", i);
  return entry;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "{} REAL.part FILES MANY.part\n", argv[0]);
    return 2;
  }
  std::vector<lib::PartEntry> real;
  std::string error;
  const auto keep = [&](const lib::PartEntry& entry, std::string_view) {
    if (entry.error.empty()) real.push_back(entry);
    return true;
  };
  if (!lib::read_part(argv[1], keep, &error) || real.empty()) {
    fmt::print(stderr, "{}: {}\n", argv[1], error.empty() ? "there is no analysed file in it" : error);
    return 1;
  }
  const std::size_t files = std::strtoul(argv[2], nullptr, 10);
  std::ofstream out(argv[3], std::ios::binary);
  out << lib::part_text::header({{1, 1}, "/no/such/catalogue"}) << '\n';
  double start = now();
  for (std::size_t i = 0; i < files; ++i) out << lib::part_line(another(real[i % real.size()], i)) << '\n';
  out << lib::part_text::footer(files, 0) << '\n';
  out.close();
  const double written = now() - start;
  start = now();
  std::size_t found = 0, bytes = 0;
  const auto summary = lib::read_part(
      argv[3],
      [&](const lib::PartEntry&, std::string_view line) {
        ++found;
        bytes += line.size() + 1;
        return true;
      },
      &error);
  if (!out || !summary || !summary->ended || found != files) {
    fmt::print(stderr, "{}: it did not come back as it was written\n", argv[3]);
    return 1;
  }
  const double each = 1e6 / static_cast<double>(files);
  fmt::print("{} files: {:.0f} bytes each, written in {:.1f} us each, read in {:.1f} us each\n", files,
             static_cast<double>(bytes) / static_cast<double>(files), written * each, (now() - start) * each);
}
