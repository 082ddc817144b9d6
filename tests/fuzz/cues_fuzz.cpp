// Any bytes as stored cues, and as a worker's answer with them: nothing, or something that is read back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analysis/cues.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::analysis;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto cues = parse_cues(text);
  if (cues && parse_cues(to_json(*cues)) != cues) std::abort();
  const auto stored = parse_stored_cues(text);
  if (stored && parse_stored_cues(to_json(*stored))->cues != stored->cues) std::abort();
  return 0;
}
