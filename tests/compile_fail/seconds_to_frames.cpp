// Seconds become frames only at a stated rate.
#include "base/units.h"

using namespace tactus;

Frames at(SampleRate rate, Seconds s) { return rate.frames(s); }

#ifdef TACTUS_WRONG
Frames at_wrong(SampleRate rate, double s) { return rate.frames(s); }
#endif
