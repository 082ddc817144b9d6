#include "engine/ctl/arena.h"

#include <sys/mman.h>

namespace tactus::ctl {

Arena::Arena(std::size_t bytes) : size_(bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(p);
  locked_ = mlock(memory_, size_) == 0;  // a plain user's limit may forbid it; prefaulted pages are nearly as good
}

Arena::~Arena() {
  for (auto o = owned_.rbegin(); o != owned_.rend(); ++o) o->destroy(o->object);
  munmap(memory_, size_);
}

void* Arena::take(std::size_t bytes, std::size_t align) {
  const std::size_t at = (used_ + align - 1) / align * align;
  if (at + bytes > size_) throw std::bad_alloc();
  used_ = at + bytes;
  return memory_ + at;
}

}  // namespace tactus::ctl
