// Beats a minute are not frames a second.
#include "base/units.h"

using namespace tactus;

SampleRate rate(SampleRate r) { return r; }

#ifdef TACTUS_WRONG
SampleRate rate_wrong(Bpm b) { return b; }
#endif
