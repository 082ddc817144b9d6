// What the files hold, measured: grid, key, sum, levels.
#include <ebur128.h>

#include <algorithm>
#include <complex>
#include <numeric>

#include "crate_fixture.h"
#include "demo/blocks.h"
#include "demo/instrument.h"
#include "demo/master.h"
#include "demo/render.h"

namespace tactus::demo::test {
namespace {

constexpr auto kDrums = static_cast<std::size_t>(Stem::drums);
constexpr auto kBass = static_cast<std::size_t>(Stem::bass);
constexpr auto kOther = static_cast<std::size_t>(Stem::other);

TEST(Sound, StemsAddUpToTheMixSampleForSample) {
  for (const Loaded& l : loaded()) {
    ASSERT_EQ(l.mix.rate, l.truth["rate"].get<int>());
    ASSERT_EQ(l.mix.bits, l.song.bits);
    ASSERT_EQ(l.mix.frames(), l.truth["frames"].get<std::int64_t>());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < l.mix.samples.size(); ++i) {
      std::int32_t sum = 0;
      for (const Audio& s : l.stems) sum += s.samples[i];
      wrong += sum != l.mix.samples[i];
    }
    EXPECT_EQ(wrong, 0u) << l.song.title;
    for (const Audio& s : l.stems) {
      EXPECT_EQ(s.samples.size(), l.mix.samples.size());
      EXPECT_GT(*std::max_element(s.samples.begin(), s.samples.end()), 1 << (s.bits - 6))
          << l.song.title << ": a stem is silent";
    }
  }
}

// Where a kick's onset is sharp: above the tail of the one before, below the cymbals.
std::vector<float> onset_band(std::vector<float> x, int rate) {
  Svf high, low;
  high.set(1500, 0.7f, static_cast<float>(rate));
  low.set(5000, 0.7f, static_cast<float>(rate));
  for (float& v : x) v = low.low(high.high(v));
  return x;
}

// The kick alone, from its first frame, as a matched filter.
std::vector<float> kick_template(const Song& song, int rate) {
  for (const Part& p : song.parts) {
    if (p.name != "kick") continue;
    Context c{static_cast<float>(rate), static_cast<float>(song.bpm), 1, {{0, rate, 60, 1, 0}}};
    std::vector<float> l(static_cast<std::size_t>(rate / 60)), r(l.size());
    p.maker(c)->render(0, l.data(), r.data(), static_cast<int>(l.size()));
    return onset_band(l, rate);
  }
  return {};
}

// Frames from where the grid has a downbeat to where the kick is found.
std::int64_t kick_error(const std::vector<float>& drums, const std::vector<float>& kick, std::int64_t frame) {
  double best = -1e9;
  std::int64_t at = 0;
  for (std::int64_t lag = -200; lag <= 200; ++lag) {
    double sum = 0;
    if (frame + lag < 0) continue;
    for (std::size_t i = 0; i < kick.size(); ++i) sum += kick[i] * drums[static_cast<std::size_t>(frame + lag) + i];
    if (sum > best) best = sum, at = lag;
  }
  return at;
}

// With all else silenced the kick's first frame stands out, and is exactly where the grid says.
TEST(Sound, KicksAreOnTheGridToTheFrame) {
  for (Song song : all_songs()) {
    for (Part& p : song.parts)
      if (p.name != "kick") p.notes.clear();
    const Rendered r =
        render(song, {.rate = song.rate, .first_bar = song.highlight, .bars = 4, .cancel = nullptr, .progress = {}});
    const std::vector<float>& drums = r.stems[kDrums];
    const auto jump = [&](std::int64_t frame) {
      const auto i = static_cast<std::size_t>(2 * frame);
      return std::fabs(drums[i] - (frame > 0 ? drums[i - 2] : 0.0f));
    };
    for (int bar = 0; bar < 4; ++bar) {
      const std::int64_t due =
          std::llround(static_cast<double>(r.first_downbeat) + 4.0 * bar * 60.0 * song.rate / song.bpm);
      std::int64_t found = std::max<std::int64_t>(0, due - 500);
      while (found < due + 500 && jump(found) < 0.03f) ++found;
      EXPECT_EQ(found, due) << song.title << " bar " << bar;
    }
  }
}

// In the finished file, under cymbals and limiter, a matched filter finds it there too.
TEST(Sound, KicksAreFoundOnTheGridInTheFiles) {
  for (const Loaded& l : loaded()) {
    const std::vector<float> kick = kick_template(l.song, l.mix.rate);
    ASSERT_FALSE(kick.empty());
    const std::vector<float> onsets = onset_band(l.stems[kDrums].mono(), l.mix.rate);
    const auto& grid = l.truth["grid"];
    const double first = grid["anchors"][0]["frame"], per_beat = 60.0 * l.mix.rate / grid["bpm"].get<double>();
    EXPECT_DOUBLE_EQ(per_beat, grid["frames_per_beat"].get<double>());
    EXPECT_NEAR(first, l.song.lead_in * l.mix.rate, 0.5);
    int found = 0;
    for (const auto& section : l.truth["sections"]) {
      if (!section["kick_on_downbeats"]) continue;
      for (int bar = 0; bar < section["bars"].get<int>(); ++bar, ++found) {
        const double beat = section["beat"].get<double>() + 4.0 * bar;
        EXPECT_LE(std::abs(kick_error(onsets, kick, std::llround(first + beat * per_beat))), 1)
            << l.song.title << " beat " << beat;
      }
    }
    EXPECT_GE(found, 4) << l.song.title;
    // Nothing sounds before the first downbeat, and the kick does at once.
    const auto& drums = l.stems[kDrums].samples;
    const auto start = std::find_if(drums.begin(), drums.end(), [](std::int32_t v) { return v != 0; }) - drums.begin();
    EXPECT_EQ(start / 2, std::llround(first)) << l.song.title;
  }
}

// Energy by pitch class, C first: resonators at each semitone from C2 to B6 over windows of a fifth of a second.
std::array<double, 12> chroma(const std::vector<float>& full, int full_rate) {
  // A quarter of the rate is enough for these notes.
  const int rate = full_rate / 4;
  std::vector<float> mono(full.size() / 4);
  for (std::size_t i = 0; i < mono.size(); ++i) mono[i] = std::accumulate(&full[4 * i], &full[4 * i] + 4, 0.0f);
  std::array<double, 12> out{};
  const auto window = static_cast<std::size_t>(rate / 5);
  for (int midi = 36; midi < 96; ++midi) {
    const double w = 2 * M_PI * 440.0 * std::exp2((midi - 69) / 12.0) / rate, c = 2 * std::cos(w);
    for (std::size_t at = 0; at + window <= mono.size(); at += window) {
      double s1 = 0, s2 = 0;
      for (std::size_t i = 0; i < window; ++i) {
        const double hann = 0.5 - 0.5 * std::cos(2 * M_PI * static_cast<double>(i) / static_cast<double>(window));
        const double s0 = hann * mono[at + i] + c * s1 - s2;
        s2 = s1, s1 = s0;
      }
      // Amplitude, not power: ears compress, and one loud bass note is not the key.
      out[static_cast<std::size_t>(midi % 12)] += std::sqrt(std::max(0.0, s1 * s1 + s2 * s2 - c * s1 * s2));
    }
  }
  return out;
}

double correlation(const std::array<double, 12>& a, const std::array<double, 12>& b, int shift) {
  const double ma = std::accumulate(a.begin(), a.end(), 0.0) / 12, mb = std::accumulate(b.begin(), b.end(), 0.0) / 12;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    const double x = a[(i + static_cast<std::size_t>(shift)) % 12] - ma, y = b[i] - mb;
    ab += x * y, aa += x * x, bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

// The key whose probe-tone profile (Krumhansl and Kessler 1982) fits best.
std::string key_of(const std::array<double, 12>& c) {
  static constexpr std::array<double, 12> kMajor{6.35, 2.23, 3.48, 2.33, 4.38, 4.09,
                                                 2.52, 5.19, 2.39, 3.66, 2.29, 2.88};
  static constexpr std::array<double, 12> kMinor{6.33, 2.68, 3.52, 5.38, 2.60, 3.53,
                                                 2.54, 4.75, 3.98, 2.69, 3.34, 3.17};
  static const std::array<std::string, 12> kNames{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
  double best = -2;
  std::string name;
  for (int tonic = 0; tonic < 12; ++tonic)
    for (const bool minor : {false, true}) {
      const double fit = correlation(c, minor ? kMinor : kMajor, tonic);
      if (fit > best) best = fit, name = kNames[static_cast<std::size_t>(tonic)] + (minor ? " minor" : " major");
    }
  return name;
}

TEST(Sound, NotesAreInTheStatedKey) {
  for (const Loaded& l : loaded()) {
    std::vector<float> notes = l.stems[kBass].mono();
    const std::vector<float> other = l.stems[kOther].mono();
    for (std::size_t i = 0; i < notes.size(); ++i) notes[i] += other[i];
    const std::array<double, 12> c = chroma(notes, l.mix.rate);
    EXPECT_EQ(key_of(c), l.truth["key"]["name"].get<std::string>()) << l.song.title;
    EXPECT_EQ(l.truth["key"]["camelot"].get<std::string>(), l.song.key.camelot());
    // The seven notes of the natural scale are louder than the five outside.
    const std::vector<int> scale =
        l.song.key.minor ? std::vector<int>{0, 2, 3, 5, 7, 8, 10} : std::vector<int>{0, 2, 4, 5, 7, 9, 11};
    double in = 0;
    for (int step : scale) in += c[static_cast<std::size_t>((l.song.key.pitch_class() + step) % 12)];
    EXPECT_GT(in / std::accumulate(c.begin(), c.end(), 0.0), 0.7) << l.song.title;
  }
}

TEST(Sound, LevelsAreRight) {
  for (const Loaded& l : loaded()) {
    const std::array<std::vector<float>, 1> mix{l.mix.floats()};
    const Loudness measured = measure(mix, l.mix.rate);
    EXPECT_LE(measured.true_peak_db, -1.0) << l.song.title;
    EXPECT_GE(measured.lufs, -12.5) << l.song.title;
    EXPECT_LE(measured.lufs, -9.0) << l.song.title;
    EXPECT_NEAR(measured.lufs, l.truth["loudness"]["lufs"].get<double>(), 0.05);
    EXPECT_NEAR(measured.true_peak_db, l.truth["loudness"]["true_peak_dbtp"].get<double>(), 0.1);
    for (std::size_t s = 0; s <= kStems; ++s) {
      const Audio& a = s < kStems ? l.stems[s] : l.mix;
      const std::vector<float> x = a.floats();
      double left = 0, right = 0;
      for (std::size_t i = 0; i < x.size(); i += 2) left += x[i], right += x[i + 1];
      EXPECT_LT(std::fabs(left) / static_cast<double>(a.frames()), 1e-3) << l.song.title << ": DC";
      EXPECT_LT(std::fabs(right) / static_cast<double>(a.frames()), 1e-3) << l.song.title << ": DC";
      // It begins before the first sound and has faded away at the end.
      EXPECT_EQ(a.samples[0], 0);
      for (std::size_t i = x.size() - 200; i < x.size(); ++i) ASSERT_LT(std::fabs(x[i]), 1e-4f) << l.song.title;
    }
  }
}

TEST(Sound, BassIsMono) {
  for (const Loaded& l : loaded()) {
    std::int32_t widest = 0;
    const auto& bass = l.stems[kBass].samples;
    for (std::size_t i = 0; i < bass.size(); i += 2) widest = std::max(widest, std::abs(bass[i] - bass[i + 1]));
    EXPECT_LE(widest, 1 << (l.song.bits - 14)) << l.song.title;
  }
}

TEST(Sound, RenderIsTheSameBitsEachTime) {
  const Song song = all_songs()[1];
  const RenderOptions options{.rate = 48000, .first_bar = song.highlight, .bars = 1, .progress = {}};
  const Rendered a = render(song, options), b = render(song, options);
  for (std::size_t s = 0; s < kStems; ++s) EXPECT_EQ(a.stems[s], b.stems[s]);
}

TEST(Limiter, HoldsTheSumAndKeepsTheBalance) {
  constexpr int kRate = 48000;
  std::array<std::vector<float>, 2> stems;
  for (auto& s : stems) s.resize(2 * kRate);
  for (std::size_t i = 0; i < kRate; ++i) {
    const float loud = i > 20000 && i < 22000 ? 1.0f : 0.1f;
    for (std::size_t side = 0; side < 2; ++side) {
      stems[0][2 * i + side] = loud * std::sin(0.05f * static_cast<float>(i));
      stems[1][2 * i + side] = 0.5f * stems[0][2 * i + side];
    }
  }
  const auto before = stems;
  limit(stems, kRate, 0.7f);
  float peak = 0;
  for (std::size_t i = 0; i < stems[0].size(); ++i) {
    peak = std::max(peak, std::fabs(stems[0][i] + stems[1][i]));
    ASSERT_NEAR(stems[1][i], 0.5f * stems[0][i], 1e-7f) << "one gain for all";
  }
  EXPECT_LE(peak, 0.7001f);
  EXPECT_GT(peak, 0.65f);
  for (std::size_t i = 0; i < 2 * 19700; ++i) ASSERT_EQ(stems[0][i], before[0][i]) << "untouched before the peak";
  // Silence stays silence, short input is no trouble.
  std::array<std::vector<float>, 1> tiny{std::vector<float>{2, 2, 0, 0}};
  limit(tiny, kRate, 0.5f);
  EXPECT_LE(tiny[0][0], 0.5001f);
}

}  // namespace
}  // namespace tactus::demo::test
