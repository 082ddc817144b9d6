// The picture of a track: how loud it is, and where in the spectrum, about 690 times a second, and again at half the
// columns, a quarter, and so on down to an overview. One file a track, made to be mapped into memory: a reader looks at
// any part of any level without reading the rest, and sees it fill in while a worker still listens.
//
// The file (native byte order, see docs/formats.md): a WaveformHeader, then the levels one after the other, the finest
// first; a level of n columns is followed by one of (n + 1) / 2, whose columns are the maxima of two, until one has at
// most kOverview. Offline; one writer on one thread, any number of readers in any process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "media/result.h"

namespace tactus::analysis {

// Goes up when the same audio may give other columns.
constexpr std::uint32_t kWaveformVersion = 1;

// `peak`: the highest sample of the louder channel, 255 for full scale. The bands (Linkwitz-Riley, of both channels'
// mean): their mean square, 0 to 255 for -60 dB to 0 dB.
struct WaveformColumn {
  std::uint8_t peak = 0;
  std::uint8_t low = 0;   // below 150 Hz
  std::uint8_t mid = 0;   // to 2 kHz
  std::uint8_t high = 0;  // above
  bool operator==(const WaveformColumn&) const = default;
};

struct WaveformHeader {
  static constexpr std::uint32_t kMagic = 0x46575754;  // "TWWF"
  std::uint32_t magic = kMagic;
  std::uint32_t version = kWaveformVersion;
  std::uint32_t rate = 0;                  // frames a second
  std::uint32_t hop = 0;                   // frames a column of the finest level
  std::uint64_t columns = 0;               // of the finest level, when it is complete
  std::atomic<std::uint64_t> filled{0};    // of these, from the beginning; all levels hold what these make
  std::atomic<std::uint32_t> complete{0};  // 1: all of the track was heard
  std::uint32_t levels = 0;
};
static_assert(sizeof(WaveformHeader) == 40 && std::atomic<std::uint64_t>::is_always_lock_free);

class WaveformWriter {
 public:
  static constexpr std::size_t kOverview = 1024;  // columns of the coarsest level at most

  // Makes the file at its whole length, silent, in place of one that may be there; its folder, too. `rate` 8,000 to
  // 192,000. Fails when the disk hasn't the room.
  static media::Result<WaveformWriter> create(const std::string& path, int rate, std::int64_t frames);
  WaveformWriter(WaveformWriter&&) noexcept;
  WaveformWriter& operator=(WaveformWriter&&) noexcept;
  ~WaveformWriter();

  // What follows what was fed before. What goes beyond the frames that were announced is dropped; not-a-number and
  // infinity count as silence.
  void feed(std::span<const float> interleaved_stereo);
  // All of the track was fed: the file is marked complete, also where less came than was announced.
  void finish();

 private:
  class Bands;
  struct Impl;
  explicit WaveformWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A mapped file, read-only; cheap to move. Columns beyond filled() are silent.
class Waveform {
 public:
  // Fails for what isn't whole and plausible, or of another version.
  static media::Result<Waveform> open(const std::string& path);
  Waveform(Waveform&& other) noexcept;
  Waveform& operator=(Waveform&& other) noexcept;
  ~Waveform();

  int rate() const { return static_cast<int>(header().rate); }
  // Frames a column of level `k`.
  std::int64_t hop(std::size_t k = 0) const { return std::int64_t{header().hop} << k; }
  std::size_t levels() const { return levels_.size(); }
  std::span<const WaveformColumn> level(std::size_t k) const { return levels_[k]; }
  // Of the finest level, while the track is still heard.
  std::size_t filled() const { return header().filled.load(std::memory_order_acquire); }
  bool complete() const { return header().complete.load(std::memory_order_acquire) != 0; }

 private:
  Waveform() = default;
  const WaveformHeader& header() const { return *static_cast<const WaveformHeader*>(mapped_); }
  void* mapped_ = nullptr;
  std::size_t size_ = 0;
  std::vector<std::span<const WaveformColumn>> levels_;
};

}  // namespace tactus::analysis
