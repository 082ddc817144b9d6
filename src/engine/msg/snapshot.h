// What the audio thread publishes of itself after each block, by value: the control thread copies it to the StateBoard.
#pragma once

#include <cstdint>
#include <type_traits>

#include "engine/msg/command.h"

namespace tactus::msg {

enum class DeckSource : std::uint8_t { silent, direct, voice };

struct DeckSnapshot {
  std::uint64_t track_id = 0;  // 0: empty
  double position = 0;         // track frame at the end of the block
  double speed = 0;            // track frames a session frame, signed; 0 when stopped
  double length = 0;           // track frames
  double bpm = 0;              // sounding tempo; 0 without a grid
  double track_beat = 0;
  double loop_start = 0, loop_end = 0;
  double cue = -1;
  double hotcues[kHotcues] = {};
  LoopSpan slots[kLoopSlots];  // kept loops
  double tempo = 1, key = 0;   // as set
  float fader = 0, trim = 1, eq_low = 1, eq_mid = 1, eq_high = 1, filter = 0;
  float peak_l = 0, peak_r = 0;  // pre-fader, linear, highest of the last 50 to 100 ms
  bool playing = false, audible = false, loop_active = false, slip = false, keylock = true, reverse = false;
  bool previewing = false;             // a cue or hot cue button is held
  bool cue_set = false;                // somebody set the cue, now or before the load; else it is where the load put it
  std::uint8_t stems_muted = 0;        // bit per stem
  SyncMode sync = SyncMode::off;       // as asked for
  SyncMode sync_held = SyncMode::off;  // beat instead of bar or phrase where the track's bars are unsure
  StretchMode stretch = StretchMode::r3;
  DeckSource source = DeckSource::silent;
  std::uint32_t fallbacks = 0;    // times the feeder was behind and the direct path took over
  std::uint32_t late_chunks = 0;  // 32-frame steps faded to silence because nothing was decoded there
};

struct Snapshot {
  std::int64_t frame = 0;  // first frame of the next block
  double beat = 0;         // session beat there
  double bpm = 120;
  DeckSnapshot decks[kMaxDecks];
  float master_peak_l = 0, master_peak_r = 0;  // before the limiter, linear, highest of the last 50 to 100 ms
  float gain_reduction_db = 0;                 // the limiter's, at most 0: the most of the last 50 to 100 ms
  float crossfader = 0;
  std::uint32_t pending = 0;  // commands waiting in the engine
  std::uint32_t bypassed_nodes = 0;
  std::uint64_t blocks = 0;
};
static_assert(std::is_trivially_copyable_v<Snapshot>);

}  // namespace tactus::msg
