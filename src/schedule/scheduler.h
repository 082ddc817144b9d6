// The scheduler: the one way from a wish to the sound. It judges intents, decides when they happen, and says what to
// send.
//
// Pure and deterministic: no threads, clocks or I/O. Its owner, the control thread, calls it with the state of the
// world and carries out what it returns; the same calls give the same answers. Not thread-safe.
//
// What becomes of an intent:
//   submit  -> refused, with a reason for its source; or accepted with an id, a beat and a frame; or coalesced.
//   accepted and due within the horizon -> its commands are returned at once, stamped by beat or frame. Later than that
//     -> held, and returned by tick() when the horizon reaches it; until then cancel() and /panic can still stop it,
//     and a change of tempo or leader moves it, since it is kept by beat.
//   files -> HostActions, returned at once, to be opened ahead; effects and doubled decks -> HostActions when they are
//     due. Intents that depend on one (play after load) wait until host_done(), in order; what got late by that is
//     quantised again.
//   executed -> on_event() forgets it.
//
// Continuous intents without @ and `over` coalesce: the first on a control in a tick goes out at once, then the latest
// value at the next tick(). Untouched jog movements add up instead.
#pragma once

#include <string>
#include <vector>

#include "schedule/end_watch.h"
#include "schedule/guards.h"
#include "schedule/mix_model.h"
#include "schedule/parse.h"
#include "schedule/tap_tempo.h"
#include "schedule/translate.h"
#include "schedule/undo.h"

namespace tactus::schedule {

// Something that a person should know and that no submit() is there to answer.
struct Notice {
  std::uint64_t id = 0;  // of the intent, or 0
  std::string text;
};

// What the owner must carry out, in this order: actions, then commands.
struct Output {
  std::vector<HostAction> actions;
  std::vector<msg::Command> commands;
  std::vector<Notice> notices;
};

struct Fate {
  enum class Verdict { accepted, refused, coalesced };
  Verdict verdict = Verdict::refused;
  std::uint64_t id = 0;  // names it in events, actions, notices and cancel(); 0 when refused
  Beat beat;             // when it sounds, as the map is now
  Frame frame;
  std::string reason;  // when refused: address, why, and what would be accepted
  std::string note;    // when accepted, and something is worth knowing
  Output out;
};

// How much may be pending: of one source, so that none can crowd out the others, and of all. A hand, a key, /panic and
// /silence always find room.
constexpr std::size_t kMaxPendingOfSource = 512;
constexpr std::size_t kMaxPendingIntents = 1024;

// An accepted intent that hasn't executed yet.
struct PendingIntent {
  std::uint64_t id = 0;
  std::string text, source;
  Beat beat;
  Frame frame;
  enum class State {
    held,
    waiting,
    opening,
    sent
  } state = State::held;  // waiting: for another; opening: for the owner
};

struct SchedulerOptions {
  double horizon_seconds = 1;  // how far ahead commands go to the engine; feeders prime jumps from then on
  double hold_seconds = 2;     // how long a touch keeps those of lower precedence off a control
  double trusted = 0.8;        // confidence below which a source may not silence the last sounding deck
  double end_warning_seconds = 30;
  double safety_loop_beats = 0;  // > 0: a sounding deck that is about to end loops so many beats
};

class Scheduler {
 public:
  explicit Scheduler(SchedulerOptions options = {}) : options_(options), ends_(options.end_warning_seconds) {}

  // `at`: where the intent stands on a time line (a set file): what has no @ happens there, and @ counts from there.
  // The default is now.
  Fate submit(const Intent& intent, const Source& source, const World& world, msg::When at = {});
  // Once a control period: what the horizon has reached, coalesced values, warnings. Time only grows.
  Output tick(const World& world);
  // What the engine says of a command. Unknown ids are ignored.
  Output on_event(const msg::Event& event, const World& world);
  // The commands of action `id` are with the engine (or about to be sent, before anything else that is returned here).
  Output host_done(std::uint64_t id, const World& world);
  // It could not be done; what waited for it is dropped.
  Output host_failed(std::uint64_t id, const std::string& why, const World& world);

  struct Cancelled {
    bool done = false;
    std::string why;  // when not
    Output out;
  };
  Cancelled cancel(std::uint64_t id, const World& world);

