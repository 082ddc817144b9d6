// The scores and what they are written with: names, chords, rhythm, swing.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>

#include "demo/harmony.h"
#include "demo/song.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

TEST(Harmony, NotesByName) {
  EXPECT_EQ(note("C4"), 60);
  EXPECT_EQ(note("A4"), 69);
  EXPECT_EQ(note("F#3"), 54);
  EXPECT_EQ(note("Bb2"), 46);
  for (const char* bad : {"H4", "C", "", "c4", "C#", "C44"}) EXPECT_THROW(note(bad), std::invalid_argument) << bad;
  EXPECT_THROW(chord("Cmystery"), std::invalid_argument);
}

TEST(Harmony, CamelotWheel) {
  const std::vector<std::pair<Key, std::string>> wheel{
      {{"G#", true}, "1A"}, {{"D#", true}, "2A"}, {{"Bb", true}, "3A"},  {{"F", true}, "4A"},
      {{"C", true}, "5A"},  {{"G", true}, "6A"},  {{"D", true}, "7A"},   {{"A", true}, "8A"},
      {{"E", true}, "9A"},  {{"B", true}, "10A"}, {{"F#", true}, "11A"}, {{"C#", true}, "12A"},
      {{"B", false}, "1B"}, {{"F", false}, "7B"}, {{"C", false}, "8B"},  {{"E", false}, "12B"}};
  for (const auto& [key, code] : wheel) EXPECT_EQ(key.camelot(), code) << key.name();
}

TEST(Harmony, VoicesMoveLittleAndStayInRange) {
  std::vector<int> hand;
  for (const auto& step : harmony("Dm9 Bbmaj7 Gm9 Am7 Dm9:2 F:2 C9sus Em").steps) {
    const std::vector<int> next = voice(step.chord, hand, 52, 76, 4);
    EXPECT_GE(next.size(), 3u);
    EXPECT_LE(next.size(), 4u);
    EXPECT_TRUE(std::is_sorted(next.begin(), next.end()));
    for (int n : next) {
      EXPECT_GE(n, 52);
      EXPECT_LE(n, 76);
      const int above = (n - step.chord.root + 120) % 12;
      EXPECT_TRUE(std::any_of(step.chord.intervals.begin(), step.chord.intervals.end(),
                              [&](int i) { return i % 12 == above; }));
    }
    for (int p : hand) {
      int nearest = 99;
      for (int n : next) nearest = std::min(nearest, std::abs(n - p));
      EXPECT_LE(nearest, 4) << "a finger had to leap";
    }
    hand = next;
  }
}

TEST(Rhythm, PatternsFillTheirSpan) {
  Part p;
  p.hits({8, 2}, "9-.. 5... ....  ...3");
  ASSERT_EQ(p.notes.size(), 6u);
  EXPECT_DOUBLE_EQ(p.notes[0].beat, 8);
  EXPECT_DOUBLE_EQ(p.notes[0].beats, 0.5);
  EXPECT_FLOAT_EQ(p.notes[1].velocity, 5.0f / 9);
  EXPECT_DOUBLE_EQ(p.notes[5].beat, 15.75);
  EXPECT_THROW(p.hits({0, 1}, "9..x"), std::invalid_argument);
  EXPECT_THROW(p.hits({0, 1}, " | "), std::invalid_argument);
}

TEST(Rhythm, LinesTieOnlyWhereTold) {
  Part p;
  p.line({0, 1}, "A4:4=da~ C5:4! -:8");
  ASSERT_EQ(p.notes.size(), 2u);
  EXPECT_GE(p.notes[0].beat + p.notes[0].beats, p.notes[1].beat);
  EXPECT_LT(p.notes[1].beat + p.notes[1].beats, 2.0);
  EXPECT_EQ(p.notes[0].tone, syllable("da"));
  EXPECT_FLOAT_EQ(p.notes[1].velocity, 1);
  EXPECT_THROW(p.line({0, 1}, "A4:4=xy"), std::invalid_argument);
}

