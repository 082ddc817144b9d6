#include "io/power/sd_bus.h"

#include <optional>

#if defined(__linux__)
#include <dlfcn.h>
#endif

namespace tactus::io {

namespace {

#if defined(__linux__)

template <typename Function>
bool look_up(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

std::optional<SdBus> load() {
  void* library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return {};
  SdBus bus{};
  const bool whole = look_up(library, "sd_bus_open_system", bus.open_system) &&
                     look_up(library, "sd_bus_open_user", bus.open_user) &&
                     look_up(library, "sd_bus_set_method_call_timeout", bus.set_method_call_timeout) &&
                     look_up(library, "sd_bus_flush_close_unref", bus.flush_close_unref) &&
                     look_up(library, "sd_bus_call_method", bus.call_method) &&
                     look_up(library, "sd_bus_message_read", bus.message_read) &&
                     look_up(library, "sd_bus_message_unref", bus.message_unref) &&
                     look_up(library, "sd_bus_process", bus.process) && look_up(library, "sd_bus_is_open", bus.is_open);
  if (!whole) return {};
  return bus;
}

#else

std::optional<SdBus> load() { return {}; }

#endif

}  // namespace

const SdBus* SdBus::get() {
  static const std::optional<SdBus> bus = load();
  return bus ? &*bus : nullptr;
}

}  // namespace tactus::io
