// Constant tables that all decks of an engine read. Made once by the control side, before the engine runs.
#pragma once

#include "dsp/interpolate.h"

namespace tactus::rt {

struct Tables {
  dsp::SincTables sinc;
  // Not realtime-safe: some ten milliseconds.
  Tables() noexcept { sinc.build(); }
};

}  // namespace tactus::rt
