#include "engine/ctl/voice_replay.h"

#include <algorithm>

#include "engine/ctl/reading.h"

namespace tactus::ctl {

using rt::kGrid;

namespace {
constexpr std::size_t kAhead = 256;  // chunks
}

struct VoiceReplay::Voice : media::StretchFeed {
  Voice(const VoiceRecord& r, const lockfree::ChunkTable& p, SampleRate rate)
      : record(r), pcm(p), reader(static_cast<media::StretchMode>(r.begin.mode), p.channels(), rate, r.begin.pitched) {}

  // The straight line that it was primed along; steering comes out of the record.
  double position(double frame) const override {
    const auto first = static_cast<double>(record.begin.frame);
    if (frame == first) return record.begin.from;
    if (frame == first + kGrid) return record.begin.to;
    return record.begin.from + (frame - first) * (record.begin.to - record.begin.from) / kGrid;
  }
  double pitch(double) const override { return record.begin.pitch; }
  bool read(std::int64_t first, int n, float* out) override {
    reading = {};
    reading.first = first;
    reading.back = back;
    // Priming looks so far ahead.
    const std::size_t end = std::min(next_reading + kAhead, record.readings.size());
    for (std::size_t i = next_reading; i < end; ++i) {
      if (record.readings[i].first == first) reading = record.readings[i];
    }
    return read_chunk(pcm, reading, n, out);
  }
  void fed(bool) override {
    back = reading.edges.empty() ? reading.back : reading.edges.back().back;
    if (next_reading < record.readings.size() && record.readings[next_reading].first == reading.first) ++next_reading;
  }
  void setting(Hop& hop) override {
    if (next_hop == record.hops.size()) {
      ended = true;
    } else {
      hop = record.hops[next_hop++];
    }
  }
  using Tag = media::StretchReader::Tag;
  bool next(Tag& tag, float* const* planes);

  const VoiceRecord& record;
  const lockfree::ChunkTable& pcm;
  media::StretchReader reader;
  msg::Reading reading;
  std::int64_t back = 0;
  std::size_t next_reading = 0, next_hop = 0, next_whole = 0;
  bool ended = false;  // nothing more was written down
};

bool VoiceReplay::Voice::next(Tag& tag, float* const* planes) {
  for (; next_whole < record.wholes.size() && record.wholes[next_whole].first <= reader.next_frame(); ++next_whole) {
    reader.set_whole(record.wholes[next_whole].second);
  }
  return reader.next(*this, tag, planes);
}

VoiceReplay::VoiceReplay(SampleRate rate, rt::VoiceRing* a, rt::VoiceRing* b,
                         std::map<std::uint32_t, VoiceRecord> voices, std::vector<VoiceUse> uses)
    : rate_(rate), rings_{a, b}, records_(std::move(voices)) {
  for (const VoiceUse& u : uses) uses_[u.ring & 1].push_back(u);
}

VoiceReplay::~VoiceReplay() = default;

void VoiceReplay::feed(std::int64_t until, const TrackOf& track) {
  for (std::size_t r = 0; r < 2; ++r) {
    std::vector<VoiceUse>& uses = uses_[r];
    while (next_[r] < uses.size() && uses[next_[r]].from < until && play(uses[next_[r]], until, track)) {
      const std::uint32_t done = uses[next_[r]++].generation;
      const bool again = std::any_of(uses.begin() + static_cast<std::ptrdiff_t>(next_[r]), uses.end(),
                                     [done](const VoiceUse& u) { return u.generation == done; });
      if (!again) voices_.erase(done);
    }
  }
}

VoiceReplay::Voice* VoiceReplay::voice_of(std::uint32_t generation, const TrackOf& track) {
  auto& voice = voices_[generation];
  if (voice) return voice.get();
  const auto record = records_.find(generation);
  const lockfree::ChunkTable* pcm = record != records_.end() ? track(record->second.begin.track_id) : nullptr;
  if (!pcm) return nullptr;
  auto fresh = std::make_unique<Voice>(record->second, *pcm, rate_);
  if (!fresh->reader.prime(*fresh, record->second.begin.frame, record->second.begin.urgent)) return nullptr;
  voice = std::move(fresh);
  return voice.get();
}

// True when nothing more is to come of this use.
bool VoiceReplay::play(const VoiceUse& use, std::int64_t until, const TrackOf& track) {
  Voice* voice = voice_of(use.generation, track);
  rt::VoiceRing& ring = *rings_[use.ring & 1];
  while (voice && !voice->ended && voice->reader.next_frame() < std::min(until, use.to)) {
    rt::VoicePacket* packet = ring.write_slot();
    if (!packet) return false;
    float* planes[rt::kMaxChannels];
    for (int c = 0; c < rt::kMaxChannels; ++c) planes[c] = packet->audio[c];
    Voice::Tag tag;
    if (!voice->next(tag, planes) || voice->ended) {
      voice->ended = true;
      break;
    }
    if (tag.frame + kGrid <= use.from) continue;
    packet->frame = tag.frame;
    packet->source = tag.source;
    packet->speed = tag.speed;
    packet->track_id = voice->record.begin.track_id;
    packet->generation = use.generation;
    packet->channels = voice->reader.channels();
    ring.commit();
  }
  return !voice || voice->ended || use.to <= until;
}

}  // namespace tactus::ctl
