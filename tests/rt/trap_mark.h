// Tells the preload trap (rt_preload.cpp) when this thread is inside `process`. Without the preload both do nothing.
#pragma once

#include <dlfcn.h>

namespace tactus::test {

class PreloadTrap {
 public:
  // Off the audio path: asks the loader for the trap's functions.
  PreloadTrap() : enter_(find("tactus_trap_enter")), leave_(find("tactus_trap_leave")) {}
  bool present() const { return enter_ != nullptr && leave_ != nullptr; }
  void enter() const {
    if (enter_ != nullptr) enter_();
  }
  void leave() const {
    if (leave_ != nullptr) leave_();
  }

 private:
  using Mark = void (*)();
  static Mark find(const char* name) { return reinterpret_cast<Mark>(dlsym(RTLD_DEFAULT, name)); }
  Mark enter_, leave_;
};

}  // namespace tactus::test
