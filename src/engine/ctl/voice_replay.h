// A deck's stretched audio over again: the same stretchers, given the same chunks with the same settings, as a live
// feeder wrote down. Only what was heard is made.
//
// One thread. Allocates.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/msg/outcome.h"
#include "engine/rt/voice.h"
#include "lockfree/chunk_table.h"
#include "media/stretch_reader.h"

namespace tactus::ctl {

// All that one voice was given.
struct VoiceRecord {
  msg::VoiceOutcome begin;
  std::vector<msg::Reading> readings;                 // in the order in which they were fed
  std::vector<media::StretchFeed::Hop> hops;          // of every hop after priming
  std::vector<std::pair<std::int64_t, bool>> wholes;  // from that session frame on
};

// When a voice was heard, fade-out included: session frames.
struct VoiceUse {
  std::uint32_t generation = 0;
  int ring = 0;
  std::int64_t from = 0, to = 0;
};

class VoiceReplay {
 public:
  // The track of a load; null, or one whose audio isn't all there, and the voice is silent from there on. Holds as long
  // as a voice may read it: as the engine does.
  using TrackOf = std::function<const lockfree::ChunkTable*(std::uint64_t track_id)>;

  // `rings`: of the deck, see EngineHost::voice. `uses`: by `from`; of one ring, one after the other.
  VoiceReplay(SampleRate rate, rt::VoiceRing* a, rt::VoiceRing* b, std::map<std::uint32_t, VoiceRecord> voices,
              std::vector<VoiceUse> uses);
  ~VoiceReplay();

  // Puts all packets that are heard before `until` into the rings, as far as they were written down; at most as much as
  // they hold.
  void feed(std::int64_t until, const TrackOf& track);

 private:
  struct Voice;
  Voice* voice_of(std::uint32_t generation, const TrackOf& track);
  bool play(const VoiceUse& use, std::int64_t until, const TrackOf& track);

  SampleRate rate_;
  rt::VoiceRing* rings_[2];
  std::map<std::uint32_t, VoiceRecord> records_;
  std::vector<VoiceUse> uses_[2];  // of each ring
  std::size_t next_[2] = {0, 0};
  std::map<std::uint32_t, std::unique_ptr<Voice>> voices_;
};

}  // namespace tactus::ctl
