// Cymbals, shakers and what fills a transition: noise and clusters of inharmonic pulses.
#include <array>

#include "demo/blocks.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

// Six pulses at inharmonic ratios make a cymbal: the frequencies of the TR-808's, well known from its service notes.
class Metal {
 public:
  Metal(float tune, float rate, Random& random) {
    static constexpr std::array<float, 6> kHz{205.3f, 304.4f, 369.6f, 522.7f, 540.0f, 800.0f};
    for (std::size_t i = 0; i < kHz.size(); ++i) {
      inc_[i] = kHz[i] * tune / rate;
      phase_[i] = random.unit();
    }
  }
  float step() {
    float y = 0;
    for (std::size_t i = 0; i < inc_.size(); ++i) {
      phase_[i] += inc_[i];
      if (phase_[i] >= 1) phase_[i] -= 1;
      y += phase_[i] < 0.5f ? 1.0f : -1.0f;
    }
    return y * (1.0f / 6.0f);
  }

 private:
  std::array<float, 6> inc_{}, phase_{};
};

class HatVoice {
 public:
  HatVoice(const Hat& s, const Event& e, const Context& c, Random& random)
      : s_(s),
        level_(1.1f * e.velocity * e.velocity + 0.4f * e.velocity),
        gate_(e.length),
        fall_(decay_of(s.decay * (0.7f + 0.3f * e.velocity) * (0.92f + 0.16f * random.unit()), c.rate)),
        choke_(decay_of(0.04f, c.rate)),
        metal_(s.tune * (1.0f + 0.004f * random.bipolar()), c.rate, random),
        random_(random.bits()) {
    band_.set(s.hz, 0.9f, c.rate);
    high_.set(s.hz * 0.8f, 0.7f, c.rate);
    high_r_ = high_;
  }
  bool render(float* left, float* right, int count) {
    const float gl = 1.0f - 0.5f * std::max(0.0f, s_.pan), gr = 1.0f + 0.5f * std::min(0.0f, s_.pan);
    for (int i = 0; i < count; ++i) {
      amp_ *= t_++ < gate_ ? fall_ : choke_;
      const float n = random_.bipolar(), d = 0.35f * random_.bipolar();
      const float m = 2.2f * s_.metal * band_.band(metal_.step());
      const float noise = (1.0f - s_.metal) * n;
      const float a = level_ * amp_;
      left[i] += gl * a * high_.high(m + noise + (1.0f - s_.metal) * d);
      right[i] += gr * a * high_r_.high(m + noise - (1.0f - s_.metal) * d);
    }
    return amp_ > 2e-5f;
  }

 private:
  const Hat& s_;
  float level_;
  std::int64_t gate_, t_ = 0;
  float fall_, choke_, amp_ = 1;
  Metal metal_;
  Random random_;
  Svf band_, high_, high_r_;
};

class CymbalVoice {
 public:
  CymbalVoice(const Cymbal& s, const Event& e, const Context& c, Random& random)
      : s_(s),
        level_(0.5f * e.velocity),
        rise_(1.0f / std::max(1.0f, s.attack * c.rate)),
        fall_(decay_of(s.decay, c.rate)),
        wash_fall_(decay_of(s.decay * 0.35f, c.rate)),
        ping_inc_(2310.0f / c.rate),
        ping_fall_(decay_of(0.25f, c.rate)),
        metal_(s.tune, c.rate, random),
        metal2_(s.tune * 1.37f, c.rate, random),
        random_(random.bits()) {
    for (Svf* f : {&high_l_, &high_r_}) f->set(s.hz, 0.6f, c.rate);
  }
  bool render(float* left, float* right, int count) {
    for (int i = 0; i < count; ++i) {
      attack_ = std::min(1.0f, attack_ + rise_);
      amp_ *= fall_;
      wash_ *= wash_fall_;
      ping_amp_ *= ping_fall_;
      const float m1 = metal_.step(), m2 = metal2_.step();
      const float n1 = random_.bipolar(), n2 = random_.bipolar();
      const float body = attack_ * level_ * (0.55f * amp_ + 0.45f * wash_);
      const float noise = 1.0f - s_.metal;
      const float mono = s_.metal * (m1 + m2) * 0.8f + noise * 0.6f * (n1 + n2);
      const float side = s_.width * (s_.metal * (m1 - m2) * 0.6f + noise * 0.6f * (n1 - n2));
      const float ping = s_.ping * level_ * ping_amp_ * ping_.sin(ping_inc_);
      left[i] += body * high_l_.high(mono + side) + ping;
      right[i] += body * high_r_.high(mono - side) + ping;
    }
    return amp_ > 2e-5f;
  }

