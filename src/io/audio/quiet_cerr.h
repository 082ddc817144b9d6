// RtAudio and RtMidi write some of their messages straight to std::cerr, in the middle of what a terminal program
// draws. This puts a filter in front of std::cerr that keeps lines which start as theirs do ("RtApi", "MidiIn", ...)
// and lets all others through at once (an empty line waits for what follows it).
#pragma once

#include <string>

namespace tactus::io {

// From now on, for the life of the process. Any thread; repeated calls do nothing.
void quiet_cerr();

// The lines held back since the last call. Any thread.
std::string take_quieted();

}  // namespace tactus::io
