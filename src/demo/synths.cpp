// The subtractive voice: everything that is saws, a filter and two envelopes.
#include <array>

#include "demo/blocks.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

constexpr int kSynthStep = 16;  // frames between updates of pitch and filter
constexpr int kMaxSaws = 9;

class SubtractiveVoice {
 public:
  SubtractiveVoice(const Subtractive& s, const Event& e, const Context& c, Random& random)
      : s_(s),
        rate_(c.rate),
        hz_(hz_of(e.pitch)),
        level_(0.15f + 0.85f * e.velocity),
        // A quieter note is a duller one, as on any played instrument.
        base_octaves_(s.tracking * (e.pitch - 60.0f) / 12.0f - 0.9f * (1.0f - e.velocity)),
        amp_(s.attack, s.decay, s.sustain, s.release, e.length, c.rate),
        sweep_(s.sweep_attack, s.sweep_decay, s.sweep_sustain, s.release, e.length, c.rate) {
    count_ = std::clamp(s.saws, 0, kMaxSaws);
    const float norm = 0.5f / std::sqrt(std::max(1.0f, static_cast<float>(count_)));
    for (int i = 0; i < count_; ++i) {
      const float place = count_ > 1 ? 2.0f * i / (count_ - 1) - 1.0f : 0.0f;  // -1 to 1
      saws_[i].phase = count_ > 1 ? random.unit() : 0.0f;
      ratio_[i] = std::exp2(s.detune * place / 1200.0f);
      // Neighbours in pitch go to opposite sides, so that neither ear hears only the sharp half.
      const float side = s.width * std::fabs(place) * (i % 2 == 0 ? 1.0f : -1.0f);
      left_[i] = norm * std::sqrt(0.5f * (1.0f - side)) * 1.414f;
      right_[i] = norm * std::sqrt(0.5f * (1.0f + side)) * 1.414f;
    }
    vibrato_phase_ = random.unit();
    stereo_ = s.width > 0 && count_ > 1;
  }

  bool render(float* left, float* right, int count) {
    for (int at = 0; at < count; at += kSynthStep) {
      chunk(left + at, right + at, std::min(kSynthStep, count - at));
      if (amp_.done()) return false;
    }
    return true;
  }

 private:
  void chunk(float* left, float* right, int n) {
    float l[kSynthStep] = {}, r[kSynthStep] = {};
    const float inc = pitch(n);
    for (int i = 0; i < count_; ++i) {
      const float step = inc * ratio_[i];
      if (stereo_) {
        for (int k = 0; k < n; ++k) {
          const float v = saws_[i].saw(step);
          l[k] += left_[i] * v;
          r[k] += right_[i] * v;
        }
      } else {
        for (int k = 0; k < n; ++k) l[k] += left_[i] * saws_[i].saw(step);
      }
    }
    if (s_.pulse > 0)
      for (int k = 0; k < n; ++k) {
        const float v = 0.4f * s_.pulse * pulse_.pulse(inc, s_.pulse_width);
        l[k] += v;
        if (stereo_) r[k] += v;
      }
    filter(l, r, n);
    const float sub = std::exp2(static_cast<float>(s_.sub_octave)) * inc;
    for (int k = 0; k < n; ++k) {
      const float a = level_ * amp_.step();
      const float low = s_.sub > 0 ? 0.6f * s_.sub * sub_.sin(sub) : 0.0f;
      left[k] += a * shape(l[k] + low);
      right[k] += a * (stereo_ ? shape(r[k] + low) : shape(l[k] + low));
    }
  }

  float pitch(int n) {
    time_ += n / rate_;
    if (s_.vibrato <= 0) return hz_ / rate_;
    vibrato_phase_ += 5.2f * n / rate_;
    const float depth = s_.vibrato * std::clamp((time_ - 0.33f) / 0.4f, 0.0f, 1.0f);
    return hz_ / rate_ * std::exp2(depth * sine_any(vibrato_phase_) / 1200.0f);
  }

  void filter(float* l, float* r, int n) {
    for (int k = 0; k < n; ++k) sweep_.step();
    const float hz = s_.cutoff * std::exp2(base_octaves_ + s_.sweep * sweep_.level());
    filter_l_.set(std::min(hz, 0.4f * rate_), s_.resonance, rate_);
    for (int k = 0; k < n; ++k) l[k] = filter_l_.low(l[k]);
    if (!stereo_) return;
    filter_r_.g = filter_l_.g, filter_r_.k = filter_l_.k;
    filter_r_.a1 = filter_l_.a1, filter_r_.a2 = filter_l_.a2, filter_r_.a3 = filter_l_.a3;
    for (int k = 0; k < n; ++k) r[k] = filter_r_.low(r[k]);
  }

  float shape(float x) const { return s_.drive > 0 ? soft(x * (1.0f + s_.drive)) / (1.0f + 0.5f * s_.drive) : x; }

  const Subtractive& s_;
  float rate_, hz_, level_, base_octaves_;
  Envelope amp_, sweep_;
  int count_ = 0;
  bool stereo_ = false;
  std::array<Oscillator, kMaxSaws> saws_{};
  std::array<float, kMaxSaws> ratio_{}, left_{}, right_{};
  Oscillator pulse_, sub_;
  Svf filter_l_, filter_r_;
  float vibrato_phase_ = 0, time_ = 0;
};

// The classic silver-box behaviour: one oscillator, a squelching filter whose envelope accents open further, slides.
class AcidVoice {
 public:
  AcidVoice(const Acid& s, const Context& c) : s_(s), rate_(c.rate) {
    sweep_fall_ = decay_of(s.decay, rate_);
    glide_ = 1.0f - decay_of(s.glide, rate_);
  }
  void start(const Event& e, bool tied) {
    target_ = hz_of(e.pitch) / rate_;
    gate_ = e.length;
    if (tied) return;
    inc_ = target_;
    accent_ = std::clamp((e.velocity - 0.6f) / 0.4f, 0.0f, 1.0f);
    level_ = 0.5f + 0.5f * e.velocity;
    sweep_ = 1;
  }
  bool render(float* left, float* right, int count) {
    if (gate_ <= 0 && amp_ < 1e-5f) return false;
    for (int i = 0; i < count; ++i) {
      if (i % kSynthStep == 0)
        filter_.set(std::min(s_.cutoff * std::exp2((0.6f + 0.4f * accent_) * s_.sweep * sweep_), 0.3f * rate_),
                    s_.resonance * (0.7f + 0.3f * accent_), rate_);
      inc_ += glide_ * (target_ - inc_);
      sweep_ *= sweep_fall_;
      const bool held = gate_-- > 0;
      amp_ += (held ? 0.01f : 0.003f) * ((held ? level_ : 0.0f) - amp_);
      const float wave = s_.pulse > 0 ? 0.7f * osc_.pulse(inc_, 0.5f) : osc_.saw(inc_);
      const float y = 0.4f * amp_ * soft(s_.drive * filter_.low(0.6f * wave));
      left[i] += y;
      right[i] += y;
    }
    return true;
  }

 private:
  Acid s_;
  float rate_, sweep_fall_, glide_;
  float inc_ = 0.001f, target_ = 0.001f, amp_ = 0, level_ = 0, sweep_ = 0, accent_ = 0;
  std::int64_t gate_ = 0;
  Oscillator osc_;
  Svf filter_;
};

}  // namespace

Maker make(const Subtractive& sound) { return poly<SubtractiveVoice>(sound); }
Maker make(const Acid& sound) { return mono<AcidVoice>(sound); }

}  // namespace tactus::demo
