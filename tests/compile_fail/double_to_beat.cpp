// A bare number becomes a beat by name: Beat::of.
#include "base/units.h"

using namespace tactus;

Beat four() { return Beat::of(4.0); }

#ifdef TACTUS_WRONG
Beat four_wrong() { return 4.0; }
#endif
