// The stretcher's sound: tones stay pure, stems add up, voices keep their vowels, and it is as good as the library is.
#include "media/stretch.h"

#include <gtest/gtest.h>
#include <cstdlib>

#include "media/allocation_count.h"
#include "media/stretch_library.h"
#include "media/stretch_music.h"
#include "media/stretch_reader.h"

using namespace tactus;
using namespace tactus::media;
using namespace tactus::media::test;

namespace {

const SampleRate k48{48000};

Audio render(StretchMode mode, Feed& feed, std::int64_t frames, bool formants = false, bool pitched = true) {
  StretchReader reader(mode, feed.channels, k48, pitched);
  reader.set_formant_preserved(formants);
  EXPECT_TRUE(reader.prime(feed, 0));
  Audio out;
  pull(reader, feed, frames, out);
  return out;
}

}  // namespace

TEST(StretchVoice, MapsSourceToOutputExactlyAtRatioOne) {
  for (const double hz : {44100.0, 48000.0, 96000.0}) {
    for (const int kind : {0, 1, 2, 3, 4, 5}) {
      const auto mode = static_cast<StretchMode>(kind / 2);
      StretchVoice voice(mode, 1, SampleRate{hz}, kind % 2 == 1);
      constexpr std::int64_t kAt = 30000;
      std::vector<float> chunk(StretchVoice::kChunk), out;
      while (out.size() < kAt + 1000) {
        for (int i = 0; i < StretchVoice::kChunk; ++i) chunk[static_cast<std::size_t>(i)] = voice.fed() + i == kAt;
        const float* in = chunk.data();
        voice.feed(&in);
        const int n = voice.available();
        out.resize(out.size() + static_cast<std::size_t>(n));
        float* to = out.data() + out.size() - n;
        voice.retrieve(&to, n);
      }
      const auto peak = std::max_element(out.begin(), out.end()) - out.begin();
      EXPECT_NEAR(static_cast<double>(peak), voice.output_at(kAt), 1) << hz << " Hz, mode " << static_cast<int>(mode);
      EXPECT_NEAR(voice.source_at(voice.output_at(kAt + 123.5)), kAt + 123.5, 1e-6);
    }
  }
}

struct ToneCase {
  StretchMode mode;
  double speed;
  double semitones;
  double hz;
};

class PureTone : public ::testing::TestWithParam<ToneCase> {};

// Within 2 cents and 0.5 dB, and steady: its phase within 0.1 ms of an even one.
TEST_P(PureTone, KeepsPitchLevelAndSteadiness) {
  const ToneCase c = GetParam();
  Feed feed;
  feed.timeline = line(20000, c.speed);
  feed.pitch_at = [&](double) { return Semitones{c.semitones}.ratio(); };
  feed.source = [&](std::int64_t i, int) {
    return static_cast<float>(0.5 * std::sin(2 * kPi * c.hz * static_cast<double>(i) / 48000));
  };
  const Audio out = render(c.mode, feed, 96000);
  const double expected = c.hz * Semitones{c.semitones}.ratio();
  const Tone tone = measure_tone(out[0], 0, expected);
  EXPECT_LT(std::fabs(1200 * std::log2(tone.hz / expected)), 2);
  EXPECT_LT(std::fabs(20 * std::log10(tone.amplitude / 0.5)), 0.5);
  EXPECT_LT(20 * std::log10(tone.amplitude_ratio), 1);
  EXPECT_LT(tone.jitter_ms, 0.1);
}

std::vector<ToneCase> tone_cases() {
  std::vector<ToneCase> cases;
  for (const double speed : {0.9, 0.985, 1.0159, 1.1}) {
    for (const double semitones : {-3.0, 0.0, 1.5}) cases.push_back({StretchMode::r3, speed, semitones, 440});
    cases.push_back({StretchMode::r3, speed, 0, 3000});
    cases.push_back({StretchMode::r3long, speed, 0, 440});
    cases.push_back({StretchMode::r2, speed, 0, 440});
  }
  cases.push_back({StretchMode::r3, 1.0, 2, 440});
  cases.push_back({StretchMode::r3, -1.02, 0, 440});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Cases, PureTone, ::testing::ValuesIn(tone_cases()));

// Without pitch, a tone is as pure, at half the cost.
TEST(Stretch, AToneStaysPureInAVoiceWithoutPitch) {
  for (const StretchMode mode : {StretchMode::r3, StretchMode::r3long, StretchMode::r2}) {
    Feed feed;
    feed.timeline = line(20000, 1.04);
    feed.pitch_at = [](double) { return 2.0; };  // not followed
    feed.source = [](std::int64_t i, int) {
      return static_cast<float>(0.5 * std::sin(2 * kPi * 440 * static_cast<double>(i) / 48000));
    };
    const Tone tone = measure_tone(render(mode, feed, 96000, false, false)[0], 0, 440);
    EXPECT_LT(std::fabs(1200 * std::log2(tone.hz / 440)), 2);
    EXPECT_LT(std::fabs(20 * std::log10(tone.amplitude / 0.5)), 0.5);
    EXPECT_LT(tone.jitter_ms, 0.1);
  }
}

