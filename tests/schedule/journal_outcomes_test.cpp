// The journal's outcomes: each kind of line is read as it was written, to the last bit; and nothing else is read.
#include "schedule/journal_outcomes.h"

#include <gtest/gtest.h>

#include "schedule/journal.h"

using namespace tactus;
using namespace tactus::schedule;
using msg::VoiceOutcome;

namespace {

Outcomes read(const std::string& line) {
  Outcomes o;
  EXPECT_TRUE(is_outcome(line)) << line;
  EXPECT_TRUE(read_outcome(line, &o)) << line;
  return o;
}

TEST(JournalOutcomes, EveryOpAndParameterIsNamed) {
  for (int op = 0; op <= static_cast<int>(msg::Op::regrid); ++op) {
    TookCommand took;
    took.at = Frame{4096};
    took.command.op = static_cast<msg::Op>(op);
    took.command.deck = 3;
    const Outcomes o = read(to_line(took));
    ASSERT_EQ(o.commands.size(), 1u);
    EXPECT_EQ(o.commands[0].command.op, took.command.op);
    EXPECT_EQ(o.commands[0].command.deck, 3);
    EXPECT_EQ(o.commands[0].at.v, 4096);
  }
  for (int p = 0; p < static_cast<int>(msg::Param::count); ++p) {
    TookCommand took;
    took.command.param = static_cast<msg::Param>(p);
    EXPECT_EQ(read(to_line(took)).commands[0].command.param, took.command.param);
  }
}

TEST(JournalOutcomes, ACommandIsReadToTheLastBit) {
  TookCommand took;
  msg::Command& c = took.command;
  c.param = msg::Param::fx_param;
  c.index = 5;
  c.flags = msg::kFlagKeepPlaying;
  c.a = 0.1 + 0.2;
  c.when = msg::When::at(Beat{123456789});
  c.ramp = {0, 4000001, msg::Curve::s_curve};
  took.fx_param = "feedback";
  took.track = 9;
  TookCommand got = read(to_line(took)).commands[0];
  EXPECT_EQ(got.command.a, c.a);
  EXPECT_EQ(got.command.index, 5);
  EXPECT_EQ(got.command.flags, c.flags);
  EXPECT_EQ(got.command.when.kind, msg::When::Kind::beat);
  EXPECT_EQ(got.command.when.value, 123456789);
  EXPECT_EQ(got.command.ramp.micro_beats, 4000001);
  EXPECT_EQ(got.command.ramp.curve, msg::Curve::s_curve);
  EXPECT_EQ(got.fx_param, "feedback");
  EXPECT_EQ(got.track, 9u);

  took = {};
  took.command.op = msg::Op::swap_plan;
  took.slots = {{1, 4, true, "echo", 7}, {1, 4, false, "flanger", 8}};
  got = read(to_line(took)).commands[0];
  ASSERT_EQ(got.slots.size(), 2u);
  EXPECT_TRUE(got.slots[0].leaving);
  EXPECT_EQ(got.slots[1].effect, "flanger");
  EXPECT_EQ(got.slots[1].instance, 8u);
  EXPECT_EQ(got.slots[1].slot, 4);
}

TEST(JournalOutcomes, AMapAndATrackAreReadToTheLastBit) {
  music::TempoMap map(SampleRate{48000}, Bpm{126.1});
  map.change_tempo(1e5 / 3, Bpm{131.7}, Beats::of(8));
  Outcomes o;
  o.map = music::TempoMap(SampleRate{48000}, Bpm{120});
  ASSERT_TRUE(read_outcome(to_line(TookMap{Frame{7}, map}), &o));
  ASSERT_EQ(o.maps[0].map.segments().size(), 2u);
  for (const double f : {0.0, 4e4, 1e6 / 7}) EXPECT_EQ(o.maps[0].map.beat_of(f), map.beat_of(f));

  EXPECT_EQ(to_line(TookMap{Frame{7}, map}).find("metre"), std::string::npos) << "the usual one goes without saying";
  EXPECT_EQ(o.maps[0].map.metre_at(Beat::of(9)), music::Metre{}) << "and so it was written before there was another";
  map.start_metre({Beats::of(7.0 / 3), Beats::of(32), Beat::of(-1)});
  map.change_metre({Beat::of(1e6 / 7), Beats::of(3), {}});
  map.change_metre({Beat::of(1e6), {}, Beats::of(16)});
  ASSERT_TRUE(read_outcome(to_line(TookMap{Frame{7}, map}), &o));
  ASSERT_TRUE(read_outcome(to_line(2, map), &o));
  for (const double beat : {0.0, 1e6 / 7, 1e6 + 1}) {
    EXPECT_EQ(o.maps[1].map.metre_at(Beat::of(beat)), map.metre_at(Beat::of(beat)));
    EXPECT_EQ(o.map.metre_at(Beat::of(beat)), map.metre_at(Beat::of(beat)));
  }
  for (const char* damaged :
       {"[]", "7", "[[4000000,16000000]]", "[[0,16000000,0]]", "[[4000000,16000000,0],[1,-1,0]]"}) {
    const std::string line = R"({"took":7,"map":[[0,0,120,120,0]],"metre":)" + std::string(damaged) + "}";
    EXPECT_FALSE(read_outcome(line, &o)) << damaged;
  }
  EXPECT_EQ(o.maps.size(), 2u);

  TrackPoint t;
  t.ref = 3, t.id = 2, t.path = "/m/a \"b\".flac", t.frames = 9600001, t.channels = 8;
  t.gain = static_cast<double>(0.83f), t.first_sound = 96.5, t.bars_sure = false, t.marks.cue = 1.0 / 3;
  t.marks.hotcues[15] = 5;
  t.grid = {{96.25, 0, 126.01}, {1e6, 40, 126.02}};
  ASSERT_TRUE(read_outcome(to_line(t), &o));
  ASSERT_TRUE(read_outcome(content_line(t.path, "abc"), &o));
  const TrackPoint& got = o.tracks[0];
  EXPECT_EQ(got.path, t.path);
  EXPECT_EQ(static_cast<float>(got.gain), 0.83f);
  EXPECT_FALSE(got.bars_sure);
  EXPECT_EQ(got.marks.cue, t.marks.cue);
  EXPECT_EQ(got.marks.hotcues[15], 5);
  EXPECT_LT(got.marks.loop.start, 0);
  EXPECT_EQ(got.grid[1].bpm, 126.02);
  EXPECT_EQ(got.content, "abc");

  t.marks.slots[7] = {1e5 / 3, 2e5};
  t.marks.loop = {5, 2e6 / 7};
  t.marks.looping = true;
  ASSERT_TRUE(read_outcome(to_line(t), &o));
  const msg::TrackMarks& marks = o.tracks[1].marks;
  EXPECT_EQ(marks.slots[7].start, t.marks.slots[7].start);
  EXPECT_LT(marks.slots[0].start, 0);
  EXPECT_EQ(marks.loop.end, t.marks.loop.end);
  EXPECT_TRUE(marks.looping);
}

TEST(JournalOutcomes, WhatAVoiceWasGivenIsReadToTheLastBit) {
  DeckVoice v;
  v.deck = 2;
  VoiceOutcome& o = v.outcome;
  o.generation = 17, o.ring = 1, o.mode = msg::StretchMode::r2, o.pitched = true, o.urgent = true;
  o.track_id = 4, o.frame = 96000, o.from = 12345.678, o.to = 12379.1, o.pitch = 1.0594630943592953;
  const VoiceOutcome begin = read(to_line(v)).voices[0].outcome;
  EXPECT_EQ(begin.from, o.from);
  EXPECT_EQ(begin.pitch, o.pitch);
  EXPECT_EQ(begin.mode, o.mode);
  EXPECT_TRUE(begin.pitched && begin.urgent && begin.ring == 1);

  o.kind = VoiceOutcome::Kind::reading;
  o.reading.first = -256, o.reading.back = 7;
  o.reading.edges.push_back({-200, 24007});
  o.reading.fades.push_back({-200, 7, true});
  const msg::Reading reading = read(to_line(v)).voices[0].outcome.reading;
  EXPECT_EQ(reading.first, -256);
  ASSERT_EQ(reading.edges.size(), 1u);
  EXPECT_EQ(reading.edges[0].back, 24007);
  EXPECT_TRUE(reading.fades[0].forwards);
  EXPECT_FALSE(reading.silent);

  std::vector<DeckVoice> hops(5, v);
  for (std::size_t i = 0; i < hops.size(); ++i) {
    hops[i].outcome.kind = VoiceOutcome::Kind::hop;
    hops[i].outcome.ratio = (msg::kRatioSteps - 1e6 + 12345.0 * static_cast<double>(i)) / msg::kRatioSteps;
    hops[i].outcome.pitch = i < 2 ? 1 : 0.9 + static_cast<double>(i / 4) / 3;
  }
  const auto got = read(hops_line(hops)).voices;
  ASSERT_EQ(got.size(), hops.size());
  for (std::size_t i = 0; i < hops.size(); ++i) {
    EXPECT_EQ(got[i].outcome.ratio, hops[i].outcome.ratio);
    EXPECT_EQ(got[i].outcome.pitch, hops[i].outcome.pitch);
    EXPECT_EQ(got[i].deck, 2);
    EXPECT_EQ(got[i].outcome.generation, 17u);
  }
}

TEST(JournalOutcomes, WhatIsDamagedIsNotRead) {
  Outcomes o;
  for (const char* line :
       {"{\"took\":1}", "{\"took\":-1,\"op\":\"play\",\"deck\":1}", "{\"took\":1,\"op\":\"plai\",\"deck\":1}",
        "{\"took\":1,\"op\":\"play\",\"deck\":9}", "{\"took\":1,\"map\":[]}", "{\"took\":1,\"map\":[[0,0,0,0,0]]}",
        "{\"plays\":\"voice\",\"deck\":1,\"frame\":1,\"ring\":2,\"voice\":1,\"fade\":0}", "{\"exact\":\"x\"}",
        "{\"voice\":1,\"deck\":1,\"hops\":[]}", "{\"voice\":1,\"deck\":1,\"read\":0,\"back\":0,\"edges\":[[128,1]]}",
        "{\"outcomes\":2,\"decks\":4,\"map\":[[0,0,120,120,0]]}", "{\"track\":1}", "{\"voice\":1,\"deck\":1"}) {
    EXPECT_TRUE(is_outcome(line)) << line;
    EXPECT_FALSE(read_outcome(line, &o)) << line;
  }
  EXPECT_FALSE(is_outcome("{\"frame\":1,\"do\":\"/deck/1/play\"}"));
  EXPECT_EQ(o.commands.size() + o.maps.size() + o.heard.size() + o.voices.size() + o.tracks.size(), 0u);
}

TEST(JournalOutcomes, AreReadWithTheirRunWhenAskedFor) {
  const std::string text = to_line(JournalHeader{SampleRate{44100}, Bpm{126}, "", "", 0, {}}) +
                           to_line(4, music::TempoMap(SampleRate{44100}, Bpm{126})) + exact_line(Frame{99}) +
                           "{\"exact\":";
  EXPECT_EQ(read_journal(text).runs[0].outcomes.decks, 0);
  const ReadJournal all = read_journal(text, ReadOutcomes::yes);
  EXPECT_EQ(all.runs[0].outcomes.decks, 4);
  EXPECT_EQ(all.runs[0].outcomes.exact.v, 99) << "as far as it was written whole";
  EXPECT_EQ(all.runs[0].outcomes.map.rate(), 44100);
  EXPECT_EQ(all.skipped, 1u);
  EXPECT_EQ(cut(all.runs[0], Frame{0}, Frame{1000}).outcomes.decks, 0) << "a part can't be played alone";
}

}  // namespace
