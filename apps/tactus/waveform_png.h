// A picture of a set: its level over time, with a line where each track comes in.
#pragma once

#include <string>
#include <vector>

namespace tactus::app {

// Draws the audio file `audio` to the PNG file `png`. marks: seconds. Empty when done, else why not.
std::string draw_waveform(const std::string& audio, const std::string& png, const std::vector<double>& marks);

}  // namespace tactus::app
