// The folder: what is written, what is left alone, what happens when something is in the way.
#include <taglib/flacfile.h>
#include <taglib/xiphcomment.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "crate_fixture.h"

namespace tactus::demo::test {
namespace {

namespace fs = std::filesystem;

TEST(Crate, WritesTracksStemsTruthAndIndex) {
  const auto index = read_json(short_crate() / "crate.json");
  ASSERT_EQ(index["tracks"].size(), 7u);
  for (const auto& t : index["tracks"]) {
    EXPECT_TRUE(fs::exists(short_crate() / t["audio"].get<std::string>()));
    EXPECT_TRUE(fs::exists(short_crate() / t["truth"].get<std::string>()));
    for (const char* stem : kStemNames)
      EXPECT_TRUE(fs::exists(short_crate() / t["stems"].get<std::string>() / (std::string(stem) + ".flac")));
  }
  for (const auto& entry : fs::directory_iterator(short_crate())) {
    const std::string name = entry.path().filename().string();
    EXPECT_FALSE(name.starts_with(".") || name.ends_with(".part")) << "left over: " << name;
  }
}

TEST(Crate, TruthIsConsistent) {
  for (const Loaded& l : loaded()) {
    const auto& t = l.truth;
    EXPECT_EQ(t["tactus_truth"], 1);
    EXPECT_DOUBLE_EQ(t["grid"]["bpm"].get<double>(), l.song.bpm);
    EXPECT_DOUBLE_EQ(t["swing"]["ratio"].get<double>(), l.song.swing);
    const double first = t["grid"]["first_downbeat_frame"], per_beat = t["grid"]["frames_per_beat"];
    int bars = 0;
    for (const auto& s : t["sections"]) {
      EXPECT_EQ(s["bar"].get<int>(), bars + 1);
      EXPECT_EQ(s["beat"].get<int>(), 4 * bars);
      EXPECT_DOUBLE_EQ(s["frame"].get<double>(), first + 4 * bars * per_beat);
      bars += s["bars"].get<int>();
    }
    EXPECT_EQ(bars, t["grid"]["bars"].get<int>());
    EXPECT_GE(t["seconds"].get<double>(), kSeconds);
    EXPECT_LE(t["seconds"].get<double>(), kSeconds + 8);
    EXPECT_EQ(t["stems"].size(), 4u);
  }
}

TEST(Crate, OneFileHasAllTruthsForEval) {
  std::ifstream in(short_crate() / "truth.jsonl");
  std::string line;
  std::size_t i = 0, with_voice = 0;
  for (; std::getline(in, line); ++i) {
    ASSERT_LT(i, loaded().size());
    const Loaded& l = loaded()[i];
    SCOPED_TRACE(l.song.title);
    const auto t = nlohmann::json::parse(line);
    EXPECT_EQ(t["file"], l.track.audio.filename().string());
    EXPECT_EQ(t["style"], l.song.genre);
    EXPECT_EQ(t["bpm"], l.song.bpm);
    EXPECT_EQ(t["key"], l.song.key.name());
    const int bars = l.truth["grid"]["bars"];
    ASSERT_EQ(t["beats"].size(), static_cast<std::size_t>(4 * bars));
    ASSERT_EQ(t["downbeats"].size(), static_cast<std::size_t>(bars));
    EXPECT_EQ(t["beats"][4], t["downbeats"][1]);
    const double first = l.truth["grid"]["first_downbeat_seconds"];
    EXPECT_NEAR(t["downbeats"].back().get<double>(), first + 4 * (bars - 1) * 60 / l.song.bpm, 1e-9);
    // Sections follow each other without a gap, in the six words of the analysis.
    const std::set<std::string> words = {"intro", "verse", "build", "drop", "break", "outro"};
    double at = first;
    for (const auto& s : t["sections"]) {
      EXPECT_NEAR(s["start"].get<double>(), at, 1e-6);
      EXPECT_EQ(words.count(s["label"].get<std::string>()), 1u) << s["label"];
      at = s["end"];
    }
    EXPECT_NEAR(at, first + 4 * bars * 60 / l.song.bpm, 1e-6);
    // Where the truth has a voice, the stem of voices sounds more than elsewhere.
    const std::vector<float> voice = l.stems[static_cast<int>(Stem::vocals)].mono();
    double inside = 0, seconds = 0, all = 0;
    for (const float v : voice) all += static_cast<double>(v) * static_cast<double>(v);
    for (const auto& v : t["vocals"]) {
      const double from = v[0], to = v[1];
      EXPECT_LT(from, to);
      EXPECT_LE(to, t["duration"].get<double>());
      const auto end = std::min(voice.size(), static_cast<std::size_t>(to * l.mix.rate));
      for (auto f = static_cast<std::size_t>(from * l.mix.rate); f < end; ++f) {
        inside += static_cast<double>(voice[f]) * static_cast<double>(voice[f]);
      }
      seconds += to - from;
    }
    if (seconds <= 0) continue;
    ++with_voice;
    EXPECT_GT(inside / all, seconds / t["duration"].get<double>());
  }
  EXPECT_EQ(i, loaded().size());
  EXPECT_GE(with_voice, 4u);
}

TEST(Crate, TracksAreTagged) {
  for (const Loaded& l : loaded()) {
    TagLib::FLAC::File file(l.track.audio.c_str());
    ASSERT_TRUE(file.isValid());
    const auto fields = file.xiphComment()->fieldListMap();
    EXPECT_EQ(fields["TITLE"].toString().to8Bit(true), l.song.title);
    EXPECT_EQ(fields["ARTIST"].toString().to8Bit(true), l.song.artist);
    EXPECT_EQ(fields["GENRE"].toString().to8Bit(true), l.song.genre);
    EXPECT_EQ(fields["INITIALKEY"].toString().to8Bit(true), l.song.key.tag());
    EXPECT_EQ(std::stod(fields["BPM"].toString().to8Bit()), l.song.bpm);
  }
}

TEST(Crate, SameBitsEachTimeAndMadeOnlyOnce) {
  const TempFolder one, two;
  const Options options{.only = {5, 7}, .seconds = 1};
  const auto first = make_crate(one.path(), options), second = make_crate(two.path(), options);
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_EQ(first->tracks.size(), 2u);
  EXPECT_TRUE(first->tracks[0].made && first->tracks[1].made);
  EXPECT_EQ(first->tracks[1].number, 7);
  for (const auto& entry : fs::recursive_directory_iterator(one.path())) {
    if (!entry.is_regular_file()) continue;
    const fs::path other = two.path() / fs::relative(entry.path(), one.path());
    EXPECT_EQ(read_bytes(entry.path()), read_bytes(other)) << other;
  }
  const auto before = fs::last_write_time(first->tracks[0].audio);
  const auto again = make_crate(one.path(), options);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->tracks[0].made || again->tracks[1].made);
  EXPECT_EQ(fs::last_write_time(first->tracks[0].audio), before);
}

TEST(Crate, MakesAnewWhatIsBrokenOrOfOtherSettings) {
  const TempFolder folder;
  Options options{.only = {5}, .seconds = 1};
  const auto first = make_crate(folder.path(), options);
  ASSERT_TRUE(first.ok());
  const Track& t = first->tracks[0];
  const std::string whole = read_bytes(t.stems / "drums.flac");

  fs::resize_file(t.stems / "drums.flac", 1000);
  fs::create_directory(folder.path() / ".making-5-999999999");  // what a killed process leaves
  const auto mended = make_crate(folder.path(), options);
  ASSERT_TRUE(mended.ok());
  EXPECT_TRUE(mended->tracks[0].made);
  EXPECT_EQ(read_bytes(t.stems / "drums.flac"), whole);
  EXPECT_FALSE(fs::exists(folder.path() / ".making-5-999999999"));

  std::ofstream(t.truth) << "{ not json";
  EXPECT_TRUE(make_crate(folder.path(), options)->tracks[0].made);
  fs::remove(t.audio);
  EXPECT_TRUE(make_crate(folder.path(), options)->tracks[0].made);
  options.rate = 48000;
  const auto faster = make_crate(folder.path(), options);
  ASSERT_TRUE(faster.ok());
  EXPECT_TRUE(faster->tracks[0].made);
  EXPECT_EQ(read_audio(t.audio).rate, 48000);
  EXPECT_FALSE(make_crate(folder.path(), options)->tracks[0].made);
}

TEST(Crate, ProgressRisesToHundredForEachTrack) {
  const TempFolder folder;
  std::array<double, 3> last{};
  double all = 0;
  const auto crate = make_crate(folder.path(), {.only = {1, 5}, .seconds = 1, .threads = 2}, [&](const Progress& p) {
    ASSERT_GE(p.track, 1);
    ASSERT_LE(p.track, 2);
    EXPECT_EQ(p.of, 2);
    EXPECT_FALSE(p.title.empty());
    EXPECT_GE(p.percent, last[static_cast<std::size_t>(p.track)]);
    last[static_cast<std::size_t>(p.track)] = p.percent;
    EXPECT_GE(p.all_percent, all);
    all = p.all_percent;
  });
  ASSERT_TRUE(crate.ok());
  EXPECT_DOUBLE_EQ(last[1], 100);
  EXPECT_DOUBLE_EQ(last[2], 100);
  EXPECT_DOUBLE_EQ(all, 100);
}

TEST(Crate, CancelledLeavesNoHalfTrack) {
  const TempFolder folder;
  std::atomic<bool> cancel{false};
  const auto crate = make_crate(folder.path(), {.only = {5}, .seconds = 8, .cancel = &cancel}, [&](const Progress& p) {
    if (p.percent > 0) cancel = true;
  });
  ASSERT_FALSE(crate.ok());
  EXPECT_EQ(crate.error().cause, "cancelled");
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Crate, SaysWhatIsWrong) {
  const TempFolder folder;
  const auto number = make_crate(folder.path(), {.only = {9}});
  ASSERT_FALSE(number.ok());
  EXPECT_NE(number.error().cause.find("no demo track 9"), std::string::npos);
  EXPECT_FALSE(make_crate(folder.path(), {.rate = 1000}).ok());
  std::ofstream(folder.path() / "file") << "x";
  const auto blocked = make_crate(folder.path() / "file" / "crate", {.only = {5}, .seconds = 1});
  ASSERT_FALSE(blocked.ok());
  EXPECT_NE(blocked.error().text().find("crate"), std::string::npos);
}

}  // namespace
}  // namespace tactus::demo::test
