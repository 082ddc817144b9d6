// Keeps one deck's rings full of stretched audio, ahead of the audio thread.
//
// It foretells the deck (foresight.h), gives each coming run that wants a stretcher a voice of its own, primed to sound
// from the run's first frame, and pulls packets from it. Two rings: while one voice plays out, the next is primed into
// the other. What can't be foretold is caught up: the reader plays the direct path meanwhile, and the new voice joins
// as soon as it is primed (some 20 ms).
//
// A loop that is set or left without notice may change what a stretcher has been fed already. Packets say where their
// sound is really from, so that the reader leaves such a voice at the loop's edge; a fresh one is primed meanwhile.
//
// A tempo that moves without notice by more than what may go by unheard has a fresh voice primed, too: the old one's
// ring and window would play on at the old tempo for 50 ms. The stretcher's own steering follows the smaller moves.
//
// A voice that gives a NaN or an infinity is given up before anybody hears it: what its ring holds plays out, then the
// direct path takes over until a fresh one is primed, half a second later.
//
// When the machine can't keep up, quality gives way, never time: R3, then R2, then the direct path alone, for five
// seconds, then a step back up.
//
// Threads: expect() and set_map() from the control thread, service() from one feeder thread, stats() from any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/ctl/foresight.h"
#include "engine/rt/outcome_tap.h"
#include "engine/rt/voice.h"
#include "lockfree/spsc_ring.h"
#include "lockfree/triple_buffer.h"
#include "media/stretch_pool.h"

namespace tactus::ctl {

struct FeederStats {
  std::uint64_t packets = 0;   // 32 frames each
  std::uint64_t primed = 0;    // voices
  std::uint64_t starved = 0;   // times a voice was behind the audio thread
  std::uint64_t degraded = 0;  // steps down in quality
  std::uint64_t broken = 0;    // voices given up since what they made was no number
  std::int64_t cpu_ns = 0;     // spent in service()
  FeederStats& operator+=(const FeederStats& o) {
    packets += o.packets, primed += o.primed, starved += o.starved, degraded += o.degraded, cpu_ns += o.cpu_ns;
    broken += o.broken;
    return *this;
  }
};

// The stretcher that plays a deck's mode; r3 where none does (direct).
media::StretchMode stretcher_mode(msg::StretchMode m);

class DeckFeeder {
 public:
  static constexpr std::size_t kRingPackets = 256;  // 8,192 frames: a long block and the lead beyond it
  static constexpr std::size_t kReports = 64;
  static constexpr int kLead = 1024;  // frames a ring is kept ahead of the block being rendered

  // pool: where voices come from and go; outlives the feeder. outcomes: where to say what stretchers were given, for a
  // journal; may be null.
  DeckFeeder(rt::VoiceRing* a, rt::VoiceRing* b, rt::ReportRing* reports, const music::TempoMap& map,
             media::StretchPool& pool, rt::VoiceOutcomeRing* outcomes = nullptr);

  void expect(const msg::Command& command) { commands_.push(command); }
  void set_map(const music::TempoMap& map) { maps_.write(map); }

  // Does a bounded piece of what is owed up to `now` + `block` + kLead; true when more is owed. `now`: the engine's
  // published frame. offline: every call is made in time, so what is foretold is never late.
  bool service(std::int64_t now, int block, bool offline);

  FeederStats stats() const;
  // Any thread: steps that quality has given way by now: 0 none, 1 R2, 2 the direct path.
  int level() const { return shown_level_.load(std::memory_order_relaxed); }
  // Any thread: session frame up to which stretched audio waits; INT64_MAX while none is needed.
  std::int64_t fed_until() const { return fed_until_.load(std::memory_order_acquire); }
  // Any thread: outcomes for which there was no room.
  std::uint32_t outcomes_lost() const { return tap_.lost.load(std::memory_order_relaxed); }

