// Who leads the clock, what a leader writes, and what it doesn't. Decks move by the map and the rules of the engine.
#include "schedule/clock_owner.h"

#include <random>

#include "schedule/stage.h"

namespace tactus::schedule {
namespace {

using msg::SyncMode;
using msg::When;

constexpr double kRate = 48000;

// Decks that play by themselves, at 10 ms a period.
struct Booth {
  ClockOwner clock{{kRate}, {120}};
  World world;
  bool changed = false;

  Booth() {
    world.map = clock.map();
    world.lead = {256};
  }
  void play(int n, double grid_bpm, double track_beat = 0, SyncMode sync = SyncMode::off) {
    msg::DeckSnapshot& d = world.snapshot.decks[n];
    d.track_id = static_cast<std::uint64_t>(n) + 1;
    d.playing = true;
    d.sync = sync;
    d.track_beat = track_beat;
    world.decks[static_cast<std::size_t>(n)].grid_bpm = grid_bpm;
  }
  void stop(int n) { world.snapshot.decks[n].playing = false; }
  void tempo(int n, double speed) { world.snapshot.decks[n].tempo = speed; }
  Frame earliest() const { return world.now + world.lead; }
  void period() {
    changed = clock.tick(world, earliest());
    world.map = clock.map();
    world.metre = clock.metre(world.now);
    world.leader = clock.leader();
    for (int n = 0; n < msg::kMaxDecks; ++n) {
      msg::DeckSnapshot& d = world.snapshot.decks[n];
      if (d.playing) d.track_beat += 480 * world.decks[static_cast<std::size_t>(n)].grid_bpm * d.tempo / (60 * kRate);
    }
    world.now = world.now + Frames{480};
    world.snapshot.frame = world.now.v;
  }
  void run(double seconds) {
    for (int i = 0; i < seconds * 100; ++i) period();
  }
  double bpm() const { return clock.map().bpm_at_frame(static_cast<double>(earliest().v)); }
  double beat() const { return clock.map().beat_of(static_cast<double>(world.now.v)); }
  // How far the deck's beats are from the session's, in beats, modulo `bar`.
  double phase_error(int n, double bar) const {
    return std::remainder(world.snapshot.decks[n].track_beat - beat(), bar);
  }
  bool tempo_intent(Bpm bpm, Beats over, When when) {
    const bool c = clock.apply({1, when, ask::ClockTempo{bpm, over}}, earliest());
    world.map = clock.map();
    return c;
  }
  void source(ask::ClockSource::Kind kind, int deck = 0) {
    clock.apply({1, {}, ask::ClockSource{kind, deck}}, earliest());
  }
};

TEST(ClockOwner, TheFirstDeckGivesTempoAndDownbeat) {
  Booth b;
  b.run(1.23);
  EXPECT_EQ(b.clock.leader(), -1);
  EXPECT_DOUBLE_EQ(b.bpm(), 120);
  const double before = b.clock.map().beat_of(static_cast<double>(b.earliest().v));
  b.play(0, 126, -3.25);
  b.period();
  EXPECT_TRUE(b.changed);
  EXPECT_EQ(b.clock.leader(), 0);
  EXPECT_DOUBLE_EQ(b.bpm(), 126);
  const double after = b.clock.map().beat_of(static_cast<double>(b.earliest().v - 480));
  EXPECT_GE(after, before);
  EXPECT_LT(after, before + 4) << "less than a bar forward, never back";
  b.run(60);
  EXPECT_FALSE(b.changed);
  EXPECT_NEAR(b.phase_error(0, 4), 0, 1e-6) << "on the downbeat, and it stays there";
}

TEST(ClockOwner, APhaseThatIsRightAlreadyIsLeftAlone) {
  Booth b;
  b.play(0, 120, 0);
  b.period();
  EXPECT_FALSE(b.changed);
  b.run(10);
  EXPECT_EQ(b.clock.map().segments().size(), 1U);
}

TEST(ClockOwner, ADeckWithoutAGridCannotLead) {
  Booth b;
  b.play(0, 0);
  b.run(1);
  EXPECT_EQ(b.clock.leader(), -1);
  b.play(1, 128);
  b.world.snapshot.decks[1].previewing = true;
  b.run(1);
  EXPECT_EQ(b.clock.leader(), -1) << "a held cue button is not playing";
}

TEST(ClockOwner, TheLeadPassesToTheLongestPlayingWithoutAJump) {
  Booth b;
  b.play(0, 126);
  b.run(2);
  b.play(1, 128);
  b.run(2);
  b.play(2, 130);
  b.run(2);
  EXPECT_EQ(b.clock.leader(), 0);
  b.stop(0);
  const double before = b.beat();
  b.period();
  EXPECT_EQ(b.clock.leader(), 1);
  EXPECT_DOUBLE_EQ(b.bpm(), 128);
  EXPECT_NEAR(b.beat() - before, 0.01 * 126 / 60, 1e-3) << "what is pending must not fire early";
  b.stop(1), b.stop(2);
  b.run(1);
  EXPECT_EQ(b.clock.leader(), -1);
  EXPECT_DOUBLE_EQ(b.bpm(), 128) << "without a leader the clock goes on";
}

TEST(ClockOwner, ASyncedDeckThatTakesTheLeadChangesNothing) {
  Booth b;
  b.play(0, 126);
  b.run(1);
  b.play(1, 130, 0, SyncMode::beat);
  b.run(1);
  b.stop(0);
  b.run(1);
  EXPECT_EQ(b.clock.leader(), 1);
  EXPECT_DOUBLE_EQ(b.bpm(), 126);
}

TEST(ClockOwner, NobodyMovesThePhaseUnderASyncedDeck) {
  Booth b;
  b.play(1, 130, 0, SyncMode::bar);
  b.run(1);
  b.source(ask::ClockSource::Kind::deck, 0);
  b.play(0, 126, 1.7);
  const double before = b.beat();
  b.period();
  EXPECT_DOUBLE_EQ(b.bpm(), 126);
  EXPECT_NEAR(b.beat() - before, 0.01 * 120 / 60, 1e-3);
}

TEST(ClockOwner, ScratchesNudgesAndLoopsOfTheLeaderMoveNothing) {
  Booth b;
  b.play(0, 126);
  b.run(1);
  const std::size_t segments = b.clock.map().segments().size();
  for (int i = 0; i < 300; ++i) {
    msg::DeckSnapshot& d = b.world.snapshot.decks[0];
    d.speed = std::sin(i * 0.3) * 3;
    d.bpm = 126 * std::fabs(d.speed);
    d.track_beat = 4 + i % 17;
    d.loop_active = i % 2;
    b.period();
    EXPECT_FALSE(b.changed);
  }
  EXPECT_EQ(b.clock.map().segments().size(), segments);
}

TEST(ClockOwner, TheLeadersTempoWritesTheMap) {
  Booth b;
  b.play(0, 126);
  b.run(1);
  b.tempo(0, 1.05);  // turned somewhere that the scheduler doesn't see
  b.run(1);
  EXPECT_DOUBLE_EQ(b.bpm(), 126 * 1.05);
  b.source(ask::ClockSource::Kind::internal);
  b.run(0.1);
  b.tempo(0, 0.9);
  b.run(1);
  EXPECT_DOUBLE_EQ(b.bpm(), 126 * 1.05) << "internal: nobody leads";
  EXPECT_EQ(b.clock.leader(), -1);
}

// Deck and clock are told the same law at the same frame: however the tempo is turned, beats stay on beats.
TEST(ClockOwner, ThroughTheSchedulerALeaderKeepsItsPhaseWhateverItsTempoDoes) {
  test::Stage s;
  ClockOwner clock({kRate}, {126});
  s.world.map = clock.map();
  s.load(0, true, 126);
  std::mt19937_64 random(3);
  double track_beat = 0;  // integrated frame by frame from the commands that were executed
  std::vector<msg::Command> ramps;
  double speed0 = 1, speed1 = 1, beat0 = 0, beats = 0;
  for (int period = 0; period < 6000; ++period) {
    s.world.snapshot.frame = s.world.now.v;
    s.world.snapshot.decks[0].track_beat = track_beat;
    clock.tick(s.world, s.world.now + s.world.lead);
    s.world.map = clock.map();
    s.world.leader = clock.leader();
    if (period % 100 == 50) {
      const double percent = std::uniform_real_distribution<double>(-8, 8)(random);
      std::string text = "/deck/1/tempo " + std::to_string(percent);
      if (period % 3 == 0) text += " over 2 beats";
      if (period % 4 == 0) text += " @beat";
      if (period % 1000 == 450) text = "/clock/tempo 130 over 1 seconds";
      s.actions.clear();
      const Fate f = s.ok(text);
      if (!s.actions.empty()) {
        EXPECT_FALSE(f.out.commands.empty());
        EXPECT_EQ(f.out.commands[0].when.value, s.actions[0].when.value) << "one frame for both";
      }
    }
    s.take(s.scheduler.tick(s.world));
    for (const HostAction& a : std::exchange(s.actions, {})) clock.apply(a, s.world.now + s.world.lead);
    s.world.map = clock.map();
    for (int i = 0; i < 15; ++i) {  // the engine's control grid
      const auto frame = static_cast<double>(s.world.now.v);
      for (auto c = s.engine.begin(); c != s.engine.end();) {
        if (s.world.frame_of(c->when).v >= s.world.now.v + 32) {
          ++c;
          continue;
        }
        const double b = s.world.map.beat_of(frame);
        const double x = beats > 0 ? std::clamp((b - beat0) / beats, 0.0, 1.0) : 1;
        speed0 = speed0 + (speed1 - speed0) * x;
        speed1 = c->a, beat0 = b, beats = Beats{c->ramp.micro_beats}.value();
        s.world.snapshot.decks[0].tempo = c->a;
        msg::Event e;
        e.id = c->id;
        e.frame = s.world.now.v;
        c = s.engine.erase(c);
        s.take(s.scheduler.on_event(e, s.world));
      }
      const double middle = s.world.map.beat_of(frame + 16);
      const double x = beats > 0 ? std::clamp((middle - beat0) / beats, 0.0, 1.0) : 1;
      track_beat += 32 * 126 * (speed0 + (speed1 - speed0) * x) / (60 * kRate);
      s.world.now = s.world.now + Frames{32};
    }
    const double error = std::remainder(track_beat - s.world.map.beat_of(static_cast<double>(s.world.now.v)), 4);
    ASSERT_NEAR(error * 60 / 126 * 1000, 0, 1.0) << "ms, period " << period;
  }
  EXPECT_NE(clock.map().bpm_at_frame(static_cast<double>(s.world.now.v)), 126) << "it did move";
}

TEST(ClockOwner, ChangesThatAreStampedByBeatMoveWithTheMap) {
  Booth b;
  b.tempo_intent({140}, {}, When::at(Beat::of(16)));
  b.run(1);
  b.tempo_intent({180}, {}, {});
  b.run(0.1);
  const Frame due = b.clock.map().due(Beat::of(16));
  EXPECT_LT(due, (Frame{16 * 24000}));
  b.run(8);
  const music::TempoMap& map = b.clock.map();
  EXPECT_DOUBLE_EQ(map.bpm_at_frame(static_cast<double>(due.v) + 1), 140);
  EXPECT_DOUBLE_EQ(map.bpm_at_frame(static_cast<double>(due.v) - 1), 180);
}

TEST(ClockOwner, AChangeAtOnceDoesNotDropOneThatIsAboutToCome) {
  Booth b;
  b.run(1);
  b.tempo_intent({140}, {}, When::at(b.world.now + Frames{9600}));  // 200 ms: in the map already
  b.period();
  b.tempo_intent({100}, {}, {});
  b.run(1);
  EXPECT_DOUBLE_EQ(b.bpm(), 140);
}

TEST(ClockOwner, QuantumAndSource) {
  Booth b;
  b.clock.apply({1, {}, ask::ClockMetre{Beats::of(3), {}}}, {});
  EXPECT_EQ(b.clock.metre({}).bar, Beats::of(3));
  b.play(0, 126, 1);
  b.run(0.5);
  EXPECT_NEAR(b.phase_error(0, 3), 0, 1e-6);
  b.play(1, 128, 0);
  b.run(0.5);
  b.source(ask::ClockSource::Kind::deck, 1);
  b.run(0.5);
  EXPECT_EQ(b.clock.leader(), 1);
  EXPECT_NEAR(b.phase_error(1, 3), 0, 1e-6) << "asked for by name, a deck gives its downbeat too";
}

TEST(ClockOwner, AMetreHoldsFromItsBeatOnWhateverTheTempoDoes) {
  Booth b;
  b.run(0.1);
  EXPECT_TRUE(b.clock.apply({1, When::at(Beat::of(2)), ask::ClockMetre{Beats::of(3), {}}}, b.earliest()));
  EXPECT_TRUE(b.clock.apply({2, {}, ask::ClockMetre{{}, Beats::of(32)}}, b.earliest()));
  EXPECT_EQ(b.clock.metre(b.world.now), Metre{});
  EXPECT_EQ(b.clock.metre(b.earliest()).phrase, Beats::of(32)) << "what is asked for now, from where it can be heard";
  b.tempo_intent({60}, {}, {});
  const Frame due = b.clock.map().due(Beat::of(2));
  EXPECT_EQ(b.clock.metre(due - Frames{1}).bar, Beats::of(4));
  EXPECT_EQ(b.clock.metre(due), (Metre{Beats::of(3), Beats::of(32), {}}));
  // What comes too late for its beat holds from where it can.
  b.clock.apply({3, When::at(Beat::of(0.01)), ask::ClockMetre{Beats::of(7), {}}}, b.earliest());
  EXPECT_EQ(b.clock.metre(b.world.now).bar, Beats::of(4));
  EXPECT_EQ(b.clock.metre(b.earliest()).bar, Beats::of(7));
}

// Whatever decks do, the map stays a map: the beat line runs forward, and the past is not rewritten.
TEST(ClockOwner, RandomNightsKeepTheMapSound) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    const auto uniform = [&](double lo, double hi) { return std::uniform_real_distribution<double>(lo, hi)(random); };
    Booth b;
    double last_beat = b.beat();
    for (int i = 0; i < 1500; ++i) {
      const int n = static_cast<int>(random() % 4);
      switch (random() % 40) {
        case 0:
          b.play(n, random() % 5 ? uniform(60, 200) : 0, uniform(-50, 500), static_cast<SyncMode>(random() % 5));
          break;
        case 1:
          b.stop(n);
          break;
        case 2:
          b.tempo(n, uniform(0.5, 1.5));
          break;
        case 3:
          b.world.snapshot.decks[n].track_id += 10;
          break;
        case 4:
          b.tempo_intent({uniform(60, 200)}, Beats::of(uniform(0, 8)), When::at(Beat::of(b.beat() + uniform(0, 20))));
          break;
        case 5:
          b.source(static_cast<ask::ClockSource::Kind>(random() % 4), n);
          break;
        case 6:
          b.tempo_intent({uniform(60, 200)}, {}, {});
          break;
        case 7:
          b.world.link = {0, uniform(0, 100), uniform(20, 999), random() % 3, random() % 4 != 0};
          break;
        default:
          break;
      }
      if (b.world.link.frame >= 0) {  // Link's beats go on, and now and then somewhere else
        const double passed = static_cast<double>(b.world.now.v - b.world.link.frame);
        b.world.link.beat += passed * b.world.link.bpm / (60 * kRate) + (random() % 50 == 0 ? uniform(0, 4) : 0);
        b.world.link.frame = b.world.now.v;
      }
      const music::TempoMap before = b.clock.map();
      const Frame earliest = b.earliest();
      b.period();
      for (int k = 0; k < 5; ++k) {
        const double past = static_cast<double>(earliest.v) - k * 100.0 - 1;
        ASSERT_NEAR(b.clock.map().beat_of(past), before.beat_of(past), 1e-9) << "seed " << seed << " period " << i;
      }
      ASSERT_GT(b.beat(), last_beat) << "seed " << seed;
      last_beat = b.beat();
      const int leader = b.clock.leader();
      ASSERT_TRUE(leader < 0 || b.world.snapshot.decks[leader].playing);
    }
  }
}

}  // namespace
}  // namespace tactus::schedule
