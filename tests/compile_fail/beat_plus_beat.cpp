// Two points on the beat line have no sum.
#include "base/units.h"

using namespace tactus;

auto end(Beat a, Beats b) { return a + b; }

#ifdef TACTUS_WRONG
auto sum(Beat a, Beat b) { return a + b; }
#endif
