// A feeder that can't keep up: quality gives way in steps, is seen to, and comes back; time never gives way.
#include <gtest/gtest.h>

#include "support/listen.h"
#include "support/live_rig.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;

namespace {

TEST(Overload, QualityGivesWayInStepsAndClimbsBack) {
  const auto t = make_track(48000 * 60, 2, 120, 0, [](std::int64_t f, int) {
    return static_cast<float>(0.4 * std::sin(2 * M_PI * 440 * static_cast<double>(f) / 48000));
  });
  LiveRig live;
  live.load(0, *t);
  live.set(Param::tempo, 0, 1.05);
  live.in_time(640);
  live.send(Op::play, 0);
  const std::int64_t play = live.host.frame();
  live.in_time(24000);
  ASSERT_EQ(live.deck().source, msg::DeckSource::voice);
  ASSERT_EQ(live.host.feeder_stats().degraded, 0u);

  // R3 gives way to R2.
  while (live.host.feeder_stats().degraded < 1 && live.host.frame() < 48000 * 5) {
    live.starve();
    live.in_time(1280);
  }
  ASSERT_EQ(live.host.feeder_stats().degraded, 1u);
  EXPECT_GE(live.host.feeder_stats().starved, 4u);
  live.in_time(9600);
  EXPECT_EQ(live.deck().source, msg::DeckSource::voice) << "R2 is key lock still";
  EXPECT_GE(live.deck().fallbacks, 2u);

  // R2 gives way to the direct path, and no stretcher runs.
  while (live.host.feeder_stats().degraded < 2 && live.host.frame() < 48000 * 10) {
    live.starve();
    live.in_time(1280);
  }
  ASSERT_EQ(live.host.feeder_stats().degraded, 2u);
  live.in_time(9600);
  EXPECT_EQ(live.deck().source, msg::DeckSource::direct);
  const std::uint64_t packets = live.host.feeder_stats().packets;
  live.in_time(48000);
  EXPECT_EQ(live.host.feeder_stats().packets, packets);
  const std::int64_t low = live.host.frame();

  // Left in peace it climbs: R2 after 5 s, R3 5 s later.
  while (live.deck().source != msg::DeckSource::voice && live.host.frame() < low + 48000 * 8) live.in_time(4800);
  EXPECT_LT(live.host.frame(), low + 48000 * 8);
  const std::uint64_t primed = live.host.feeder_stats().primed;
  live.in_time(48000 * 7);
  EXPECT_GT(live.host.feeder_stats().primed, primed) << "another stretcher: R3 again";
  EXPECT_EQ(live.host.feeder_stats().degraded, 2u);
  EXPECT_EQ(live.deck().source, msg::DeckSource::voice);

  // Time never gave way, and nobody heard a hole.
  EXPECT_NEAR(live.deck().position, 1.05 * static_cast<double>(live.host.frame() - play), 1e-3);
  const auto heard = static_cast<std::int64_t>(live.master.size());
  double softest = 0;
  for (std::int64_t i = play + 4800; i + 480 < heard; i += 240) {
    softest = std::min(softest, level_db(live.master, i, i + 480) - 20 * std::log10(0.4 / std::sqrt(2)));
  }
  EXPECT_GT(softest, -8);  // cross-fades of the same tone at two pitches may cancel in part
}

}  // namespace
