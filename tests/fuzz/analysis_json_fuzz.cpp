// Any bytes as a cached analysis: nothing, or one that is written and read back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analysis/analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::analysis;
  const auto read = parse_json({reinterpret_cast<const char*>(data), size});
  if (read && parse_json(to_json(*read)) != read) std::abort();
  return 0;
}
