#include "dsp/reverb.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tactus::dsp {
namespace {

constexpr float kAllPass[8] = {0.020346f, 0.024421f, 0.031604f, 0.027333f, 0.022904f, 0.029291f, 0.013458f, 0.019123f};
constexpr float kTrip[8] = {0.153129f, 0.210389f, 0.127837f, 0.256891f, 0.174713f, 0.192303f, 0.125000f, 0.219991f};
constexpr float kBassHz = 200, kAllPassGain = 0.6f, kIn = 0.3f, kOut = 0.74f;
constexpr float kScale = 0.35355338f;  // of the matrix: 1 / sqrt(8)
constexpr float kStayNormal = 1e-20f;  // signals die away, but not into denormals
constexpr float kCrossfade = 1.0f / 1024;

float frames(float seconds, float rate) noexcept { return std::floor(seconds * rate + 0.5f); }

}  // namespace

void Reverb::prepare(SampleRate rate) noexcept {
  rate_ = static_cast<float>(std::clamp(rate.hz, kLowestRate, kHighestRate));
  std::int32_t used = 0;
  const auto ring = [&used](float length) {
    const Ring r{used, static_cast<std::int32_t>(length), 0};
    used += r.length;
    return r;
  };
  // One frame more than the longest delay; a part is written before it is read.
  for (Ring& r : entrance_) r = ring(std::floor(static_cast<float>(kLongestPredelay) * rate_) + kPart + 1);
  for (std::size_t i = 0; i < kLines; ++i) {
    const float through = frames(kAllPass[i], rate_), trip = frames(kTrip[i], rate_);
    allpass_[i] = ring(through);
    line_[i] = ring(trip - through);
    trip_[i] = -6.9077554f * trip / rate_;
  }
  const float k = 1 / std::tan(3.14159265f * kBassHz / rate_);
  bass_gain_ = 1 / (k + 1);
  bass_pole_ = (1 - k) * bass_gain_;
  settings_ = {};
  update();
  taps_ = {};
  low_[0] = low_[1] = 0;
  for (Wear& w : wear_) w = {};
  memory_.fill(0);
}

void Reverb::update() TACTUS_RT {
  const Settings& s = settings_;
  wait_ = 0.001f * rate_ * s.predelay;
  low_keep_ = std::exp(-6.2831855f * std::min(s.low_cut, 0.45f * rate_) / rate_);
  low_share_ = 1 - low_keep_;
  const float c = std::cos(6.2831855f / rate_ * s.damping);
  for (std::size_t i = 0; i < kLines; ++i) {
    const float bass = std::exp(trip_[i] / s.decay), middle = std::exp(1.4285715f * trip_[i] / s.decay);
    const float square = middle * middle;
    // A one-pole low-pass that has gain `middle` at the damping's frequency.
    const float m = (1 - c * square) / (1 - square);
    const float root = std::sqrt(std::max(0.0f, m * m - 1));
    Losses& l = losses_[i / 4];
    l.gain[i % 4] = middle * (root + (1 - m));
    l.bass[i % 4] = bass / middle - 1;
    l.pole[i % 4] = m - root;
  }
}

void Reverb::read(const Ring& ring, Part& out, int n) const TACTUS_RT {
  const float* from = memory_.data() + ring.start;
  if (ring.at + kPart <= ring.length) {  // mostly; some frames too many don't harm
    std::memcpy(out, from + ring.at, sizeof out);
    return;
  }
  for (int i = 0, at = ring.at; i < n; ++i) {
    out[i] = from[at];
    if (++at == ring.length) at = 0;
  }
}

void Reverb::write(Ring& ring, const Part& in, int n) TACTUS_RT {
  float* to = memory_.data() + ring.start;
  if (n == kPart && ring.at + kPart <= ring.length) {
    std::memcpy(to + ring.at, in, sizeof in);
    ring.at += kPart;
    if (ring.at == ring.length) ring.at = 0;
    return;
  }
  for (int i = 0; i < n; ++i) {
    to[ring.at] = in[i];
    if (++ring.at == ring.length) ring.at = 0;
  }
}

// A part that ends where the ring stands, `delay` frames ago.
void Reverb::tap(Ring ring, float delay, Part& out, int n) const TACTUS_RT {
  ring.at -= n + static_cast<std::int32_t>(delay);
  while (ring.at < 0) ring.at += ring.length;
  read(ring, out, n);
}

void Reverb::step_taps(Taps& t) const TACTUS_RT {
  const Taps was = t;
  if (was.step != 0) {
    if (was.share <= 0 || was.share >= 1) t.step = 0;
  } else if (was.share == 0 && was.delay[0] != wait_) {
    t.step = kCrossfade;
  } else if (was.share == 1 && was.delay[1] != wait_) {
    t.step = -kCrossfade;
  }
  t.share = std::clamp(was.share + t.step, 0.0f, 1.0f);
  if (was.share >= 1 && was.delay[1] != wait_) t.delay[0] = wait_;
  if (was.share <= 0 && was.delay[0] != wait_) t.delay[1] = wait_;
}

