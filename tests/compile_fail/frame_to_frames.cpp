// A point in time is no length.
#include "base/units.h"

using namespace tactus;

Frames length(Frame a, Frame b) { return a - b; }

#ifdef TACTUS_WRONG
Frames length_wrong(Frame a) { return a; }
#endif
