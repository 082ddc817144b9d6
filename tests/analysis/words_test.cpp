// Words for phrases: music of known sound gets those that fit, and none that don't.
#include "analysis/words.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>
#include <sstream>

#include "support/temp_folder.h"

namespace tactus::analysis {
namespace {

constexpr int kWordsRate = 48000;
constexpr double kBeat = 0.5, kPhraseS = 8;  // 120 beats a minute, sixteen beats a phrase

// Sound at `seconds` of a phrase.
using Sound = double (*)(double seconds);
double tone(double hz, double seconds) { return std::sin(2 * std::numbers::pi * hz * seconds); }
// A burst of 20 ms at each multiple of `every`, 1 to e^-4.
double ticks(double hz, double every, double seconds) {
  return tone(hz, seconds) * std::exp(-200 * std::fmod(seconds, every));
}

std::vector<std::set<std::string>> words_of(const std::vector<Sound>& phrases) {
  const test::TempFolder folder;
  const std::string path = folder / "words.wave";
  const double all = kPhraseS * static_cast<double>(phrases.size());
  auto writer = WaveformWriter::create(path, kWordsRate, static_cast<std::int64_t>(all * kWordsRate));
  std::vector<float> pcm;
  for (const Sound sound : phrases) {
    for (int i = 0; i < static_cast<int>(kPhraseS * kWordsRate); ++i) {
      const auto v = static_cast<float>(sound(static_cast<double>(i) / kWordsRate));
      pcm.insert(pcm.end(), {v, v});
    }
  }
  writer.value().feed(pcm);
  writer.value().finish();

  TrackAnalysis a;
  a.duration = a.last_sound = all;
  a.bpm = 120;
  a.grid = {{.seconds = 0, .beat = 0, .bpm = 120}};
  for (std::size_t i = 0; i < phrases.size(); ++i) a.phrases.push_back({.beat = 16.0 * static_cast<double>(i)});
  a.sections = {{.start = 0, .end = kPhraseS, .label = Part::drop, .energy = 9},
                {.start = kPhraseS, .end = all, .label = Part::breakdown, .energy = 2}};
  a.keys = {{.start = 0, .key = {9, true}, .confidence = 1}};
  a.vocals = {{kPhraseS, 2 * kPhraseS}};
  const auto wave = Waveform::open(path);
  std::vector<std::set<std::string>> out;
  for (const std::string& text : phrase_words(a, &wave.value())) {
    std::stringstream words(text);
    out.emplace_back();
    for (std::string word; words >> word;) EXPECT_TRUE(out.back().insert(word).second) << text;
  }
  return out;
}

TEST(Words, SayWhatIsHeard) {
  const auto words = words_of({
      [](double s) { return 0.5 * tone(55, s) + 0.05 * ticks(600, kBeat, s); },               // a bass that never stops
      [](double s) { return 0.08 * tone(440, s); },                                           // a soft pad
      [](double s) { return 0.3 * ticks(8000, kBeat / 4, s) + 0.1 * ticks(700, kBeat, s); },  // hats
      [](double s) { return (s < 4 ? 0.05 : 0.4) * ticks(900, 2 * kBeat, s); },               // knocks that get louder
      [](double) { return 0.0; },
  });
  ASSERT_EQ(words.size(), 5U);
  const auto has = [&](std::size_t phrase, std::initializer_list<const char*> wanted,
                       std::initializer_list<const char*> unwanted) {
    std::string all;
    for (const std::string& w : words[phrase]) all += w + " ";
    for (const char* w : wanted) EXPECT_TRUE(words[phrase].contains(w)) << phrase << " lacks " << w << ": " << all;
    for (const char* w : unwanted) EXPECT_FALSE(words[phrase].contains(w)) << phrase << " has " << w << ": " << all;
  };
  has(0, {"rolling", "heavy", "bass", "dark", "loud", "instrumental", "energetic", "peak", "minor"},
      {"thin", "busy", "vocal", "calm", "bright", "major", "rising"});
  has(1, {"beatless", "thin", "quiet", "vocal", "calm", "breakdown", "dark"},
      {"rolling", "bass", "heavy", "sparse", "busy"});
  has(2, {"bright", "busy", "thin", "instrumental"}, {"dark", "sparse", "beatless", "rising", "falling"});
  has(3, {"sparse", "rising", "thin"}, {"busy", "beatless", "falling", "bright"});
  has(4, {"silent"}, {"quiet", "dark", "bright"});
}

TEST(Words, WithoutAWaveformOrAGridAreFewOrNone) {
  TrackAnalysis a;
  a.phrases = {{.beat = 0}};
  EXPECT_EQ(phrase_words(a), std::vector<std::string>{""});
  a.grid = {{.seconds = 0, .beat = 0, .bpm = 80}};
  a.bpm = 80;
  a.duration = a.last_sound = 20;
  EXPECT_EQ(phrase_words(a), std::vector<std::string>{"instrumental slow"});
  a.phrases.clear();
  EXPECT_TRUE(phrase_words(a).empty());
}

}  // namespace
}  // namespace tactus::analysis
