// Keys and strings that ring: FM electric pianos and bells, drawbar organ, plucked strings.
#include <vector>

#include "demo/blocks.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

class FmVoice {
 public:
  FmVoice(const Fm& s, const Event& e, const Context& c, Random& random)
      : s_(s),
        inc_(hz_of(e.pitch) / c.rate),
        rate_(c.rate),
        level_(0.5f * (0.1f + 0.9f * e.velocity)),
        // High notes ring shorter and with fewer overtones, soft ones too.
        amp_(s.attack, s.decay * std::exp2((60.0f - e.pitch) / 30.0f), s.sustain, s.release, e.length, c.rate),
        index_(s.index * (0.25f + 0.75f * e.velocity) * std::exp2((60.0f - e.pitch) / 24.0f)),
        index_fall_(decay_of(s.index_decay, c.rate)),
        tine_(s.tine * e.velocity * e.velocity),
        tine_fall_(decay_of(s.tine_decay, c.rate)) {
    const float spread = std::exp2(s.width * 4.0f / 1200.0f);
    inc_l_ = inc_ / spread;
    inc_r_ = inc_ * spread;
    tremolo_ = random.unit();
    if (s.tine_ratio * inc_ > 0.4f) tine_ = 0;
  }

  bool render(float* left, float* right, int count) {
    for (int i = 0; i < count; ++i) {
      const float a = level_ * amp_.step();
      index_now_ = s_.index_floor + (1.0f - s_.index_floor) * env_;
      env_ *= index_fall_;
      // Phase modulation: the index is in radians, phases in cycles.
      const float m = index_ * index_now_ * 0.159155f * modulator_.sin(inc_ * s_.ratio);
      float metal = 0;
      if (tine_ > 1e-4f) {
        metal = tine_ * tine_osc_.sin(inc_ * s_.tine_ratio);
        tine_ *= tine_fall_;
      }
      carrier_l_.step(inc_l_);
      carrier_r_.step(inc_r_);
      float gl = 1, gr = 1;
      if (s_.tremolo > 0) {
        tremolo_ += s_.tremolo_hz / rate_;
        if (tremolo_ >= 1) tremolo_ -= 1;
        const float t = s_.tremolo * sine(tremolo_);
        gl = 1 + t;
        gr = 1 - t;
      }
      left[i] += a * gl * (sine_any(carrier_l_.phase + m) + metal);
      right[i] += a * gr * (sine_any(carrier_r_.phase + m) + metal);
    }
    return !amp_.done();
  }

 private:
  const Fm& s_;
  float inc_, inc_l_ = 0, inc_r_ = 0, rate_, level_;
  Envelope amp_;
  float index_, index_fall_, index_now_ = 1, env_ = 1, tine_, tine_fall_, tremolo_ = 0;
  Oscillator modulator_, carrier_l_, carrier_r_, tine_osc_;
};

class OrganVoice {
 public:
  OrganVoice(const Organ& s, const Event& e, const Context& c, Random& random)
      : s_(s),
        inc_(hz_of(e.pitch) / c.rate),
        level_(0.28f * (0.4f + 0.6f * e.velocity)),
        amp_(s.attack, s.decay, s.sustain, s.release, e.length, c.rate),
        click_(s.click * e.velocity),
        click_fall_(decay_of(0.03f, c.rate)),
        random_(random.bits()) {}

  bool render(float* left, float* right, int count) {
    static constexpr float kRatio[5] = {0.5f, 1, 2, 3, 4};
    for (int i = 0; i < count; ++i) {
      float y = 0;
      for (int b = 0; b < 5; ++b) y += s_.bars[b] * bars_[b].sin(inc_ * kRatio[b]);
      y += click_ * (click_noise_ += 0.3f * (random_.bipolar() - click_noise_));
      click_ *= click_fall_;
      y *= level_ * amp_.step();
      left[i] += y;
      right[i] += y;
    }
    return !amp_.done();
  }

 private:
  const Organ& s_;
  float inc_, level_;
  Envelope amp_;
  float click_, click_fall_, click_noise_ = 0;
  Random random_;
  Oscillator bars_[5];
};

class StringVoice {
 public:
  StringVoice(const String& s, const Event& e, const Context& c, Random& random)
      : s_(s), rate_(c.rate), level_(0.9f * e.velocity), gate_(e.length), release_(decay_of(s.release, c.rate)) {
    const float hz = hz_of(e.pitch);
    // The loop filter (1-d) x + d x[-1] delays by d frames; the rest is the line and a linear fraction.
    const float damping = s.damping * 0.5f;
    const float period = c.rate / hz - damping;
    const int whole = static_cast<int>(period);
    fraction_ = period - static_cast<float>(whole);
    damping_ = damping;
    feedback_ = std::pow(10.0f, -3.0f / (hz * s.decay));
    line_.resize(static_cast<std::size_t>(whole) + 2);
    excite(random, static_cast<int>(s.pick * period), e.velocity);
    wah_.set(600, 2.5f, rate_);
  }

  bool render(float* left, float* right, int count) {
    for (int i = 0; i < count; ++i) {
      const float y = std::exchange(line_[at_], next());
      at_ = at_ + 1 == line_.size() ? 0 : at_ + 1;
      if (t_++ >= gate_) level_ *= release_;
      float out = level_ * y;
      if (s_.wah > 0) out = wah(out);
      left[i] += out;
      right[i] += out;
      energy_ += 0.001f * (std::fabs(out) - energy_);
    }
    return energy_ > 2e-6f || t_ < 2000;
  }

 private:
  // A burst of noise, dulled for soft notes, minus itself a pick position later.
  void excite(Random& random, int pick, float velocity) {
    const std::size_t n = line_.size();
    std::vector<float> burst(n);
    float y = 0, mean = 0;
    for (float& v : burst) {
      v = y += (0.35f + 0.6f * velocity) * (random.bipolar() - y);
      mean += v / static_cast<float>(n);
    }
    for (std::size_t i = 0; i < n; ++i)
      line_[i] = 0.6f * (burst[i] - mean - 0.8f * (burst[(i + n - static_cast<std::size_t>(pick) % n) % n] - mean));
  }
  // What re-enters the loop `line_.size()` frames after it left.
  float next() {
    const std::size_t n = line_.size();
    const float a = line_[(at_ + 1) % n], b = line_[(at_ + 2) % n];
    const float read = a * fraction_ + b * (1.0f - fraction_);
    const float y = feedback_ * ((1.0f - damping_) * read + damping_ * last_);
    last_ = read;
    return y;
  }
  float wah(float in) {
    if (t_ % 16 == 0) {
      const float open = std::exp(-static_cast<float>(t_) / (0.09f * rate_));
      wah_.set(500.0f + 1900.0f * s_.wah * open, 2.2f, rate_);
    }
    return 1.6f * wah_.band(in) + 0.35f * in;
  }

  const String& s_;
  float rate_, level_;
  std::int64_t gate_, t_ = 0;
  float release_, fraction_ = 0, damping_ = 0, feedback_ = 0, last_ = 0, energy_ = 0;
  std::vector<float> line_;
  std::size_t at_ = 0;
  Svf wah_;
};

}  // namespace

Maker make(const Fm& sound) { return poly<FmVoice>(sound); }
Maker make(const Organ& sound) { return poly<OrganVoice>(sound); }
Maker make(const String& sound) { return poly<StringVoice>(sound); }

}  // namespace tactus::demo
