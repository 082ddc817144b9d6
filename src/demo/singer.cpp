// A sung vowel: two glottal sources (left and right ear) through four parallel formants each.
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "demo/blocks.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

constexpr int kSungStep = 32;
constexpr int kFormants = 4;

struct Vowel {
  std::array<float, kFormants> hz, db;
};
// F1 to F3: Peterson and Barney 1952, women's averages. F4 and the levels are ours, set by ear for a soft voice.
constexpr std::array<Vowel, 5> kVowels{{
    {{850, 1220, 2810, 3800}, {0, 2, 0, -3}},    // a
    {{590, 920, 2710, 3600}, {0, 2, -5, -8}},    // o
    {{370, 950, 2670, 3500}, {0, -1, -7, -10}},  // u
    {{610, 2330, 2990, 3900}, {0, 2, 1, -3}},    // e
    {{310, 2790, 3310, 4200}, {0, -1, -1, -5}},  // i
}};
constexpr std::array<float, kFormants> kBandwidth{100, 150, 240, 320};

// Where the formants come from before the vowel: what makes an onset sound like a consonant.
constexpr std::string_view kConsonants = " dbywh";
Vowel onset_of(int consonant, const Vowel& vowel) {
  switch (consonant) {
    case 1:
      return {{280, 1750, 2700, 3600}, vowel.db};  // d
    case 2:
      return {{250, 800, 2300, 3400}, vowel.db};  // b
    case 3:
      return kVowels[4];  // y begins as i
    case 4:
      return kVowels[2];  // w begins as u
    default:
      return vowel;
  }
}

class SingerVoice {
 public:
  SingerVoice(const Singer& s, const Context& c) : s_(s), rate_(c.rate), random_(c.seed) { prepare(); }
  SingerVoice(const Singer& s, const Event& e, const Context& c, Random& random)
      : s_(s), rate_(c.rate), random_(random.bits()) {
    prepare();
    // In a choir no two sing at quite the same pitch or with the same vibrato.
    pitch_offset_ = 6.0f * random_.bipolar() / 100.0f;
    start(e, false);
  }

  void start(const Event& e, bool tied) {
    target_pitch_ = e.pitch + pitch_offset_;
    target_ = kVowels[static_cast<std::size_t>(e.tone % 10)];
    const int consonant = e.tone / 10;
    if (!tied) {
      pitch_ = target_pitch_ - (consonant == 0 ? 0.35f : 0.15f);  // singers scoop up to a note
      formant_ = onset_of(consonant, target_);
      breath_ = consonant == 5 ? 6.0f : 1.5f;
      const float attack = consonant == 1 || consonant == 2 ? 0.3f * s_.attack : s_.attack;
      level_ = 0.35f + 0.65f * e.velocity;
      amp_ = Envelope(attack, 0.8f, 0.8f, s_.release, e.length, rate_);
      time_ = 0;
    } else {
      amp_.extend(e.length);
      if (consonant != 0) formant_ = onset_of(consonant, target_);
    }
    sounding_ = true;
  }

  bool render(float* left, float* right, int count) {
    if (!sounding_) return false;
    for (int at = 0; at < count; at += kSungStep) chunk(left + at, right + at, std::min(kSungStep, count - at));
    sounding_ = !amp_.done();
    return sounding_;
  }

 private:
  struct Side {
    Oscillator source;
    float vibrato = 0, drift = 0;
    std::array<Svf, kFormants> formants{};
    OnePole tilt;
  };

  void prepare() {
    for (Side& side : sides_) {
      side.vibrato = random_.unit();
      side.source.phase = random_.unit();
      side.tilt.set(1800, rate_);
    }
    formant_ = target_ = kVowels[0];
  }

  void chunk(float* left, float* right, int n) {
    time_ += n / rate_;
    const float glide = 1.0f - std::exp(-n / rate_ / s_.glide);
    const float morph = 1.0f - std::exp(-n / rate_ / 0.035f);
    pitch_ += glide * (target_pitch_ - pitch_);
    breath_ += morph * (1.0f - breath_);
    for (int f = 0; f < kFormants; ++f) {
      formant_.hz[f] += morph * (target_.hz[f] - formant_.hz[f]);
      formant_.db[f] += morph * (target_.db[f] - formant_.db[f]);
    }
    const float depth = s_.vibrato * std::clamp((time_ - s_.vibrato_delay) / 0.5f, 0.0f, 1.0f);
    float voiced[2][kSungStep];
    for (int i = 0; i < 2; ++i) sing(sides_[i], i == 0 ? -0.5f : 0.5f, depth, voiced[i], n);
    const float mid = 0.5f * (1.0f + s_.width), cross = 0.5f * (1.0f - s_.width);
    for (int k = 0; k < n; ++k) {
      const float a = 0.9f * level_ * amp_.step();
      left[k] += a * (mid * voiced[0][k] + cross * voiced[1][k]);
      right[k] += a * (mid * voiced[1][k] + cross * voiced[0][k]);
    }
  }

  void sing(Side& side, float detune, float depth, float* out, int n) {
    side.vibrato += (5.1f + 0.6f * detune) * n / rate_;
    side.drift += 0.02f * (random_.bipolar() - side.drift);
    const float cents = detune * s_.detune + depth * sine_any(side.vibrato) + 60.0f * side.drift;
    const float hz = hz_of(pitch_ + cents / 100.0f);
    std::array<float, kFormants> gain;
    for (int f = 0; f < kFormants; ++f) {
      // Trained singers lift the first formant to the note when the note is higher.
      const float centre = f == 0 ? std::max(formant_.hz[0], 1.02f * hz) : formant_.hz[f];
      side.formants[f].set(centre, centre / kBandwidth[f] * 0.8f, rate_);
      gain[f] = gain_of_db(formant_.db[f] + (f >= 2 ? s_.bright : 0.0f)) * (f % 2 == 0 ? 1.0f : -1.0f);
    }
    const float breath = s_.breath * breath_;
    for (int k = 0; k < n; ++k) {
      // A saw falls by 6 dB an octave: the glottal pulse's 12, less the 6 that the lips give back.
      const float saw = side.source.saw(hz / rate_);
      const float excitation = 0.9f * saw + breath * (0.3f + 0.7f * side.source.phase) * random_.bipolar();
      float y = 0.25f * side.tilt.low(saw) * 0.3f;
      for (int f = 0; f < kFormants; ++f) y += gain[f] * side.formants[f].band(excitation);
      out[k] = y;
    }
  }

  Singer s_;
  float rate_;
  Random random_;
  Side sides_[2];
  Vowel formant_{}, target_{};
  float pitch_ = 60, target_pitch_ = 60, pitch_offset_ = 0, level_ = 0, time_ = 0, breath_ = 1;
  Envelope amp_;
  bool sounding_ = false;
};

}  // namespace

Maker make(const Singer& sound) { return mono<SingerVoice>(sound); }
Maker make_choir(const Singer& sound) { return poly<SingerVoice>(sound); }

int syllable(const char* text) {
  static constexpr std::string_view kNames = "aouei";
  const std::string_view t = text;
  const std::size_t vowel = t.empty() ? std::string_view::npos : kNames.find(t.back());
  const std::size_t consonant = t.size() == 2 ? kConsonants.find(t.front()) : 0;
  if (vowel == std::string_view::npos || consonant == std::string_view::npos || t.size() > 2)
    throw std::invalid_argument("not a syllable: " + std::string(t));
  return static_cast<int>(consonant * 10 + vowel);
}

}  // namespace tactus::demo
