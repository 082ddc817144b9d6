// A length is no point on the beat line.
#include "base/units.h"

using namespace tactus;

Beat point(Beat a) { return a; }

#ifdef TACTUS_WRONG
Beat point_wrong(Beats a) { return a; }
#endif
