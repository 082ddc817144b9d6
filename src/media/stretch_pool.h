// Stretchers made ahead of need. A fresh one takes 1 to 20 ms to construct, and nothing but a fresh one will do: the
// library's reset() leaves history behind. So a worker thread keeps some ready and frees the used ones.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/units.h"
#include "lockfree/mpsc_queue.h"
#include "media/stretch_reader.h"

namespace tactus::media {

class StretchPool {
 public:
  static constexpr int kMaxReady = 8;

  // Starts the worker; keeps nothing ready until told to. The worker inherits the scheduling of the calling thread,
  // which should be an ordinary one.
  explicit StretchPool(SampleRate rate);
  // Ends the worker and frees what is ready. Readers that were taken stay with their takers.
  ~StretchPool();
  StretchPool(const StretchPool&) = delete;
  StretchPool& operator=(const StretchPool&) = delete;

  // How many to keep ready of a kind: 0 to kMaxReady. channels: 2 or 8. Any thread.
  void keep(StretchMode mode, int channels, int count, bool pitched = true);

  // A fresh reader. Any thread, never waits: when none is ready it is constructed here and now, and counted. Other
  // channel counts than 2 and 8 are always made here.
  std::unique_ptr<StretchReader> take(StretchMode mode, int channels, bool pitched = true);
  // Frees a reader on the worker. Any thread, never waits.
  void give_back(std::unique_ptr<StretchReader> reader);

  int ready(StretchMode mode, int channels, bool pitched = true) const;
  std::uint64_t made_in_place() const { return made_in_place_.load(std::memory_order_relaxed); }

  // Waits until the worker has nothing to do: for the start, and for tests.
  void settle() const;

 private:
  static constexpr int kKinds = 12;  // three modes, two channel counts, pitched or not
  struct Kind {
    std::atomic<int> wanted{0};
    std::array<std::atomic<StretchReader*>, kMaxReady> slots{};
  };

  static int kind_of(StretchMode mode, int channels, bool pitched);
  void work();
  void tidy();
  void wake();

  SampleRate rate_;
  std::array<Kind, kKinds> kinds_;
  lockfree::MpscQueue<StretchReader*> used_{64};
  std::atomic<std::uint64_t> made_in_place_{0};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint32_t> asked_{0};  // counts the reasons to work, and those dealt with
  std::atomic<std::uint32_t> done_{0};
  std::thread worker_;
};

}  // namespace tactus::media
