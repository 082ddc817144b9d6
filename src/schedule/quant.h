// When, musically: the `@` of an intent. Pure, any thread.
//
//   @now @none       at once
//   @8bar @4bar @2bar @bar
//   @1/2 ... @1/32   note values: 1/4 is one beat, also written @beat; with T (@1/8T) triplets, three in the time of
//   two
//   @phrase          the next phrase of the session's phrase length; @phrase16, @phrase32 whatever that is
//   @beat=64         that beat of the session, exactly
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "music/quantise.h"
#include "music/tempo_map.h"

namespace tactus::schedule {

struct Quant {
  enum class Kind { now, bars, note, triplet, phrase, absolute };
  Kind kind = Kind::now;
  int n = 0;  // bars: 1, 2, 4, 8; note and triplet: 2 to 32; phrase: 16, 32, or 0 for the session's length
  Beat at;    // absolute only
  bool operator==(const Quant&) const = default;
};

using music::Metre;

// The raster of a relative quantisation; Raster::none() for `now` and absolute beats.
music::Raster raster_of(const Quant&, const Metre&);

// The beat that `q` names for something asked for at `from`: at or after it, unless an absolute beat lies before it.
Beat resolve(const Quant& q, Beat from, const Metre&);

// `text` without the @. Nothing if it isn't one of the forms above; beats are within +-1e9.
std::optional<Quant> parse_quant(std::string_view text);
// Without the @; parse_quant(quant_text(q)) == q.
std::string quant_text(const Quant& q);
// All relative forms that parse_quant knows, for help and suggestions.
const char* quant_forms();

}  // namespace tactus::schedule
