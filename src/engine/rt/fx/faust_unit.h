// What a unit made from a .dsp file needs: stand-ins for Faust's Meta and UI, and the door to the class.
// Included by generated sources only, after the standard headers that Faust's code asks for (cmake/FaustEffect.cmake).
#pragma once

#include "engine/msg/fx_info.h"
#include "engine/rt/fx/fx_unit.h"

namespace tactus::rt::fx {

struct Meta {
  void declare(const char*, const char*) noexcept {}
};

// Collects where the effect keeps its parameters, in the order in which it names them.
struct UI {
  float** zones;
  int count = 0;

  void add(float* zone) noexcept {
    if (count < msg::kMaxFxParams) zones[count++] = zone;
  }
  void addHorizontalSlider(const char*, float* zone, float, float, float, float) noexcept { add(zone); }
  void addVerticalSlider(const char*, float* zone, float, float, float, float) noexcept { add(zone); }
  void addNumEntry(const char*, float* zone, float, float, float, float) noexcept { add(zone); }
  void addButton(const char*, float* zone) noexcept { add(zone); }
  void addCheckButton(const char*, float* zone) noexcept { add(zone); }
  void addHorizontalBargraph(const char*, float*, float, float) noexcept {}
  void addVerticalBargraph(const char*, float*, float, float) noexcept {}
  void openTabBox(const char*) noexcept {}
  void openHorizontalBox(const char*) noexcept {}
  void openVerticalBox(const char*) noexcept {}
  void closeBox() noexcept {}
  void declare(float*, const char*, const char*) noexcept {}
};

}  // namespace tactus::rt::fx

// The functions that fx_unit.h declares, for the class Effect in namespace `id`.
#define TACTUS_FX_UNIT(id)                                                  \
  std::size_t id##_bytes() noexcept { return sizeof(id::Effect); }          \
  void id##_fill_tables(int rate) noexcept { id::Effect::classInit(rate); } \
  void id##_make(void* at, int rate, float** zones) noexcept {              \
    auto* effect = new (at) id::Effect;                                     \
    effect->instanceInit(rate);                                             \
    UI ui{zones};                                                           \
    effect->buildUserInterface(&ui);                                        \
  }                                                                         \
  void id##_compute(void* at, int n, float** in, float** out) TACTUS_RT {   \
    static_cast<id::Effect*>(at)->compute(n, in, out);                      \
  }
