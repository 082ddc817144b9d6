// A whole engine on a bench: tracks made of given samples, commands with stamps, rendering at any block size. No
// threads and no clock: a test owns time. Feeders are left out, so decks sound from the direct path unless a test
// pushes voice packets itself.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "dsp/interpolate.h"
#include "engine/rt/engine.h"
#include "lockfree/chunk_table.h"

namespace tactus::testing {

struct RigTrack {
  std::unique_ptr<lockfree::ChunkTable> table;
  std::vector<std::vector<float>> chunks;
  music::GridAnchor anchor;
  msg::TrackRef ref;
};

// sample(frame, channel). bpm 0: no grid; first downbeat at `downbeat`.
inline std::unique_ptr<RigTrack> make_track(std::int64_t frames, int channels, double bpm, double downbeat,
                                            const std::function<float(std::int64_t, int)>& sample,
                                            double rate = 48000) {
  static std::uint64_t next_id = 1;
  auto t = std::make_unique<RigTrack>();
  t->table = std::make_unique<lockfree::ChunkTable>(frames, channels);
  constexpr std::int64_t kChunk = lockfree::ChunkTable::kChunkFrames;
  for (std::int64_t c = 0; c < t->table->count(); ++c) {
    std::vector<float> chunk(static_cast<std::size_t>(kChunk * channels));
    for (std::int64_t i = 0; i < kChunk; ++i) {
      for (int ch = 0; ch < channels; ++ch) {
        const std::int64_t at = c * kChunk + i;
        chunk[static_cast<std::size_t>(i * channels + ch)] = at < frames ? sample(at, ch) : 0;
      }
    }
    t->chunks.push_back(std::move(chunk));
    t->table->store(c, t->chunks.back().data());
  }
  t->anchor = {downbeat, 0, bpm};
  t->ref.id = next_id++;
  t->ref.pcm = t->table.get();
  if (bpm > 0) t->ref.grid = {&t->anchor, 1, rate};
  for (double& cue : t->ref.hotcues) cue = -1;
  return t;
}

inline const dsp::SincTables& sinc_tables() {
  static const std::unique_ptr<dsp::SincTables> tables = [] {
    auto t = std::make_unique<dsp::SincTables>();
    t->build();
    return t;
  }();
  return *tables;
}

// The usual chain of each deck, without effects.
inline msg::Plan plain_plan(int decks) {
  msg::Plan plan;
  for (int d = 0; d < decks; ++d) {
    for (msg::NodeKind kind : {msg::NodeKind::deck_reader, msg::NodeKind::stem_gate, msg::NodeKind::trim,
                               msg::NodeKind::eq, msg::NodeKind::filter, msg::NodeKind::strip}) {
      plan.add({kind, static_cast<std::uint8_t>(d), 0, nullptr});
    }
  }
  return plan;
}

// Commands, as control sends them.
inline msg::Command command(msg::Op op, int deck, double a = 0, int index = 0, msg::When when = {}) {
  msg::Command c;
  c.op = op;
  c.deck = static_cast<std::uint8_t>(deck);
  c.index = static_cast<std::uint8_t>(index);
  c.a = a;
  c.when = when;
  return c;
}
inline msg::Command param_command(msg::Param param, int deck, double a, msg::When when, msg::RampSpec ramp, int index) {
  msg::Command c = command(msg::Op::set_param, deck, a, index, when);
  c.param = param;
  c.ramp = ramp;
  return c;
}
inline msg::Command load_command(int deck, const RigTrack& track, msg::When when) {
  msg::Command c = command(msg::Op::load, deck, 0, 0, when);
  c.track = &track.ref;
  return c;
}

// A block of n frames more at the end of each bus. `out`: room for where they lie.
inline msg::AudioBlock next_block_of(std::vector<std::vector<float>>& buses, int n, float* (&out)[msg::kBusChannels]) {
  for (int c = 0; c < msg::kBusChannels; ++c) {
    auto& bus = buses[static_cast<std::size_t>(c)];
    bus.resize(bus.size() + static_cast<std::size_t>(n));
    out[c] = bus.data() + bus.size() - n;
  }
  msg::AudioBlock block;
  block.out = out;
  block.outputs = msg::kBusChannels;
  block.frames = n;
  return block;
}

class EngineRig {
 public:
  explicit EngineRig(double rate = 48000, int decks = 4, double bpm = 120)
      : rate_(rate), map_(SampleRate{rate}, Bpm{bpm}), map_buffer_(map_), plan_(plain_plan(decks)) {
    links_.commands = &commands_;
    links_.events = &events_;
    links_.map = &map_buffer_;
    links_.snapshot = &snapshot_;
    links_.sinc = &sinc_tables();
    for (int d = 0; d < decks; ++d) {
      for (int v = 0; v < 2; ++v) {
        rings_.push_back(std::make_unique<rt::VoiceRing>(64));
        links_.decks[d].voices[v] = rings_.back().get();
      }
      reports_.push_back(std::make_unique<rt::ReportRing>(64));
      links_.decks[d].reports = reports_.back().get();
    }
    engine_ = std::make_unique<rt::Engine>();
    engine_->prepare(SampleRate{rate}, decks, links_, &plan_, map_);
    out_.resize(msg::kBusChannels);
  }

