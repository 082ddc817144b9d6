// Seams in music with hats where a deck changes its path: another stretcher, a fresh voice, the direct path and back,
// another direction, the hand, another track. At none is there more above 8 kHz than the music itself has there.
#include <gtest/gtest.h>

#include "support/seam_music.h"

using namespace tactus;
using namespace tactus::testing;
using namespace tactus::testing::seam;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

std::vector<Seam> some(double tempo) { return seams(tempo, 4, 19200); }

Script stretch(msg::StretchMode mode) {
  return [mode](HostCommands& rig) { rig.send(Op::stretch, 0, 0, static_cast<int>(mode)); };
}
Script set(Param param, double value) {
  return [=](HostCommands& rig) { rig.set(param, 0, value); };
}
Script tell(Op op, double a) {
  return [=](HostCommands& rig) { rig.send(op, 0, a); };
}
Script both(Script first, Script then) {
  return [first = std::move(first), then = std::move(then)](HostCommands& rig) { first(rig), then(rig); };
}

// From a stretcher to another, unannounced and announced. R2 puts onsets up to 8 ms from where R3 does.
Excess of_stretchers(msg::StretchMode from, msg::StretchMode to) {
  const auto track = tune().track(30, 2);
  Excess e;
  const bool r2 = from == msg::StretchMode::r2 || to == msg::StretchMode::r2;
  int i = 0;
  for (Seam seam : some(1.04)) {
    if (r2) seam.slack = 384;
    const Audio stayed = heard(*track, seam, seam.from, stretch(from));
    const Audio there = heard(*track, seam, seam.from, stretch(to));
    const auto plan = [&](HostCommands& rig) {
      rig.send(Op::stretch, 0, 0, static_cast<int>(to), When::at(Frame{seam.at}));
    };
    const Audio cut = i++ % 2 ? heard(*track, seam, seam.from, both(stretch(from), plan))
                              : heard(*track, seam, seam.from, stretch(from), stretch(to));
    e.add(seam, cut, {stayed, there});
  }
  return e;
}

TEST(SeamsInMusic, AnotherStretcherAddsNothing) {
  using enum msg::StretchMode;
  check(of_stretchers(r3, r3long), "R3 to R3 long", 0.7);
  check(of_stretchers(r3long, r3), "R3 long to R3", 1.5);
  check(of_stretchers(r3, r2), "R3 to R2", 0);
  check(of_stretchers(r2, r3), "R2 to R3", 0);
  check(of_stretchers(r3, direct), "R3 to the direct path", 0.5);
  check(of_stretchers(direct, r3), "the direct path to R3", 1.5);
}

// Without notice, with feeders as on stage: the new voice comes in as soon as it is primed.
Excess of_changes(double tempo, const Script& before, const Script& change, double tempo_after) {
  const auto track = tune().track(30, 2);
  Excess e;
  for (const Seam& seam : some(tempo)) {
    const Audio stayed = heard(*track, seam, seam.from, before);
    const Audio there = heard(*track, seam, seam.start_at(tempo_after), before ? both(before, change) : change);
    e.add(seam, heard_live(*track, seam, seam.from, before, change), {stayed, there});
  }
  return e;
}

TEST(SeamsInMusic, TempoChangesAddNothing) {
  check(of_changes(1, {}, set(Param::tempo, 1.04), 1.04), "a tempo change out of the direct path", 0.5);
  check(of_changes(1.04, {}, set(Param::tempo, 1), 1), "a tempo change to the direct path", 0.4);
  check(of_changes(1.02, {}, set(Param::tempo, 1.1), 1.1), "a tempo change under key lock", 0.9);
}

TEST(SeamsInMusic, KeyChangesAddNothing) {
  check(of_changes(1, {}, set(Param::key, 2), 1), "a key change out of the direct path", 0.6);
  check(of_changes(1.04, {}, set(Param::key, -2), 1.04), "a key change under key lock", 1.1);
  check(of_changes(1.04, set(Param::key, -2), set(Param::key, 1), 1.04), "a key change from a shifted key", 1.2);
  check(of_changes(1.04, set(Param::key, -2), set(Param::key, 0), 1.04), "a key change back", 1.2);
}