TEST(Rhythm, SwingMovesOffbeatsOnly) {
  for (double beat : {0.0, 0.5, 1.0, 7.5, 123.0}) EXPECT_DOUBLE_EQ(swung(beat, 0.61), beat);
  EXPECT_NEAR(swung(0.25, 0.61), 0.305, 1e-12);
  EXPECT_NEAR(swung(3.75, 2.0 / 3), 3.5 + 1.0 / 3, 1e-12);
  for (double beat = 0; beat < 4; beat += 0.01) {
    EXPECT_NEAR(swung(beat, 0.5), beat, 1e-9);
    EXPECT_GT(swung(beat + 0.01, 0.7), swung(beat, 0.7)) << "time must not run backwards";
  }
}

TEST(Songs, AreSevenInDifferentStylesThatMix) {
  const std::vector<Song> songs = all_songs();
  ASSERT_EQ(songs.size(), 7u);
  std::set<std::string> titles, genres, keys;
  std::set<double> tempos, lead_ins;
  std::set<std::pair<int, int>> formats;
  for (std::size_t i = 0; i < songs.size(); ++i) {
    const Song& s = songs[i];
    EXPECT_EQ(s.number, static_cast<int>(i) + 1);
    titles.insert(s.title), genres.insert(s.genre), keys.insert(s.key.name());
    tempos.insert(s.bpm), lead_ins.insert(s.lead_in), formats.insert({s.rate, s.bits});
    const double seconds = s.bars() * 240.0 / s.bpm;
    EXPECT_GE(seconds, 120) << s.title;
    EXPECT_LE(seconds, 240) << s.title;
    // Neighbours in the order of tempo can follow each other in key: at most one step round the wheel.
    if (i > 0 && i + 1 < songs.size()) {
      EXPECT_LE(std::abs(std::atoi(s.key.camelot().c_str()) - std::atoi(songs[i - 1].key.camelot().c_str())), 1)
          << s.title;
    }
  }
  EXPECT_EQ(titles.size(), 7u);
  EXPECT_EQ(genres.size(), 7u);
  EXPECT_EQ(keys.size(), 7u);
  EXPECT_EQ(tempos.size(), 7u);
  EXPECT_EQ(lead_ins.size(), 7u);
  EXPECT_EQ(formats.size(), 4u) << "44.1 and 48 kHz, 16 and 24 bits";
  EXPECT_TRUE(tempos.contains(174));
  EXPECT_TRUE(std::any_of(songs.begin(), songs.end(), [](const Song& s) { return s.swing > 0.55; }));
}

TEST(Songs, ArePhrasedInEights) {
  for (const Song& s : all_songs()) {
    for (const Section& section : s.sections) EXPECT_EQ(section.span.bars % 8, 0) << s.title << " " << section.name;
    EXPECT_EQ(s.sections.front().name, "intro");
    EXPECT_EQ(s.sections.back().name, "outro");
    EXPECT_TRUE(std::any_of(s.sections.begin(), s.sections.end(),
                            [&](const Section& x) { return x.span.beat == 4.0 * s.highlight && x.energy == 1; }))
        << s.title << ": the highlight is a section of full energy";
    std::set<Stem> stems;
    for (const Part& p : s.parts) {
      EXPECT_FALSE(p.notes.empty() && p.name != "boom" && p.name != "riser" && p.name != "fall")
          << s.title << " " << p.name;
      if (!p.notes.empty()) stems.insert(p.stem);
      for (const Note& n : p.notes) {
        EXPECT_GE(n.beat, 0);
        EXPECT_LE(n.beat + n.beats, 4.0 * s.bars() + 8) << s.title << " " << p.name;
        EXPECT_GT(n.beats, 0);
        EXPECT_GT(n.pitch, 20);
        EXPECT_LT(n.pitch, 110);
      }
    }
    EXPECT_EQ(stems.size(), 4u) << s.title;
  }
}

}  // namespace
}  // namespace tactus::demo
