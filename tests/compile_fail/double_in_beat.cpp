// Beats are whole micro-beats: a fraction does not fit between the braces.
#include "base/units.h"

using namespace tactus;

Beat four() { return Beat{4'000'000}; }

#ifdef TACTUS_WRONG
Beat four_wrong(double micro) { return Beat{micro}; }
#endif
