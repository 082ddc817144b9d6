#include "engine/rt/fx/fx_instance.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "engine/rt/fx/fx_unit.h"

namespace tactus::rt {
namespace {

constexpr std::size_t round_up(std::size_t bytes) noexcept {
  return (bytes + FxInstance::kAlign - 1) / FxInstance::kAlign * FxInstance::kAlign;
}
constexpr std::size_t kHeader = round_up(sizeof(FxInstance));

std::size_t state_bytes(int effect) noexcept {
  switch (effect) {
#define TACTUS_FX_CASE(index, id) \
  case index:                     \
    return fx::id##_bytes();
    TACTUS_FX_LIST(TACTUS_FX_CASE)
#undef TACTUS_FX_CASE
  }
  return 0;
}

void fill_tables(int effect, int rate) noexcept {
  switch (effect) {
#define TACTUS_FX_CASE(index, id) \
  case index:                     \
    return fx::id##_fill_tables(rate);
    TACTUS_FX_LIST(TACTUS_FX_CASE)
#undef TACTUS_FX_CASE
  }
}

void make_state(int effect, void* at, int rate, float** zones) noexcept {
  switch (effect) {
#define TACTUS_FX_CASE(index, id) \
  case index:                     \
    return fx::id##_make(at, rate, zones);
    TACTUS_FX_LIST(TACTUS_FX_CASE)
#undef TACTUS_FX_CASE
  }
}

}  // namespace

std::size_t FxInstance::bytes(int effect) noexcept {
  const std::size_t state = state_bytes(effect);
  return state == 0 ? 0 : kHeader + round_up(state);
}

FxInstance* FxInstance::make(int effect, std::span<std::byte> memory, SampleRate rate) noexcept {
  const std::size_t wanted = bytes(effect);
  if (wanted == 0 || memory.size() < wanted || reinterpret_cast<std::uintptr_t>(memory.data()) % kAlign != 0)
    return nullptr;
  static int tables_at[std::max(1, msg::fx_count())] = {};  // the rate for which each kind's tables were filled
  const int hz = static_cast<int>(rate.hz);
  if (tables_at[effect] != hz) {
    fill_tables(effect, hz);
    tables_at[effect] = hz;
  }
  std::memset(memory.data(), 0, wanted);
  auto* fx = new (memory.data()) FxInstance;
  fx->effect_ = effect;
  fx->rate_ = hz;
  fx->bytes_ = wanted - kHeader;
  make_state(effect, fx->state(), hz, fx->zones_);
  fx->bpm_ = msg::find_fx_param(fx->info(), msg::FxRole::bpm);
  fx->beat_ = msg::find_fx_param(fx->info(), msg::FxRole::beat);
  if (!fx->keep_constants()) return nullptr;
  fx->settle();
  return fx;
}

bool FxInstance::keep_constants() noexcept {
  for (std::size_t at = 0; at < bytes_; at += sizeof(std::uint32_t)) {
    std::uint32_t value;
    std::memcpy(&value, state() + at, sizeof value);
    if (value == 0) continue;
    if (constants_ == kMaxConstants) return false;
    constant_[constants_++] = {static_cast<std::uint32_t>(at), value};
  }
  return true;
}

std::byte* FxInstance::state() TACTUS_RT { return reinterpret_cast<std::byte*>(this) + kHeader; }

void FxInstance::settle() noexcept {
  float silence[2][32] = {}, wet[2][32];
  for (int done = 0; done < rate_ / 10; done += 32) compute(silence[0], silence[1], wet[0], wet[1], 32);
}

void FxInstance::clear() noexcept {
  float values[msg::kMaxFxParams];
  const std::size_t params = info().params.size();
  for (std::size_t p = 0; p < params; ++p) values[p] = *zones_[p];
  while (!wipe()) continue;
  for (std::size_t p = 0; p < params; ++p) *zones_[p] = values[p];
  settle();
}

bool FxInstance::wipe() TACTUS_RT {
  const std::size_t piece = std::min(bytes_ - wiped_, round_up(bytes_ / kPieces + 1));
  std::memset(state() + wiped_, 0, piece);
  wiped_ += piece;
  if (wiped_ < bytes_) return false;
  wiped_ = 0;
  for (std::size_t i = 0; i < constants_; ++i) {
    std::memcpy(state() + constant_[i].at, &constant_[i].value, sizeof constant_[i].value);
  }
  return true;
}

void FxInstance::set(int param, float value) TACTUS_RT {
  if (param < 0 || param >= static_cast<int>(info().params.size())) return;
  const msg::FxParamInfo& p = info().params[static_cast<std::size_t>(param)];
  if (value >= p.min && value <= p.max) {
    *zones_[param] = value;
  } else if (value < p.min || value > p.max) {  // not for NaN
    *zones_[param] = value < p.min ? p.min : p.max;
  }
}

void FxInstance::set_clock(Bpm tempo, double session_beat) TACTUS_RT {
  if (bpm_ >= 0) set(bpm_, static_cast<float>(tempo.v));
  if (beat_ < 0) return;
  const double turns = session_beat / msg::kFxBeatModulo;
  const auto whole = static_cast<double>(static_cast<std::int64_t>(turns < 0 ? turns - 1 : turns));
  set(beat_, static_cast<float>((turns - whole) * msg::kFxBeatModulo));
}

void FxInstance::compute(float* in_left, float* in_right, float* out_left, float* out_right, int n) TACTUS_RT {
  float* in[2] = {in_left, in_right};
  float* out[2] = {out_left, out_right};
  switch (effect_) {
#define TACTUS_FX_CASE(index, id) \
  case index:                     \
    return fx::id##_compute(state(), n, in, out);
    TACTUS_FX_LIST(TACTUS_FX_CASE)
#undef TACTUS_FX_CASE
  }
}

}  // namespace tactus::rt
