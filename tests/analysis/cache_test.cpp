// JSON in and out, and the cache on disk.
#include "analysis/cache.h"

#include <sndfile.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <thread>

#include "analysis/band.h"
#include "analysis/edits.h"
#include "analysis/sections.h"
#include "analysis/waveform.h"
#include "media/content_id.h"
#include "support/temp_folder.h"

namespace tactus::analysis {
namespace {

namespace fs = std::filesystem;

TrackAnalysis example() {
  TrackAnalysis a;
  a.versions = kVersions;
  a.title = "Zwölf \"Uhr\"\n";
  a.artist = "Ω";
  a.duration = 181.25;
  a.grid = {{0.1234567890123, 0, 125.98765432109}, {60.5, 127, 126}};
  a.bpm = 126;
  a.confidence = 0.87;
  a.grid_error_ms = 0.61;
  a.first_downbeat = 0.1234567890123;
  a.phrases = {{0, 32, 0.25}, {8, 8, 0.7}, {16, 16, 1}};
  a.metre = {{0, 4}, {64, 3}};
  a.alternative_bpm = 63;
  a.tempo_confidence = 0.75;
  a.downbeat_confidence = 0.6;
  a.sections = {
      {0.12, 16.5, Part::intro, 2, 0.9}, {16.5, 140, Part::breakdown, 10, 0.3}, {140, 180, Part::outro, 1, 0}};
  a.keys = {{0, *music::parse_key("F#m"), 0.5}, {90.5, *music::parse_key("A"), 0.25}};
  a.tuning_cents = -12.5;
  a.lra = 6.25;
  a.mix_in = 16.5;
  a.mix_out = 140;
  a.vocals = {{20, 40.5}, {50, 51}};
  a.vocal_confidence = 0.8;
  a.embeddings = {"tactus 1", 2, {-128, 127}, {1, -2, 0, 64, -127, 3}};
  a.key = *music::parse_key("F#m");
  a.key_confidence = 0.5;
  a.lufs = -9.31;
  a.true_peak_db = 0.42;
  a.first_sound = 0.12;
  a.last_sound = 180;
  return a;
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}
void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
std::vector<std::string> files_below(const std::string& path) {
  std::vector<std::string> out;
  for (const auto& e : fs::recursive_directory_iterator(path)) {
    if (e.is_regular_file()) out.push_back(e.path().string());
  }
  return out;
}

void write_music(const std::string& path, double bpm, int bars = 8) {
  testing::Score score;
  score.bpm = bpm;
  score.bars = bars;
  const testing::Sound sound = testing::play(score);
  SF_INFO info{};
  info.channels = 2;
  info.samplerate = sound.rate;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr);
  sf_writef_float(file, sound.pcm.data(), static_cast<sf_count_t>(sound.pcm.size() / 2));
  sf_close(file);
}

TEST(AnalysisJson, ReadsBackExactly) {
  TrackAnalysis a = example();
  EXPECT_EQ(parse_json(to_json(a)), a);
  EXPECT_EQ(to_json(a).find('\n'), std::string::npos);
  a.lufs = a.true_peak_db = -std::numeric_limits<double>::infinity();
  a.grid.clear();
  EXPECT_EQ(parse_json(to_json(a)), a);
  a.embeddings = {};
  EXPECT_EQ(parse_json(to_json(a)), a);
}

TEST(AnalysisJson, ADownbeatJustBeforeTheFileCostsNothing) {
  TrackAnalysis a;
  a.duration = a.last_sound = 60;
  a.grid = {{-0.008, 0, 120}};
  a.sections = {{0, 16, Part::intro, 5, 1}, {16, 60, Part::verse, 5, 1}};
  suggest_mix(a);
  EXPECT_EQ(parse_json(to_json(a)), a);
  a.sections = {{0, 16, Part::intro, 5, 1}, {16, 60, Part::outro, 5, 1}};
  suggest_mix(a);
  EXPECT_EQ(a.mix_in, 0);
  EXPECT_GT(a.mix_out, 15);
  EXPECT_EQ(parse_json(to_json(a)), a);
}

TEST(AnalysisJson, TagsThatAreNoUtf8CostNothingElse) {
  TrackAnalysis a = example();
  a.title = "caf\xe9";
  const auto back = parse_json(to_json(a));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->bpm, a.bpm);
}