// A tone through a tempo ramp, where the ratio of every hop is another one.
TEST(Stretch, AToneStaysPureThroughATempoRamp) {
  Feed feed;
  feed.timeline = [](double f) { return 20000 + f * 0.95 + f * f * 0.1 / 192000; };
  feed.source = [](std::int64_t i, int) {
    return static_cast<float>(0.5 * std::sin(2 * kPi * 440 * static_cast<double>(i) / 48000));
  };
  const Audio out = render(StretchMode::r3, feed, 96000);
  const Tone tone = measure_tone(out[0], 0, 440);
  EXPECT_LT(std::fabs(1200 * std::log2(tone.hz / 440)), 2);
  EXPECT_LT(tone.jitter_ms, 0.1);
}

// Four stems in one stretcher sum to what the mix gives: each third of an octave within 0.5 dB, onsets within 1 ms.
TEST(Stretch, StemsAddUpToTheMix) {
  Feed mix, stems;
  mix.timeline = stems.timeline = line(48000, 1.025);
  mix.channels = 2;
  stems.channels = 8;
  mix.source = [](std::int64_t i, int c) { return music(i, c) + music(i, 2 + c) + music(i, 4 + c) + music(i, 6 + c); };
  stems.source = music;
  const std::int64_t frames = 8 * 48000;
  const Audio whole = render(StretchMode::r3, mix, frames), parts = render(StretchMode::r3, stems, frames);
  Audio sum(2, std::vector<float>(static_cast<std::size_t>(frames)));
  for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
    for (std::size_t c = 0; c < 8; ++c) sum[c % 2][i] += parts[c][i];
  }
  for (std::size_t c = 0; c < 2; ++c) {
    const auto a = third_octaves(whole[c]), b = third_octaves(sum[c]);
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k], b[k], 0.5) << "channel " << c << " band " << k;
  }
  // Where two renderings of one onset lie, by the lag of the best match of their slopes.
  for (int beat = 1; beat < 14; ++beat) {
    const auto at = static_cast<std::int64_t>((beat * 24000) / 1.025);
    double best = -1, lag_of_best = 0;
    for (std::int64_t lag = -240; lag <= 240; ++lag) {
      double match = 0;
      for (std::int64_t i = at - 480; i < at + 1440; ++i) {
        const auto x = static_cast<std::size_t>(i), y = static_cast<std::size_t>(i + lag);
        match += (whole[0][x] - whole[0][x - 1]) * (sum[0][y] - sum[0][y - 1]);
      }
      if (match > best) best = match, lag_of_best = static_cast<double>(lag);
    }
    EXPECT_LT(std::fabs(lag_of_best), 48) << "beat " << beat;
  }
}

// Alone, a stem is itself: what the others do is not heard in it.
TEST(Stretch, AStemAloneIsClean) {
  Feed stems;
  stems.channels = 8;
  stems.timeline = line(48000, 1.025);
  stems.source = [](std::int64_t i, int c) { return c / 2 == 2 ? 0.0f : music(i, c); };  // no bass
  StretchReader reader(StretchMode::r3, 8, k48);
  reader.set_whole(false);
  ASSERT_TRUE(reader.prime(stems, 0));
  Audio out;
  pull(reader, stems, 48000, out);
  double bass = 0, drums = 0;
  for (std::size_t i = 4800; i < 48000; ++i) bass += out[4][i] * out[4][i], drums += out[2][i] * out[2][i];
  EXPECT_GT(drums, 1);
  EXPECT_LT(bass, 1e-8 * drums);
}

// A vowel's first formant: moves with the pitch unless told to stay.
TEST(Stretch, FormantsStayWhenAskedTo) {
  Feed feed;
  feed.timeline = line(48000, 1.0);
  feed.pitch_at = [](double) { return Semitones{7}.ratio(); };
  feed.source = [](std::int64_t i, int) {
    double sum = 0;
    for (int h = 1; h < 40; ++h) {
      sum += std::exp(-std::pow((110.0 * h - 1100) / 300, 2)) *
             std::sin(2 * kPi * 110 * h * static_cast<double>(i) / 48000 + h);
    }
    return static_cast<float>(0.1 * sum);
  };
  const auto centroid = [&](bool preserved) {
    const auto p = power(render(StretchMode::r3, feed, 48000, preserved)[0], 8000, 16384);
    double weight = 0, sum = 0;
    for (std::size_t k = 0; k < p.size(); ++k) weight += p[k], sum += p[k] * static_cast<double>(k) * 48000 / 16384;
    return sum / weight;
  };
  EXPECT_NEAR(centroid(false), 1100 * Semitones{7}.ratio(), 120);
  EXPECT_NEAR(centroid(true), 1100, 150);
}

