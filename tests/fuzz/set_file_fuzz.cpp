// Any bytes as a set file: good, or refused with lines and columns that exist; and played to its end either way.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "schedule/set_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const schedule::ReadSet r = schedule::read_set(text);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const schedule::SetError& e : r.errors) {
    if (e.line < 1 || e.line > lines || e.column < 1 || e.column > size + 1 || e.text().empty()) std::abort();
  }
  schedule::SetPlayer player(r.set, {48000});
  const music::TempoMap map({48000}, r.set.tempo);
  const std::size_t played = player.take(map, Frame{std::int64_t{1} << 60}).size();
  if (played != r.set.events.size() || !player.finished()) std::abort();
  return 0;
}
