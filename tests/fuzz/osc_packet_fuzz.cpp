// Any bytes as an OSC packet: refused with a reason, or messages that are written and read back the same.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "osc/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::osc;
  std::vector<Timed> found, again;
  std::string why;
  if (!decode(std::as_bytes(std::span(data, size)), found, &why)) {
    if (why.empty() || !found.empty()) std::abort();
    return 0;
  }
  for (const Timed& t : found) {
    if (t.message.address.empty() || t.message.address[0] != '/') std::abort();
    again.clear();
    if (!decode(encode(t.message), again, &why) || again.size() != 1) std::abort();
    if (again[0].message.args.size() != t.message.args.size()) std::abort();
    for (std::size_t i = 0; i < t.message.args.size(); ++i) {
      t.message.number(i);
      t.message.integer(i);
    }
  }
  return 0;
}