TEST(AnalysisJson, RefusesWhatIsNotAWholeAndPlausibleAnalysis) {
  const std::string good = to_json(example());
  EXPECT_FALSE(parse_json(""));
  EXPECT_FALSE(parse_json("[]"));
  EXPECT_FALSE(parse_json("{}"));
  for (std::size_t n = 0; n < good.size(); n += 7) EXPECT_FALSE(parse_json(good.substr(0, n)));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  EXPECT_FALSE(parse_json(with("\"tactus_analysis\":" + std::to_string(kLayout), "\"tactus_analysis\":999")));
  EXPECT_FALSE(parse_json(with("\"loudness\":1", "\"loudness\":-1")));
  EXPECT_FALSE(parse_json(with("F# minor", "H minor")));
  EXPECT_FALSE(parse_json(with("\"bpm\":126.0", "\"bpm\":-126.0")));
  EXPECT_FALSE(parse_json(with("\"duration\":181.25", "\"duration\":1.25")));
  // Vectors of another size, another number of them, no bytes at all, and vectors of nobody.
  EXPECT_FALSE(parse_json(with("\"size\":2", "\"size\":1")));
  EXPECT_FALSE(parse_json(with("\"size\":2", "\"size\":0")));
  EXPECT_FALSE(parse_json(with("\"size\":2", "\"size\":-2")));
  EXPECT_FALSE(parse_json(with("\"Af4AQIED\"", "\"Af4AQIEDAf4=\"")));
  EXPECT_FALSE(parse_json(with("\"Af4AQIED\"", "\"Af4AQIE*\"")));
  EXPECT_FALSE(parse_json(with("\"Af4AQIED\"", "[1,2,3,4,5,6]")));
  EXPECT_FALSE(parse_json(with("\"tactus 1\"", "\"\"")));
  EXPECT_FALSE(parse_json(with("\"tactus 1\"", "\"" + std::string(100, 'x') + "\"")));
  // Beats that run backwards.
  EXPECT_FALSE(parse_json(with("\"beat\":127.0", "\"beat\":-127.0")));
}

TEST(AnalysisJson, DamagedBytesNeverCrash) {
  const std::string good = to_json(example());
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text = good;
    for (int k = 0; k < 3; ++k) text[random() % text.size()] = static_cast<char>(random());
    if (const auto a = parse_json(text)) {
      EXPECT_EQ(parse_json(to_json(*a)), a);
    }
  }
}

TEST(AnalysisCache, FindsWhatWasStored) {
  const tactus::test::TempFolder folder;
  const Cache cache(folder / "new/folder");
  EXPECT_FALSE(cache.find("abc"));
  ASSERT_TRUE(cache.store("abc", example()).ok());
  EXPECT_EQ(cache.find("abc"), example());
  EXPECT_FALSE(cache.find("abd"));
  EXPECT_EQ(files_below(folder.path()).size(), 1u);
}

TEST(AnalysisCache, IgnoresDamageAndWritesItAnew) {
  const tactus::test::TempFolder folder;
  const Cache cache(folder.path());
  ASSERT_TRUE(cache.store("abc", example()).ok());
  const std::string file = files_below(folder.path()).at(0);
  for (const std::string& damage : {std::string(), read(file).substr(0, 100), std::string(1000, '\xff')}) {
    write(file, damage);
    EXPECT_FALSE(cache.find("abc"));
    ASSERT_TRUE(cache.store("abc", example()).ok());
    EXPECT_EQ(cache.find("abc"), example());
  }
}

TEST(AnalysisCache, ManyWritersLeaveOneWholeFile) {
  const tactus::test::TempFolder folder;
  const Cache cache(folder.path());
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(cache.store("abc", example()).ok());
        const auto found = cache.find("abc");
        EXPECT_TRUE(found && *found == example());
      }
    });
  }
  for (std::thread& t : writers) t.join();
  EXPECT_EQ(files_below(folder.path()).size(), 1u);
}

