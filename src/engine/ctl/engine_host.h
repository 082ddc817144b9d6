// The control side's hold on a running engine: lays it out in an arena, carries commands, maps and plans to it, events
// and snapshots back, and runs the feeders.
//
// Threads: all functions are for the control thread unless stated. The callback() is for one audio driver at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "engine/ctl/arena.h"
#include "engine/ctl/deck_feeder.h"
#include "engine/ctl/outcome_sink.h"
#include "engine/ctl/plan_builder.h"
#include "engine/msg/callback.h"
#include "engine/msg/command.h"
#include "engine/msg/snapshot.h"
#include "engine/rt/engine.h"
#include "engine/rt/hold.h"
#include "music/tempo_map.h"

namespace tactus::ctl {

class EngineHost {
 public:
  struct Options {
    SampleRate rate{48000};
    int decks = 4;
    Bpm tempo{120};
    // 0: offline. Nothing runs by itself; feed() does the feeders' work on the caller's thread, so that a render is
    // the same every time. Otherwise the number of feeder threads.
    int feeder_threads = 0;
    int max_block = 512;        // frames the driver asks for at most: feeders keep that much more ahead
    bool record = false;        // fill the recorder tap
    std::uint32_t streams = 0;  // bits by rt::Stream: fill these for a recorder
    // keep: for take_outcomes(). replay: decks sound from where told() says and from what is put into voice(); there
    // are no feeders.
    enum class Outcomes { drop, keep, replay } outcomes = Outcomes::drop;
    music::Metre metre = {};
  };

  explicit EngineHost(const Options& options);
  ~EngineHost();
  EngineHost(const EngineHost&) = delete;
  EngineHost& operator=(const EngineHost&) = delete;

  // What the audio driver calls. Valid as long as the host.
  msg::Callback callback();

  // False when the ring to the engine is full; nothing was sent then.
  bool send(const msg::Command& command);
  void set_map(const music::TempoMap& map);
  const music::TempoMap& map() const { return map_; }
  // The next event of the engine's; plans and effects that come back are dealt with here. False: none left.
  bool poll(msg::Event& event);
  const msg::Snapshot& snapshot();
  std::int64_t frame() const { return engine_->frame(); }

  // Puts an effect (an index into msg::fx_table()) into a deck's slot, or -1 to take it out once its tail has ended.
  // False when the engine could not be told (ring full): try again.
  bool set_fx(int deck, int slot, int effect);
  // Now and then (every control tick): takes effects out whose tails have ended. False: try again, as above.
  bool tick_plans();
  std::size_t effects_held() const { return plans_->effects_held(); }

  // Any thread: the sound fades, then session time stands still, until it is let go. Not for who renders offline: its
  // frames wouldn't come.
  void hold(bool on) { hold_.set(on); }
  bool held() const { return hold_.on(); }

  // All that happened since the last call, in order of each kind; and the frame before which nothing is missing, or
  // nothing, for good, once something was lost. In a replay: only what was missed. Control thread.
  std::optional<Frame> take_outcomes(OutcomeSink& sink);

  // A replay's ends of the rings, and its plans. Null in any other.
  rt::OutcomeRing* told(int deck) { return told_[deck]; }
  rt::VoiceRing* voice(int deck, int which) { return voices_[deck][which]; }
  const msg::Plan* put_plan(const std::vector<PlanBuilder::Slot>& slots) { return plans_->put(slots); }

  // Offline: does all that the feeders owe for the next `frames` frames.
  void feed(int frames);

  // Blocks that the audio thread and every feeder have finished: whoever frees audio waits for two more. Any thread.
  std::uint64_t grace() const;

  FeederStats feeder_stats() const;  // any thread
  // Any thread: what stretches a deck that was asked for `asked`: that, or what the machine can do at the moment.
  msg::StretchMode stretching(int deck, msg::StretchMode asked) const;
  // Any thread: stretchers that a feeder had to construct itself, since none of the kind was ready.
  std::uint64_t stretchers_made_late() const { return stretchers_.made_in_place(); }
  std::int64_t fed_until() const;  // any thread: the least of all decks', see DeckFeeder
  rt::TapRing* tap() { return tap_; }
  // Null unless asked for in Options::streams. Read by one thread, any.
  rt::StreamRing* stream(int which) { return streams_[which]; }
  bool memory_locked() const { return arena_.locked(); }
  int feeder_threads() const { return static_cast<int>(threads_.size()); }
  bool feeders_realtime() const { return realtime_.load(); }
  const Options& options() const { return options_; }

 private:
  static void process(void* self, const msg::AudioBlock& block, const msg::BlockClock& clock) TACTUS_RT;
  static void wake(void* self) noexcept;
  void run_feeders(int thread);
  void make_ready(const msg::Command& command);
  void service(int thread, int frames);
  bool kept() const { return options_.outcomes == Options::Outcomes::keep; }
  void keep(const msg::Command& command);
  bool outcomes_lost() const;

  Options options_;
  Arena arena_;
  music::TempoMap map_;
  lockfree::SpscRing<msg::Command>* commands_ = nullptr;
  lockfree::SpscRing<msg::Event>* events_ = nullptr;
  lockfree::TripleBuffer<music::TempoMap>* map_out_ = nullptr;
  lockfree::TripleBuffer<msg::Snapshot>* snapshot_ = nullptr;
  rt::TapRing* tap_ = nullptr;
  rt::StreamRing* streams_[rt::kStreams] = {};
  rt::Engine* engine_ = nullptr;
  media::StretchPool stretchers_;
  unsigned modes_ = 0;  // bits by msg::StretchMode: the kinds of stretcher that have been asked for
  bool have_stems_ = false;
  std::vector<std::unique_ptr<DeckFeeder>> feeders_;
  rt::OutcomeRing* outcomes_ = nullptr;
  rt::OutcomeRing* told_[msg::kMaxDecks] = {};
  rt::VoiceRing* voices_[msg::kMaxDecks][2] = {};
  std::vector<std::unique_ptr<rt::VoiceOutcomeRing>> voice_outcomes_;
  // Sent, and not known to be taken yet.
  struct Sent {
    msg::Command command;
    std::vector<PlanBuilder::Slot> slots;
  };
  std::deque<Sent> sent_;
  std::deque<music::TempoMap> maps_;
  std::unique_ptr<PlanBuilder> plans_;

  std::atomic<std::uint32_t> ticks_{0};  // blocks passed: what feeders sleep on
  std::atomic<bool> stop_{false};
  std::atomic<bool> realtime_{false};
  rt::Hold hold_;
  std::vector<std::unique_ptr<std::atomic<std::uint64_t>>> passes_;  // of each feeder thread
  std::vector<std::thread> threads_;
};

}  // namespace tactus::ctl
