// Frames and beats have no common order.
#include "base/units.h"

using namespace tactus;

bool later(Frame a, Frame b) { return a > b; }

#ifdef TACTUS_WRONG
bool later_wrong(Frame a, Beat b) { return a > b; }
#endif
