// Resampler, rate adapter and drift bridge: pure tones, exact counts, no allocation.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "fake_engine.h"
#include "io/audio/drift_bridge.h"
#include "io/audio/rate_adapter.h"
#include "io/audio/resampler.h"
#include "tone.h"

namespace tactus::io {
namespace {

// Renders a sine of the session, block by block, and keeps count.
class Source {
 public:
  Source(double hz, int rate) : step_(2 * std::numbers::pi * hz / rate) {}
  void fill(float* const* out, int channels, int n) {
    for (int i = 0; i < n; ++i, ++frame) {
      for (int c = 0; c < channels; ++c)
        out[c][i] = static_cast<float>(0.5 * std::sin(step_ * static_cast<double>(frame)));
    }
  }
  std::int64_t frame = 0;

 private:
  double step_;
};

struct Rates {
  int session, device;
};

class RateAdapterTest : public ::testing::TestWithParam<Rates> {};

TEST_P(RateAdapterTest, KeepsATonePureAndTimeExactAtAnyPeriod) {
  const auto [session, device] = GetParam();
  for (const int period : {64, 256, 441, 4096}) {
    RateAdapter adapter(session, device, 0, 2, msg::kMaxBlock);
    Source source(997, session);
    std::vector<float> left(4096), right(4096), heard;
    float* out[2] = {left.data(), right.data()};
    std::int64_t device_frames = 0;
    while (device_frames < 2 * device) {
      adapter.render(nullptr, out, period,
                     [&](const float* const*, float* const* to) { source.fill(to, 2, RateAdapter::kBlock); });
      device_frames += period;
      heard.insert(heard.end(), left.begin(), left.begin() + period);
      ASSERT_TRUE(std::equal(left.begin(), left.begin() + period, right.begin()));
      // Neither ahead nor behind: what was rendered is what was played plus what waits, for ever.
      const double played = static_cast<double>(device_frames) * session / device;
      ASSERT_LT(static_cast<double>(source.frame) - played, Resampler::kDelay + 2 * RateAdapter::kBlock + 64);
      ASSERT_GT(static_cast<double>(source.frame) - played, -2);
    }
    const Tone tone = measure_tone(std::span(heard).last(static_cast<std::size_t>(device / 2)), 997, device);
    EXPECT_NEAR(tone.hz, 997, 0.002);
    EXPECT_NEAR(tone.amplitude, 0.5, 0.001);
    EXPECT_GT(tone.snr_db, 95) << period;
  }
}

TEST_P(RateAdapterTest, BringsInputsToTheSessionWithoutAGap) {
  const auto [session, device] = GetParam();
  for (const int period : {64, 441, 2048}) {
    RateAdapter adapter(session, device, 1, 2, msg::kMaxBlock);
    Source source(997, device);
    std::vector<float> in(4096), left(4096), right(4096), heard;
    float* const in_planes[1] = {in.data()};
    float* out[2] = {left.data(), right.data()};
    for (std::int64_t n = 0; n < 2 * device; n += period) {
      source.fill(in_planes, 1, period);
      adapter.render(in_planes, out, period, [&](const float* const* from, float* const* to) {
        heard.insert(heard.end(), from[0], from[0] + RateAdapter::kBlock);
        for (int c = 0; c < 2; ++c) std::fill_n(to[c], RateAdapter::kBlock, 0.0f);
      });
    }
    EXPECT_GT(measure_tone(std::span(heard).last(static_cast<std::size_t>(session / 2)), 997, session).snr_db, 95)
        << period;
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, RateAdapterTest,
                         ::testing::Values(Rates{48000, 44100}, Rates{44100, 48000}, Rates{48000, 96000},
                                           Rates{96000, 44100}),
                         [](const auto& p) {
                           return std::to_string(p.param.session) + "to" + std::to_string(p.param.device);
                         });

// Two crystals: the writer's session clock and the reader's device, each off by some ppm, each called with jitter. All
// on one thread, stepped in order of time.
struct Bridge {
  Bridge(double writer_hz, double reader_hz, int reader_rate, int write_block, int read_block)
      : queue(48000),
        reader(queue, reader_rate, read_block),
        write_step(write_block * 1e9 / writer_hz),
        read_step(read_block * 1e9 / reader_hz),
        block_w(write_block),
        block_r(read_block) {}

  void run(double seconds) {
    const double until = now + seconds * 1e9;
    std::vector<float> l(4096), r(4096);
    while (now < until) {
      if (next_write <= next_read) {
        now = next_write;
        next_write += write_step;
        float* planes[2] = {l.data(), r.data()};
        source.fill(planes, 2, block_w);
        if (writing) queue.write(l.data(), r.data(), block_w, static_cast<std::int64_t>(now));
      } else {
        now = next_read;
        next_read += read_step;
        if (!reading) continue;
        reader.read(l.data(), r.data(), block_r, static_cast<std::int64_t>(now));
        heard.insert(heard.end(), l.begin(), l.begin() + block_r);
        lowest = std::min(lowest, reader.delay() - reader.target());
        highest = std::max(highest, reader.delay() - reader.target());
      }
    }
  }

  Source source{997, 48000};
  BridgeQueue queue;
  BridgeReader reader;
  std::vector<float> heard;
  double now = 1e9, next_write = 1e9, next_read = 1.0013e9;
  double write_step, read_step, lowest = 0, highest = 0;
  int block_w, block_r;
  bool writing = true, reading = true;
};

TEST(DriftBridge, TwoClocksStayTogetherAndTheToneStaysPure) {
  const struct {
    double writer, reader;
    int rate, write_block, read_block;
  } cases[] = {{48000, 48010, 48000, 256, 256}, {48010, 48000, 48000, 64, 1024}, {48000, 44096, 44100, 256, 441}};
  for (const auto& c : cases) {
    Bridge b(c.writer, c.reader, c.rate, c.write_block, c.read_block);
    b.run(12);
    b.lowest = b.highest = b.reader.delay() - b.reader.target();
    b.heard.clear();
    b.run(30);
    EXPECT_EQ(b.reader.resyncs(), 0u);
    // Bounded: within a millisecond of the wanted delay, once found.
    EXPECT_GT(b.lowest, -48);
    EXPECT_LT(b.highest, 48);
    EXPECT_NEAR(b.reader.ratio(), c.writer / c.reader, 2e-6);
    const auto last = std::span(b.heard).last(static_cast<std::size_t>(c.rate));
    // In the reader's frames the tone has the frequency that makes it right in the reader's time.
    const Tone tone = measure_tone(last, 997.0 * c.writer / 48000 * c.rate / c.reader, c.rate);
    EXPECT_NEAR(tone.amplitude, 0.5, 0.001);
    // What is left is the ratio's last wandering, a slow phase noise of some nanoseconds.
    EXPECT_GT(tone.snr_db, 75) << c.writer << " to " << c.reader;
    std::printf("measured: drift bridge %.0f to %.0f Hz: tone %.1f dB over the rest, delay within %.2f frames\n",
                c.writer, c.reader, tone.snr_db, std::max(b.highest, -b.lowest));
  }
}

TEST(DriftBridge, AStalledWriterMeansSilenceAndThenSoundAgain) {
  Bridge b(48000, 48003, 48000, 256, 256);
  b.run(5);
  b.writing = false;
  b.run(1);
  EXPECT_EQ(b.reader.resyncs(), 1u);
  EXPECT_EQ(b.heard.back(), 0.0f);
  b.writing = true;
  b.run(0.5);
  EXPECT_NE(*std::max_element(b.heard.end() - 4800, b.heard.end()), 0.0f);
  EXPECT_NEAR(b.reader.delay(), b.reader.target(), 48);
}

TEST(DriftBridge, NobodyReadingNeverBlocksTheWriterAndAReaderThatComesBackHearsThePresent) {
  Bridge b(48000, 48000, 48000, 256, 256);
  b.run(2);
  b.reading = false;
  b.run(20);  // far more than the queue holds
  b.reading = true;
  b.run(1);
  EXPECT_NEAR(b.reader.delay(), b.reader.target(), 48);
  EXPECT_GT(std::abs(*std::max_element(b.heard.end() - 4800, b.heard.end())), 0.4f);
}

TEST(DriftBridge, SoundComesBackWithAFade) {
  Bridge b(48000, 48000, 48000, 256, 256);
  b.run(1);
  const auto first = std::find_if(b.heard.begin(), b.heard.end(), [](float v) { return v != 0; });
  ASSERT_NE(first, b.heard.end());
  for (int i = 0; i < 16; ++i) EXPECT_LT(std::abs(first[i]), 0.5f * static_cast<float>(i + 2) / 256);
}

}  // namespace
}  // namespace tactus::io
