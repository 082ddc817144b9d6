// A frame moves by frames; beats become frames only through a TempoMap.
#include "base/units.h"

using namespace tactus;

Frame move(Frame a, Frames b) { return a + b; }

#ifdef TACTUS_WRONG
Frame move_wrong(Frame a, Beats b) { return a + b; }
#endif
