// Drums with a skin: kick, snare, clap, toms and congas.
#include "demo/blocks.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

// The sine's frequency falls as hz + (start - hz) e^(-t/sweep). Its first frame is already the click, so that the
// onset is on the beat to the frame.
class KickVoice {
 public:
  KickVoice(const Kick& s, const Event& e, const Context& c, Random&)
      : s_(s),
        rate_(c.rate),
        level_(0.9f * e.velocity),
        bend_(s.start_hz - s.hz),
        bend_fall_(std::exp(-1.0f / (s.sweep * 0.4f * c.rate))),
        hold_(static_cast<int>(s.hold * c.rate)),
        fall_(decay_of(s.decay, c.rate)),
        click_fall_(decay_of(0.009f, c.rate)),
        noise_(77) {}  // the same click each time: a kick drum machine, and the matched filter of our tests

  bool render(float* left, float* right, int count) {
    for (int i = 0; i < count; ++i) {
      if (hold_ > 0)
        --hold_;
      else
        amp_ *= fall_;
      bend_ *= bend_fall_;
      phase_ += (s_.hz + bend_) / rate_;
      if (phase_ >= 1) phase_ -= 1;
      const float body = soft(s_.drive * sine(phase_)) / soft(s_.drive);
      const float click = s_.click * click_ * (0.6f + 0.4f * noise_.bipolar());
      click_ *= click_fall_;
      const float y = level_ * (amp_ * body * (1.0f - 0.5f * click_ * s_.click) + 0.6f * click);
      left[i] += y;
      right[i] += y;
    }
    return amp_ > 2e-5f;
  }

 private:
  const Kick& s_;
  float rate_, level_, bend_, bend_fall_;
  int hold_;
  float fall_, amp_ = 1, click_ = 1, click_fall_, phase_ = 0;
  Random noise_;
};

class SnareVoice {
 public:
  SnareVoice(const Snare& s, const Event& e, const Context& c, Random& random)
      : s_(s),
        rate_(c.rate),
        level_(0.85f * e.velocity),
        tone_(s.tone),
        tone_fall_(decay_of(s.tone_decay, c.rate)),
        // A ghost note's wires hardly ring.
        noise_(s.noise * (0.6f + 0.4f * e.velocity)),
        noise_fall_(decay_of(s.noise_decay * (0.45f + 0.55f * e.velocity), c.rate)),
        snap_(s.snap * e.velocity),
        snap_fall_(decay_of(0.012f, c.rate)),
        random_(random.bits()) {
    high_l_.set(s.noise_hz * 0.45f, 0.7f, rate_);
    high_r_ = high_l_;
    peak_.set(s.noise_hz, 0.8f, rate_);
    air_.set(9500, rate_);
  }
  bool render(float* left, float* right, int count) {
    for (int i = 0; i < count; ++i) {
      bend_ *= 0.9985f;
      const float inc = s_.hz * (1.0f + 0.6f * bend_) / rate_;
      const float body = tone_ * (0.7f * low_.sin(inc) + 0.35f * upper_.sin(inc * 1.78f));
      tone_ *= tone_fall_;
      const float white = random_.bipolar(), other = random_.bipolar();
      const float wires = noise_ * (0.7f * peak_.band(white) + 0.8f * air_.low(white));
      const float l = high_l_.high(wires + 0.25f * noise_ * other), r = high_r_.high(wires - 0.25f * noise_ * other);
      noise_ *= noise_fall_;
      const float snap = snap_ * white;
      snap_ *= snap_fall_;
      left[i] += level_ * soft(1.2f * (body + l + snap));
      right[i] += level_ * soft(1.2f * (body + r + snap));
    }
    return noise_ > 2e-5f || tone_ > 2e-5f;
  }

 private:
  const Snare& s_;
  float rate_, level_, tone_, tone_fall_, noise_, noise_fall_, snap_, snap_fall_, bend_ = 1;
  Random random_;
  Oscillator low_, upper_;
  Svf high_l_, high_r_, peak_;
  OnePole air_;
};

