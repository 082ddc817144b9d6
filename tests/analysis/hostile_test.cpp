// Files of every codec, damaged in every way: the analysis ends with a result or an error, and never takes longer than
// twice what it has to listen to. Run under AddressSanitizer by ./test --sanitize.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "analysis/analysis.h"
#include "media/decoder.h"
#include "media/music_files.h"
#include "support/soak.h"

namespace tactus::analysis {
namespace {

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Cuts, bits turned over, a stretch overwritten, doubled or taken out; more often near the headers.
std::string damaged(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  const auto place = [&] { return below(below(2) == 0 ? std::min<std::size_t>(512, bytes.size()) : bytes.size()); };
  for (std::size_t times = 1 + below(4); times > 0 && !bytes.empty(); --times) {
    const std::size_t at = place(), length = std::min(bytes.size() - at, 1 + below(300));
    switch (below(6)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        for (std::size_t i = 0; i < length; ++i) bytes[at + i] = static_cast<char>(random());
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(place(), length));
        break;
      case 4:
        for (std::size_t i = 0; i < std::min<std::size_t>(8, length); ++i) bytes[at + i] = '\xff';
        break;
      default:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
    }
  }
  return bytes;
}

TEST(HostileFiles, AreAnalysedInLessThanTwiceTheirLengthOrRefused) {
  const tactus::test::TempFolder folder;
  const std::string source = folder / "a.wav";
  media::WriterFormat format;
  format.rate = media::test::kSourceRate;
  ASSERT_TRUE(media::write_file(source, format, media::test::click_track()));
  std::mt19937 random(5);
  const int times = tactus::test::soak_length(8, 400);
  int analysed = 0, refused = 0;
  for (const char* ending : {"wav", "mp3", "m4a", "flac", "ogg", "opus", "aiff"}) {
    const std::string good = folder / (std::string("good.") + ending), bad = folder / (std::string("bad.") + ending);
    media::test::ffmpeg("-t 4 -i " + source + " " + good);
    const std::string bytes = bytes_of(good);
    ASSERT_FALSE(bytes.empty()) << ending;
    for (int i = 0; i < times; ++i) {
      std::ofstream(bad, std::ios::binary | std::ios::trunc) << damaged(bytes, random);
      const double before = cpu_seconds();
      const auto found = analyze_file(bad);
      const double took = cpu_seconds() - before;
      // What a header claims is no length: a file of so few bytes holds seconds at the most.
      const double length = found ? std::max(found->duration, 1.0) : 4;
      EXPECT_LT(took, 2 * length) << ending << " " << i;
      ++(found ? analysed : refused);
    }
  }
  EXPECT_GT(analysed, times) << "most damage is small";
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace tactus::analysis
