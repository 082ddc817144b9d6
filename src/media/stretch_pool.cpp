#include "media/stretch_pool.h"

#include <algorithm>

namespace tactus::media {

StretchPool::StretchPool(SampleRate rate) : rate_(rate), worker_([this] { work(); }) {}

StretchPool::~StretchPool() {
  stop_ = true;
  wake();
  worker_.join();
  for (Kind& kind : kinds_) kind.wanted = 0;
  tidy();
}

int StretchPool::kind_of(StretchMode mode, int channels, bool pitched) {
  if (channels != 2 && channels != 8) return -1;
  return static_cast<int>(mode) * 4 + (channels == 8) * 2 + pitched;
}

void StretchPool::keep(StretchMode mode, int channels, int count, bool pitched) {
  const int kind = kind_of(mode, channels, pitched);
  if (kind < 0) return;
  kinds_[static_cast<std::size_t>(kind)].wanted = std::clamp(count, 0, kMaxReady);
  wake();
}

std::unique_ptr<StretchReader> StretchPool::take(StretchMode mode, int channels, bool pitched) {
  const int kind = kind_of(mode, channels, pitched);
  if (kind >= 0) {
    for (auto& slot : kinds_[static_cast<std::size_t>(kind)].slots) {
      if (StretchReader* reader = slot.exchange(nullptr, std::memory_order_acq_rel)) {
        wake();
        return std::unique_ptr<StretchReader>(reader);
      }
    }
  }
  made_in_place_.fetch_add(1, std::memory_order_relaxed);
  return std::make_unique<StretchReader>(mode, channels, rate_, pitched);
}

void StretchPool::give_back(std::unique_ptr<StretchReader> reader) {
  if (!reader || !used_.push(reader.get())) return;  // a full queue: freed here after all
  static_cast<void>(reader.release());
  wake();
}

int StretchPool::ready(StretchMode mode, int channels, bool pitched) const {
  const int kind = kind_of(mode, channels, pitched);
  if (kind < 0) return 0;
  int n = 0;
  for (const auto& slot : kinds_[static_cast<std::size_t>(kind)].slots) n += slot.load() != nullptr;
  return n;
}

void StretchPool::settle() const {
  for (std::uint32_t done = done_; done != asked_; done = done_) done_.wait(done);
}

void StretchPool::wake() {
  asked_.fetch_add(1);
  asked_.notify_one();
}

void StretchPool::work() {
  while (!stop_) {
    const std::uint32_t asked = asked_;
    tidy();
    done_ = asked;
    done_.notify_all();
    asked_.wait(asked);
  }
}

// Frees what came back, and fills or empties the slots up to what is wanted.
void StretchPool::tidy() {
  StretchReader* used = nullptr;
  while (used_.pop(used)) delete used;
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    const auto wanted = static_cast<std::size_t>(kinds_[k].wanted.load());
    for (std::size_t i = 0; i < kMaxReady; ++i) {
      std::atomic<StretchReader*>& slot = kinds_[k].slots[i];
      if (i >= wanted) {
        delete slot.exchange(nullptr, std::memory_order_acq_rel);
      } else if (!stop_ && slot.load(std::memory_order_relaxed) == nullptr) {
        // Only this thread fills slots, so an empty one stays empty.
        slot.store(new StretchReader(static_cast<StretchMode>(k / 4), k & 2 ? 8 : 2, rate_, k & 1),
                   std::memory_order_release);
      }
    }
  }
}

}  // namespace tactus::media