 private:
  struct Voice : media::StretchFeed {
    const Foresight* foresight = nullptr;
    rt::VoiceRing* ring = nullptr;
    std::unique_ptr<media::StretchReader> reader;
    std::uint32_t run = 0;
    msg::StretchMode mode = msg::StretchMode::r3;  // as asked for, before any step down
    const msg::TrackRef* track = nullptr;
    std::uint32_t generation = 0;
    std::int64_t last_pushed = -rt::kGrid;  // frame of the last packet in the ring, of this or an earlier voice
    std::int64_t pushed = 0;                // packets of this voice
    bool awaited = false;                   // still to be primed, and to be seen whether in time
    bool caught_up = false;                 // has been as far ahead as it should be
    std::int64_t due = 0;                   // frame by which it should have been
    bool outdated = false;                  // plays on only until another one joins
    rt::Tap<msg::VoiceOutcome>* tap = nullptr;
    msg::Reading reading;               // the last
    std::int64_t fed_back = INT64_MIN;  // of the end of what was fed last
    bool whole = true;
    // What was fed lately, a chunk each: more than any stretcher's window and the ring's lead hold.
    struct Fed {
      std::int64_t first = 0, back = 0;
      FixedVector<msg::Reading::Edge, msg::Reading::kMost> edges;
    };
    static constexpr std::size_t kFed = 256;
    std::array<Fed, kFed> chunks;
    std::size_t chunks_fed = 0;

    double position(double frame) const override { return foresight->position(run, frame); }
    double pitch(double frame) const override { return foresight->pitch(run, static_cast<std::int64_t>(frame)); }
    bool read(std::int64_t first, int n, float* out) override;
    void fed(bool silent) override;
    void setting(Hop& hop) override;
    double folded(double unrolled) const;
    double sounding(double unrolled) const;
    bool misled(double from, bool backwards) const;
    msg::Reading plan(std::int64_t first, int n) const;
    msg::VoiceOutcome outcome(msg::VoiceOutcome::Kind kind) const;
    void tell_begin(int ring, std::int64_t first, bool urgent);
    void tell_whole(std::int64_t frame, bool now);
  };

  void take_input();
  void assign(std::int64_t now, int block, bool offline);
  bool prime(Voice& voice, const Run& run, std::int64_t now, bool offline);
  void renew_outpaced(std::int64_t now);
  void renew_misled(std::int64_t now);
  void end(Voice& voice);
  bool produce(Voice& voice, std::int64_t now, std::int64_t target);
  Voice* voice_of(const Run& run);
  Voice* free_voice(std::int64_t now);
  msg::StretchMode affordable(msg::StretchMode mode) const;
  bool in_time(Voice& voice, std::int64_t now);
  void watch_load(std::int64_t now, int block);
  void step_down(std::int64_t now);
  void set_level(int level, std::int64_t now);

  rt::ReportRing* reports_;
  media::StretchPool& pool_;
  rt::Tap<msg::VoiceOutcome> tap_;
  lockfree::SpscRing<msg::Command> commands_{1024};
  lockfree::TripleBuffer<music::TempoMap> maps_;
  Foresight foresight_;
  std::uint64_t edition_ = 0;  // of it, that voices were checked against
  Voice voices_[2];
  std::uint32_t generation_ = 0;
  std::int64_t handover_ =
      0;  // frames after now at which a voice that nobody foretold comes in: as long as priming takes
  std::int64_t renewed_ = 0;  // when a voice was last given up for its tempo
  std::int64_t mended_ = 0;   // frame before which no voice is primed, after one that was broken
  int level_ = 0;             // 0 as asked, 1 R2, 2 direct only
  int starved_lately_ = 0;
  std::int64_t level_until_ = 0, starved_since_ = 0;

  std::atomic<std::uint64_t> packets_{0}, primed_{0}, starved_{0}, degraded_{0}, broken_{0};
  std::atomic<int> shown_level_{0};
  std::atomic<std::int64_t> cpu_ns_{0}, fed_until_{INT64_MAX};
};

}  // namespace tactus::ctl
