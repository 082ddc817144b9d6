// The engine's audio thread: commands in, sound out. One object, laid out and prefaulted by the engine host
// (engine/ctl) in an arena; it owns no heap memory, takes no lock, reads no clock and makes no system call.
//
// Control grid: every node runs in steps that end at multiples of 32 session frames and at each event's exact frame,
// and control values change only there. So a render is the same, bit for bit, whatever the block size.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/msg/callback.h"
#include "engine/msg/command.h"
#include "engine/msg/outcome.h"
#include "engine/msg/plan.h"
#include "engine/msg/snapshot.h"
#include "engine/rt/command_queue.h"
#include "engine/rt/deck.h"
#include "engine/rt/fx_node.h"
#include "engine/rt/mixer.h"
#include "engine/rt/stream_tap.h"
#include "engine/rt/voice.h"
#include "lockfree/retire_queue.h"
#include "lockfree/spsc_ring.h"
#include "lockfree/triple_buffer.h"
#include "music/tempo_map.h"

namespace tactus::rt {

// Everything through which the engine and the rest of the program talk. The host owns what is pointed to.
struct EngineLinks {
  lockfree::SpscRing<msg::Command>* commands = nullptr;       // control -> engine
  lockfree::SpscRing<msg::Event>* events = nullptr;           // engine -> control
  lockfree::TripleBuffer<music::TempoMap>* map = nullptr;     // control -> engine
  lockfree::TripleBuffer<msg::Snapshot>* snapshot = nullptr;  // engine -> control
  TapRing* tap = nullptr;                                     // engine -> recorder; may be null
  StreamRing* streams[kStreams] = {};                         // engine -> recorder; any may be null
  OutcomeRing* outcomes = nullptr;                            // engine -> journal; may be null
  struct DeckLinks {
    VoiceRing* voices[2] = {};      // feeder -> engine
    ReportRing* reports = nullptr;  // engine -> feeder
    OutcomeRing* told = nullptr;    // a replay: where the deck sounds from, instead of what the reader would choose
  } decks[msg::kMaxDecks];
  const dsp::SincTables* sinc = nullptr;
};

class Engine {
 public:
  // Control side, before the first process().
  void prepare(SampleRate rate, int decks, const EngineLinks& links, const msg::Plan* plan,
               const music::TempoMap& map) noexcept;

  // The audio thread: renders block.frames frames of all buses (msg::Bus) that block.outputs has room for.
  void process(const msg::AudioBlock& block, const msg::BlockClock& clock) TACTUS_RT;

  // Any thread: the first frame of the next block; all reports of commands before it are in their rings.
  std::int64_t frame() const TACTUS_RT { return published_frame_.load(std::memory_order_acquire); }
  // Any thread: blocks finished so far.
  std::uint64_t blocks() const TACTUS_RT { return published_blocks_.load(std::memory_order_acquire); }
  // Any thread: outcomes for which their ring had no room.
  std::uint32_t outcomes_lost() const TACTUS_RT { return outcomes_.lost.load(std::memory_order_relaxed); }
  // Any thread: watched by whoever frees what the engine may still read.
  lockfree::ReaderEpoch& epoch() TACTUS_RT { return epoch_; }
  // Frames by which everything leaves later than it was due: the limiter's look-ahead, equal on all buses.
  static int latency(SampleRate rate) noexcept;

 private:
  void take_input(std::int64_t now) TACTUS_RT;
  void execute_due(std::int64_t f) TACTUS_RT;
  void execute(const msg::Command& c, std::int64_t f) TACTUS_RT;
  void execute_transport(const msg::Command& c, std::int64_t f) TACTUS_RT;
  void leave(const msg::TrackRef* track) TACTUS_RT;
  void swap_plan(const msg::Plan* plan, std::int64_t f) TACTUS_RT;
  std::int64_t step_end(std::int64_t f, std::int64_t end) const TACTUS_RT;
  void render_step(std::int64_t f, int n, float* const* out, int outputs, int offset) TACTUS_RT;
  void run_node(const msg::PlanStep& step, std::int64_t f, int n) TACTUS_RT;
  void mix_deck(int d, std::int64_t f, int n) TACTUS_RT;
  void bypassed(const msg::PlanStep& step, std::int64_t f) TACTUS_RT;
  void advance_decks(std::int64_t f) TACTUS_RT;
  void report_dirty(std::int64_t f) TACTUS_RT;
  void release_tracks(std::int64_t f) TACTUS_RT;
  void publish(std::int64_t f) TACTUS_RT;
  void emit(const msg::Event& e) TACTUS_RT;
  void note(msg::EngineOutcome::Kind kind, std::int64_t now, std::uint64_t count) TACTUS_RT;
  bool to_release(const msg::TrackRef* track) TACTUS_RT;

  EngineLinks links_;
  SampleRate rate_;
  int deck_count_ = 0;
  Deck decks_[msg::kMaxDecks];
  float bus_[msg::kMaxDecks][2][kGrid];  // each deck's signal on its way through its nodes
  float dry_[2][kGrid];                  // what the node that runs was given
  Mixer mixer_;
  OutcomeTap outcomes_;
  int block_ = 0;  // frames of the last block
  CommandQueue queue_;
  music::TempoMap map_;
  const msg::Plan* plan_ = nullptr;

  std::int64_t frame_ = 0;
  bool dirty_[msg::kMaxDecks] = {};
  FixedVector<const msg::TrackRef*, 32> leaving_;  // unloaded, perhaps still in a tail; or never taken
  std::uint32_t bypassed_ = 0;
  std::uint32_t lost_events_ = 0;
  std::uint64_t blocks_ = 0;

  alignas(lockfree::kCacheLine) std::atomic<std::int64_t> published_frame_{0};
  std::atomic<std::uint64_t> published_blocks_{0};
  lockfree::ReaderEpoch epoch_;
};

}  // namespace tactus::rt