  msg::Command& send(msg::Command c) {
    c.id = next_id_++;
    commands_.push(c);
    last_ = c;
    return last_;
  }
  void send(msg::Op op, int deck, double a = 0, int index = 0, msg::When when = {}) {
    send(command(op, deck, a, index, when));
  }
  void set(msg::Param param, int deck, double a, msg::When when = {}, msg::RampSpec ramp = {}, int index = 0) {
    send(param_command(param, deck, a, when, ramp, index));
  }
  void load(int deck, const RigTrack& track, msg::When when = {}) { send(load_command(deck, track, when)); }
  void set_map(const music::TempoMap& map) {
    map_ = map;
    map_buffer_.write(map);
  }

  // Renders `frames` in blocks of next_block() frames; appends to bus(channel).
  void render(std::int64_t frames, const std::function<int()>& next_block) {
    while (frames > 0) {
      const int n = static_cast<int>(std::min<std::int64_t>(frames, next_block()));
      float* out[msg::kBusChannels];
      const msg::AudioBlock block = next_block_of(out_, n, out);
      engine_->process(block, {});
      msg::Event e;
      while (events_.pop(e)) events.push_back(e);
      frames -= n;
    }
  }
  void render(std::int64_t frames, int block = 64) {
    render(frames, [block] { return block; });
  }

  const std::vector<float>& bus(int channel) const { return out_[static_cast<std::size_t>(channel)]; }
  msg::Snapshot snapshot() {
    snapshot_.update();
    return snapshot_.front();
  }
  const msg::Command& last() const { return last_; }
  music::TempoMap& map() { return map_; }
  rt::Engine& engine() { return *engine_; }
  rt::EngineLinks& links() { return links_; }
  static constexpr int latency() { return dsp::Limiter::kLatency; }

  std::vector<msg::Event> events;

 private:
  double rate_;
  music::TempoMap map_;
  lockfree::SpscRing<msg::Command> commands_{1024};
  lockfree::SpscRing<msg::Event> events_{4096};
  lockfree::TripleBuffer<music::TempoMap> map_buffer_;
  lockfree::TripleBuffer<msg::Snapshot> snapshot_;
  std::vector<std::unique_ptr<rt::VoiceRing>> rings_;
  std::vector<std::unique_ptr<rt::ReportRing>> reports_;
  rt::EngineLinks links_;
  msg::Plan plan_;
  std::unique_ptr<rt::Engine> engine_;
  std::vector<std::vector<float>> out_;
  std::uint64_t next_id_ = 1;
  msg::Command last_;
};

}  // namespace tactus::testing
