// Any bytes as what somebody set right about a track: nothing, or something that is read back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analysis/edits.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::analysis;
  const auto edits = parse_edits({reinterpret_cast<const char*>(data), size});
  if (edits && parse_edits(to_json(*edits)) != edits) std::abort();
  return 0;
}
