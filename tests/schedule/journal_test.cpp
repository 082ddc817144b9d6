// The journal's lines: what is written is read, however it was cut.
#include "schedule/journal.h"

#include <gtest/gtest.h>

#include "schedule/set_file.h"

using namespace tactus;
using namespace tactus::schedule;

namespace {

std::string run_of(bool ended) {
  std::string text = to_line(JournalHeader{SampleRate{44100}, Bpm{126}, "2026-11-23T21:04:05Z", "0.1.0", 0, {}});
  JournalEntry e;
  e.frame = Frame{44100};
  e.beat = Beat::of(2.1);
  e.text = "/deck/1/load \"a \\\"b\\\" @bar.flac\"";
  e.from = "hand pad";
  text += to_line(e);
  e.frame = Frame{88200};
  e.text = "/deck/1/eq/low -6 @bar over 4 beats";
  text += to_line(e);
  e.what = JournalEntry::What::failed;
  e.why = "no such file";
  text += to_line(e);
  e.what = JournalEntry::What::end;
  return ended ? text + to_line(e) : text;
}

TEST(Journal, KnowsWhatWasPlayedAndWhen) {
  using Entry = JournalEntry;
  const auto done = [](std::int64_t frame, const char* text) {
    return Entry{Entry::What::done, Frame{frame}, {}, text, "hand x", {}};
  };
  JournalRun run;
  run.entries = {done(0, "/deck/1/load \"/m/one \\\"x\\\".flac\""),
                 done(48000, "/deck/1/play"),
                 done(60000, "/deck/2/load \"/m/never.flac\""),
                 done(60500, "/deck/1/pause"),
                 done(61000, "/deck/1/play"),
                 done(70000, "/deck/2/load /m/two.mp3"),
                 done(48000 * 61 + 640 * 2, "/deck/2/play @bar"),
                 {Entry::What::end, Frame{48000 * 70}, {}, {}, {}, {}}};
  const auto tracks = tracks_of(run);
  ASSERT_EQ(tracks.size(), 2U);
  EXPECT_EQ(tracks[0].path, "/m/one \"x\".flac");
  EXPECT_EQ(tracks[0].frame.v, 48000);
  EXPECT_EQ(tracks[1].deck, 1);
  EXPECT_EQ(to_cue_sheet(run, "a.flac"),
            "FILE \"a.flac\" WAVE\n  TRACK 01 AUDIO\n    TITLE \"one 'x'\"\n    INDEX 01 00:01:00\n"
            "  TRACK 02 AUDIO\n    TITLE \"two\"\n    INDEX 01 01:01:02\n");
  const JournalRun part = cut(run, Frame{60000}, Frame{70000});
  EXPECT_EQ(part.entries.size(), 3U);
  EXPECT_FALSE(part.ended);
  EXPECT_TRUE(cut(run, Frame{0}, Frame{48000 * 100}).ended);
}

TEST(Journal, WhatIsWrittenIsRead) {
  const ReadJournal read = read_journal(run_of(true) + run_of(false));
  EXPECT_EQ(read.skipped, 0u);
  ASSERT_EQ(read.runs.size(), 2u);
  EXPECT_TRUE(read.runs[0].ended);
  EXPECT_FALSE(read.runs[1].ended);
  EXPECT_EQ(read.runs[0].header.rate.hz, 44100);
  EXPECT_EQ(read.runs[0].header.started, "2026-11-23T21:04:05Z");
  ASSERT_EQ(read.runs[1].entries.size(), 3u);
  const JournalEntry& load = read.runs[1].entries[0];
  EXPECT_EQ(load.text, "/deck/1/load \"a \\\"b\\\" @bar.flac\"");
  EXPECT_EQ(load.from, "hand pad");
  EXPECT_EQ(load.frame.v, 44100);
  EXPECT_EQ(load.beat, Beat::of(2.1));
  EXPECT_EQ(read.runs[1].entries[2].why, "no such file");
}

TEST(Journal, CutAtAnyByteTheRestIsRead) {
  const std::string whole = run_of(false);
  const std::size_t lines = 4;
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    const ReadJournal read = read_journal(whole.substr(0, n) + "\n" + run_of(true));
    std::size_t got = 0;
    for (const JournalRun& run : read.runs) got += 1 + run.entries.size();
    const auto complete =
        static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<long>(n), '\n'));
    EXPECT_GE(got, complete + lines + 1) << n;
    EXPECT_LE(read.skipped, 1u) << n;
    EXPECT_TRUE(read.runs.back().ended);
  }
}

