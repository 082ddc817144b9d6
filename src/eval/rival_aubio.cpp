#include "eval/rival_runs.h"

#ifdef TACTUS_HAS_AUBIO

#include <aubio/aubio.h>

#include <cstddef>
#include <memory>

namespace tactus::eval {

Found run_aubio(const Mono& track) {
  constexpr uint_t kWindow = 1024, kHop = 512;
  const std::unique_ptr<aubio_tempo_t, void (*)(aubio_tempo_t*)> tempo(
      new_aubio_tempo("default", kWindow, kHop, static_cast<uint_t>(track.rate)), del_aubio_tempo);
  const std::unique_ptr<fvec_t, void (*)(fvec_t*)> in(new_fvec(kHop), del_fvec), beat(new_fvec(1), del_fvec);
  Found out;
  out.beats.emplace();
  for (std::size_t at = 0; at + kHop <= track.samples.size(); at += kHop) {
    for (uint_t i = 0; i < kHop; ++i) in->data[i] = track.samples[at + i];
    aubio_tempo_do(tempo.get(), in.get(), beat.get());
    if (beat->data[0] != 0) out.beats->push_back(static_cast<double>(aubio_tempo_get_last_s(tempo.get())));
  }
  out.bpm = static_cast<double>(aubio_tempo_get_bpm(tempo.get()));
  // It knows no bars: every fourth beat from the first is what its users have.
  auto& downbeats = out.downbeats.emplace();
  for (std::size_t i = 0; i < out.beats->size(); i += 4) downbeats.push_back((*out.beats)[i]);
  return out;
}

}  // namespace tactus::eval

#endif
