// Two points in time have no sum.
#include "base/units.h"

using namespace tactus;

auto end(Frame a, Frames b) { return a + b; }

#ifdef TACTUS_WRONG
auto sum(Frame a, Frame b) { return a + b; }
#endif