TEST(AnalysisCache, FollowsTheContentNotTheName) {
  const tactus::test::TempFolder folder;
  const tactus::test::TempFolder music;
  const Cache cache(folder.path());
  write_music(music / "a.wav", 126);
  const auto first = analyze_cached(music / "a.wav", cache, EditStore(music / "edits"));
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_NEAR(first.value().bpm, 126, 0.02);
  EXPECT_EQ(files_below(music.path()).size(), 1u) << "something was written beside the music";
  ASSERT_EQ(files_below(folder.path()).size(), 2u) << "the analysis and the waveform";

  // The same bytes under another name: what the cache says is taken, even if it were wrong.
  fs::copy_file(music / "a.wav", music / "b.wav");
  TrackAnalysis marked = first.value();
  marked.title = "from the cache";
  ASSERT_TRUE(cache.store(media::content_id(music / "a.wav").value(), marked).ok());
  EXPECT_EQ(analyze_cached(music / "b.wav", cache, EditStore(music / "edits")).value().title, "from the cache");

  // Other bytes under the same name.
  write_music(music / "a.wav", 140);
  EXPECT_NEAR(analyze_cached(music / "a.wav", cache, EditStore(music / "edits")).value().bpm, 140, 0.02);
  EXPECT_EQ(files_below(folder.path()).size(), 4u);
}

// What an older build found, marked so that it shows what of it was found anew: a title of three parts.
class Outdated : public ::testing::Test {
 protected:
  void SetUp() override {
    write_music(music_ / "a.wav", 126);
    found_ = analyze_cached(path_, cache_, edits_).value();
    EXPECT_EQ(found_.versions, kVersions);
    marked_ = found_;
    marked_.lufs = -33;
    marked_.bpm = 99;
    marked_.vocals = {{1, 2}};
    marked_.key = {(found_.key.tonic + 1) % 12, found_.key.minor};
    for (std::int8_t& v : marked_.embeddings.track) v = 1;
  }
  std::string id() const { return media::content_id(path_).value(); }
  // Its parts are by versions so much older.
  void age(const Versions& older) {
    marked_.versions = {kVersions.loudness - older.loudness, kVersions.beats - older.beats, kVersions.key - older.key,
                        kVersions.embeddings - older.embeddings};
    EXPECT_TRUE(cache_.store(id(), marked_).ok());
  }
  TrackAnalysis again(const Versions& older) {
    age(older);
    return analyze_cached(path_, cache_, edits_, {}, [&](const TrackAnalysis& early) { early_ = early; }).value();
  }

  const tactus::test::TempFolder folder_, music_;
  const std::string path_ = music_ / "a.wav";
  const Cache cache_{folder_.path()};
  const EditStore edits_{music_ / "edits"};
  TrackAnalysis found_, marked_, early_;
};

TEST_F(Outdated, PartsAloneAreFoundAnewWithWhatGoesByThem) {
  EXPECT_EQ(again({}), marked_) << "nothing is";
  EXPECT_EQ(early_, TrackAnalysis{}) << "there was no need";

  TrackAnalysis now = again({.loudness = 1});
  EXPECT_EQ(now.lufs, found_.lufs);
  EXPECT_EQ(now.true_peak_db, found_.true_peak_db);
  EXPECT_EQ(now.versions, kVersions);
  EXPECT_EQ(cache_.find(id()), now);
  now.lufs = marked_.lufs;
  now.versions = marked_.versions;
  EXPECT_EQ(now, marked_) << "all else as it was";
  EXPECT_EQ(early_, marked_) << "what was known is there at once";

  now = again({.key = 1});
  EXPECT_EQ(now.key, found_.key);
  EXPECT_EQ(now.lufs, -33);
  EXPECT_EQ(now.bpm, 99);
  EXPECT_EQ(now.embeddings, marked_.embeddings);

  now = again({.embeddings = 1});
  EXPECT_EQ(now.embeddings, found_.embeddings);
  EXPECT_EQ(now.key, marked_.key);

  now = again({.beats = 1});
  EXPECT_EQ(now.lufs, -33);
  now.lufs = found_.lufs;
  EXPECT_EQ(now.bpm, found_.bpm);
  EXPECT_EQ(now.vocals, found_.vocals);
  EXPECT_EQ(now.key, found_.key) << "goes by the beats";
  EXPECT_EQ(now.embeddings, found_.embeddings) << "go by the beats";
}

