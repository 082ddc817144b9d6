// A stage to try the scheduler on: decks in any state, an engine that executes what it is sent exactly when it is due.
#pragma once

#include <algorithm>
#include <string>

#include "schedule/scheduler.h"

namespace tactus::schedule::test {

inline const Source kHand{"hand", Source::Kind::hand, 1};
inline const Source kScript{"set", Source::Kind::script, 1};
inline const Source kAi{"ai", Source::Kind::ai, 1};
inline const Source kVoice{"voice", Source::Kind::voice, 0.6};

struct Stage {
  Scheduler scheduler;
  World world;
  std::vector<msg::Command> engine;    // sent, not executed
  std::vector<msg::Command> executed;  // with `when` as a frame
  std::vector<HostAction> actions;
  std::vector<Notice> notices;

  explicit Stage(SchedulerOptions options = {}) : scheduler(options) {
    world.map = music::TempoMap({48000}, {120});
    world.lead = {256};
    world.snapshot.blocks = 1;
    for (msg::DeckSnapshot& d : world.snapshot.decks) {
      d.fader = 1;
      for (double& cue : d.hotcues) cue = -1;
    }
  }

  void load(int deck, bool playing, double grid_bpm = 126) {
    msg::DeckSnapshot& d = world.snapshot.decks[deck];
    d.track_id = static_cast<std::uint64_t>(deck) + 100;
    d.length = 300 * 48000.0;
    d.bpm = grid_bpm;
    d.playing = d.audible = playing;
    d.speed = playing ? 1 : 0;
    world.decks[static_cast<std::size_t>(deck)] = {"/music/" + std::to_string(deck) + ".flac", grid_bpm, false};
  }

  Fate submit(const std::string& text, const Source& source = kHand, msg::When at = {}) {
    const Parsed p = parse(text);
    EXPECT_TRUE(p) << text << ": " << p.error.text();
    Fate fate = scheduler.submit(*p.intent, source, world, at);
    take(fate.out);
    EXPECT_EQ(fate.verdict == Fate::Verdict::refused, !fate.reason.empty());
    return fate;
  }
  Fate ok(const std::string& text, const Source& source = kHand, msg::When at = {}) {
    Fate fate = submit(text, source, at);
    EXPECT_EQ(fate.reason, "") << text;
    return fate;
  }
  std::string refused(const std::string& text, const Source& source = kHand) {
    const Fate fate = submit(text, source);
    EXPECT_EQ(fate.verdict, Fate::Verdict::refused) << text;
    EXPECT_EQ(fate.id, 0U);
    EXPECT_TRUE(fate.out.commands.empty() && fate.out.actions.empty());
    return fate.reason;
  }
  void take(const Output& out) {
    actions.insert(actions.end(), out.actions.begin(), out.actions.end());
    engine.insert(engine.end(), out.commands.begin(), out.commands.end());
    notices.insert(notices.end(), out.notices.begin(), out.notices.end());
  }
  void tick() { take(scheduler.tick(world)); }

  // Lets `frames` go by in blocks, as the engine would: due commands execute in order of frame, then of arrival.
  void run(Frames frames, Frames block = {480}) {
    const Frame end = world.now + frames;
    while (world.now < end) {
      const Frame to = std::min(end, world.now + block);
      while (execute_next(to)) {
      }
      for (msg::DeckSnapshot& d : world.snapshot.decks) d.position += d.speed * static_cast<double>((to - world.now).v);
      world.now = to;
      world.snapshot.frame = to.v;
      tick();
    }
  }
  bool execute_next(Frame before) {
    auto next = engine.end();
    for (auto c = engine.begin(); c != engine.end(); ++c) {
      if (world.frame_of(c->when) < before &&
          (next == engine.end() || world.frame_of(c->when) < world.frame_of(next->when)))
        next = c;
    }
    if (next == engine.end()) return false;
    msg::Command c = *next;
    engine.erase(next);
    const Frame at = world.frame_of(c.when);
    c.when = msg::When::at(at);
    executed.push_back(c);
    msg::DeckSnapshot& d = world.snapshot.decks[c.deck];
    if (c.op == msg::Op::play) d.playing = d.audible = true, d.speed = 1;
    if (c.op == msg::Op::pause) d.playing = d.audible = false, d.speed = 0;
    if (c.op == msg::Op::set_param && c.param == msg::Param::tempo) d.tempo = c.a;
    msg::Event e;
    e.id = c.id;
    e.frame = at.v;
    take(scheduler.on_event(e, world));
    return true;
  }
  const msg::Command& last() const { return executed.back(); }
};

}  // namespace tactus::schedule::test
