// The analysers behind rivals.h. Each is built only where its library is there.
#pragma once

#include "eval/rivals.h"

namespace tactus::eval {

Found run_qm(const Mono& track);
Found run_aubio(const Mono& track);

}  // namespace tactus::eval
