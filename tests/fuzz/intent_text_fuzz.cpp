// Any bytes as an intent: they are refused with a place inside the text, or mean exactly what their printed form means.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "schedule/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::schedule;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Parsed p = parse(text);
  if (!p) {
    if (p.error.column + p.error.length > size || p.error.text().empty()) std::abort();
    return 0;
  }
  if (!check(*p.intent).empty()) std::abort();
  const Parsed again = parse(to_text(*p.intent));
  if (!again || !(*again.intent == *p.intent)) std::abort();
  return 0;
}
