// A length in beats does not turn into frames by itself.
#include "base/units.h"

using namespace tactus;

Beats keep(Beats a) { return a; }

#ifdef TACTUS_WRONG
Frames convert(Beats a) { return a; }
#endif
