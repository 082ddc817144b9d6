// Makes one stretcher play a timeline: output for session frame f sounds what the source has at position(f).
//
// The time ratio of each hop is chosen at the session frame where that hop will be heard (a window ahead of what is
// already final), from the slope of the timeline there plus a slow correction: the distance between where the hop's tie
// lies and where the timeline wants it is taken back over 100 ms. So rounding inside the library, a ramp, or a timeline
// that was changed after it had been fed cannot add up; pitch doesn't depend on the ratio, so the correction can't be
// heard.
//
// One reader plays one stretch of time: primed once, then pulled packet by packet. To jump, to change the mode or to
// turn around, prime another reader and cross-fade; give this one back to the StretchPool.
//
// Threads: one feeder thread at a time. Allocates as its StretchVoice does. Output depends on the timeline and the
// source alone, not on how many packets are asked for at once.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "media/stretch.h"

namespace tactus::media {

// What a reader plays. Positions are source frames in a coordinate that runs on without a jump: where a loop wraps, the
// owner unrolls positions and maps them back in read().
class StretchFeed {
 public:
  virtual ~StretchFeed() = default;
  // The source position that should sound at a session frame; either rising or falling throughout, by at most 8 source
  // frames a frame. May change between calls from where it was last asked for on, without a jump.
  virtual double position(double session_frame) const = 0;
  // Frequency ratio wanted at a session frame; 1 = the source's own pitch.
  virtual double pitch(double session_frame) const = 0;
  // Source frames [first, first + n), interleaved, n = StretchVoice::kChunk, to `out`; ascending whatever the direction
  // of play. False when they aren't there yet: nothing is fed, and the same is asked again later.
  virtual bool read(std::int64_t first, int n, float* out) = 0;

  // For who keeps a record of what the stretcher was given, to give it the same again; nothing to do otherwise.
  // What the last read() gave has been taken, or silence in its stead.
  virtual void fed(bool /*silent*/) {}
  // A hop is about to be made with these; a replay puts in what it was made with.
  struct Hop {
    double ratio = 1;  // output frames a source frame: a multiple of 2^-24, which is short to write down
    double pitch = 1;
  };
  virtual void setting(Hop&) {}
};

class StretchReader {
 public:
  static constexpr int kPacket = 32;  // frames: the control grid

  // pitched: whether StretchFeed::pitch is followed (at twice the cost), or taken to be 1.
  StretchReader(StretchMode mode, int channels, SampleRate rate, bool pitched = true);

  StretchMode mode() const { return voice_.mode(); }
  int channels() const { return voice_.channels(); }
  bool pitched() const { return voice_.pitched(); }
  double rate() const { return rate_; }

  // Once, before the first packet: the first packet will be for session frame `first`. Costs what stretching about
  // 100 ms costs (60 ms when `urgent`, with less history to tell onsets from tones by). Feeds what the source has
  // before position(first), so that the stretcher is warm there; frames before `first` are taken to go straight on at
  // the speed that the timeline has there. False when the source isn't there yet, or the timeline stands still at
  // `first`: nothing has happened, and another `first` may be tried.
  bool prime(StretchFeed& feed, std::int64_t first, bool urgent = false);
  // The same in pieces, for a feeder that has other decks to look after: begin() is false as prime() is; then warm()
  // until it is true, each time by `chunks` of StretchVoice::kChunk frames at most.
  bool begin(StretchFeed& feed, std::int64_t first, bool urgent);
  bool warm(StretchFeed& feed, int chunks);
  bool primed() const { return primed_; }

  void set_formant_preserved(bool preserved) { voice_.set_formant_preserved(preserved); }

  // See StretchVoice::set_whole: false as soon as a stem is muted, soloed or not at unity gain.
  void set_whole(bool whole) { voice_.set_whole(whole); }

  // What a packet sounds, measured, not hoped for.
  struct Tag {
    std::int64_t frame = 0;  // session frame of its first sample
    double source = 0;       // source position there
    double speed = 1;        // source frames a session frame on its way, negative in reverse
    double error = 0;        // source frames that `source` is from the timeline
  };
  // The next kPacket frames, one plane a channel. False when the source isn't there yet. Requires primed().
  bool next(StretchFeed& feed, Tag& tag, float* const* planes);
  // How far, in source frames, the timeline will be ahead of what can't be changed any more: of the next hop's tie.
  // Within a few frames as long as the timeline was known a window ahead.
  double behind(const StretchFeed& feed) const;
  // Session frame of the next packet.
  std::int64_t next_frame() const { return primed_ ? first_ + voice_.retrieved() - skip_ : first_; }

 private:
  void feed_preroll(StretchFeed& feed);
  bool feed_chunk(StretchFeed& feed);
  void feed_voice(StretchFeed& feed);
  void steer(StretchFeed& feed);
  bool read_chunk(StretchFeed& feed, std::int64_t fed);
  double session_frame(double out) const { return static_cast<double>(first_ - skip_) + out; }
  double forward(const StretchFeed& feed, double frame) const { return direction_ * feed.position(frame); }

  StretchVoice voice_;
  double rate_;
  bool primed_ = false;
  std::int64_t first_ = 0;   // session frame of the first packet
  std::int64_t skip_ = -1;   // output frames before it; negative while they aren't known yet
  double wanted_ = 0;        // of what is fed, what sounds in the first packet
  int direction_ = 1;        // -1: the source is read backwards
  std::int64_t origin_ = 0;  // direction x position of the first frame fed
  std::vector<float> interleaved_;
  std::vector<float> planes_;
};

}  // namespace tactus::media
