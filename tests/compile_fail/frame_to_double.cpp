// A unit is taken off by name (.v), never silently.
#include "base/units.h"

using namespace tactus;

double number(Frame a) { return static_cast<double>(a.v); }

#ifdef TACTUS_WRONG
double number_wrong(Frame a) { return a; }
#endif
