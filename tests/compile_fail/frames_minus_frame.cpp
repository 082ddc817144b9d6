// A point can't be taken from a length.
#include "base/units.h"

using namespace tactus;

Frame back(Frame a, Frames b) { return a - b; }

#ifdef TACTUS_WRONG
auto back_wrong(Frames a, Frame b) { return a - b; }
#endif
