// The commands that wait in the engine, ordered by the frame at which they are due. Realtime-safe, fixed capacity.
// Beat-stamped commands are resolved again whenever the tempo map changes, so a tempo change moves all that is pending.
#pragma once

#include <algorithm>

#include "base/fixed_vector.h"
#include "engine/msg/command.h"
#include "music/tempo_map.h"

namespace tactus::rt {

class CommandQueue {
 public:
  struct Entry {
    msg::Command command;
    std::int64_t due = 0;
    std::uint64_t order = 0;  // arrival: commands due at one frame execute in the order in which they came
  };

  // `now`: the first frame that can still be rendered; what is due before it is due then. False when full.
  bool push(const msg::Command& command, std::int64_t now, const music::TempoMap& map) TACTUS_RT {
    if (size_ == kCapacity) return false;
    Entry e{command, resolve(command, now, map), next_order_++};
    std::size_t i = size_++;
    for (; i > 0 && later(entries_[i - 1], e); --i) entries_[i] = entries_[i - 1];
    entries_[i] = e;
    return true;
  }

  // Resolves all beat stamps again. Insertion sort: a tempo change keeps the order of beats, so the list is nearly
  // sorted already, and only frame stamps move against beat stamps.
  void map_changed(std::int64_t now, const music::TempoMap& map) TACTUS_RT {
    for (std::size_t i = 0; i < size_; ++i) {
      if (entries_[i].command.when.kind == msg::When::Kind::beat)
        entries_[i].due = resolve(entries_[i].command, now, map);
      const Entry e = entries_[i];
      std::size_t k = i;
      for (; k > 0 && later(entries_[k - 1], e); --k) entries_[k] = entries_[k - 1];
      entries_[k] = e;
    }
  }

  bool empty() const TACTUS_RT { return size_ == 0; }
  std::size_t size() const TACTUS_RT { return size_; }
  const Entry& front() const TACTUS_RT { return entries_[0]; }
  const Entry& operator[](std::size_t i) const TACTUS_RT { return entries_[i]; }
  // How many are due at a frame: the first ones.
  std::size_t due_at(std::int64_t frame) const TACTUS_RT {
    std::size_t n = 0;
    while (n < size_ && entries_[n].due <= frame) ++n;
    return n;
  }
  // All at once: what is left moves up once.
  void pop_front(std::size_t n) TACTUS_RT {
    size_ -= n;
    if (n > 0) std::copy_n(entries_ + n, size_, entries_);
  }

 private:
  static constexpr std::size_t kCapacity = msg::kMaxPending;

  static bool later(const Entry& a, const Entry& b) TACTUS_RT {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
  }
  static std::int64_t resolve(const msg::Command& c, std::int64_t now, const music::TempoMap& map) TACTUS_RT {
    std::int64_t due = now;
    if (c.when.kind == msg::When::Kind::frame) due = c.when.value;
    if (c.when.kind == msg::When::Kind::beat) due = map.due(Beat{c.when.value}).v;
    return due < now ? now : due;
  }

  Entry entries_[kCapacity];
  std::size_t size_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace tactus::rt
