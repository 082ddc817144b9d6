// The beat network: what a listener would call a beat, a downbeat, a new part and a voice, 50 times a second. A
// temporal convolutional network (after Davies and Boeck 2019) of 124,000 weights; tools/train makes the weights, and
// docs/analysis.md says of what.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tactus::analysis {

// Probabilities, one for each frame (network_input.h); frame i is at i * kFrameSeconds.
struct Activations {
  std::vector<float> beat;
  std::vector<float> downbeat;
  std::vector<float> section;  // that a part begins within half a second
  std::vector<float> voice;
};

// `input`: kInputRows bytes a frame, from network_input(). Sees 41 s either way. So many frames of it are looked at at
// once (by default 15 minutes, for which 14 MB are needed): nothing but memory and speed depends on it.
// `tempo`: heard as if it were played so many times as fast; frame i of the result is then at i * kFrameSeconds *
// tempo.
Activations run_network(std::span<const std::uint8_t> input, double tempo = 1, int piece = 45000);

// Beats and downbeats as `heard`, which run_network(input) gave, and two more hearings a little slower and faster have
// them on the average (of log odds): errors that hang on details of the sound are not the same in all. Costs twice
// what run_network does.
void hear_again(std::span<const std::uint8_t> input, Activations& heard);

}  // namespace tactus::analysis
