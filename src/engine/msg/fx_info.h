// Which effects there are, and their parameters: constants, the same for every thread and program.
//
// The table is made at build time from effects/*.dsp (cmake/Faust.cmake). An effect's index is its place in the
// alphabet of this build: journals, mappings and intents name effects and parameters by id, never by index.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/rt.h"

namespace tactus::msg {

enum class FxScale : std::uint8_t { linear, log };
// Who sets a parameter: a person, or the engine with the session's tempo (bpm) and beat (modulo kFxBeatModulo).
enum class FxRole : std::uint8_t { user, bpm, beat };
// How a slot mixes dry and wet: equal_power for wet signals unlike the dry one, linear for like ones.
enum class FxMix : std::uint8_t { linear, equal_power };

constexpr int kMaxFxParams = 16;
constexpr double kFxBeatModulo = 192;  // beats; a float still resolves 15 micro-beats there

struct FxParamInfo {
  std::string_view id;     // short name for intents: small letters, digits, _
  std::string_view label;  // for people
  std::string_view unit;   // "beats", "Hz", "ms", "s" or empty
  float min = 0, max = 1, initial = 0, step = 0;
  FxScale scale = FxScale::linear;
  FxRole role = FxRole::user;
};

struct FxInfo {
  std::string_view id, label, help;
  FxMix mix = FxMix::linear;
  std::span<const FxParamInfo> params;  // in the order of Command::sub, those that the engine fills among them
};

}  // namespace tactus::msg

#include "engine/msg/fx_table.h"

namespace tactus::msg {

constexpr std::span<const FxInfo> fx_table() TACTUS_RT { return kFxTable; }
constexpr int fx_count() TACTUS_RT { return static_cast<int>(fx_table().size()); }

// Index of an effect or of a parameter by id; -1 when there is none.
constexpr int find_fx(std::string_view id) noexcept {
  for (int i = 0; i < fx_count(); ++i)
    if (fx_table()[static_cast<std::size_t>(i)].id == id) return i;
  return -1;
}
constexpr int find_fx_param(const FxInfo& fx, std::string_view id) noexcept {
  for (std::size_t i = 0; i < fx.params.size(); ++i)
    if (fx.params[i].id == id) return static_cast<int>(i);
  return -1;
}
constexpr int find_fx_param(const FxInfo& fx, FxRole role) noexcept {
  for (std::size_t i = 0; i < fx.params.size(); ++i)
    if (fx.params[i].role == role) return static_cast<int>(i);
  return -1;
}

static_assert(
    [] {
      for (const FxInfo& fx : fx_table())
        if (fx.params.size() > static_cast<std::size_t>(kMaxFxParams)) return false;
      return true;
    }(),
    "an effect has more than kMaxFxParams parameters");

}  // namespace tactus::msg
