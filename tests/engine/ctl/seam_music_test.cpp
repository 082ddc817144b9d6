// Seams in music with hats and claps: at no cut is there more above 8 kHz than the music itself has there.
#include <gtest/gtest.h>

#include "support/seam_music.h"

using namespace tactus;
using namespace tactus::testing;
using namespace tactus::testing::seam;
using msg::LoopOp;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

// Cuts from one place of the track to an earlier one: each script is given the seam and where it leads.
using Jump = std::function<void(HostCommands&, const Seam&, double to)>;
Excess of_jumps(double tempo, const Jump& before, const Jump& cut) {
  const auto track = tune().track(30, 2);
  Excess e;
  int i = 0;
  for (const Seam& seam : seams(tempo)) {
    const double to = 24000.0 * (3 + i % 3) + 1900.0 * i;
    ++i;
    const auto with = [&](const Jump& jump) -> Script {
      if (!jump) return {};
      return [&jump, &seam, to](HostCommands& rig) { jump(rig, seam, to); };
    };
    const Audio stayed = heard(*track, seam, seam.from);
    const Audio there = heard(*track, seam, to - static_cast<double>(seam.played()) * tempo);
    e.add(seam, heard(*track, seam, seam.from, with(before), with(cut)), {stayed, there});
  }
  return e;
}

// What no deck does: one place beside the other without a cross-fade.
TEST(SeamsInMusic, AHardCutWouldAddSomething) {
  const auto track = tune().track(30, 2);
  Excess e;
  for (const Seam& seam : seams(1)) {
    const Audio stayed = heard(*track, seam, seam.from), there = heard(*track, seam, seam.from + 24000 * 5.3);
    Audio cut = stayed;
    std::copy(there.begin() + seam.at + kLatency, there.end(), cut.begin() + seam.at + kLatency);
    e.add(seam, cut, {stayed, there});
  }
  EXPECT_GT(e.window, 6);
}

TEST(SeamsInMusic, HotCuesAddNothing) {
  const auto set = [](HostCommands& rig, const Seam&, double to) { rig.send(Op::hotcue_set, 0, to, 0); };
  const auto press = [](HostCommands& rig, const Seam&, double) { rig.send(Op::hotcue_button, 0, 1, 0); };
  check(of_jumps(1, set, press), "hot cues, direct,", 0.6);
  check(of_jumps(1.04, set, press), "hot cues under key lock", 1.2);
}

TEST(SeamsInMusic, ScheduledJumpsAddNothing) {
  const auto plan = [](HostCommands& rig, const Seam& seam, double to) {
    rig.send(Op::seek, 0, to, 0, When::at(Frame{seam.at}));
  };
  check(of_jumps(1, plan, {}), "scheduled jumps, direct,", 0.6);
  check(of_jumps(1.04, plan, {}), "scheduled jumps under key lock", 1.6);
}

TEST(SeamsInMusic, LoopWrapsAddNothing) {
  const auto loop = [](HostCommands& rig, const Seam& seam, double to) {
    rig.loop(LoopOp::in, 0, to);
    rig.loop(LoopOp::out, 0, seam.place());
  };
  check(of_jumps(1, loop, {}), "loop wraps, direct,", 0.6);
  check(of_jumps(1.04, loop, {}), "loop wraps under key lock", 1.5);
}

// Each stem off and on, the drums with their hats among them.
Excess of_stems(double tempo) {
  const auto track = tune().track(30, 8);
  Excess e;
  int i = 0;
  for (const Seam& seam : seams(tempo)) {
    const int stem = ++i % 2 ? 1 : i / 2 % 4;  // every other time the drums
    const auto mute = [stem](double on) -> Script {
      return [=](HostCommands& rig) { rig.set(Param::stem_mute, 0, on, {}, stem); };
    };
    const Audio on = heard(*track, seam, seam.from), off = heard(*track, seam, seam.from, mute(1));
    e.add(seam, heard(*track, seam, seam.from, {}, mute(1)), {on, off});
    e.add(seam, heard(*track, seam, seam.from, mute(1), mute(0)), {off, on});
  }
  return e;
}

TEST(SeamsInMusic, StemCutsAddNothing) {
  check(of_stems(1), "stem cuts, direct,", 0.7);
  check(of_stems(1.04), "stem cuts under key lock", 0.6);
}

Excess of_pauses(double tempo) {
  const auto track = tune().track(30, 2);
  Excess e;
  for (const Seam& seam : seams(tempo)) {
    const auto pause = [](HostCommands& rig) { rig.send(Op::pause, 0); };
    const auto play = [](HostCommands& rig) { rig.send(Op::play, 0); };
    const Audio playing = heard(*track, seam, seam.from);
    e.add(seam, heard(*track, seam, seam.from, {}, pause), {playing, silence(seam)});
    e.add(seam, heard(*track, seam, seam.place(), {}, play, false), {silence(seam), playing});
  }
  return e;
}

TEST(SeamsInMusic, PauseAndPlayAddNothing) {
  check(of_pauses(1), "pause and play, direct,", 0.7);
  check(of_pauses(1.04), "pause and play under key lock", 1.9);
}

Excess of_brakes(double tempo) {
  constexpr double kSeconds = 0.3;
  const auto track = tune().track(30, 2);
  // What a brake is: from the cut on the track goes by ever slower until it stands.
  const auto slower = [=](std::int64_t step) {
    return tempo * std::max(0.0, 1 - static_cast<double>(step * rt::kGrid) / (kSeconds * 48000));
  };
  Excess e;
  for (Seam seam : seams(tempo)) {
    seam.after = static_cast<std::int64_t>(kSeconds * 48000) + kAfter;
    const auto brake = [](HostCommands& rig) { rig.send(Op::brake, 0, kSeconds); };
    // Once it has begun to slow down, what would have gone on is no measure any more.
    Audio stayed = heard(*track, seam, seam.from);
    std::fill(stayed.begin() + seam.at + kLatency + 480, stayed.end(), 0.0f);
    e.add(seam, heard(*track, seam, seam.from, {}, brake), {stayed, by_hand(seam, slower)});
  }
  return e;
}

TEST(SeamsInMusic, BrakesAddNothing) {
  check(of_brakes(1), "brakes, direct,", 0.6);
  check(of_brakes(1.04), "brakes under key lock", 0.8);
}

}  // namespace
