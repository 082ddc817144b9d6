// What was played, while the journal grows, and over crashes of the engine.
#include "schedule/heard.h"

#include <gtest/gtest.h>

using namespace tactus;
using namespace tactus::schedule;

namespace {

constexpr double kNine = 1'795'813'445;  // 2026-11-27T21:04:05Z

std::string header(const char* started = "2026-11-27T21:04:05Z") {
  return to_line(JournalHeader{SampleRate{48000}, Bpm{120}, started, "0.1.0", 0, {}});
}
std::string done(double seconds, const std::string& text, const char* from = "hand pad") {
  return to_line(
      JournalEntry{JournalEntry::What::done, Frame{static_cast<std::int64_t>(seconds * 48000)}, {}, text, from, {}});
}
std::string end(double seconds) {
  return to_line(
      JournalEntry{JournalEntry::What::end, Frame{static_cast<std::int64_t>(seconds * 48000)}, {}, {}, {}, {}});
}

TEST(HeardTracks, GrowWithTheJournalHoweverItIsCut) {
  EXPECT_EQ(seconds_of_utc("2026-11-27T21:04:05Z"), static_cast<std::int64_t>(kNine));
  EXPECT_FALSE(seconds_of_utc("yesterday"));
  const std::string text = "half a line of what was cut\n" + header() + done(1, "/deck/1/load \"/a.flac\"") +
                           done(2, "/deck/1/play") + done(3, "/deck/1/pause") + done(4, "/deck/1/play") +
                           done(5, "/deck/2/load \"/never.flac\"") + "{\"state\":{\"frame\":960000,\"beat\":4}}\n" +
                           done(30, "/deck/2/load \"/b.flac\"") + done(40, "/deck/2/play @bar") +
                           done(50, "/deck/1/load \"/c.flac\"") + done(60, "/deck/1/eq/low -6");
  HeardTracks whole;
  whole.read(text);
  ASSERT_EQ(whole.all().size(), 2U);
  EXPECT_EQ(whole.all()[0].path, "/a.flac");
  EXPECT_TRUE(whole.all()[0].over);
  EXPECT_EQ(whole.all()[0].from, kNine + 2);
  EXPECT_EQ(whole.all()[0].until, kNine + 50);
  EXPECT_EQ(whole.all()[1].deck, 1);
  EXPECT_FALSE(whole.all()[1].over);
  EXPECT_EQ(whole.all()[1].until, kNine + 50) << "as far as is known";
  for (const std::size_t step : {1U, 7U, 100U}) {
    HeardTracks parts;
    for (std::size_t at = 0; at < text.size(); at += step) parts.read(std::string_view(text).substr(at, step));
    ASSERT_EQ(parts.all().size(), 2U) << step;
    EXPECT_EQ(parts.all()[1].until, whole.all()[1].until);
    EXPECT_EQ(parts.mark().offset, 28U);
    EXPECT_EQ(parts.mark().run, "2026-11-27T21:04:05Z");
  }
  HeardTracks playing;
  playing.read(header() + done(1, "/deck/1/load /a.flac") + done(2, "/deck/1/play"));
  playing.read("{\"state\":{\"frame\":960000,\"beat\":4}}\n");
  EXPECT_EQ(playing.all()[0].until, kNine + 20) << "a checkpoint says that it goes on";
}

TEST(HeardTracks, ATrackThatACrashInterruptsIsOnePlay) {
  HeardTracks heard;
  const std::string first = header() + done(1, "/deck/1/load \"/a.flac\"") + done(2, "/deck/1/play") +
                            done(3, "/deck/2/load \"/b.flac\"") + done(9, "/deck/1/fader 1");
  heard.read(first);
  // One that crashed before anything was back, and one that brought both back; only a had been played.
  heard.read(header("2026-11-27T21:04:15Z") + header("2026-11-27T21:04:16Z"));
  heard.read(done(0.1, "/deck/1/load \"/a.flac\"", "script resume") +
             done(0.1, "/deck/2/load \"/b.flac\"", "script resume") + done(0.2, "/deck/1/play", "script resume"));
  ASSERT_EQ(heard.all().size(), 1U);
  EXPECT_FALSE(heard.all()[0].over);
  heard.read(done(19, "/deck/2/play") + end(29));
  ASSERT_EQ(heard.all().size(), 2U);
  EXPECT_EQ(heard.all()[0].run, "2026-11-27T21:04:05Z");
  EXPECT_EQ(heard.all()[0].until, kNine + 40);
  EXPECT_EQ(heard.all()[1].run, "2026-11-27T21:04:16Z");
  EXPECT_TRUE(heard.all()[1].over);
  EXPECT_EQ(heard.mark().offset, 0U) << "who begins at the second run would count a twice";

  // By hand again, after an end of the set: another play.
  heard.read(header("2026-11-27T22:00:00Z") + done(1, "/deck/1/load \"/a.flac\"") + done(2, "/deck/1/play"));
  EXPECT_EQ(heard.all().size(), 3U);
  EXPECT_EQ(heard.mark().run, "2026-11-27T22:00:00Z");
  HeardTracks later(heard.mark().offset);
  later.read(header("2026-11-27T22:00:00Z") + done(1, "/deck/1/load \"/a.flac\"") + done(2, "/deck/1/play"));
  EXPECT_EQ(later.all().size(), 1U);
  EXPECT_EQ(later.mark().offset, heard.mark().offset);
}

}  // namespace
