// Sources and timelines for the stretch tests, and what to measure on the result.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <vector>

#include "media/stretch_reader.h"

namespace tactus::media::test {

constexpr double kPi = std::numbers::pi;

// A source as a function of (frame, channel), a timeline as a function of the session frame.
struct Feed : StretchFeed {
  std::function<double(double)> timeline = [](double frame) { return frame; };
  std::function<float(std::int64_t, int)> source;
  std::function<double(double)> pitch_at = [](double) { return 1.0; };
  int channels = 1;
  bool there = true;

  double position(double frame) const override { return timeline(frame); }
  double pitch(double frame) const override { return pitch_at(frame); }
  bool read(std::int64_t first, int n, float* out) override {
    for (int i = 0; there && i < n; ++i) {
      for (int c = 0; c < channels; ++c) out[i * channels + c] = source(first + i, c);
    }
    return there;
  }
};

inline std::function<double(double)> line(double start, double speed) {
  return [=](double frame) { return start + speed * frame; };
}

using Audio = std::vector<std::vector<float>>;  // one vector a channel

// Appends `frames` session frames (a multiple of 32) of the reader's output; returns the worst |tag.error|.
inline double pull(StretchReader& reader, Feed& feed, std::int64_t frames, Audio& out) {
  out.resize(static_cast<std::size_t>(reader.channels()));
  double worst = 0;
  float planes[StretchVoice::kMaxChannels][StretchReader::kPacket];
  float* at[StretchVoice::kMaxChannels];
  for (int c = 0; c < StretchVoice::kMaxChannels; ++c) at[c] = planes[c];
  StretchReader::Tag tag;
  for (std::int64_t n = 0; n < frames && reader.next(feed, tag, at); n += StretchReader::kPacket) {
    for (std::size_t c = 0; c < out.size(); ++c)
      out[c].insert(out[c].end(), planes[c], planes[c] + StretchReader::kPacket);
    worst = std::max(worst, std::fabs(tag.error));
  }
  return worst;
}

// A click: 2 kHz, decaying within 5 ms.
inline double click(double t) {
  return t < 0 || t > 480 ? 0 : 0.8 * std::exp(-t / 60) * std::cos(2 * kPi * 2000 * t / 48000);
}

// Where in `audio` the click lies that is expected at `expected` (frames): the best match of the click's curvature,
// which tones underneath don't have, within `reach`.
inline double find_click(const std::vector<float>& audio, double expected, int reach = 800) {
  static const std::vector<double> pattern = [] {
    std::vector<double> p;
    for (int i = 0; i < 240; ++i) p.push_back(click(i) - 2 * click(i - 1) + click(i - 2));
    return p;
  }();
  const auto curve = [&](std::int64_t i) {
    if (i < 2 || i >= static_cast<std::int64_t>(audio.size())) return 0.0;
    const auto k = static_cast<std::size_t>(i);
    return static_cast<double>(audio[k]) - 2.0 * audio[k - 1] + audio[k - 2];
  };
  const auto around = static_cast<std::int64_t>(std::llround(expected));
  double best = -1e300, at = 0;
  for (std::int64_t i = around - reach; i <= around + reach; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < pattern.size(); ++k) sum += curve(i + static_cast<std::int64_t>(k)) * pattern[k];
    if (sum > best) best = sum, at = static_cast<double>(i);
  }
  return at;
}

// A sine's amplitude, frequency and how much it wavers, from `from` on.
struct Tone {
  double amplitude = 0;
  double hz = 0;
  double jitter_ms = 0;        // worst departure of its phase from an even one, as time
  double amplitude_ratio = 1;  // largest short-term amplitude over the smallest
};

inline Tone measure_tone(const std::vector<float>& audio, std::size_t from, double near_hz, double rate = 48000) {
  // Windows of 2,048 frames (Hann), demodulated at near_hz; the phase is unwrapped from window to window.
  constexpr std::size_t kWindow = 2048, kStep = 512;
  std::vector<double> phase, level, at;
  for (std::size_t start = from; start + kWindow <= audio.size(); start += kStep) {
    double re = 0, im = 0;
    for (std::size_t i = 0; i < kWindow; ++i) {
      const double w = 0.5 - 0.5 * std::cos(2 * kPi * static_cast<double>(i) / kWindow);
      const double angle = 2 * kPi * near_hz * static_cast<double>(start + i) / rate;
      re += w * audio[start + i] * std::cos(angle);
      im -= w * audio[start + i] * std::sin(angle);
    }
    double p = std::atan2(im, re);
    if (!phase.empty()) p += 2 * kPi * std::round((phase.back() - p) / (2 * kPi));
    phase.push_back(p);
    level.push_back(std::hypot(re, im) * 4 / kWindow);
    at.push_back(static_cast<double>(start));
  }
  double n = static_cast<double>(at.size()), sx = 0, sy = 0, sxx = 0, sxy = 0, sum = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    sx += at[i], sy += phase[i], sxx += at[i] * at[i], sxy += at[i] * phase[i], sum += level[i];
  }
  const double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx), offset = (sy - slope * sx) / n;
  Tone tone;
  tone.amplitude = sum / n;
  tone.hz = near_hz + slope * rate / (2 * kPi);
  for (std::size_t i = 0; i < at.size(); ++i) {
    tone.jitter_ms =
        std::max(tone.jitter_ms, std::fabs(phase[i] - offset - slope * at[i]) / (2 * kPi * near_hz) * 1000);
  }
  tone.amplitude_ratio = *std::max_element(level.begin(), level.end()) / *std::min_element(level.begin(), level.end());
  return tone;
}

}  // namespace tactus::media::test
