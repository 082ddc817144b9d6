// Parts of an analysis that another machine wrote: as they are, and with each line's hash made right, since else none
// would be looked into.
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include "library/parts/part.h"
#include "library/parts/part_text.h"

namespace lib = tactus::library;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::istringstream raw(text), lines(text);
  lib::read_part(raw, [](const lib::PartEntry&, std::string_view) { return true; });
  std::string whole, line;
  while (std::getline(lines, line)) {
    if (line.size() > 1 && line.back() == '}') line = lib::part_text::sealed(line);
    whole += line + "\n";
  }
  std::istringstream in(whole);
  lib::read_part(in, [](const lib::PartEntry& entry, std::string_view) {
    // What was read can be written, and is then read as it was.
    const std::string written = lib::part_line(entry);
    std::istringstream again(written + "\n");
    std::string second;
    lib::read_part(again, [&](const lib::PartEntry& e, std::string_view) {
      second = lib::part_line(e);
      return true;
    });
    if (second != written) std::abort();
    return true;
  });
  return 0;
}
