// Why a track with stems is stretched in ten channels and not in eight: how far the sum of four stems is from the
// stretched mix, the library being given
//
//   apart      the stems in eight channels, each led by itself
//   together   the same, led by the loudest of them where the library locks channels
//   + mono     a ninth channel, the mix in mono and louder than all, so that it leads them
//   + mix      a ninth and tenth, the mix in stereo: what StretchVoice does; the sum itself, before what it lacks of
//   the
//              mix is dealt out among the stems
//
// at three tempos: the worst third octave, the worst onset, and the energy of the difference over that of the mix,
// which is what would be heard of the others in a stem that was made to be the rest. Ten seconds of synthetic music.
#include <rubberband/RubberBandStretcher.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "media/stretch_music.h"

namespace {

using Library = RubberBand::RubberBandStretcher;
using Audio = std::vector<std::vector<float>>;
using tactus::media::test::music;
using tactus::media::test::third_octaves;

constexpr std::size_t kFrames = 480000, kChunk = 128;
constexpr double kBeat = 24000;

Audio stretched(const Audio& in, bool together, double ratio) {
  Library library(48000, in.size(),
                  Library::OptionProcessRealTime | Library::OptionEngineFiner | Library::OptionWindowShort |
                      (together ? Library::OptionChannelsTogether : Library::OptionChannelsApart),
                  ratio);
  library.setMaxProcessSize(kChunk);
  Audio out(in.size());
  std::vector<const float*> from(in.size());
  std::vector<float*> to(in.size());
  for (std::size_t at = 0; at + kChunk <= kFrames; at += kChunk) {
    for (std::size_t c = 0; c < in.size(); ++c) from[c] = in[c].data() + at;
    library.process(from.data(), kChunk, false);
    const int ready = library.available();
    if (ready <= 0) continue;
    const auto n = static_cast<std::size_t>(ready);
    for (std::size_t c = 0; c < in.size(); ++c) {
      out[c].resize(out[c].size() + n);
      to[c] = out[c].data() + out[c].size() - n;
    }
    library.retrieve(to.data(), n);
  }
  return out;
}

double worst_band(const std::vector<float>& a, const std::vector<float>& b) {
  const auto x = third_octaves(a), y = third_octaves(b);
  const double loudest = *std::max_element(x.begin(), x.end());
  double worst = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (x[k] > loudest - 60) worst = std::max(worst, std::fabs(x[k] - y[k]));
  }
  return worst;
}

// ms, by the lag at which the slopes around a beat agree best.
double worst_onset(const std::vector<float>& a, const std::vector<float>& b, double ratio) {
  double worst = 0;
  for (int beat = 1; beat < 18; ++beat) {
    const auto at = static_cast<std::int64_t>(beat * kBeat * ratio + 1280);
    double best = -1, lag_of_best = 0;
    for (std::int64_t lag = -240; lag <= 240; ++lag) {
      double match = 0;
      for (std::int64_t i = at - 480; i < at + 1440; ++i) {
        const auto x = static_cast<std::size_t>(i), y = static_cast<std::size_t>(i + lag);
        match += (a[x] - a[x - 1]) * (b[y] - b[y - 1]);
      }
      if (match > best) best = match, lag_of_best = static_cast<double>(lag);
    }
    worst = std::max(worst, std::fabs(lag_of_best) / 48);
  }
  return worst;
}

double difference_db(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0, whole = 0;
  for (std::size_t i = 9600; i < std::min(a.size(), b.size()); ++i) {
    sum += std::pow(a[i] - b[i], 2);
    whole += std::pow(a[i], 2);
  }
  return 10 * std::log10(sum / whole);
}

}  // namespace

int main() {
  constexpr float kLead = 4;
  Audio stems(8, std::vector<float>(kFrames)), mix(2, std::vector<float>(kFrames));
  for (std::size_t i = 0; i < kFrames; ++i) {
    for (std::size_t c = 0; c < 8; ++c) {
      stems[c][i] = music(static_cast<std::int64_t>(i), static_cast<int>(c));
      mix[c % 2][i] += stems[c][i];
    }
  }
  Audio with_mono = stems, with_mix = stems;
  with_mono.emplace_back(kFrames);
  for (std::size_t i = 0; i < kFrames; ++i) with_mono[8][i] = kLead * (mix[0][i] + mix[1][i]) / 2;
  for (const auto& side : mix) {
    with_mix.push_back(side);
    for (float& x : with_mix.back()) x *= kLead;
  }

  std::printf("%5s %-10s %10s %10s %14s\n", "tempo", "", "band dB", "onset ms", "difference dB");
  for (const double tempo : {1.025, 1.06, 0.93}) {
    const auto whole = stretched(mix, true, 1 / tempo)[0];
    const struct {
      const char* name;
      const Audio& in;
      bool together;
    } ways[] = {
        {"apart", stems, false}, {"together", stems, true}, {"+ mono", with_mono, true}, {"+ mix", with_mix, true}};
    for (const auto& way : ways) {
      const Audio parts = stretched(way.in, way.together, 1 / tempo);
      std::vector<float> sum(parts[0].size());
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = parts[0][i] + parts[2][i] + parts[4][i] + parts[6][i];
      std::printf("%5.3f %-10s %10.2f %10.2f %14.1f\n", tempo, way.name, worst_band(whole, sum),
                  worst_onset(whole, sum, 1 / tempo), difference_db(whole, sum));
    }
  }
  return 0;
}
