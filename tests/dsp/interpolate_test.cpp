#include "dsp/interpolate.h"

#include <memory>

#include "dsp/signals.h"

namespace tactus::dsp {
namespace {

const SincTables& tables() {
  static const auto t = [] {
    auto made = std::make_unique<SincTables>();
    made->build();
    return made;
  }();
  return *t;
}

// Reads `count` frames of an interleaved signal from position `start` on at a constant speed; the first channel.
template <int Channels>
std::vector<float> read_all(const std::vector<float>& pcm, double start, double speed, std::size_t count,
                            int channel = 0) {
  std::vector<float> out;
  for (std::size_t i = 0; i < count; ++i) {
    const double position = start + speed * static_cast<double>(i);
    const double whole = std::floor(position);
    float frame[Channels];
    const auto first = static_cast<std::size_t>(whole) - SincTables::kBefore;
    read_between<Channels>(tables(), pcm.data() + first * Channels, position - whole, speed, frame);
    out.push_back(frame[channel]);
  }
  return out;
}

template <int Channels>
std::vector<float> interleave(const std::vector<float>& mono) {
  std::vector<float> pcm;
  for (float x : mono)
    for (int c = 0; c < Channels; ++c) pcm.push_back(x * static_cast<float>(c + 1));
  return pcm;
}

TEST(Interpolate, OnASampleIsThatSampleBitForBit) {
  const auto s = test::noise(400, 1);
  const auto stereo = interleave<2>(s.left), stems = interleave<8>(s.left);
  const auto out = read_all<2>(stereo, 100, 1, 200);
  EXPECT_TRUE(test::same_bits(out, {s.left.begin() + 100, s.left.begin() + 300}));
  const auto backwards = read_all<2>(stereo, 300, -1, 200);
  for (std::size_t i = 0; i < 200; ++i) ASSERT_EQ(backwards[i], s.left[300 - i]);
  const auto eighth = read_all<8>(stems, 100, 1, 200, 7);
  for (std::size_t i = 0; i < 200; ++i) ASSERT_EQ(eighth[i], s.left[100 + i] * 8);
}

TEST(Interpolate, TheKernelItselfPassesSamplesToo) {
  for (int p : {0, SincTables::kPhases}) {
    const int at = SincTables::kBefore + (p == 0 ? 0 : 1);
    for (int k = 0; k < SincTables::kTaps; ++k) EXPECT_EQ(tables().row(0, p)[k], k == at ? 1.0f : 0.0f);
  }
}

struct Case {
  double hz, speed, limit_db;
};

TEST(Interpolate, ASineStaysASine) {
  // Tempo-fader speeds: distortion and noise of a full-scale sine, images and aliases included.
  const double rate = 48000;
  for (const Case& c : {Case{1000, 1.0594, -108},
                        {1000, 0.92, -108},
                        {5000, 1.08, -108},
                        {10000, 0.94, -105},
                        {15000, 0.9, -98},
                        {19000, 0.95, -92},
                        {1000, -1.0, -108},
                        {997, 0.5, -105},
                        {1000, 2.7, -100}}) {
    const auto pcm = interleave<2>(test::sine(c.hz, rate, 40000));
    const auto out = read_all<2>(pcm, c.speed < 0 ? 39000.3 : 100.3, c.speed, 8000);
    const auto fit = test::fit_tone(out, c.hz * c.speed, rate, 0, out.size());
    const double thd_n = test::db(fit.rest_rms / (fit.amplitude / std::sqrt(2)));
    EXPECT_LT(thd_n, c.limit_db) << c.hz << " Hz at " << c.speed;
    EXPECT_NEAR(test::db(fit.amplitude), 0, c.hz >= 15000 ? 0.5 : 0.02) << c.hz << " Hz at " << c.speed;
  }
}

TEST(Interpolate, TakesOutWhatWouldFoldBack) {
  // At speed s a tone above rate / (2 s) would come back mirrored.
  const double rate = 48000;
  for (double speed : {2.0, 4.0}) {
    const double hz = std::min(0.97 * rate / 2, 1.7 * rate / (2 * speed));
    const auto pcm = interleave<2>(test::sine(hz, rate, 60000));
    const auto out = read_all<2>(pcm, 100.3, speed, 8000);
    EXPECT_LT(test::db(test::rms(out, 0, out.size()) * std::sqrt(2)), -60) << speed;
  }
}

TEST(Interpolate, SpeedMayGlideThroughTheTablesWithoutASeam) {
  // A slow scratch from speed 0.5 to 5: the level of a low tone must not step where the tables change.
  const double rate = 48000, hz = 200;
  const auto pcm = interleave<2>(test::sine(hz, rate, 60000));
  double position = 100, worst = 0;
  for (int i = 0; i < 20000; ++i) {
    const double speed = 0.5 + 4.5 * i / 20000;
    const double whole = std::floor(position);
    float frame[2];
    read_between<2>(tables(), pcm.data() + 2 * (static_cast<std::size_t>(whole) - SincTables::kBefore),
                    position - whole, speed, frame);
    worst = std::max(worst, std::abs(double{frame[0]} - std::sin(2 * test::kPi * hz * position / rate)));
    position += speed;
  }
  EXPECT_LT(worst, 2e-3);
}

TEST(Interpolate, StemsAddUpToTheMix) {
  // Four stems read together and summed equal the sum read as a stereo track.
  const auto a = test::noise(2000, 0.25, 1), b = test::noise(2000, 0.25, 2);
  std::vector<float> stems, mix;
  for (std::size_t i = 0; i < 2000; ++i) {
    const float s[8] = {a.left[i],        a.right[i],         b.left[i],      b.right[i],
                        0.5f * a.left[i], 0.25f * b.right[i], -b.left[i] / 2, 0};
    stems.insert(stems.end(), s, s + 8);
    mix.push_back(s[0] + s[2] + s[4] + s[6]);
    mix.push_back(s[1] + s[3] + s[5] + s[7]);
  }
  std::vector<float> sum(1000);
  for (int c : {0, 2, 4, 6}) {
    const auto part = read_all<8>(stems, 200.123, 1.0371, 1000, c);
    for (std::size_t i = 0; i < 1000; ++i) sum[i] += part[i];
  }
  const auto whole = read_all<2>(mix, 200.123, 1.0371, 1000);
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_NEAR(sum[i], whole[i], 1e-6f);
}

}  // namespace
}  // namespace tactus::dsp
