// Takes audio from a callback and has a thread of its own write it to a WAV file (24 bit; RF64 beyond 4 GiB).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lockfree/spsc_ring.h"

struct sf_private_tag;

namespace tactus::io {

class WavSink {
 public:
  // Creates or replaces the file. Null, and `error` says why, if that can't be.
  static std::unique_ptr<WavSink> create(const std::string& path, int rate, int channels, std::string* error);
  ~WavSink();  // writes what is left, then closes the file

  // One producer thread, realtime-safe. At least four seconds of audio fit.
  bool has_room(int frames) noexcept;
  void write(const float* const* planes, int frames) noexcept;  // requires has_room(frames)

  // Once after writing has failed (disk full, ...): a sentence. Writing goes on being tried.
  std::string take_trouble();

 private:
  WavSink(sf_private_tag* file, const std::string& path, int rate, int channels);
  void run();
  void drain();

  sf_private_tag* file_;
  std::string path_;
  int channels_;
  lockfree::SpscRing<float> ring_;
  std::vector<float> frame_, chunk_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // of trouble_: the writer and whoever asks, never the callback
  std::string trouble_;
  bool failed_ = false;
  std::thread thread_;
};

}  // namespace tactus::io