// The feeder sleeps until all it has made is played; the direct path plays on, until a voice is there again.
TEST(SeamsInMusic, FallingBackAndReturningAddsNothing) {
  const auto track = tune().track(30, 2);
  Excess e;
  for (Seam seam : some(1.04)) {
    seam.after = 2560 + kAfter;
    LiveRig rig;
    const Audio cut = listen(rig, *track, seam, seam.from, {}, [&rig](HostCommands&) { rig.starve(); });
    EXPECT_EQ(rig.deck().fallbacks, 1u);
    EXPECT_EQ(rig.deck().source, msg::DeckSource::voice);
    e.add(seam, cut,
          {heard(*track, seam, seam.from), heard(*track, seam, seam.from, stretch(msg::StretchMode::direct))});
  }
  check(e, "the direct path instead of a starved voice, and back", 0.8);
}

// Forwards to backwards and back, and what holds the place meanwhile.
Excess of_turns(double tempo) {
  const auto track = tune().track(30, 2);
  Excess e;
  for (const Seam& seam : some(tempo)) {
    const Audio forwards = heard(*track, seam, seam.from);
    const Audio backwards = heard(*track, seam, seam.start_at(-tempo), tell(Op::reverse, 1));
    e.add(seam, heard(*track, seam, seam.from, {}, tell(Op::reverse, 1)), {forwards, backwards});
    // The other way around, through the same place.
    e.add(seam, heard(*track, seam, seam.start_at(-tempo), tell(Op::reverse, 1), tell(Op::reverse, 0)),
          {forwards, backwards});
  }
  return e;
}

TEST(SeamsInMusic, ReverseAddsNothing) {
  check(of_turns(1), "reverse and back, direct,", 0.6);
  check(of_turns(1.04), "reverse and back under key lock", 1.8);
}

// Held for a fifth of a second before the seam, at which the deck is again where it would have been.
Excess of_returns(double tempo, const Script& leave, const Script& come_back) {
  constexpr std::int64_t kHeld = 9600;
  const auto track = tune().track(30, 2);
  Excess e;
  for (const Seam& seam : some(tempo)) {
    const auto held = [&](const Script& back) {
      Seam pressed = seam;
      pressed.at -= kHeld;
      pressed.after = seam.after + kHeld;
      HostRig rig(120, 2);
      return listen(rig, *track, pressed, seam.from, {}, [&](HostCommands& r) {
        leave(r);
        rig.render(kHeld);
        if (back) back(r);
      });
    };
    Audio away = held({}), back = held(come_back);
    e.add(seam, back, {heard(*track, seam, seam.from), away});
  }
  return e;
}

TEST(SeamsInMusic, CensorAndSlipReturnsAddNothing) {
  const Script slip_off = tell(Op::slip, 0);
  const Script jump = both(tell(Op::slip, 1), tell(Op::jump_beats, -4.3));
  const Script loop = both(tell(Op::slip, 1), [](HostCommands& rig) { rig.loop(msg::LoopOp::beats, 0, 0.35); });
  const Script roll = [](HostCommands& rig) { rig.loop(msg::LoopOp::roll, 0, 0.35); };
  const Script exit = [](HostCommands& rig) { rig.loop(msg::LoopOp::exit, 0); };
  for (const double tempo : {1.0, 1.04}) {
    const std::string how = tempo == 1 ? ", direct," : " under key lock";
    const double allowed = tempo == 1 ? 0.7 : 1.5;
    check(of_returns(tempo, tell(Op::censor, 1), tell(Op::censor, 0)), "the end of a censor" + how, allowed);
    check(of_returns(tempo, jump, slip_off), "slip's return from a jump" + how, allowed);
    check(of_returns(tempo, loop, slip_off), "slip's return from a loop" + how, allowed);
    check(of_returns(tempo, roll, exit), "the end of a roll" + how, allowed);
  }
}

