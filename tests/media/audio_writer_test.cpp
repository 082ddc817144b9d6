#include "media/audio_writer.h"

#include <sndfile.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <taglib/flacfile.h>
#include <taglib/xiphcomment.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <random>

#include "support/temp_folder.h"

namespace tactus::media {
namespace {

using tactus::test::TempFolder;

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<float> noise(std::size_t samples) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> level(-1.0f, 1.0f);
  std::vector<float> out(samples);
  for (float& x : out) x = level(random);
  return out;
}

std::vector<float> read_back(const std::string& path, SF_INFO& info) {
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  if (file == nullptr) return {};
  std::vector<float> out(static_cast<std::size_t>(info.frames * info.channels));
  sf_readf_float(file, out.data(), info.frames);
  sf_close(file);
  return out;
}

struct Case {
  const char* name;
  Container container;
  SampleFormat sample;
  double step;  // of the quantiser
};

class EveryFormat : public testing::TestWithParam<Case> {};

TEST_P(EveryFormat, ReadsBackWithinHalfAStepAndTheSecondGenerationIsExact) {
  TempFolder folder;
  WriterFormat format;
  format.container = GetParam().container;
  format.sample = GetParam().sample;
  format.title = "Über";
  format.artist = "Nobody";
  std::vector<float> in = noise(2 * 30011);
  in[0] = 2.0f;  // clipped in integer formats
  in[1] = -1.0f;
  ASSERT_TRUE(write_file(folder / "a", format, in).ok());
  SF_INFO info{};
  const std::vector<float> once = read_back(folder / "a", info);
  ASSERT_EQ(info.frames, 30011);
  EXPECT_EQ(info.samplerate, 48000);
  ASSERT_EQ(once.size(), in.size());
  for (std::size_t i = 2; i < in.size(); ++i) ASSERT_NEAR(once[i], in[i], GetParam().step * 1.01) << i;
  EXPECT_EQ(once[1], -1.0f);
  ASSERT_TRUE(write_file(folder / "b", format, once).ok());
  EXPECT_EQ(read_back(folder / "b", info), once);
  ASSERT_TRUE(write_file(folder / "c", format, in).ok());
  EXPECT_EQ(bytes_of(folder / "a"), bytes_of(folder / "c")) << "equal audio must give equal files";
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat,
                         testing::Values(Case{"wav16", Container::wav, SampleFormat::s16, 1.0 / 32768},
                                         Case{"wav24", Container::wav, SampleFormat::s24, 1.0 / 8388608},
                                         Case{"wav32f", Container::wav, SampleFormat::f32, 0.0},
                                         Case{"flac16", Container::flac, SampleFormat::s16, 1.0 / 32768},
                                         Case{"flac24", Container::flac, SampleFormat::s24, 1.0 / 8388608}),
                         [](const auto& one) { return one.param.name; });

TEST(AudioWriter, FlacCarriesTitleAndChapters) {
  TempFolder folder;
  WriterFormat format{.container = Container::flac, .title = "Sét", .artist = "A & B"};
  auto writer = AudioWriter::create(folder / "x.flac", format);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->write(std::vector<float>(2 * 96000)).ok());
  writer->mark(72000, "second");
  writer->mark(0, "first");
  ASSERT_TRUE(writer->finish().ok());
  TagLib::FLAC::File tags((folder / "x.flac").c_str());
  const auto fields = tags.xiphComment()->fieldListMap();
  EXPECT_EQ(tags.xiphComment()->title().to8Bit(true), "Sét");
  EXPECT_EQ(fields["CHAPTER001NAME"].front(), "first");
  EXPECT_EQ(fields["CHAPTER002"].front(), "00:00:01.500");
  SF_INFO info{};
  EXPECT_EQ(read_back(folder / "x.flac", info).size(), 2u * 96000);
}

TEST(AudioWriter, WavCuePointsAreWhereTheyWereSet) {
  TempFolder folder;
  auto writer = AudioWriter::create(folder / "x.wav", {.channels = 1, .sample = SampleFormat::s16});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->write(noise(4801)).ok());
  writer->mark(1234, "here");
  ASSERT_TRUE(writer->finish().ok());
  SF_INFO info{};
  SNDFILE* file = sf_open((folder / "x.wav").c_str(), SFM_READ, &info);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(info.frames, 4801);
  SF_CUES cues{};
  ASSERT_EQ(sf_command(file, SFC_GET_CUE, &cues, sizeof(cues)), SF_TRUE);
  ASSERT_EQ(cues.cue_count, 1u);
  EXPECT_EQ(cues.cue_points[0].sample_offset, 1234u);
  EXPECT_STREQ(cues.cue_points[0].name, "here");
  sf_close(file);
}

TEST(AudioWriter, NothingAppearsUnlessFinished) {
  TempFolder folder;
  std::ofstream(folder / "x.wav") << "what was there";
  {
    auto writer = AudioWriter::create(folder / "x.wav", {});
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->write(noise(2000)).ok());
  }
  EXPECT_EQ(bytes_of(folder / "x.wav"), "what was there");
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++files;
  EXPECT_EQ(files, 1);
}

TEST(AudioWriter, ErrorsNameTheFileAndTheCause) {
  const auto missing = AudioWriter::create("/no such folder/x.wav", {});
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().text().find("/no such folder/x.wav: could not create the file: No such"),
            std::string::npos);
  EXPECT_FALSE(AudioWriter::container_of("x.mp3").ok());
  EXPECT_EQ(AudioWriter::container_of("X.FLAC").value(), Container::flac);
  TempFolder folder;
  EXPECT_FALSE(AudioWriter::create(folder / "x", {.container = Container::flac, .sample = SampleFormat::f32}).ok());
}

// A file-size limit fails a write as a full disk does, without needing one; in a child, since it can't be lifted.
TEST(AudioWriter, AFullDiskIsReportedAndLeavesNoFile) {
  for (const Container container : {Container::wav, Container::flac}) {
    TempFolder folder;
    const pid_t child = ::fork();
    if (child == 0) {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{200000, 200000};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      const Status s = write_file(folder / "x", {.container = container}, noise(2 * 200000));
      const bool said =
          !s.ok() && s.error().text().find("/x: could not write the audio: File too large") != std::string::npos;
      ::_exit(said ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  }
}

}  // namespace
}  // namespace tactus::media
