// The functions of each effect's unit: one set an effect, made from effects/<id>.dsp. See fx_instance.h for the use.
#pragma once

#include <cstddef>

#include "base/rt.h"
#include "engine/rt/fx/fx_list.h"

namespace tactus::rt::fx {

// bytes, fill_tables, make: control side. compute: audio thread.
#define TACTUS_FX_DECLARE(index, id)                          \
  std::size_t id##_bytes() noexcept;                          \
  void id##_fill_tables(int rate) noexcept;                   \
  void id##_make(void* at, int rate, float** zones) noexcept; \
  void id##_compute(void* at, int n, float** in, float** out) TACTUS_RT;
TACTUS_FX_LIST(TACTUS_FX_DECLARE)
#undef TACTUS_FX_DECLARE

}  // namespace tactus::rt::fx
