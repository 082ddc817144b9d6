#include "media/stretch.h"

#include <rubberband/RubberBandStretcher.h>

#include <algorithm>
#include <cmath>

namespace tactus::media {

namespace {

using Library = RubberBand::RubberBandStretcher;

int options_of(StretchMode mode, bool pitched) {
  // High consistency: the pitch may move through 0 without a click, and nothing is created on the way.
  // Together: R3 then locks the channels' phases more tightly (R2 would fold only the first two into mid and side).
  const int common = Library::OptionProcessRealTime | (pitched ? Library::OptionPitchHighConsistency : 0);
  switch (mode) {
    case StretchMode::r3:
      return common | Library::OptionEngineFiner | Library::OptionWindowShort | Library::OptionChannelsTogether;
    case StretchMode::r3long:
      return common | Library::OptionEngineFiner | Library::OptionChannelsTogether;
    case StretchMode::r2:
      // Mixed: with 'crisp' a plain tone wavers by 16 cents [measured].
      return common | Library::OptionEngineFaster | Library::OptionTransientsMixed;
  }
  return common;
}

// Where in the window an onset keeps its place. A hop moves its window as one piece, so an onset lands right only at
// the point where the engine decides that it is one and resets its phases there. Measured with clicks at ratios 0.9
// to 1.1.
double centre_of(StretchMode mode) {
  switch (mode) {
    case StretchMode::r3:
      return 0.46;
    case StretchMode::r3long:
      return 0.52;
    case StretchMode::r2:
      return 0.94;
  }
  return 0.5;
}

constexpr double kR2Step = 0.002;
constexpr double kR2Least = 0.25;  // ratio x pitch

constexpr double kMinPitch = 0.25, kMaxPitch = 4;  // frequency ratios
// How much louder than their sum the stems' mix goes in, so that it leads them wherever they don't cancel each other.
// R2 only finds its onsets in all channels together, and then the mix alone is to be asked.
float lead_of(StretchMode mode) { return mode == StretchMode::r2 ? 1024 : 4; }

// Half the resampler's buffer, which has the length of its filter at the highest pitch: so many frames of what has been
// stretched stay inside until the next hop.
constexpr double kHeld = 32 * kMaxPitch;

// The pitch that takes most of the resampler's memory: it keeps a record for each step of the numerator of 1 / pitch as
// a fraction, whose denominator it bounds by ceil(96000 * pitch).
constexpr double kLongestFraction = 24001.0 / 96003;

}  // namespace

StretchVoice::StretchVoice(StretchMode mode, int channels, SampleRate rate, bool pitched)
    : mode_(mode),
      pitched_(pitched),
      channels_(channels),
      planes_(channels == 8 ? channels + 2 : channels),
      library_(std::make_unique<Library>(static_cast<std::size_t>(rate.hz + 0.5), static_cast<std::size_t>(planes_),
                                         options_of(mode, pitched))) {
  library_->setMaxProcessSize(kChunk);
  lead_ = lead_of(mode);
  whole_step_ = static_cast<float>(1 / (0.02 * rate.hz));
  window_ = static_cast<int>(library_->getSamplesRequired());
  centre_ = centre_of(mode) * window_;
  waiting_size_ = 16384;
  waiting_.assign(static_cast<std::size_t>(waiting_size_ * planes_), 0.0f);
  grow();
}

// Makes the library take all the memory now that it will ever want. R2's windows and buffers follow ratio and pitch as
// they are set. The resampler has two sets of buffers, used in turn when the pitch changes, which follow what is
// processed: silence. reset() leaves history, but silence is what a fresh instance has for history too.
void StretchVoice::grow() {
  library_->setDebugLevel(-1);  // R2 would print a warning that it takes memory
  for (const double ratio : {kMinRatio, kMaxRatio, 1.0}) {
    library_->setTimeRatio(ratio);
    if (!pitched_) continue;
    for (const double pitch : {kMinPitch, kMaxPitch, 1.0}) library_->setPitchScale(pitch);
  }
  library_->setDebugLevel(0);
  if (!pitched_) return;
  const float* planes[kPlanes];
  const std::array<float, kChunk> silence{};
  std::fill(std::begin(planes), std::end(planes), silence.data());
  for (const double pitch : {kLongestFraction, kMaxPitch, 1.0, kLongestFraction, 1.0}) {
    library_->setPitchScale(pitch);
    const std::int64_t before = emitted_;
    for (int i = 0; i < 2 * window_ && emitted_ == before; i += kChunk) {
      library_->process(planes, kChunk, false);
      collect();
    }
    taken_ = emitted_;
  }
  library_->reset();
  emitted_ = taken_ = 0;
}

StretchVoice::~StretchVoice() = default;

double StretchVoice::least_ratio(double pitch) const {
  return mode_ == StretchMode::r2 ? std::max(kMinRatio, kR2Least / pitch) : kMinRatio;
}

void StretchVoice::set_ratio(double time_ratio) {
  time_ratio = std::clamp(time_ratio, least_ratio(pitch_), kMaxRatio);
  // R2 lays its hops anew with every ratio, and a tone wavers each time: small steps are saved up.
  if (mode_ == StretchMode::r2 && std::fabs(time_ratio - ratio_) < kR2Step * ratio_) return;
  ratio_ = time_ratio;
  library_->setTimeRatio(ratio_);
}

void StretchVoice::set_pitch(double ratio) {
  const double scale = std::clamp(ratio, kMinPitch, kMaxPitch);
  if (!pitched_ || scale == pitch_) return;
  if (ratio_ < least_ratio(scale)) library_->setTimeRatio(ratio_ = least_ratio(scale));
  // Pitch is made by resampling what has been stretched: what is still in the library is compressed from here on.
  const double now = static_cast<double>(emitted_);
  for (Tie& tie : ties_) {
    if (tie.out > now) tie.out = now + (tie.out - now) * pitch_ / scale;
  }
  pitch_ = scale;
  library_->setPitchScale(scale);
}

void StretchVoice::set_formant_preserved(bool preserved) {
  library_->setFormantOption(preserved ? Library::OptionFormantPreserved : Library::OptionFormantShifted);
}

void StretchVoice::feed(const float* const* planes) {
  const Tie due = next_tie();
  const float* all[kPlanes];
  std::copy(planes, planes + channels_, all);
  if (planes_ > channels_) {
    for (std::size_t side = 0; side < 2; ++side) {
      const float* const* stem = planes + side;
      for (std::size_t i = 0; i < kChunk; ++i)
        mix_[side][i] = lead_ * (stem[0][i] + stem[2][i] + stem[4][i] + stem[6][i]);
      all[8 + side] = mix_[side].data();
    }
  }
  library_->process(all, kChunk, false);
  fed_ += kChunk;
  const std::int64_t before = emitted_;
  collect();
  if (emitted_ == before) return;
  ties_[tie_count_++ % kTies] = due;
  last_hop_ = static_cast<int>(emitted_ - before);
  if (mode_ == StretchMode::r2) {
    // R2 says how far it steps, not what it holds.
    while (fed_ - consumed_ >= window_) consumed_ += static_cast<std::int64_t>(library_->getInputIncrement());
  } else {
    // With its output taken, R3's wish is its window less what it holds.
    consumed_ = fed_ - (window_ - static_cast<std::int64_t>(library_->getSamplesRequired()));
  }
}

// Moves all that the library has made to the ring.
void StretchVoice::collect() {
  float* at[kPlanes];
  for (int ready = library_->available(); ready > 0; ready = library_->available()) {
    const std::int64_t offset = emitted_ & (waiting_size_ - 1);
    const std::int64_t room = std::min(waiting_size_ - offset, waiting_size_ - (emitted_ - taken_));
    const std::int64_t n = std::min<std::int64_t>(ready, room);
    if (n <= 0) return;
    for (int c = 0; c < planes_; ++c) at[c] = waiting_.data() + c * waiting_size_ + offset;
    emitted_ += static_cast<std::int64_t>(library_->retrieve(at, static_cast<std::size_t>(n)));
  }
}

void StretchVoice::retrieve(float* const* planes, int n) {
  for (int c = 0; planes && c < channels_; ++c) {
    const float* from = waiting_.data() + c * waiting_size_;
    for (int i = 0; i < n; ++i) planes[c][i] = from[(taken_ + i) & (waiting_size_ - 1)];
  }
  if (planes && planes_ > channels_) complete(planes, n);
  taken_ += n;
}

// Deals out among the stems what their sum lacks of the mix, as far as they are to be whole.
void StretchVoice::complete(float* const* planes, int n) {
  if (whole_ == 0 && whole_target_ == 0) return;
  const float* mix[2] = {waiting_.data() + 8 * waiting_size_, waiting_.data() + 9 * waiting_size_};
  for (int i = 0; i < n; ++i) {
    whole_ = whole_ < whole_target_ ? std::min(whole_ + whole_step_, whole_target_)
                                    : std::max(whole_ - whole_step_, whole_target_);
    const std::int64_t at = (taken_ + i) & (waiting_size_ - 1);
    for (int side = 0; side < 2; ++side) {
      const float sum = planes[side][i] + planes[side + 2][i] + planes[side + 4][i] + planes[side + 6][i];
      const float share = whole_ * (mix[side][at] / lead_ - sum) / 4;
      for (int c = side; c < 8; c += 2) planes[c][i] += share;
    }
  }
}

StretchVoice::Tie StretchVoice::next_tie() const {
  const double held = pitched_ ? kHeld / pitch_ : 0;
  return {static_cast<double>(emitted_) + held + centre_ / pitch_, static_cast<double>(consumed_) + centre_};
}

double StretchVoice::source_at(double out) const {
  Tie after = next_tie();
  if (out >= after.out || tie_count_ == 0) return after.in + (out - after.out) / ratio_;
  const std::size_t oldest = tie_count_ > kTies ? tie_count_ - kTies : 0;
  for (std::size_t i = tie_count_; i-- > oldest;) {
    const Tie& before = ties_[i % kTies];
    if (out >= before.out || i == oldest) {
      return before.in + (out - before.out) * (after.in - before.in) / (after.out - before.out);
    }
    after = before;
  }
  return after.in;
}

double StretchVoice::output_at(double in) const {
  Tie after = next_tie();
  if (in >= after.in || tie_count_ == 0) return after.out + (in - after.in) * ratio_;
  const std::size_t oldest = tie_count_ > kTies ? tie_count_ - kTies : 0;
  for (std::size_t i = tie_count_; i-- > oldest;) {
    const Tie& before = ties_[i % kTies];
    if (in >= before.in || i == oldest) {
      return before.out + (in - before.in) * (after.out - before.out) / (after.in - before.in);
    }
    after = before;
  }
  return after.out;
}

}  // namespace tactus::media
