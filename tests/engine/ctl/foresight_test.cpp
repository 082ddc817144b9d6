// What the feeder foretells is what the engine then does: same code, same commands, ahead of time.
#include "engine/ctl/foresight.h"

#include <gtest/gtest.h>

#include <random>

#include "lockfree/chunk_table.h"

using namespace tactus;
using ctl::Foresight;
using msg::Command;
using msg::Op;

namespace {

constexpr std::int64_t kBlock = 100;  // not on the control grid, on purpose

// A deck as the engine runs it, with the commands' stamps already frames.
struct Deck {
  rt::Transport transport;
  music::TempoMap map{SampleRate{48000}, Bpm{126}};
  std::vector<Command> queue;
  std::int64_t now = 0;
  bool dirty = false;

  void block() {
    const std::int64_t end = now + kBlock;
    while (now < end) {
      transport.advance(now, map);
      while (!queue.empty() && queue.front().when.value <= now) {
        transport.apply(queue.front(), now, map);
        queue.erase(queue.begin());
        dirty = true;
      }
      std::int64_t to = std::min((now / rt::kGrid + 1) * rt::kGrid, end);
      if (!queue.empty()) to = std::min(to, queue.front().when.value);
      now = transport.next_break(now, to, map);
    }
  }
};

struct Fixture : ::testing::Test {
  lockfree::ChunkTable pcm{48000 * 600, 2};
  music::GridAnchor anchor{6000, 0, 120};
  msg::TrackRef track;
  Deck deck;
  Foresight foresight{deck.map};

