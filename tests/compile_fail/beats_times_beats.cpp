// A length times a length is no length.
#include "base/units.h"

using namespace tactus;

Beats twice(Beats a) { return a * 2; }

#ifdef TACTUS_WRONG
auto square(Beats a, Beats b) { return a * b; }
#endif