// The hand takes the platter, holds it at a speed, and lets go.
Excess of_scratches(double tempo) {
  constexpr double kHand = -0.6;
  constexpr std::int64_t kHeld = 4800;
  const auto track = tune().track(30, 2);
  Excess e;
  const Script touch = both(tell(Op::scratch, 1), tell(Op::jog, kHand));
  const auto hand = [=](std::int64_t step) {
    return kHand + (tempo - kHand) * std::pow(0.6, static_cast<double>(step));
  };
  for (const Seam& seam : some(tempo)) {
    // Once the platter has slowed down, what would have gone on is no measure any more.
    Audio stayed = heard(*track, seam, seam.from);
    std::fill(stayed.begin() + seam.at + kLatency + 480, stayed.end(), 0.0f);
    e.add(seam, heard(*track, seam, seam.from, {}, touch), {stayed, by_hand(seam, hand)});

    Seam release = seam;
    release.at += kHeld;
    double place = seam.place();
    for (std::int64_t f = 0; f < kHeld; ++f) place += hand(f / rt::kGrid);
    Seam held = seam;
    held.after += kHeld;
    const auto touched = [&](bool release_then) {
      HostRig rig(120, 2);
      return listen(rig, *track, held, seam.from, {}, [&](HostCommands& r) {
        touch(r);
        rig.render(kHeld);
        EXPECT_NEAR(rig.host.snapshot().decks[0].position, place, 1);
        if (release_then) r.send(Op::scratch, 0, 0);
      });
    };
    const double from = place - static_cast<double>(release.played()) * tempo;
    e.add(release, touched(true),
          {touched(false), heard(*track, release, from),
           heard(*track, release, from, stretch(msg::StretchMode::direct))});
  }
  return e;
}

TEST(SeamsInMusic, ScratchesAddNothing) {
  check(of_scratches(1), "scratches, direct,", 0.6);
  check(of_scratches(1.04), "scratches under key lock", 1);
}

// Another track over one that plays: it stands still, or plays on from its cue.
Excess of_loads(double tempo) {
  const auto track = tune().track(30, 2), other = tune().track(30, 2);
  other->ref.cue = 24000 * 5.3;
  Excess e;
  for (const Seam& seam : some(tempo)) {
    const Audio stayed = heard(*track, seam, seam.from);
    e.add(seam, heard(*track, seam, seam.from, {}, [&](HostCommands& rig) { rig.load(0, *other); }),
          {stayed, silence(seam)});
    msg::Command c;
    c.op = Op::load;
    c.track = &other->ref;
    c.flags = msg::kFlagKeepPlaying;
    const double from = other->ref.cue - static_cast<double>(seam.played()) * tempo;
    // A deck can't stand before its track's start: the same place, a loop of the tune later.
    const double loop = 16 * 24000;
    e.add(seam, heard(*track, seam, seam.from, {}, [&](HostCommands& rig) { rig.send(c); }),
          {stayed, heard(*other, seam, from < 0 ? from + loop : from)});
  }
  return e;
}

TEST(SeamsInMusic, LoadsOverAPlayingDeckAddNothing) {
  check(of_loads(1), "loads over a playing deck, direct,", 1.1);
  check(of_loads(1.04), "loads over a playing deck under key lock", 0.8);
}

// A deck doubled onto another, which is the one that is heard: silent before, or playing another place.
Excess of_doubles(double tempo) {
  const auto track = tune().track(30, 2), twin = tune().track(30, 2);
  Excess e;
  for (const Seam& seam : some(tempo)) {
    msg::Command c;
    c.op = Op::double_from;
    c.deck = 1;
    c.track = &twin->ref;
    const double elsewhere = seam.from + 24000 * 5.3;
    const auto before = [&](bool playing) -> Script {
      return [&, playing](HostCommands& rig) {
        rig.set(Param::fader, 0, 0);
        rig.set(Param::tempo, 1, tempo);
        if (!playing) return;
        rig.load(1, *track);
        rig.send(Op::seek, 1, elsewhere);
        rig.send(Op::play, 1, 0, 0, When::at(Frame{kPlay}));
      };
    };
    const Script cut = [&](HostCommands& rig) { rig.send(c); };
    const Audio there = heard(*track, seam, seam.from);
    e.add(seam, heard(*track, seam, seam.from, before(false), cut), {silence(seam), there});
    e.add(seam, heard(*track, seam, seam.from, before(true), cut), {heard(*track, seam, elsewhere), there});
  }
  return e;
}

TEST(SeamsInMusic, DoublesAddNothing) {
  check(of_doubles(1), "doubles, direct,", 0.7);
  check(of_doubles(1.04), "doubles under key lock", 1.5);
}

}  // namespace
