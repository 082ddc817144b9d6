#include "demo/songs/transitions.h"

#include "demo/songs/songs.h"
#include "demo/sounds.h"

namespace tactus::demo {

void transitions(Song& s, const Seams& seams) {
  Part& riser = s.part("riser", Stem::other, make(Riser{}), {.gain = -10, .reverb = 0.3f});
  for (const Span& span : seams.rises) riser.add(span.beat, 4.0 * span.bars, 60, span.bars > 2 ? 1.0f : 0.7f);
  Part& fall = s.part("fall", Stem::other, make(Riser{.from_hz = 7000, .to_hz = 300, .tone = 0}),
                      {.gain = -15, .duck = 0.3f, .reverb = 0.5f});
  for (double beat : seams.falls) fall.add(beat, 8, 60, 0.8f);
  Part& crash = s.part("crash", Stem::drums, make(Cymbal{}), {.gain = -11, .duck = 0.2f, .reverb = 0.2f});
  for (double beat : seams.crashes) crash.add(beat, 4, 60, 0.8f);
  Part& boom = s.part("boom", Stem::other, make(Impact{}), {.gain = -11, .reverb = 0.3f});
  for (double beat : seams.booms) boom.add(beat, 8);
}

std::vector<Song> all_songs() { return {boom_bap(), disco(), deep_house(), breakbeat(), techno(), trance(), liquid()}; }

}  // namespace tactus::demo
