// A bare number is not seconds.
#include "base/units.h"

using namespace tactus;

Seconds two() { return Seconds{2.0}; }

#ifdef TACTUS_WRONG
Seconds two_wrong() { return 2.0; }
#endif
