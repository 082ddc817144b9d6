// list_effects ID: exits 0 when the table has the effect ID, with a parameter "rate" in Hz, and it makes a difference
// to a constant signal: its wave table is there.
#include <cstdio>
#include <cstdlib>

#include "engine/rt/fx/fx_instance.h"

int main(int argc, char** argv) {
  using namespace tactus;
  for (const msg::FxInfo& fx : msg::fx_table()) std::printf("%s\n", fx.id.data());
  const int index = argc > 1 ? msg::find_fx(argv[1]) : -1;
  if (index < 0) return 1;
  const msg::FxInfo& info = msg::fx_table()[static_cast<std::size_t>(index)];
  const int rate = msg::find_fx_param(info, "rate");
  if (rate < 0 || info.params[static_cast<std::size_t>(rate)].unit != "Hz") return 2;

  const std::size_t bytes = rt::FxInstance::bytes(index);
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(rt::FxInstance::kAlign, bytes));
  rt::FxInstance* fx = rt::FxInstance::make(index, {memory, bytes}, {48000});
  if (fx == nullptr) return 3;
  fx->set(rate, 10);
  float in[2][32], out[2][32], lowest = 1, highest = 0;
  for (int block = 0; block < 300; ++block) {
    for (int i = 0; i < 32; ++i) in[0][i] = in[1][i] = 1;
    fx->compute(in[0], in[1], out[0], out[1], 32);
    for (float x : out[0]) {
      lowest = x < lowest ? x : lowest;
      highest = x > highest ? x : highest;
    }
  }
  std::free(memory);
  return lowest < 0.1f && highest > 0.9f ? 0 : 4;
}
