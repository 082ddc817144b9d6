#include "media/fold.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/samplefmt.h>
}

namespace tactus::media {
namespace {

constexpr int kMaxChannels = 8;
constexpr float kHalfPower = 0.70710678f;

struct Gains {
  float left = 0;
  float right = 0;
};

// ITU-R BS.775-3, annex 4, table 2 (3/2 to 2/0), side and back channels alike as surrounds.
Gains gains_of(AVChannel channel) {
  switch (channel) {
    case AV_CHAN_FRONT_LEFT:
    case AV_CHAN_STEREO_LEFT:
      return {1, 0};
    case AV_CHAN_FRONT_RIGHT:
    case AV_CHAN_STEREO_RIGHT:
      return {0, 1};
    case AV_CHAN_FRONT_CENTER:
      return {kHalfPower, kHalfPower};
    case AV_CHAN_FRONT_LEFT_OF_CENTER:
    case AV_CHAN_BACK_LEFT:
    case AV_CHAN_SIDE_LEFT:
    case AV_CHAN_WIDE_LEFT:
      return {kHalfPower, 0};
    case AV_CHAN_FRONT_RIGHT_OF_CENTER:
    case AV_CHAN_BACK_RIGHT:
    case AV_CHAN_SIDE_RIGHT:
    case AV_CHAN_WIDE_RIGHT:
      return {0, kHalfPower};
    case AV_CHAN_BACK_CENTER:
      return {0.5f, 0.5f};
    default:
      return {};  // low-frequency effects; heights don't occur below nine channels
  }
}

std::array<Gains, kMaxChannels> matrix_of(const AVChannelLayout& layout) {
  std::array<Gains, kMaxChannels> gains{};
  if (layout.nb_channels == 1) {
    gains[0] = {1, 1};
    return gains;
  }
  AVChannelLayout guessed{};
  const bool unnamed = layout.order != AV_CHANNEL_ORDER_NATIVE && layout.order != AV_CHANNEL_ORDER_CUSTOM;
  if (unnamed) av_channel_layout_default(&guessed, layout.nb_channels);
  const AVChannelLayout& named = unnamed ? guessed : layout;
  for (int c = 0; c < layout.nb_channels; ++c)
    gains[static_cast<std::size_t>(c)] =
        gains_of(av_channel_layout_channel_from_index(&named, static_cast<unsigned>(c)));
  return gains;
}

// Files of floats may hold what is no sound; nothing after this has to reckon with it.
constexpr double kLoudest = 64;  // 36 dB above full scale

template <typename T>
float to_float(T v) {
  if constexpr (std::is_same_v<T, std::uint8_t>) return (static_cast<float>(v) - 128.0f) * (1.0f / 128.0f);
  if constexpr (std::is_same_v<T, std::int16_t>) return static_cast<float>(v) * (1.0f / 32768.0f);
  if constexpr (std::is_same_v<T, std::int32_t>)
    return static_cast<float>(static_cast<double>(v) * (1.0 / 2147483648.0));
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(v)) return 0;
    return static_cast<float>(std::clamp(v, static_cast<T>(-kLoudest), static_cast<T>(kLoudest)));
  }
  return static_cast<float>(v);
}

template <typename T>
void append(const AVFrame& frame, bool planar, std::vector<float>& out) {
  const auto channels = static_cast<std::size_t>(frame.ch_layout.nb_channels);
  const auto n = static_cast<std::size_t>(frame.nb_samples);
  std::array<const T*, kMaxChannels> from{};
  for (std::size_t c = 0; c < channels; ++c)
    from[c] = planar ? reinterpret_cast<const T*>(frame.extended_data[c])
                     : reinterpret_cast<const T*>(frame.extended_data[0]) + c;
  const std::size_t stride = planar ? 1 : channels;
  const std::size_t start = out.size();
  out.resize(start + 2 * n);
  float* to = out.data() + start;
  const std::array<Gains, kMaxChannels> gains = matrix_of(frame.ch_layout);
  const bool plain_stereo = channels == 2 && gains[0].left == 1 && gains[1].right == 1;
  for (std::size_t i = 0; i < n; ++i) {
    if (plain_stereo) {
      to[2 * i] = to_float(from[0][i * stride]);
      to[2 * i + 1] = to_float(from[1][i * stride]);
      continue;
    }
    float left = 0, right = 0;
    for (std::size_t c = 0; c < channels; ++c) {
      const float x = to_float(from[c][i * stride]);
      left += gains[c].left * x;
      right += gains[c].right * x;
    }
    to[2 * i] = left;
    to[2 * i + 1] = right;
  }
}

}  // namespace

bool append_stereo(const AVFrame& frame, std::vector<float>& out) {
  if (frame.ch_layout.nb_channels < 1 || frame.ch_layout.nb_channels > kMaxChannels) return false;
  const auto format = static_cast<AVSampleFormat>(frame.format);
  const bool planar = av_sample_fmt_is_planar(format) != 0;
  switch (av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_U8:
      append<std::uint8_t>(frame, planar, out);
      return true;
    case AV_SAMPLE_FMT_S16:
      append<std::int16_t>(frame, planar, out);
      return true;
    case AV_SAMPLE_FMT_S32:
      append<std::int32_t>(frame, planar, out);
      return true;
    case AV_SAMPLE_FMT_FLT:
      append<float>(frame, planar, out);
      return true;
    case AV_SAMPLE_FMT_DBL:
      append<double>(frame, planar, out);
      return true;
    default:
      return false;
  }
}

}  // namespace tactus::media