TEST_F(Outdated, IsNotKnownAndNobodysEditIsLost) {
  ASSERT_TRUE(edits_.store(id(), {{{{0.5, 0, 63}}}, {}}));
  age({.beats = 1});
  EXPECT_FALSE(find_known(cache_, edits_, id())) << "there is better to be had";
  EXPECT_EQ(again({.beats = 1}).bpm, 63);
  EXPECT_EQ(early_.bpm, 63);
  EXPECT_EQ(cache_.find(id())->bpm, found_.bpm) << "kept apart";
  EXPECT_EQ(find_known(cache_, edits_, id())->bpm, 63);
}

TEST_F(Outdated, IsTakenAsItIsFromANewerBuild) { EXPECT_EQ(again({.beats = -1}), marked_); }

TEST(AnalysisCache, DrawsTheWaveformOnceAndAgainWhenItIsGone) {
  const tactus::test::TempFolder folder;
  const tactus::test::TempFolder music;
  const Cache cache(folder.path());
  write_music(music / "a.wav", 126);
  ASSERT_TRUE(analyze_cached(music / "a.wav", cache, EditStore(music / "edits")));
  const std::string path = cache.waveform(media::content_id(music / "a.wav").value());
  std::vector<WaveformColumn> columns;
  {
    const auto drawn = Waveform::open(path);
    ASSERT_TRUE(drawn) << drawn.error().text();
    EXPECT_TRUE(drawn->complete());
    columns.assign(drawn->level(0).begin(), drawn->level(0).end());
    EXPECT_TRUE(std::any_of(columns.begin(), columns.end(), [](WaveformColumn c) { return c.peak > 100; }));
  }
  const auto when = fs::last_write_time(path);
  ASSERT_TRUE(analyze_cached(music / "a.wav", cache, EditStore(music / "edits")));
  EXPECT_EQ(fs::last_write_time(path), when) << "nothing is drawn twice";
  fs::resize_file(path, 100);
  ASSERT_TRUE(analyze_cached(music / "a.wav", cache, EditStore(music / "edits")));
  const auto again = Waveform::open(path);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_TRUE(std::equal(columns.begin(), columns.end(), again->level(0).begin(), again->level(0).end()));
}

TEST(AnalysisCache, LivesWhereXdgSays) {
  const char* old = std::getenv("XDG_CACHE_HOME");
  const std::string kept = old ? old : "";
  ::setenv("XDG_CACHE_HOME", "/somewhere/else", 1);
  EXPECT_EQ(Cache().folder(), "/somewhere/else/tactus/analysis");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_EQ(Cache().folder(), std::string(std::getenv("HOME")) + "/.cache/tactus/analysis");
  old ? ::setenv("XDG_CACHE_HOME", kept.c_str(), 1) : ::unsetenv("XDG_CACHE_HOME");
}

TEST(AnalysisCache, CannotBeWrittenTo) {
  const tactus::test::TempFolder music;
  write_music(music / "a.wav", 126);
  write(music / "file", "");
  const Cache cache(music / "file/below");
  EXPECT_FALSE(cache.store("abc", example()).ok());
  EXPECT_TRUE(analyze_cached(music / "a.wav", cache, EditStore(music / "edits")).ok());
}

TEST(AnalysisFile, SaysWhichFileAndWhy) {
  const tactus::test::TempFolder music;
  write(music / "text.mp3", "this is not music");
  const auto bad = analyze_file(music / "text.mp3");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text().find("text.mp3"), std::string::npos);
  EXPECT_FALSE(analyze_file(music / "absent.flac"));
  EXPECT_FALSE(analyze_cached(music / "absent.flac", Cache(music.path()), EditStore(music / "edits")));
}

TEST(AnalysisFile, ReportsProgressAndStopsWhenAsked) {
  const tactus::test::TempFolder music;
  write_music(music / "a.wav", 126);
  double last = -1;
  ASSERT_TRUE(analyze_file(music / "a.wav", [&](double share) {
    EXPECT_GE(share, last);
    last = share;
    return true;
  }));
  EXPECT_EQ(last, 1);
  const auto stopped = analyze_file(music / "a.wav", [](double share) { return share < 0.3; });
  ASSERT_FALSE(stopped);
  EXPECT_NE(stopped.error().cause.find("stopped"), std::string::npos);
}

