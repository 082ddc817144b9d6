// One sounding effect: its state, in memory that the control side owns, and its parameters.
//
// An instance stays where it was made (it points into itself). Control side: bytes, make, settle, clear; never while
// the audio thread has the instance. Audio thread: set, set_clock, compute. The wet signal only: dsp/fx_slot.h mixes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/rt.h"
#include "base/units.h"
#include "engine/msg/fx_info.h"

namespace tactus::rt {

class FxInstance {
 public:
  static constexpr std::size_t kAlign = 64;
  static constexpr std::size_t kMaxConstants = 1024;

  // Memory that make() wants for an effect of msg::fx_table(), a multiple of kAlign. Up to some megabytes (delay
  // lines).
  static std::size_t bytes(int effect) noexcept;

  // Builds an effect in `memory` (aligned to kAlign, at least bytes(effect)); writes all of it, so its pages are there
  // afterwards. Parameters at their defaults. Null when the memory does not do or there is no such effect. One thread
  // at a time: the first of a kind, or at another rate, fills wave tables that the kind's instances share. Null too for
  // an effect of more than kMaxConstants words that aren't 0 when it is new.
  static FxInstance* make(int effect, std::span<std::byte> memory, SampleRate rate) noexcept;

  // Lets smoothed parameters arrive by a tenth of a second of silence. After make() and set(), before the instance
  // sounds.
  void settle() noexcept;
  // Silence inside: delay lines and filters emptied. Parameters stay.
  void clear() noexcept;
  // The same in pieces for the audio thread, which must not write megabytes at once: to be called until it returns
  // true. Then parameters are at their defaults, and smoothed ones have not arrived yet. Nothing else is called
  // meanwhile but set(), which has no effect.
  bool wipe() TACTUS_RT;

  int effect() const TACTUS_RT { return effect_; }
  const msg::FxInfo& info() const TACTUS_RT { return msg::fx_table()[static_cast<std::size_t>(effect_)]; }

  // Sets a parameter by its index in info().params, kept within its range. To be called on the control grid only.
  void set(int param, float value) TACTUS_RT;
  float value(int param) const TACTUS_RT { return *zones_[param]; }

  // Tempo and session beat of the coming frame, for those effects that ask for them. At every multiple of 32 frames and
  // after a jump of the beat; never in between, or the sound depends on the block size.
  void set_clock(Bpm tempo, double session_beat) TACTUS_RT;

  // n frames (1 to 32): the wet signal. Inputs and outputs must not overlap.
  void compute(float* in_left, float* in_right, float* out_left, float* out_right, int n) TACTUS_RT;

 private:
  // A word of a new effect's state that isn't 0.
  struct Constant {
    std::uint32_t at, value;
  };
  static constexpr std::size_t kPieces = 64;  // of a wipe

  FxInstance() = default;
  std::byte* state() TACTUS_RT;
  bool keep_constants() noexcept;

  int effect_ = 0;
  int rate_ = 0;
  int bpm_ = -1, beat_ = -1;  // parameters that set_clock fills
  float* zones_[msg::kMaxFxParams] = {};
  std::size_t bytes_ = 0, wiped_ = 0;  // of the state; how much of it a wipe has done
  std::size_t constants_ = 0;
  Constant constant_[kMaxConstants];
};

}  // namespace tactus::rt
