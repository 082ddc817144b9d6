// A length in frames does not turn into beats by itself.
#include "base/units.h"

using namespace tactus;

Frames keep(Frames a) { return a; }

#ifdef TACTUS_WRONG
Beats convert(Frames a) { return a; }
#endif
