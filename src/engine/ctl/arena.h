// Memory for everything that the audio thread touches: mapped in one piece, its pages faulted in, locked where the
// system allows. Objects are placed one after the other and live as long as the arena. Control side only.
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace tactus::ctl {

class Arena {
 public:
  // Throws std::bad_alloc when `bytes` can't be mapped.
  explicit Arena(std::size_t bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Constructs a T; destroyed with the arena, in reverse order. Throws std::bad_alloc when the arena is full.
  template <typename T, typename... Args>
  T* make(Args&&... args) {
    T* object = new (take(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
    owned_.push_back({object, [](void* p) { static_cast<T*>(p)->~T(); }});
    return object;
  }
  // `count` value-initialised elements of a trivially destructible type.
  template <typename T>
  std::span<T> array(std::size_t count) {
    T* first = static_cast<T*>(take(sizeof(T) * count, alignof(T)));
    for (std::size_t i = 0; i < count; ++i) new (first + i) T();
    return {first, count};
  }
  // Whether the kernel locked the pages (mlock), so that they can't be paged out.
  bool locked() const { return locked_; }

 private:
  struct Owned {
    void* object;
    void (*destroy)(void*);
  };
  void* take(std::size_t bytes, std::size_t align);

  std::byte* memory_ = nullptr;
  std::size_t size_ = 0, used_ = 0;
  bool locked_ = false;
  std::vector<Owned> owned_;
};

}  // namespace tactus::ctl