// Several hands: three short bursts, then the tail of the room.
class ClapVoice {
 public:
  ClapVoice(const Clap& s, const Event& e, const Context& c, Random& random)
      : s_(s), rate_(c.rate), level_(1.9f * e.velocity), tail_fall_(decay_of(s.decay, c.rate)), random_(random.bits()) {
    for (Svf* f : {&band_l_, &band_r_}) f->set(s.hz, 1.1f, rate_);
    for (Svf* f : {&high_l_, &high_r_}) f->set(500, 0.7f, rate_);
    burst_fall_ = decay_of(0.022f, rate_);
  }
  bool render(float* left, float* right, int count) {
    const int gap = static_cast<int>(s_.spread * rate_);
    for (int i = 0; i < count; ++i, ++t_) {
      if (t_ % gap == 0 && t_ / gap < 3) burst_ = 0.75f + 0.12f * static_cast<float>(t_ / gap);
      if (t_ == 3 * gap) burst_ = 0, tail_ = 1;
      const float a = level_ * (burst_ + 0.8f * tail_);
      burst_ *= burst_fall_;
      tail_ *= tail_fall_;
      const float m = random_.bipolar(), d = s_.width * random_.bipolar();
      // The band gives the clap its pitch, the rest above it its brightness.
      left[i] += a * high_l_.high(band_l_.band(m + d) + 0.35f * (m + d));
      right[i] += a * high_r_.high(band_r_.band(m - d) + 0.35f * (m - d));
    }
    return t_ < 3 * gap || tail_ > 2e-5f;
  }

 private:
  const Clap& s_;
  float rate_, level_, burst_ = 0, burst_fall_ = 0, tail_ = 0, tail_fall_;
  int t_ = 0;
  Random random_;
  Svf band_l_, band_r_, high_l_, high_r_;
};

class DrumVoice {
 public:
  DrumVoice(const Drum& s, const Event& e, const Context& c, Random& random)
      : s_(s),
        inc_(hz_of(e.pitch) / c.rate),
        level_(0.75f * e.velocity),
        bend_(s.bend * (0.4f + 0.6f * e.velocity)),
        bend_fall_(decay_of(s.bend_time, c.rate)),
        fall_(decay_of(s.decay, c.rate)),
        over_fall_(decay_of(s.decay * 0.4f, c.rate)),
        slap_(s.slap * e.velocity),
        slap_fall_(decay_of(0.02f, c.rate)),
        rise_(1.0f / (0.0008f * c.rate)),
        random_(random.bits()) {
    slap_filter_.set(s.slap_hz, 1.0f, c.rate);
  }
  bool render(float* left, float* right, int count) {
    const float gl = std::sqrt(0.5f * (1 - s_.pan)) * 1.414f, gr = std::sqrt(0.5f * (1 + s_.pan)) * 1.414f;
    for (int i = 0; i < count; ++i) {
      const float inc = inc_ * (1.0f + bend_);
      bend_ *= bend_fall_;
      amp_ *= fall_;
      over_ *= over_fall_;
      attack_ = std::min(1.0f, attack_ + rise_);
      const float skin = amp_ * base_.sin(inc) + s_.overtone * over_ * upper_.sin(inc * 1.593f);
      const float y = level_ * (attack_ * skin + slap_ * slap_filter_.band(random_.bipolar()));
      slap_ *= slap_fall_;
      left[i] += gl * y;
      right[i] += gr * y;
    }
    return amp_ > 2e-5f;
  }

 private:
  const Drum& s_;
  float inc_, level_, bend_, bend_fall_, fall_, over_fall_, slap_, slap_fall_, rise_;
  float amp_ = 1, over_ = 1, attack_ = 0;
  Random random_;
  Oscillator base_, upper_;
  Svf slap_filter_;
};

}  // namespace

Maker make(const Kick& sound) { return poly<KickVoice>(sound); }
Maker make(const Snare& sound) { return poly<SnareVoice>(sound); }
Maker make(const Clap& sound) { return poly<ClapVoice>(sound); }
Maker make(const Drum& sound) { return poly<DrumVoice>(sound); }

}  // namespace tactus::demo
