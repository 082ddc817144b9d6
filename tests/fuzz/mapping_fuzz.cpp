// Any bytes as a mapping file: good, or refused with lines that exist. A good one is played any messages, and whatever
// it asks for is an intent that means something.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "io/midi/mapper.h"
#include "schedule/intent_table.h"
#include "schedule/parse.h"

namespace {

class Restless : public tactus::io::MapperView {
 public:
  double field(int f) const override { return std::sin(++looks_ + f); }
  std::optional<double> setting(const tactus::schedule::Intent&) const override {
    return ++looks_ % 3 == 0 ? std::nullopt : std::optional<double>(looks_ % 7 - 3);
  }

 private:
  mutable int looks_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const io::ReadMapping read = io::read_mapping(
      text, [](std::string_view name) { return name.size() < 20 ? static_cast<int>(name.size()) : -1; });
  if (read.mapping.has_value() != read.errors.empty()) std::abort();
  const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const io::MappingError& e : read.errors) {
    if (e.line < 1 || e.line > lines || e.text.empty()) std::abort();
  }
  if (!read.mapping) return 0;

  io::Mapper mapper(*read.mapping);
  const Restless view;
  std::vector<schedule::Intent> intents;
  std::vector<io::MidiMessage> lights;
  std::int64_t now = 0;
  const auto play = [&](int status, int number, int value) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(status), static_cast<std::uint8_t>(number & 127),
                                  static_cast<std::uint8_t>(value & 127)};
    mapper.on_message(io::MidiMessage::from(bytes), now += 700'000, view, intents);
  };
  // Each control as its own messages would move it, and the file's own bytes as whatever they may be.
  for (const io::MidiControl& c : read.mapping->controls) {
    for (const int value : {127, 0, 64, 1}) {
      const int status = c.on.kind == io::MidiTrigger::Kind::note    ? 0x90
                         : c.on.kind == io::MidiTrigger::Kind::pitch ? 0xe0
                                                                     : 0xb0;
      play(status | c.on.channel, c.on.number, value);
      play(status | c.on.channel, c.on.second, value);
    }
  }
  for (std::size_t i = 0; i + 2 < std::min<std::size_t>(size, 600); i += 3) {
    play(0x80 | (data[i] & 0x7f), data[i + 1], data[i + 2]);
    if (i % 5 == 0) mapper.tick(now, intents);
  }
  mapper.lights(view, lights);
  mapper.let_go(intents);
  for (const schedule::Intent& intent : intents) {
    if (!schedule::check(intent).empty() || !schedule::parse(schedule::to_text(intent))) std::abort();
  }
  return 0;
}
