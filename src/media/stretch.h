// Time-stretching and pitch-shifting of one deck, over Rubber Band 3.1 in its realtime mode, with what the library
// doesn't say: which source frame sounds at which output frame.
//
// The library works in hops: it takes a window of the source, and places it `hop x ratio` after the one before. A *tie*
// is such a placing: source frame `in` sounds at output frame `out`. Ties are read off the library's own counters
// (frames fed, frames it still wants, frames come out), so the map is what happened, not what was asked for. Between
// ties it is linear.
//
// Threads: a voice belongs to one feeder thread at a time. Nothing is allocated after construction, at any ratio and
// pitch. Never for the audio thread: a hop costs about a millisecond at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/units.h"

namespace RubberBand {
class RubberBandStretcher;
}

namespace tactus::media {

enum class StretchMode : std::uint8_t {
  r3,      // R3 engine, short window: the default
  r3long,  // R3 engine, full window: best quality, four times the work, 60 % more latency
  r2,      // R2 engine: for machines that can't keep up; softens onsets
};

class StretchVoice {
 public:
  // Source frames that feed() takes, always: the library's output depends on how its input is cut.
  static constexpr int kChunk = 128;
  static constexpr int kMaxChannels = 8;
  static constexpr double kMinRatio = 0.125, kMaxRatio = 8;

  // Allocates all there will ever be (5 to 20 ms when pitched, 1 to 5 ms when not: see StretchPool). channels: 1 to 8.
  // Ratio 1, pitch 0.
  //
  // pitched: whether the pitch can be changed, which costs as much as the stretching itself, used or not: the library's
  // resampler runs throughout, so that a change through 0 makes no click. Without it set_pitch() does nothing, and a
  // key change takes another voice.
  //
  // 8 channels are four stereo stems. Stretched side by side they drift apart in phase and no longer add up to the
  // stretched mix: bands differ by up to 3 dB, kicks by 4 ms, whether the library locks their channels or not
  // [measured, bench/stretch_stems]. So their sum goes through the same stretcher as a fifth, louder pair, and the
  // library's channel lock, which follows the loudest, turns their phases as it turns the mix's: onsets agree. What the
  // sum still lacks of the mix is dealt out among the stems. R2 has no such lock, but finds onsets in all channels
  // together: there the mix says where, and more is dealt out.
  StretchVoice(StretchMode mode, int channels, SampleRate rate, bool pitched = true);
  ~StretchVoice();
  StretchVoice(const StretchVoice&) = delete;
  StretchVoice& operator=(const StretchVoice&) = delete;

  StretchMode mode() const { return mode_; }
  int channels() const { return channels_; }
  bool pitched() const { return pitched_; }

  // The least ratio at a pitch. R2 changes its window, and takes buffers anew, where ratio x pitch crosses 0.19
  // [measured]: it stays above.
  double least_ratio(double pitch) const;
  // Output frames a source frame, clamped to [least_ratio(), kMaxRatio]; from the next tie on.
  void set_ratio(double time_ratio);
  // -24 to 24, cents as fraction; heard from the next frame that comes out of the library.
  void set_semitones(Semitones pitch) { set_pitch(pitch.ratio()); }
  // The same as a frequency ratio, clamped to [0.25, 4]. Where the ratio would be too small for it that grows first.
  void set_pitch(double ratio);
  double pitch() const { return pitch_; }
  // Whether a pitch shift leaves the formants (the timbre of a voice) where they were.
  void set_formant_preserved(bool preserved);

  // Stems only. Whole (the start): the stems add up to the stretched mix exactly; what they lack of it is dealt out
  // among them. Not whole: each is itself alone. To be set as long as all play at unity gain; changes over 20 ms.
  void set_whole(bool whole) { whole_target_ = whole ? 1.0f : 0.0f; }

  // Source frames that must have been fed past a frame before that frame can come out: the library's window.
  int latency() const { return window_; }

  // Feeds kChunk frames of each channel. available() must be below kRoom.
  void feed(const float* const* planes);
  static constexpr int kRoom = 1024;

  // Output frames that wait, and taking n <= available() of them; planes may be null to drop them.
  int available() const { return static_cast<int>(emitted_ - taken_); }
  void retrieve(float* const* planes, int n);

  // A placing of the source in the output, both counted from the first frame, fractional.
  struct Tie {
    double out = 0;
    double in = 0;
  };
  // The one that the next hop will make; set_ratio moves the tie after it.
  Tie next_tie() const;
  // Whether the next feed() will hop.
  bool hop_due() const { return fed_ - consumed_ + kChunk >= window_; }
  // Output frames that the last hop gave.
  int last_hop() const { return last_hop_; }
  // The map, and back.
  double source_at(double out) const;
  double output_at(double in) const;

  std::int64_t fed() const { return fed_; }
  std::int64_t retrieved() const { return taken_; }

 private:
  void grow();
  void collect();

  void complete(float* const* planes, int n);

  static constexpr std::size_t kTies = 32;
  static constexpr int kPlanes = kMaxChannels + 2;

  StretchMode mode_;
  bool pitched_;
  int channels_;
  int planes_;  // channels of the library: with the mix of the stems, two more
  std::unique_ptr<RubberBand::RubberBandStretcher> library_;
  int window_;     // source frames that a hop needs
  double centre_;  // where in its window a hop ties source to output, frames
  double ratio_ = 1;
  double pitch_ = 1;  // frequency ratio

  std::int64_t fed_ = 0;       // source frames given
  std::int64_t consumed_ = 0;  // source frames before the next hop's window
  std::int64_t emitted_ = 0;   // output frames come out
  std::int64_t taken_ = 0;     // of these, retrieved
  int last_hop_ = 512;
  float whole_ = 1, whole_target_ = 1;
  float whole_step_;               // a frame
  float lead_;                     // of the stems' mix
  std::array<Tie, kTies> ties_{};  // the last ties made, oldest overwritten
  std::size_t tie_count_ = 0;

  // What has come out and waits: a ring, so that the library's own is always empty and its counters tell all.
  std::vector<float> waiting_;
  std::int64_t waiting_size_;  // a power of two
  std::array<std::array<float, kChunk>, 2> mix_{};
};

}  // namespace tactus::media
