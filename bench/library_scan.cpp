// How fast a scan takes music files in: bench/library_scan [FILES] [FOLDER].
//
// Makes MP3 files (ID3v2 with ten frames and a picture of 20 KB, 40 KB of sound, no two the same) in FOLDER, or a
// temporary one that is removed, scans them into an empty library twice, and once more into the full one. They have
// just been written, so the cache is warm.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "library/store/scan.h"

namespace {

namespace fs = std::filesystem;
using namespace tactus;

std::string synchsafe(std::size_t n) {
  std::string out;
  for (int shift = 21; shift >= 0; shift -= 7) out += static_cast<char>(n >> shift & 127);
  return out;
}
std::string frame(const char* id, const std::string& body) {
  return id + synchsafe(body.size()) + std::string(2, '\0') + body;
}
std::string text_frame(const char* id, const std::string& text) { return frame(id, "\3" + text); }

std::string random_bytes(std::mt19937& random, std::size_t count) {
  std::string out(count, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

// MPEG-1 layer 3, 128 kbit/s at 44,100 Hz: frames of 417 bytes. What they say is noise; a scan decodes nothing.
std::string mp3(std::mt19937& random, int n) {
  const std::string number = std::to_string(n);
  const std::string picture = std::string("\3image/png\0\3\0", 13) + random_bytes(random, 20'000);
  const std::string tag =
      text_frame("TIT2", "Title number " + number) + text_frame("TPE1", "Artist " + std::to_string(n % 700)) +
      text_frame("TALB", "Album " + std::to_string(n / 12)) + text_frame("TCON", "House") + text_frame("TDRC", "2019") +
      text_frame("TBPM", "126") + text_frame("TKEY", "Am") + text_frame("TPUB", "Label " + std::to_string(n % 90)) +
      frame("COMM", std::string("\3eng\0", 5) + "a comment") + frame("APIC", picture);
  std::string out = "ID3" + std::string("\4\0\0", 3) + synchsafe(tag.size()) + tag;
  for (int i = 0; i < 96; ++i) out += std::string("\xff\xfb\x90\x00", 4) + random_bytes(random, 413);
  return out;
}

void scan_once(const char* what, const std::string& library, const std::string& music, bool fresh) {
  if (fresh) fs::remove_all(library);
  library::Store store(library);
  library::ScanOptions options;
  options.folders = {music};
  const library::ScanReport r = library::scan(store, options);
  std::printf("%-28s %zu files, %zu new tracks, %.2f s, %.0f files/s\n", what, r.files, r.added, r.seconds,
              static_cast<double>(r.files) / r.seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const int files = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const bool own = argc <= 2;
  const fs::path folder =
      own ? fs::temp_directory_path() / ("tactus-scan-" + std::to_string(::getpid())) : fs::path(argv[2]);
  const fs::path music = folder / "music";
  std::mt19937 random(1);
  for (int n = 0; n < files; ++n) {
    const fs::path in = music / std::to_string(n / 100);
    if (n % 100 == 0) fs::create_directories(in);
    std::ofstream(in / (std::to_string(n) + ".mp3"), std::ios::binary) << mp3(random, n);
  }
  const std::string library = (folder / "library").string();
  scan_once("into an empty library", library, music.string(), true);
  scan_once("again, into an empty one", library, music.string(), true);
  scan_once("nothing has changed", library, music.string(), false);
  if (own) fs::remove_all(folder);
}
