// Where the beats of a track are: anchors {frame, beat, bpm}, each ruling until the next one. Pure, realtime-safe.
//
// One anchor is a constant grid. Before the first anchor its tempo is extended backwards; after the last one forwards.
// Frames here are of the *track* at the engine's rate, fractional; beats are the track's own, beat 0 a downbeat.
#pragma once

#include <cstdint>

#include "base/rt.h"
#include "base/units.h"

namespace tactus::music {

struct GridAnchor {
  double frame = 0;  // track frame of `beat`
  double beat = 0;   // track beat; ascending
  double bpm = 120;  // tempo from here to the next anchor, > 0
};

// A view of anchors that somebody else owns. count == 0: the track has no grid.
struct GridView {
  const GridAnchor* anchors = nullptr;
  std::uint32_t count = 0;
  double rate = 48000;  // frames a second of the track frames

  bool empty() const TACTUS_RT { return count == 0; }
  // The anchor that rules at `beat` / at `frame`. Requires !empty().
  const GridAnchor& at_beat(double beat) const TACTUS_RT {
    std::uint32_t i = count - 1;
    while (i > 0 && anchors[i].beat > beat) --i;
    return anchors[i];
  }
  const GridAnchor& at_frame(double frame) const TACTUS_RT {
    std::uint32_t i = count - 1;
    while (i > 0 && anchors[i].frame > frame) --i;
    return anchors[i];
  }
  double frame_of(double beat) const TACTUS_RT {
    const GridAnchor& a = at_beat(beat);
    return a.frame + (beat - a.beat) * rate * 60.0 / a.bpm;
  }
  double beat_of(double frame) const TACTUS_RT {
    const GridAnchor& a = at_frame(frame);
    return a.beat + (frame - a.frame) * a.bpm / (rate * 60.0);
  }
  double bpm_at(double frame) const TACTUS_RT { return at_frame(frame).bpm; }
};

}  // namespace tactus::music
