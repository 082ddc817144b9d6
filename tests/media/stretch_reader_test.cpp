// StretchReader: what sounds when. Clicks must lie where the timeline says, over minutes, ramps, turns and surprises.
#include "media/stretch_reader.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "media/stretch_signals.h"
#include "music/tempo_map.h"

using namespace tactus;
using namespace tactus::media;
using namespace tactus::media::test;

namespace {

constexpr double kRate = 48000;
constexpr double kMs = kRate / 1000;
const SampleRate k48{kRate};

std::function<float(std::int64_t, int)> clicks_every(double period) {
  return [=](std::int64_t i, int) {
    const double last = std::round(std::floor((static_cast<double>(i) + 0.5) / period) * period);
    return static_cast<float>(click(static_cast<double>(i) - last));
  };
}

}  // namespace

struct PrimeCase {
  StretchMode mode;
  double speed;
  double tolerance_ms;
  bool pitched = true;
};

class Prime : public ::testing::TestWithParam<PrimeCase> {};

// A click 10 ms after the first frame: fully there, in its place, at any start.
TEST_P(Prime, FirstPacketSoundsTheFrameItIsFor) {
  const PrimeCase c = GetParam();
  for (const double start : {100000.0, 123456.7}) {
    for (const bool urgent : {false, true}) {
      Feed feed;
      const std::int64_t first = 4800;
      feed.timeline = [=](double f) { return start + c.speed * (f - first); };
      const double at = start + c.speed * 480;  // source position of the click
      feed.source = [=](std::int64_t i, int) {
        const double t = c.speed > 0 ? static_cast<double>(i) - at : at - static_cast<double>(i);
        return static_cast<float>(click(t) + 0.05 * std::sin(0.05 * static_cast<double>(i)));
      };
      StretchReader reader(c.mode, 1, k48, c.pitched);
      ASSERT_TRUE(reader.prime(feed, first, urgent));
      EXPECT_EQ(reader.next_frame(), first);
      Audio out;
      pull(reader, feed, 2048, out);
      EXPECT_NEAR(find_click(out[0], 480, 400), 480, c.tolerance_ms * kMs);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Prime,
                         ::testing::Values(PrimeCase{StretchMode::r3, 128.0 / 126, 0.3},
                                           PrimeCase{StretchMode::r3, 0.95, 1}, PrimeCase{StretchMode::r3, 1.06, 1},
                                           PrimeCase{StretchMode::r3, -1.0, 1}, PrimeCase{StretchMode::r3, -0.97, 1},
                                           PrimeCase{StretchMode::r3long, 128.0 / 126, 0.3},
                                           PrimeCase{StretchMode::r2, 128.0 / 126, 1},
                                           PrimeCase{StretchMode::r3, 128.0 / 126, 0.3, false},
                                           PrimeCase{StretchMode::r2, 128.0 / 126, 1, false}));

// The sound before the start is in the stretcher, not missing from it: a steady tone starts at full level.
TEST(StretchReader, IsWarmFromTheFirstFrame) {
  for (const StretchMode mode : {StretchMode::r3, StretchMode::r3long, StretchMode::r2}) {
    Feed feed;
    feed.timeline = line(50000, 1.03);
    feed.source = [](std::int64_t i, int) {
      return 0.5f * std::sin(static_cast<float>(static_cast<double>(i) * 2 * kPi / 48));
    };
    StretchReader reader(mode, 1, k48);
    ASSERT_TRUE(reader.prime(feed, 0));
    Audio out;
    pull(reader, feed, 4800, out);
    for (std::size_t at = 0; at + 480 <= 4800; at += 480) {
      double sum = 0;
      for (std::size_t i = at; i < at + 480; ++i) sum += out[0][i] * out[0][i];
      EXPECT_NEAR(std::sqrt(sum / 480) * std::sqrt(2.0), 0.5, 0.03) << "at " << at;
    }
  }
}

// 126 BPM played at 128, key-locked: every click within 1 ms of its place and no trend. 5 minutes; 30 with
// TACTUS_LONG=1.
TEST(StretchReader, MinutesOfClicksStayOnTheGrid) {
  const char* whole = std::getenv("TACTUS_LONG");
  const double seconds = whole && *whole == '1' ? 1800 : 300;
  const double beat = kRate * 60 / 126, speed = 128.0 / 126, start = 1000;
  Feed feed;
  feed.timeline = line(start, speed);
  feed.source = clicks_every(beat);
  StretchReader reader(StretchMode::r3, 1, k48, false);
  ASSERT_TRUE(reader.prime(feed, 0));
  std::vector<double> errors;
  Audio out;
  double produced = 0;  // frames before out[0][0]
  for (int b = 1; produced < seconds * kRate; ++b) {
    // A second at a time, so that a long run needs no memory.
    const double expected = (std::round(b * beat) - start) / speed;
    if (expected < 0) continue;
    while (expected + 2000 > produced + (out.empty() ? 0.0 : static_cast<double>(out[0].size()))) {
      const std::size_t keep = 4096;
      if (!out.empty() && out[0].size() > keep) {
        produced += static_cast<double>(out[0].size() - keep);
        out[0].erase(out[0].begin(), out[0].end() - keep);
      }
      pull(reader, feed, 24000, out);
    }
    errors.push_back((find_click(out[0], expected - produced, 240) - (expected - produced)) / kMs);
  }
  ASSERT_GT(errors.size(), static_cast<std::size_t>(seconds * 2));
  const std::size_t third = errors.size() / 3;
  double early = 0, late = 0;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    EXPECT_LT(std::fabs(errors[i]), 1) << "click " << i;
    if (i < third) early += errors[i] / static_cast<double>(third);
    if (i >= errors.size() - third) late += errors[i] / static_cast<double>(third);
  }
  EXPECT_LT(std::fabs(late - early), 0.05) << "a trend";
  RecordProperty(
      "worst_us",
      static_cast<int>(1000 * std::fabs(*std::max_element(errors.begin(), errors.end(), [](double a, double b) {
                         return std::fabs(a) < std::fabs(b);
                       }))));
}

// The session's tempo goes from 120 to 140 over 32 beats; a 126 BPM track on the beat all the way.
TEST(StretchReader, FollowsARamp) {
  music::TempoMap map(k48, Bpm{120});
  map.change_tempo(4 * 24000, Bpm{140}, Beats::of(32));
  const double beat = kRate * 60 / 126;
  Feed feed;
  feed.timeline = [&](double frame) { return map.beat_of(frame) * beat; };
  feed.source = clicks_every(beat);
  StretchReader reader(StretchMode::r3, 1, k48);
  ASSERT_TRUE(reader.prime(feed, 0));
  Audio out;
  pull(reader, feed, 20 * 48000, out);
  for (int b = 1; b < 42; ++b) {
    const double expected = map.frame_of(b);
    ASSERT_LT(expected + 1000, static_cast<double>(out[0].size()));
    EXPECT_NEAR(find_click(out[0], expected, 480), expected, 3 * kMs) << "beat " << b;
  }
}

// The tempo changes by 8 % where nobody knew: the map is caught up with within a second, and never far off.
TEST(StretchReader, CatchesUpWithASurprise) {
  Feed feed;
  feed.timeline = line(0, 1.0);
  feed.source = clicks_every(12000);
  StretchReader reader(StretchMode::r3, 1, k48);
  ASSERT_TRUE(reader.prime(feed, 0));
  Audio out;
  EXPECT_LT(pull(reader, feed, 48000, out), 3);
  feed.timeline = [](double f) { return f <= 48000 ? f : 48000 + (f - 48000) * 1.08; };
  EXPECT_LT(pull(reader, feed, 24000, out), 190);  // what had been fed at the old speed: 8 % of 40 ms at most
  pull(reader, feed, 24000, out);
  EXPECT_LT(pull(reader, feed, 48000, out), 3);
}

// Positions in tags are where the sound is: the click is heard when tag.source says that it is.
TEST(StretchReader, TagsTellTheTruthWhileCatchingUp) {
  Feed feed;
  feed.timeline = line(0, 1.0);
  feed.source = clicks_every(12000);
  StretchReader reader(StretchMode::r3, 1, k48);
  ASSERT_TRUE(reader.prime(feed, 0));
  Audio out;
  pull(reader, feed, 47104, out);
  feed.timeline = [](double f) { return f <= 47104 ? f : 47104 + (f - 47104) * 1.05; };
  std::vector<StretchReader::Tag> tags;
  float plane[32];
  float* planes[] = {plane};
  for (int i = 0; i < 200; ++i) {
    StretchReader::Tag tag;
    ASSERT_TRUE(reader.next(feed, tag, planes));
    if (!tags.empty()) {
      EXPECT_NEAR(tags.back().source + 32 * tags.back().speed, tag.source, 1e-6);
    }
    tags.push_back(tag);
    out[0].insert(out[0].end(), plane, plane + 32);
  }
  double heard = 0;
  for (const auto& tag : tags) {
    if (tag.source <= 48000 && tag.source + 32 * tag.speed > 48000)
      heard = static_cast<double>(tag.frame) + (48000 - tag.source) / tag.speed;
  }
  ASSERT_GT(heard, 0);
  EXPECT_NEAR(find_click(out[0], heard, 200), heard, 1 * kMs);
}

TEST(StretchReader, TheSameBitsTwiceAndHoweverAsked) {
  const auto render = [](int batch) {
    Feed feed;
    feed.channels = 2;
    feed.timeline = [](double f) { return 5000 + f * 1.02 + 1e-7 * f * f; };
    feed.source = [](std::int64_t i, int c) {
      return static_cast<float>(0.3 * std::sin(0.031 * static_cast<double>(i)) +
                                click(static_cast<double>(i % 11000)) * (c ? 0.5 : 1));
    };
    StretchReader reader(StretchMode::r3, 2, k48);
    reader.prime(feed, 640);
    Audio out;
    for (std::int64_t n = 0; n < 48000; n += 32 * batch)
      pull(reader, feed, std::min<std::int64_t>(32 * batch, 48000 - n), out);
    return out;
  };
  const Audio once = render(1);
  EXPECT_EQ(once, render(1));
  EXPECT_EQ(once, render(7));
  EXPECT_EQ(once, render(500));
}

// Source that isn't decoded yet: nothing moves, and what comes after is what would have come.
TEST(StretchReader, WaitsForItsSourceWithoutATrace) {
  Feed feed;
  feed.timeline = line(0, 0.97);
  feed.source = clicks_every(7000);
  StretchReader smooth(StretchMode::r3, 1, k48), halted(StretchMode::r3, 1, k48);
  feed.there = false;
  EXPECT_FALSE(halted.prime(feed, 0));
  EXPECT_FALSE(halted.primed());
  feed.there = true;
  ASSERT_TRUE(smooth.prime(feed, 0));
  ASSERT_TRUE(halted.prime(feed, 0));
  Audio expected, got;
  pull(smooth, feed, 24000, expected);
  while (got.empty() || got[0].size() < 24000) {
    feed.there = false;
    pull(halted, feed, 3200, got);  // what it still has
    feed.there = true;
    pull(halted, feed, std::min<std::int64_t>(320, 24000 - static_cast<std::int64_t>(got[0].size())), got);
  }
  got[0].resize(24000);
  EXPECT_EQ(got, expected);
}

TEST(StretchReader, RefusesWhatStandsStill) {
  Feed feed;
  feed.source = clicks_every(7000);
  feed.timeline = line(1000, 0);
  StretchReader reader(StretchMode::r3, 1, k48);
  EXPECT_FALSE(reader.prime(feed, 0));
  feed.timeline = line(1000, 20);
  EXPECT_FALSE(reader.prime(feed, 0));
  feed.timeline = line(1000, 1);
  EXPECT_TRUE(reader.prime(feed, 0));
  EXPECT_FALSE(reader.prime(feed, 0)) << "primed once only";
}

// A key change is heard within 40 ms of the packet before which it was asked for, and the beat stays.
TEST(StretchReader, AKeyChangeIsHeardSoonAndMovesNoBeat) {
  Feed feed;
  feed.timeline = line(0, 1.01);
  double pitch = 1;
  feed.pitch_at = [&](double) { return pitch; };
  feed.source = [](std::int64_t i, int) {
    return static_cast<float>(0.3 * std::sin(2 * kPi * 1000 * static_cast<double>(i) / kRate) +
                              click(static_cast<double>((i + 6000) % 12000)));
  };
  StretchReader reader(StretchMode::r3, 1, k48);
  ASSERT_TRUE(reader.prime(feed, 0));
  Audio out;
  pull(reader, feed, 48000, out);
  pitch = Semitones{2}.ratio();
  pull(reader, feed, 96000, out);
  const auto level = [&](std::size_t from, double hz) {
    double re = 0, im = 0;
    for (std::size_t i = from; i < from + 960; ++i) {
      const double angle = 2 * kPi * hz * static_cast<double>(i) / kRate;
      re += out[0][i] * std::cos(angle), im += out[0][i] * std::sin(angle);
    }
    return std::hypot(re, im) / 480;
  };
  const std::size_t change = 48000, soon = change + static_cast<std::size_t>(40 * kMs);
  EXPECT_GT(level(change - 960, 1000), 0.25);
  EXPECT_GT(level(soon, 1000 * pitch), 0.25);
  EXPECT_LT(level(soon, 1000), 0.05);
  // Clicks go up in pitch too, so compare where they start: the first sample above a threshold.
  for (int b = 9; b < 11; ++b) {
    const double expected = (b * 12000 + 6000) / 1.01;
    double best = 0, at = 0;
    for (auto i = static_cast<std::size_t>(expected) - 300; i < static_cast<std::size_t>(expected) + 300; ++i) {
      const double jump = std::fabs(out[0][i] - 2 * out[0][i - 1] + out[0][i - 2]);
      if (jump > best) best = jump, at = static_cast<double>(i);
    }
    EXPECT_NEAR(at, expected, 3 * kMs);
  }
}