  void SetUp() override {
    track.id = 1;
    track.pcm = &pcm;
    track.grid = {&anchor, 1, 48000};
    for (double& c : track.hotcues) c = -1;
    track.hotcues[0] = 480000;
    now(Op::load);
  }
  void now(Op op, double a = 0, int index = 0) {
    Command c;
    c.op = op;
    c.a = a;
    c.index = static_cast<std::uint8_t>(index);
    c.track = &track;
    deck.transport.apply(c, deck.now, deck.map);
    deck.dirty = true;
  }
  Command at(std::int64_t frame, Op op, double a = 0, int index = 0) {
    Command c;
    c.op = op;
    c.a = a;
    c.index = static_cast<std::uint8_t>(index);
    c.when = msg::When::at(Frame{frame});
    return c;
  }
  void schedule(const Command& c) {
    auto place = std::find_if(deck.queue.begin(), deck.queue.end(),
                              [&](const Command& x) { return x.when.value > c.when.value; });
    deck.queue.insert(place, c);
    foresight.expect(c);
  }
  void service() {
    if (deck.dirty) foresight.rebase({deck.now, deck.transport});
    deck.dirty = false;
    foresight.extend(deck.now, deck.now + 9600);
  }
  // Folds the run's unrolled position back into the track, as the feeder's source does.
  double folded(const ctl::Run& run, double unrolled) {
    double back = run.back;
    for (const auto& s : foresight.splices()) {
      if (s.run != run.id) continue;
      if (s.forwards ? unrolled >= s.edge - 1e-6 : unrolled < s.edge) back = s.back_after;
    }
    return unrolled - back;
  }
  const ctl::Run* run_at(std::int64_t f) {
    const ctl::Run* found = nullptr;
    for (const ctl::Run& r : foresight.runs()) {
      if (r.begin <= f) found = &r;
    }
    return found;
  }
};

TEST_F(Fixture, ForetellsARandomSessionToTheFrame) {
  now(Op::seek, 6000);
  now(Op::sync, 0, static_cast<int>(msg::SyncMode::beat));
  now(Op::play);
  service();
  std::mt19937 rng(11);
  std::vector<std::pair<std::int64_t, double>> foretold;
  int checked = 0;
  for (int i = 0; i < 6000; ++i) {
    if (i % 97 == 0) {
      const std::int64_t when = deck.now + 5000 + static_cast<std::int64_t>(rng() % 4000);
      switch (rng() % 8) {
        case 0:
          schedule(at(when, Op::jump_beats, 4));
          break;
        case 1:
          schedule(at(when, Op::loop, 0.5, static_cast<int>(msg::LoopOp::beats)));
          break;
        case 2:
          schedule(at(when, Op::loop, 0, static_cast<int>(msg::LoopOp::exit)));
          break;
        case 3:
          schedule(at(when, Op::hotcue_jump, 0, 0));
          break;
        case 4:
          schedule(at(when, Op::reverse, 1));
          schedule(at(when + 3001, Op::reverse, 0));
          break;
        case 5:
          schedule(at(when, Op::slip, static_cast<double>(rng() % 2)));
          break;
        case 6:
          schedule(at(when, Op::loop, 1, static_cast<int>(msg::LoopOp::roll)));
          break;
        case 7:
          schedule(at(when, Op::nudge, (rng() % 2) * 0.02));
          break;
      }
    }
    deck.block();
    service();
    // Said 4,000 frames ago about this frame: every command since then had been announced before.
    for (const auto& [frame, position] : foretold) {
      if (frame != deck.now) continue;
      EXPECT_NEAR(deck.transport.position(static_cast<double>(frame), deck.map), position, 0.02) << frame;
      ++checked;
    }
    std::erase_if(foretold, [&](const auto& x) { return x.first <= deck.now; });
    const std::int64_t ahead = deck.now + 4000;
    const ctl::Run* run = run_at(ahead);
    ASSERT_TRUE(run);
    foretold.push_back({ahead, folded(*run, foresight.position(run->id, static_cast<double>(ahead)))});
  }
  EXPECT_GT(checked, 5000);
}

// A deck that is let go by the bar or the phrase is foretold where it will be by the session's, also when they change
// before it is let go, or just after.
TEST_F(Fixture, SyncByBarAndPhraseIsForetoldByTheSessionsMetre) {
  for (const auto mode : {msg::SyncMode::bar, msg::SyncMode::phrase}) {
    for (const double change : {0.0, 34.0, 35.0}) {
      deck = {};
      deck.map.start_metre({Beats::of(5), Beats::of(16), {}});
      foresight = Foresight(deck.map);
      now(Op::load);
      now(Op::seek, 6000 + 24000 * 14.3);  // beat 14.3 of the track
      now(Op::sync, 0, static_cast<int>(mode));
      service();
      const std::int64_t go = deck.map.due(Beat::of(34.2)).v;
      schedule(at(go, Op::play));
      deck.map.change_metre({Beat::of(change), Beats::of(3), Beats::of(32)});
      foresight.set_map(deck.map);
      while (deck.now + 9600 < go + 2000) deck.block(), service();
      const ctl::Run* run = run_at(go + 2000);
      const double foretold = folded(*run, foresight.position(run->id, static_cast<double>(go + 2000)));
      while (deck.now < go + 2000) deck.block();
      EXPECT_NEAR(deck.transport.position(static_cast<double>(go + 2000), deck.map), foretold, 0.02);
      const bool changed = change < 34.2;
      const double unit = mode == msg::SyncMode::bar ? (changed ? 3 : 5) : changed ? 32 : 16;
      const double beat = track.grid.beat_of(deck.transport.position(static_cast<double>(go + 2000), deck.map));
      EXPECT_NEAR(beat - deck.map.beat_of(static_cast<double>(go + 2000)), unit * std::round((14.3 - 34.2) / unit),
                  1e-4)
          << unit << " beats, changed at " << change;
    }
  }
}

TEST_F(Fixture, AnnouncedJumpKeepsItsRunWhenTheEngineReportsIt) {
  now(Op::play);
  service();
  schedule(at(6000, Op::hotcue_jump, 0, 0));
  service();
  const ctl::Run* next = run_at(7000);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->begin, 6000);
  const std::uint32_t id = next->id;
  while (deck.now < 8000) {
    deck.block();
    service();
  }
  EXPECT_EQ(run_at(8000)->id, id);
}

TEST_F(Fixture, SmallTempoMoveStaysInTheRunAndAJumpDoesNot) {
  Command tempo = at(0, Op::set_param, 1.05);
  tempo.param = msg::Param::tempo;
  deck.transport.apply(tempo, 0, deck.map);
  now(Op::play);
  service();
  for (int i = 0; i < 20; ++i) deck.block(), service();
  const std::uint32_t id = run_at(deck.now)->id;
  EXPECT_TRUE(run_at(deck.now)->stretch);
  tempo.a = 1.06;
  deck.transport.apply(tempo, deck.now, deck.map);
  deck.dirty = true;
  service();
  EXPECT_EQ(run_at(deck.now)->id, id);
  now(Op::hotcue_jump, 0, 0);
  service();
  EXPECT_NE(run_at(deck.now)->id, id);
}

TEST_F(Fixture, AnUnannouncedCommandLeavesNoWaitingForever) {
  now(Op::play);
  service();
  foresight.expect(at(500, Op::jump_beats, 4));  // the engine never gets it
  for (int i = 0; i < 200; ++i) deck.block(), service();
  now(Op::nudge, 0);
  service();
  const ctl::Run* run = run_at(deck.now);
  EXPECT_NEAR(folded(*run, foresight.position(run->id, static_cast<double>(deck.now))),
              deck.transport.position(static_cast<double>(deck.now), deck.map), 0.01);
}

}  // namespace