TEST(Journal, ARunBecomesASetThatReads) {
  const ReadSet set = read_set(to_set(read_journal(run_of(true)).runs[0]));
  ASSERT_TRUE(set) << set.errors[0].text();
  EXPECT_EQ(set.set.tempo.v, 126);
  ASSERT_EQ(set.set.events.size(), 2u);
  EXPECT_EQ(set.set.events[0].intent.word(0), "a \"b\" @bar.flac");
  EXPECT_EQ(set.set.events[1].seconds.v, 2);
  EXPECT_EQ(set.set.events[1].text, "/deck/1/eq/low -6 over 4 beats @now");
}

// What lay in the user's store that night is what a set of it plays from, and not what lies there now.
TEST(Journal, ASetHasTheCuesThatTracksWereLoadedWith) {
  const auto load = [](const std::string& path, std::int64_t at) {
    return to_line(
        JournalEntry{JournalEntry::What::done, Frame{at}, {}, "/deck/2/load \"" + path + "\"", "hand x", {}});
  };
  const auto took = [](const std::string& path, std::uint64_t ref, std::int64_t at, double cue) {
    TrackPoint t;
    t.ref = t.id = ref, t.path = path, t.marks.cue = cue;
    if (cue >= 0) t.marks.hotcues[15] = 48000;
    TookCommand c;
    c.at = Frame{at}, c.command.op = msg::Op::load, c.command.deck = 1, c.track = ref;
    return to_line(t) + to_line(c);
  };
  const std::string text = to_line(JournalHeader{{48000}, Bpm{120}, "", "", 0, ""}) +
                           to_line(4, music::TempoMap(SampleRate{48000}, Bpm{120})) + took("a.flac", 1, 0, 600000) +
                           load("a.flac", 100) + took("b.flac", 2, 96000, -1) + load("b.flac", 96000) +
                           took("a.flac", 3, 192000, 24000) + load("a.flac", 192000);
  const ReadJournal read = read_journal(text, ReadOutcomes::loads);
  EXPECT_EQ(read.skipped, 0u);
  const ReadSet set = read_set(to_set(read.runs.at(0)));
  ASSERT_TRUE(set) << set.errors[0].text();
  std::vector<std::string> said;
  for (const SetEvent& e : set.set.events) said.push_back(e.text);
  EXPECT_EQ(said, (std::vector<std::string>{
                      "/deck/2/load \"a.flac\" @now", "/deck/2/cue/set 12.5 @now", "/deck/2/seek 12.5 @now",
                      "/deck/2/hotcue/16/set 1 @now", "/deck/2/load \"b.flac\" @now", "/deck/2/load \"a.flac\" @now",
                      "/deck/2/cue/set 0.5 @now", "/deck/2/seek 0.5 @now", "/deck/2/hotcue/16/set 1 @now"}));
  EXPECT_EQ(set.set.events[1].seconds.v, set.set.events[0].seconds.v);
  EXPECT_EQ(read_set(to_set(read_journal(text).runs.at(0))).set.events.size(), 3u) << "where nobody knows them";
}

TEST(Journal, NonsenseIsSkipped) {
  const ReadJournal read =
      read_journal("{\"frame\": 1, \"do\": \"before any header\"}\nnot json\n[1]\n{}\n\n" + run_of(true) +
                   "{\"frame\": \"x\", \"do\": 5}\n{\"tactus_journal\": 1, \"rate\": 1e99}\n");
  EXPECT_EQ(read.runs.size(), 1u);
  EXPECT_EQ(read.skipped, 6u);
}

}  // namespace
