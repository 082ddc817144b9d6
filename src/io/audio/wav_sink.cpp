#include "io/audio/wav_sink.h"

#include <sndfile.h>

#include <chrono>
#include <utility>

namespace tactus::io {

std::unique_ptr<WavSink> WavSink::create(const std::string& path, int rate, int channels, std::string* error) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = channels;
  info.format = SF_FORMAT_RF64 | SF_FORMAT_PCM_24;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (!file) {
    *error = path + " can't be written: " + sf_strerror(nullptr);
    return nullptr;
  }
  sf_command(file, SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);  // a plain WAV while it fits in one
  sf_command(file, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  return std::unique_ptr<WavSink>(new WavSink(file, path, rate, channels));
}

WavSink::WavSink(SNDFILE* file, const std::string& path, int rate, int channels)
    : file_(file),
      path_(path),
      channels_(channels),
      ring_(static_cast<std::size_t>(rate) * static_cast<std::size_t>(channels) * 4),
      frame_(static_cast<std::size_t>(channels)),
      chunk_(static_cast<std::size_t>(channels) * 8192),
      thread_([this] { run(); }) {}

WavSink::~WavSink() {
  stop_.store(true);
  thread_.join();
  drain();
  sf_close(file_);
}

bool WavSink::has_room(int frames) noexcept {
  return ring_.writable() >= static_cast<std::size_t>(frames) * static_cast<std::size_t>(channels_);
}

void WavSink::write(const float* const* planes, int frames) noexcept {
  for (int i = 0; i < frames; ++i) {
    for (int c = 0; c < channels_; ++c) frame_[static_cast<std::size_t>(c)] = planes[c][i];
    ring_.push(frame_);
  }
}

std::string WavSink::take_trouble() {
  const std::lock_guard lock(mutex_);
  return std::exchange(trouble_, {});
}

void WavSink::run() {
  while (!stop_.load()) {
    drain();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void WavSink::drain() {
  // The producer pushes whole frames and chunk_ holds whole frames, so every pop is whole frames too.
  while (const std::size_t n = ring_.pop(chunk_)) {
    if (sf_write_float(file_, chunk_.data(), static_cast<sf_count_t>(n)) == static_cast<sf_count_t>(n) || failed_)
      continue;
    failed_ = true;
    const std::lock_guard lock(mutex_);
    trouble_ = path_ + " can't be written any more: " + sf_strerror(file_);
  }
}

}  // namespace tactus::io
