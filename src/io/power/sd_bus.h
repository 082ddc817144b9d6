// The few calls of sd-bus that are needed here, looked up while the program runs. libsystemd is on every Debian
// machine; its development package is another matter: it asks for the newest systemd, and a build must not upgrade
// that.
#pragma once

#include <cstdint>

// As in <systemd/sd-bus.h>, whose interface doesn't change.
struct sd_bus;
struct sd_bus_error;
struct sd_bus_message;

namespace tactus::io {

// Each is sd_bus_ and its name in libsystemd. Any thread, each bus on one.
struct SdBus {
  int (*open_system)(sd_bus** bus);
  int (*open_user)(sd_bus** bus);
  int (*set_method_call_timeout)(sd_bus* bus, std::uint64_t microseconds);
  sd_bus* (*flush_close_unref)(sd_bus* bus);
  int (*call_method)(sd_bus* bus, const char* destination, const char* path, const char* interface, const char* member,
                     sd_bus_error* error, sd_bus_message** reply, const char* types, ...);
  int (*message_read)(sd_bus_message* message, const char* types, ...);
  sd_bus_message* (*message_unref)(sd_bus_message* message);
  int (*process)(sd_bus* bus, sd_bus_message** message);
  int (*is_open)(sd_bus* bus);

  // Null where there is no libsystemd, or one that lacks any of these. It stays loaded.
  static const SdBus* get();
};

}  // namespace tactus::io