// No farther from an offline R3 render than the library's own realtime R3 with the same options.
TEST(Stretch, IsAsGoodAsTheBareLibrary) {
  const auto mono = [](std::int64_t i, int) {
    float sum = 0;
    for (int c = 0; c < 8; c += 2) sum += music(i, c);
    return sum;
  };
  constexpr std::size_t kSource = 10 * 48000;
  std::vector<float> source(kSource);
  for (std::size_t i = 0; i < kSource; ++i) source[i] = mono(static_cast<std::int64_t>(i), 0);
  const double ratio = 126.0 / 128;
  std::vector<float> offline = offline_render(source, ratio);
  const std::vector<float> bare = bare_render(source, ratio, true);

  Feed feed;
  feed.timeline = line(0, 1 / ratio);
  feed.source = mono;
  const Audio ours = render(StretchMode::r3, feed, 9 * 48000);
  offline.resize(9 * 48000);
  const double of_bare = log_spectral_distance(offline, bare, 9600);
  const double of_ours = log_spectral_distance(offline, ours[0], 9600);
  RecordProperty("bare_millidecibel", static_cast<int>(1000 * of_bare));
  RecordProperty("ours_millidecibel", static_cast<int>(1000 * of_ours));
  EXPECT_LE(of_ours, of_bare + 0.05);
}

// Nothing is allocated after construction, whatever is turned.
TEST(Stretch, AllocatesNothingAfterConstruction) {
  if (!can_count_allocations()) GTEST_SKIP() << "a sanitizer's allocator stands in the way";
  for (const StretchMode mode : {StretchMode::r3, StretchMode::r3long, StretchMode::r2}) {
    for (const int kind : {2, 3, 8, 9}) {
      const int channels = kind & ~1;
      Feed feed;
      feed.channels = channels;
      feed.timeline = [](double f) { return 9000 + f * (0.8 + f * 3e-6); };
      feed.pitch_at = [](double f) { return 1 + 0.3 * std::sin(f / 7000); };
      feed.source = [](std::int64_t i, int c) {
        return static_cast<float>(0.1 * std::sin(0.02 * static_cast<double>(i) * (c + 1)));
      };
      StretchReader reader(mode, channels, k48, kind % 2 == 0);
      float planes[8][StretchReader::kPacket];
      float* at[8];
      for (int c = 0; c < 8; ++c) at[c] = planes[c];
      StretchReader::Tag tag;
      const std::uint64_t before = allocations_of_this_thread();
      ASSERT_TRUE(reader.prime(feed, 0));
      for (int n = 0; n < 96000 / channels; n += StretchReader::kPacket) {
        if (n == 9600) reader.set_formant_preserved(true);
        reader.next(feed, tag, at);
      }
      EXPECT_EQ(allocations_of_this_thread() - before, 0u) << "mode " << static_cast<int>(mode) << ", " << channels;
    }
  }
  const std::uint64_t before = allocations_of_this_thread();
  void* volatile memory = std::malloc(1);
  std::free(memory);
  EXPECT_EQ(allocations_of_this_thread(), before + 1) << "the counter counts";
}

// The same all over the range of ratios and pitches, at several rates.
TEST(Stretch, AllocatesNothingAtAnyRatioAndPitch) {
  if (!can_count_allocations()) GTEST_SKIP() << "a sanitizer's allocator stands in the way";
  std::vector<float> in(StretchVoice::kChunk), out(65536);
  const float* from[2] = {in.data(), in.data()};
  float* to[2] = {out.data(), out.data()};
  for (const double hz : {44100.0, 48000.0, 96000.0}) {
    for (const int kind : {0, 1, 2, 3, 4, 5}) {
      const auto mode = static_cast<StretchMode>(kind / 2);
      StretchVoice voice(mode, 2, SampleRate{hz}, kind % 2 == 1);
      const std::uint64_t before = allocations_of_this_thread();
      for (int k = 0; k < 250; ++k) {
        for (int i = 0; i < StretchVoice::kChunk; ++i) {
          in[static_cast<std::size_t>(i)] = static_cast<float>(0.3 * std::sin(0.05 * (k * StretchVoice::kChunk + i)));
        }
        double pitch = std::exp2(2 * std::sin(0.047 * k)), ratio = std::exp2(3 * std::sin(0.031 * k));
        if (kind % 2 == 0) pitch = 1;
        const auto set_ratio = [&] { voice.set_ratio(ratio); };
        if (k % 2) set_ratio();
        voice.set_pitch(pitch);
        set_ratio();
        voice.feed(from);
        voice.retrieve(to, voice.available());
      }
      EXPECT_EQ(allocations_of_this_thread() - before, 0u) << hz << " Hz, mode " << static_cast<int>(mode);
    }
  }
}