  std::vector<PendingIntent> pending(const World& world) const;
  // What `key` is set to, ramps counted as finished.
  double value(const ParamKey& key, const World& world) const { return memory_.value(key, world.snapshot); }
  // The number that the first numeric argument of `intent` would need to leave its control as it is, ramps counted as
  // finished. Nothing where there is no such control, or none with a number.
  std::optional<double> argument(const Intent& intent, const World& world) const;
  // The intents that would bring a fresh session's controls to where they are: effects, then every parameter that was
  // ever set; a ramp under way as where it is and where it goes. Not what is on the decks.
  std::vector<std::string> settings(const World& world) const;

 private:
  using State = PendingIntent::State;
  struct Entry {
    std::uint64_t id = 0;
    Intent intent;
    Source source;
    msg::When when;
    Frame sent;              // to the engine or to the owner: from then on it should be confirmed
    bool quantised = false;  // by a raster: is quantised again when it got late
    std::vector<msg::Command> commands;
    std::vector<HostAction> actions;
    State state = State::held;
    std::uint64_t waits_for = 0;  // an entry that is opening
    std::size_t executed = 0;     // commands of it
    std::string fx_before;        // what an effect replaces
    bool dead = false;            // to be swept out
  };
  // A control that moved in this tick.
  struct Moved {
    std::string address;
    Entry latest;  // id 0: nothing newer than what was sent
  };
  // One submit() while it is judged.
  struct Draft {
    const Intent& intent;
    const Source& source;
    const World& world;
    std::string address, control;
    bool continuous = false;
    Entry entry;
    std::string note;
    std::vector<UndoStep> undo;  // at most one
  };

  // Judging: each returns why not, or nothing (scheduler_guards.cpp).
  std::string judge(Draft& d) const;
  std::string precedence(const Draft& d) const;
  std::string deck_state(Draft& d, const MixModel& before) const;
  std::string needs_force(const Draft& d, const MixModel& before) const;
  std::string silences_last(const Draft& d) const;
  MixModel mix_at(Frame due, const World& world, bool fades = false) const;
  std::vector<const Entry*> in_order(const World& world) const;
  bool pending_on(int deck) const;
  std::string room(const Draft& d) const;

  // Deciding when, and carrying out (scheduler.cpp).
  void stamp(Draft& d, msg::When at) const;
  Metre metre_at(Beat beat, const World& world) const;
  Fate tapped(const Source& source, const World& world);
  Fate accept(Draft& d);
  Fate coalesce(Draft& d);
  void place(Entry e, const World& world, Output& out);
  bool in_reach(const Entry& e, const World& world) const;
  void release(Entry& e, const World& world, Output& out);
  void quantise_again(Entry& e, const World& world, Frame from) const;
  void resume(std::uint64_t id, const World& world, Frame from, Output& out);
  std::uint64_t depends_on(const Entry& e, const World& world) const;
  void drop(Entry& e, const std::string& why, Output& out);
  void sweep();
  Entry* find(std::uint64_t id);
  Moved* moved(const std::string& address);
  std::string& fx_slot(const ask::FxType& fx);
  void plan(Entry& e);
  void watch_ends(const World& world, Output& out);

  // scheduler_settings.cpp
  std::vector<std::string> setting(const IntentRow& row, const ParamKey& key, Intent intent, const World& world) const;
  std::vector<std::string> fx_settings(const IntentRow& row, ParamKey key, Intent intent, const World& world) const;

  // /undo, /panic and /silence (scheduler_meta.cpp): what they say, and what they stop.
  std::string say(Draft& d) const;
  std::string say_undo(Draft& d) const;
  void say_panic(Draft& d) const;
  void say_silence(Draft& d) const;
  void stop(const Draft& d, Output& out);
  UndoStep inverse(const Draft& d, const MixModel& before) const;

  SchedulerOptions options_;
  ParamMemory memory_;
  Planned planned_;
  RateLimiter limiter_;
  Touches touches_;
  UndoLog undo_;
  TapTempo taps_;
  EndWatch ends_;
  std::array<std::uint64_t, msg::kMaxDecks> safety_looped_{};  // the track that got its safety loop
  std::vector<Entry> pending_;                                 // those that are not executed yet
  std::vector<Moved> moved_;
  std::uint64_t next_id_ = 1;
};

}  // namespace tactus::schedule
