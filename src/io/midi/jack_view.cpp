#include "io/midi/jack_view.h"

#include <jack/jack.h>

#include <string_view>

namespace tactus::io {

JackView::JackView() {
  // What libjack says of servers that aren't there is of no use to anybody at a terminal.
  jack_set_error_function([](const char*) {});
  jack_set_info_function([](const char*) {});
  jack_status_t status{};
  client_ = jack_client_open("tactus-look", JackNoStartServer, &status);
  if (!client_) return;
  jack_on_shutdown(
      client_, [](void* self) { static_cast<JackView*>(self)->gone_.store(true); }, this);
  jack_activate(client_);
}

JackView::~JackView() {
  if (client_) jack_client_close(client_);
}

bool JackView::connected(const std::string& port, const std::string& client) const {
  jack_port_t* p = jack_port_by_name(client_, port.c_str());
  const char** all = p ? jack_port_get_all_connections(client_, p) : nullptr;
  bool found = false;
  for (const char** name = all; name && *name; ++name) found = found || std::string_view(*name).starts_with(client);
  jack_free(all);
  return found;
}

}  // namespace tactus::io
