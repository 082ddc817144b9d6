// Nights of random intents over a random, moving clock: what must hold whatever is asked.
#include <map>
#include <set>

#include "schedule/clock_owner.h"
#include "schedule/random_intent.h"
#include "schedule/stage.h"

namespace tactus::schedule {
namespace {

using msg::When;
using test::RandomIntents;
using test::Stage;

// What is accepted to happen at a beat happens at the frame of that beat by the map of then, once, whatever the tempo
// and the leaders did in between.
TEST(Night, EveryIntentHappensOnItsBeatByTheMapOfThen) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    RandomIntents random(seed);
    Stage s;
    ClockOwner clock({48000}, {120});
    std::map<std::uint64_t, Beat> expected;
    std::map<std::uint64_t, std::int64_t> happened;
    for (int n = 0; n < 3; ++n) s.load(n, n > 0, random.uniform(80, 160));
    for (int period = 0; period < 2000; ++period) {
      const Frame earliest = s.world.now + s.world.lead;
      for (int n = 0; n < 3; ++n) {
        msg::DeckSnapshot& d = s.world.snapshot.decks[n];
        if (random.below(150) == 0) d.playing = !d.playing;  // leaders change
        if (random.below(150) == 0) d.tempo = random.uniform(0.8, 1.25);
      }
      if (random.below(100) == 0)
        clock.apply({1, {}, ask::ClockTempo{{random.uniform(60, 180)}, Beats::of(random.uniform(0, 16))}}, earliest);
      if (random.below(200) == 0)
        clock.apply({1, {}, ask::ClockSource{static_cast<ask::ClockSource::Kind>(random.below(2)), 0}}, earliest);
      clock.tick(s.world, earliest);
      s.world.map = clock.map();
      s.tick();  // a beat line that moved forward may have brought what was held into reach
      if (period < 1500 && random.below(10) == 0) {
        Intent i = *parse("/deck/1/keylock 1").intent;
        i.quant = random.quant();
        if (i.quant->kind == Quant::Kind::absolute)
          i.quant->at = s.world.beat_of(s.world.now) + Beats::of(random.uniform(1, 30));
        const Fate f = s.scheduler.submit(i, test::kHand, s.world);
        ASSERT_EQ(f.reason, "");
        s.take(f.out);
        if (i.quant->kind != Quant::Kind::now) expected[f.id] = f.beat;
        ASSERT_GE(f.beat, s.world.beat_of(s.world.now));
      }
      s.run({480});
    }
    s.run({48000 * 60}, {48000 / 4});
    for (const msg::Command& c : s.executed) happened[c.id] = c.when.value;
    EXPECT_TRUE(s.scheduler.pending(s.world).empty());
    ASSERT_GT(expected.size(), 50U);
    for (const auto& [id, beat] : expected) {
      ASSERT_TRUE(happened.count(id)) << "seed " << seed;
      // The map has only been extended since, so it still knows the frame of every beat within its memory.
      const double oldest = s.world.map.segments()[0].frame0;
      if (static_cast<double>(happened[id]) > oldest) {
        ASSERT_EQ(happened[id], s.world.map.due(beat).v) << "seed " << seed << " beat " << beat.value();
      }
    }
  }
}

// Any intents at all, from anybody, with files that open, fail or never come.
TEST(Night, NothingThatIsAskedBreaksTheScheduler) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    RandomIntents random(seed + 100);
    SchedulerOptions options;
    options.safety_loop_beats = random.below(2) ? 4 : 0;
    Stage s(options);
    std::set<std::uint64_t> ids;
    std::vector<std::uint64_t> opening;
    for (int n = 0; n < 4; ++n)
      if (random.below(2)) s.load(n, random.below(2), random.below(3) ? 126 : 0);
    for (int step = 0; step < 1500; ++step) {
      Intent i = random.intent();
      if (random.below(3) == 0) i.deck = 0;
      if (i.name == "feedback" && random.below(2) && !s.world.effects.empty())
        i.name = std::string(s.world.effects[0].params[0].id);
      const Source source{std::string(1, static_cast<char>('a' + random.below(6))),
                          static_cast<Source::Kind>(random.below(8)), random.uniform(0, 1)};
      const When at = random.below(4) ? When{} : When::at(Beat::of(random.uniform(0, 200)));
      const Fate f = s.scheduler.submit(i, source, s.world, at);
      s.take(f.out);
      if (f.verdict == Fate::Verdict::refused) {
        ASSERT_FALSE(f.reason.empty());
        ASSERT_EQ(f.id, 0U);
        ASSERT_TRUE(f.out.commands.empty());
      } else {
        ASSERT_NE(f.id, 0U);
        ASSERT_GE(f.frame, s.world.now);
        const bool fresh = ids.insert(f.id).second;
        ASSERT_TRUE(fresh || f.verdict == Fate::Verdict::coalesced) << "ids are given once";
      }
      for (const HostAction& a : std::exchange(s.actions, {})) {
        if (std::holds_alternative<ask::Cancel>(a.what))
          std::erase(opening, a.id);
        else
          opening.push_back(a.id);
      }
      if (!opening.empty() && random.below(3) == 0) {
        const std::uint64_t id = opening[random.below(opening.size())];
        std::erase(opening, id);
        s.take(random.below(3) ? s.scheduler.host_done(id, s.world)
                               : s.scheduler.host_failed(id, "no such file", s.world));
        msg::Event e;
        e.id = id;
        if (random.below(2)) s.take(s.scheduler.on_event(e, s.world));
      }
      if (random.below(20) == 0)
        s.take(s.scheduler.cancel(random.below(static_cast<std::size_t>(f.id) + 2), s.world).out);
      for (const msg::Command& c : s.engine) {
        ASSERT_LT(c.deck, kDecks);
        ASSERT_TRUE(std::isfinite(c.a));
      }
      if (random.below(3) == 0) s.run({480});
      ASSERT_LE(s.scheduler.pending(s.world).size(), 1200U);
    }
    // Whatever is held comes to an end.
    for (const std::uint64_t id : opening) s.take(s.scheduler.host_failed(id, "gone", s.world));
    s.run({48000 * 120}, {24000});
    const auto pending = s.scheduler.pending(s.world);
    for (const PendingIntent& p : pending) {
      EXPECT_GT(p.frame, s.world.now - Frames{3 * 48000}) << p.text;
      // What waits, waits for an effect or a track that is still to come.
      if (p.state != PendingIntent::State::waiting) continue;
      const bool due = std::any_of(pending.begin(), pending.end(), [&](const PendingIntent& other) {
        if (other.text.substr(0, 8) != p.text.substr(0, 8)) return false;
        if (other.text.substr(8, 7) == "double ") return true;  // which may itself wait for the deck that it doubles
        return other.state != PendingIntent::State::waiting &&
               (other.text.find("/type") != std::string::npos || other.text.find("load") != std::string::npos);
      });
      EXPECT_TRUE(due) << p.text;
    }
  }
}

}  // namespace
}  // namespace tactus::schedule
