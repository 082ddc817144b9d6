// Other people's analysers, driven as their users drive them, so that ours can be judged beside them. Built in where
// their libraries are installed when Tactus is built; the product doesn't need them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/judge.h"
#include "media/result.h"

namespace tactus::eval {

struct Mono {
  int rate = 44100;
  std::vector<float> samples;  // the mean of left and right
};

// A whole file, at its own rate where that is 44.1 or 48 kHz, else at 48 kHz.
media::Result<Mono> read_mono(const std::string& path);

struct Rival {
  std::string_view name;                  // as on the command line
  std::string_view what;                  // for people
  std::string_view package;               // Debian's, which brings it
  std::function<Found(const Mono&)> run;  // any thread; empty: not built in
};
const std::vector<Rival>& rivals();

// The tempo of beats that are none too exact, as Mixxx has it for tracks of constant tempo: of the longest stretch
// whose beats lie within 25 ms of a line, rounded to a whole or half BPM where that explains them as well. 0: too few.
double steady_tempo(std::span<const double> beats);

}  // namespace tactus::eval