 private:
  const Cymbal& s_;
  float level_, rise_, attack_ = 0, fall_, wash_fall_, amp_ = 1, wash_ = 1;
  float ping_inc_, ping_fall_, ping_amp_ = 1;
  Oscillator ping_;
  Metal metal_, metal2_;
  Random random_;
  Svf high_l_, high_r_;
};

class ShakerVoice {
 public:
  ShakerVoice(const Shaker& s, const Event& e, const Context& c, Random& random)
      : s_(s),
        level_(1.5f * e.velocity),
        envelope_(s.attack, s.decay, 0, 0.02f, static_cast<std::int64_t>(c.rate), c.rate),
        random_(random.bits()) {
    band_.set(s.hz, 0.8f, c.rate);
  }
  bool render(float* left, float* right, int count) {
    for (int i = 0; i < count; ++i) {
      const float y = level_ * envelope_.step() * band_.high(band_first_.low(random_.bipolar()));
      left[i] += y * (1.0f - std::max(0.0f, s_.pan));
      right[i] += y * (1.0f + std::min(0.0f, s_.pan));
    }
    return !envelope_.done();
  }

 private:
  const Shaker& s_;
  float level_;
  Envelope envelope_;
  Random random_;
  Svf band_;
  OnePole band_first_{0.75f, 0};
};

// Noise (and a little tone) whose filter climbs over the event's whole length; falls when to_hz < from_hz.
class RiserVoice {
 public:
  RiserVoice(const Riser& s, const Event& e, const Context& c, Random& random)
      : s_(s), rate_(c.rate), level_(0.7f * e.velocity), length_(e.length), random_(random.bits()) {}
  bool render(float* left, float* right, int count) {
    const bool up = s_.to_hz > s_.from_hz;
    for (int i = 0; i < count; ++i, ++t_) {
      const float x = std::min(1.0f, static_cast<float>(t_) / static_cast<float>(length_));
      if (t_ % 32 == 0) {
        hz_ = s_.from_hz * std::pow(s_.to_hz / s_.from_hz, x);
        left_.set(hz_, 2.0f, rate_);
        right_.set(hz_ * 1.08f, 2.0f, rate_);
        shape_ = up ? x * x : (1 - x) * (1 - x);
      }
      // 5 ms against a click at either end
      const float edge = std::min(
          {1.0f, static_cast<float>(t_) / (0.005f * rate_), static_cast<float>(length_ - t_) / (0.005f * rate_)});
      const float a = level_ * shape_ * std::max(0.0f, edge);
      const float tone = s_.tone * 0.3f * tone_.saw(hz_ * 0.25f / rate_);
      left[i] += a * left_.band(random_.bipolar() + tone);
      right[i] += a * right_.band(random_.bipolar() + tone);
    }
    return t_ < length_;
  }

 private:
  const Riser& s_;
  float rate_, level_, hz_ = 400, shape_ = 0;
  std::int64_t length_, t_ = 0;
  Random random_;
  Oscillator tone_;
  Svf left_, right_;
};

class ImpactVoice {
 public:
  ImpactVoice(const Impact& s, const Event& e, const Context& c, Random& random)
      : s_(s), rate_(c.rate), level_(0.6f * e.velocity), fall_(decay_of(s.decay, c.rate)), random_(random.bits()) {
    filter_.set(300, rate_);
  }
  bool render(float* left, float* right, int count) {
    for (int i = 0; i < count; ++i) {
      amp_ *= fall_;
      bend_ *= 0.9997f;
      const float attack = std::min(1.0f, static_cast<float>(t_++) / (0.004f * rate_));
      const float boom = boom_.sin(s_.hz * (1.0f + 1.5f * bend_) / rate_);
      const float y = attack * level_ * amp_ * (0.7f * boom + 3.0f * s_.noise * filter_.low(random_.bipolar()));
      left[i] += y;
      right[i] += y;
    }
    return amp_ > 2e-5f;
  }

 private:
  const Impact& s_;
  float rate_, level_, fall_, amp_ = 1, bend_ = 1;
  int t_ = 0;
  Random random_;
  Oscillator boom_;
  OnePole filter_;
};

}  // namespace

Maker make(const Hat& sound) { return poly<HatVoice>(sound); }
Maker make(const Cymbal& sound) { return poly<CymbalVoice>(sound); }
Maker make(const Shaker& sound) { return poly<ShakerVoice>(sound); }
Maker make(const Riser& sound) { return poly<RiserVoice>(sound); }
Maker make(const Impact& sound) { return poly<ImpactVoice>(sound); }

}  // namespace tactus::demo
