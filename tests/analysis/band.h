// A small band for tests: drums, bass and chords whose tempo, downbeat, parts and key are known to the frame.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "music/key.h"

namespace tactus::analysis::testing {

enum class Style { house, hiphop, dnb, halftime, breaks };

struct Score {
  Style style = Style::house;
  double bpm = 126;
  double first_downbeat = 0.4;  // seconds; silence before it
  int bars = 56;                // parts of 8 bars: drums | + bass | all | chords alone | all | all | drums
  double swing = 0.5;           // where the second sixteenth of each eighth falls
  music::Key key{9, true};
  std::uint32_t seed = 1;
  int rate = 44100;
  double gain = 1;
  double bpm_drift = 0;  // the tempo moves by this much, linearly over the track
};

struct Sound {
  std::vector<float> pcm;  // interleaved stereo
  int rate = 44100;
  std::vector<double> beats;  // seconds of each beat, from the first downbeat
  double seconds() const { return static_cast<double>(pcm.size()) / 2 / rate; }
};

Sound play(const Score& score);

}  // namespace tactus::analysis::testing