TEST(AnalysisFile, TellsOfItsFirstMinuteBeforeItIsThrough) {
  const tactus::test::TempFolder music;
  write_music(music / "a.wav", 126, 68);
  std::optional<TrackAnalysis> early;
  double before = 0, told_at = 0;
  const auto whole = analyze_file(music / "a.wav", [&](double share) { return before = share, true; },
                                  {{}, [&](const TrackAnalysis& found) {
                                     EXPECT_FALSE(early) << "once";
                                     early = found;
                                     told_at = before;
                                   }});
  ASSERT_TRUE(whole) << whole.error().text();
  ASSERT_TRUE(early);
  EXPECT_LT(told_at, 0.5);
  EXPECT_NEAR(early->bpm, 126, 0.05);
  EXPECT_NEAR(early->duration, whole->duration, 1e-9);
  EXPECT_NEAR(std::remainder(early->beat_of(whole->seconds_of(0)), 1), 0, 0.02) << "the same beats";
  EXPECT_LT(early->last_sound, 70);
  EXPECT_TRUE(parse_json(to_json(*early))) << "as it comes from a worker";
}

// Another analyser's: everything that an analyser finds is something else.
TrackAnalysis other_of(Versions versions) {
  TrackAnalysis a = example();
  a.versions = versions;
  a.grid = {{0.2, 0, 126.5}, {61, 128, 126}};
  a.lufs = -10;
  a.key = *music::parse_key("C");
  a.keys = {{0, a.key, 1}};
  a.embeddings = {"tactus 2", 2, {1, 1}, {1, 1, 1, 1, 1, 1}};
  return a;
}

TEST(Newest, TakesEachPartFromWhoseAnalyserIsNewer) {
  const TrackAnalysis known = example();  // of kVersions
  const Versions v = kVersions;
  const auto with = [&](int loudness, int beats, int key, int embeddings) {
    return newest(known, other_of({v.loudness + loudness, v.beats + beats, v.key + key, v.embeddings + embeddings}));
  };
  EXPECT_EQ(with(0, 0, 0, 0), known) << "equal: what is known stays";
  EXPECT_EQ(with(-1, -1, -1, -1), known);
  EXPECT_EQ(with(0, -1, 1, 1), known) << "a key that was found by older beats";

  TrackAnalysis louder = known;
  louder.lufs = -10;
  ++louder.versions.loudness;
  EXPECT_EQ(with(1, -1, 0, 0), louder);

  const TrackAnalysis key = with(0, 0, 1, 0);
  EXPECT_EQ(key.key, *music::parse_key("C"));
  EXPECT_EQ(key.grid, known.grid);
  EXPECT_EQ(key.embeddings, known.embeddings);
  EXPECT_EQ(with(0, 0, 0, 1).embeddings.embedder, "tactus 2");

  const TrackAnalysis beats = with(-1, 1, 0, 0);
  EXPECT_EQ(beats.bpm, 126);
  EXPECT_EQ(beats.grid[0].bpm, 126.5);
  EXPECT_EQ(beats.key, *music::parse_key("C")) << "it goes by the beats";
  EXPECT_EQ(beats.lufs, known.lufs);
  EXPECT_TRUE(parse_json(to_json(beats)));
}

TEST(Newest, VectorsOfOtherPhrasesStayOut) {
  TrackAnalysis other = other_of(kVersions);
  ++other.versions.embeddings;
  other.phrases.pop_back();
  other.embeddings.phrases.resize(4);
  const TrackAnalysis out = newest(example(), other);
  EXPECT_EQ(out, example());
}

TEST(Newest, NeitherOrderNorRepeatsMatter) {
  std::vector<TrackAnalysis> parts = {other_of({2, 2, 2, 1}), other_of({1, 3, 2, 1}), other_of({1, 2, 3, 1}),
                                      other_of({3, 1, 1, 1}), other_of({1, 3, 2, 2})};
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].lufs = -20.0 + parts[i].versions.loudness;
  std::optional<TrackAnalysis> first;
  std::vector<std::size_t> order = {0, 1, 2, 3, 4};
  do {
    TrackAnalysis out;
    for (int twice = 0; twice < 2; ++twice) {
      for (const std::size_t i : order) out = newest(out, parts[i]);
    }
    if (!first) first = out;
    ASSERT_EQ(out, *first);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(first->versions, (Versions{3, 3, 2, 2}));
}

}  // namespace
}  // namespace tactus::analysis
