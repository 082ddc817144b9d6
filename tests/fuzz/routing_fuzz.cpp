// Any bytes as a routing: refused with a word that exists, or one that is written and read back the same and fits any
// device.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "io/audio/routing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::io;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Routing routing, again;
  RoutingError error;
  if (!Routing::parse(text, &routing, &error)) {
    if (error.text.empty() || error.at > size || error.at + error.length > size) std::abort();
    static_cast<void>(error.pointed(text));
    return 0;
  }
  if (!Routing::parse(routing.text(), &again, &error) || again.routes() != routing.routes()) std::abort();
  std::vector<std::string> notices;
  for (const int channels : {0, 1, 2, 3, 8}) {
    const Routing fitted = routing.fitted(channels, channels, &notices);
    for (const Route& r : fitted.routes()) {
      if (r.first < 0 || r.first + r.channels > channels) std::abort();
    }
  }
  return 0;
}
