// A level and a pitch do not mix.
#include "base/units.h"

using namespace tactus;

bool louder(Decibels a, Decibels b) { return a > b; }

#ifdef TACTUS_WRONG
bool louder_wrong(Decibels a, Semitones b) { return a > b; }
#endif
