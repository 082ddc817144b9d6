#include "media/stretch.h"

#include <rubberband/RubberBandStretcher.h>

#include <algorithm>
#include <cmath>

namespace tactus::media {

namespace {

using Library = RubberBand::RubberBandStretcher;

int options_of(StretchMode mode) {
  // High consistency: the pitch may move through 0 without a click, and nothing is created on the way.
  // Together: R3 then locks the channels' phases more tightly (R2 would fold only the first two into mid and side).
  const int common = Library::OptionProcessRealTime | Library::OptionPitchHighConsistency;
  switch (mode) {
    case StretchMode::r3:
      return common | Library::OptionEngineFiner | Library::OptionWindowShort | Library::OptionChannelsTogether;
    case StretchMode::r3long:
      return common | Library::OptionEngineFiner | Library::OptionChannelsTogether;
    case StretchMode::r2:
      return common | Library::OptionEngineFaster;
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

// Half the length of the library's resampling filter: so many frames of a hop stay inside until the next one.
constexpr double kHeld = 32;

}  // namespace

StretchVoice::StretchVoice(StretchMode mode, int channels, SampleRate rate)
    : mode_(mode),
      channels_(channels),
      library_(std::make_unique<Library>(static_cast<std::size_t>(rate.hz + 0.5), static_cast<std::size_t>(channels),
                                         options_of(mode))) {
  library_->setMaxProcessSize(kChunk);
  window_ = static_cast<int>(library_->getSamplesRequired());
  centre_ = centre_of(mode) * window_;
  waiting_size_ = 16384;
  waiting_.assign(static_cast<std::size_t>(waiting_size_ * channels_), 0.0f);
}

StretchVoice::~StretchVoice() = default;

void StretchVoice::set_ratio(double time_ratio) {
  ratio_ = std::clamp(time_ratio, kMinRatio, kMaxRatio);
  library_->setTimeRatio(ratio_);
}

void StretchVoice::set_pitch(double ratio) {
  const double scale = std::clamp(ratio, 0.25, 4.0);
  if (scale == pitch_) return;
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
  library_->process(planes, kChunk, false);
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
  float* at[kMaxChannels];
  for (int ready = library_->available(); ready > 0; ready = library_->available()) {
    const std::int64_t offset = emitted_ & (waiting_size_ - 1);
    const std::int64_t room = std::min(waiting_size_ - offset, waiting_size_ - (emitted_ - taken_));
    const std::int64_t n = std::min<std::int64_t>(ready, room);
    if (n <= 0) return;
    for (int c = 0; c < channels_; ++c) at[c] = waiting_.data() + c * waiting_size_ + offset;
    emitted_ += static_cast<std::int64_t>(library_->retrieve(at, static_cast<std::size_t>(n)));
  }
}

void StretchVoice::retrieve(float* const* planes, int n) {
  for (int c = 0; planes && c < channels_; ++c) {
    const float* from = waiting_.data() + c * waiting_size_;
    for (int i = 0; i < n; ++i) planes[c][i] = from[(taken_ + i) & (waiting_size_ - 1)];
  }
  taken_ += n;
}

StretchVoice::Tie StretchVoice::next_tie() const {
  const double held = kHeld / std::min(pitch_, 1.0);
  return {static_cast<double>(emitted_) + (emitted_ > 0 ? held : 0) + centre_ / pitch_,
          static_cast<double>(consumed_) + centre_};
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