// Low cut and predelay of both sides.
void Reverb::enter(const float* const in[2], Part (&out)[2], int n) TACTUS_RT {
  Part thin[2];
  float low[2] = {low_[0], low_[1]};
  for (int i = 0; i < n; ++i) {
    for (int side = 0; side < 2; ++side) {
      low[side] = low_share_ * in[side][i] + low_keep_ * low[side];
      thin[side][i] = in[side][i] - low[side];
    }
  }
  for (int side = 0; side < 2; ++side) {
    low_[side] = low[side];
    write(entrance_[side], thin[side], n);
  }
  const int one = taps_.share < 0.5f ? 0 : 1;
  if (taps_.step == 0 && taps_.delay[one] == wait_) {
    for (int side = 0; side < 2; ++side) {
      tap(entrance_[side], wait_, out[side], n);
      for (int i = 0; i < kPart; i += 4) store4(out[side] + i, splat4(kIn) * load4(out[side] + i));
    }
    return;
  }
  for (int i = 0; i < n; ++i) {
    step_taps(taps_);
    for (int side = 0; side < 2; ++side) {
      Part first, second;
      tap(entrance_[side], taps_.delay[0] + static_cast<float>(n - 1 - i), first, 1);
      tap(entrance_[side], taps_.delay[1] + static_cast<float>(n - 1 - i), second, 1);
      out[side][i] = kIn * (first[0] + taps_.share * (second[0] - first[0]));
    }
  }
}

// The losses of a trip, on what the matrix gave a frame ago, and into the lines. In fours: frames of one line are
// turned into lines of one frame and back.
void Reverb::wear(const Part* mixed, int n) TACTUS_RT {
  Part out[kLines];
  const F4 pole = splat4(bass_pole_), gain = splat4(bass_gain_), scale = splat4(kScale), normal = splat4(kStayNormal);
  const Losses l[2] = {losses_[0], losses_[1]};
  Wear w[2] = {wear_[0], wear_[1]};
  for (int i = 0; i < n; ++i) {
    for (int half = 0; half < 2; ++half) {
      Wear& h = w[half];
      h.bass = gain * (h.x1 + h.x2) - pole * h.bass;
      h.worn = l[half].gain * (h.x1 + l[half].bass * h.bass) + l[half].pole * h.worn;
      const F4 y = scale * h.worn + normal;
      for (int k = 0; k < 4; ++k) out[4 * half + k][i] = y[k];
      h.x2 = h.x1;
      const Part* m = mixed + 4 * half;
      h.x1 = F4{m[0][i], m[1][i], m[2][i], m[3][i]};
    }
  }
  for (int half = 0; half < 2; ++half) wear_[half] = w[half];
  for (int i = 0; i < kLines; ++i) write(line_[i], out[i], n);
}

void Reverb::process(const float* in_left, const float* in_right, float* left, float* right, int n) TACTUS_RT {
  Part in[2] = {}, mixed[kLines];
  const float* const dry[2] = {in_left, in_right};
  enter(dry, in, n);
  for (int i = 0; i < kLines; ++i) {
    Part back = {}, held = {};
    read(line_[i], back, n);
    read(allpass_[i], held, n);
    const float a = i % 2 == 0 ? kAllPassGain : -kAllPassGain, sign = i & 2 ? -1.0f : 1.0f;
    const F4 gain = splat4(a);
    for (int k = 0; k < kPart; k += 4) {
      const F4 from = load4(held + k);
      const F4 to = load4(back + k) + splat4(sign) * load4(in[i % 2] + k) - gain * from;
      store4(mixed[i] + k, from + gain * to);
      store4(held + k, to);
    }
    write(allpass_[i], held, n);
  }
  for (int bit = 1; bit < kLines; bit *= 2) {
    for (int i = 0; i < kLines; ++i) {
      if (i & bit) continue;
      float* a = mixed[i];
      float* b = mixed[i | bit];
      for (int k = 0; k < kPart; k += 4) {
        const F4 first = load4(a + k), second = load4(b + k);
        store4(a + k, first + second);
        store4(b + k, first - second);
      }
    }
  }
  wear(mixed, n);
  for (int k = 0; k < n; ++k) {
    const float sum = kOut * (mixed[1][k] + mixed[2][k]), difference = kOut * (mixed[1][k] - mixed[2][k]);
    left[k] = sum;
    right[k] = difference;
  }
}

}  // namespace tactus::dsp
