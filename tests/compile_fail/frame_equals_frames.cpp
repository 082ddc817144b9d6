// A point never equals a length.
#include "base/units.h"

using namespace tactus;

bool same(Frames a, Frames b) { return a == b; }

#ifdef TACTUS_WRONG
bool same_wrong(Frame a, Frames b) { return a == b; }
#endif
