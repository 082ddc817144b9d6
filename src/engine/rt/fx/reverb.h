// effects/reverb.dsp by hand: a unit like those that Faust writes (faust_unit.h), with the same parameters in the same
// order and the same signal, in less than half the time.
#pragma once

#include "dsp/reverb.h"
#include "engine/rt/fx/faust_unit.h"

namespace tactus::rt::fx::reverb {

class Effect {
 public:
  static void classInit(int) noexcept {}
  void instanceInit(int rate) noexcept { reverb_.prepare({static_cast<double>(rate)}); }
  void buildUserInterface(UI* ui) noexcept {
    for (float* slider : {&sliders_.decay, &sliders_.damping, &sliders_.predelay, &sliders_.low_cut}) ui->add(slider);
  }
  void compute(int n, float** in, float** out) TACTUS_RT {
    reverb_.set(sliders_);
    reverb_.process(in[0], in[1], out[0], out[1], n);
  }

 private:
  dsp::Reverb::Settings sliders_;
  dsp::Reverb reverb_;
};

}  // namespace tactus::rt::fx::reverb
