// One running set: scheduler, clock, tracks and engine, wired together. All musical decisions pass through here.
//
// Everything but post() belongs to one thread, the control thread: live it is a thread that ticks every few
// milliseconds, in a render it is the render's own. Nothing here is realtime-safe; nothing here can make the sound
// wait.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/ctl/engine_host.h"
#include "schedule/clock_owner.h"
#include "schedule/scheduler.h"
#include "session/auto_gain.h"
#include "session/cue_keeper.h"
#include "session/reading_watch.h"
#include "session/track_pool.h"

namespace tactus::session {

// A file made playable: decoded (as far as needed) and, if it is known yet, analysed; with the cues that are stored for
// it, where the source looks for them.
struct OpenedTrack {
  media::Result<media::TrackPtr> pcm;
  std::optional<analysis::TrackAnalysis> analysis;
  analysis::StoredCues cues = {};
};

// Where tracks come from: blocking in a render, through workers live.
class TrackSource {
 public:
  virtual ~TrackSource() = default;
  // Calls `done` once, at once or later, from any thread.
  virtual void open(const std::string& path, SampleRate rate, std::function<void(OpenedTrack)> done) = 0;
  // Calls `done` with an analysis that open() didn't have yet: first with one of a part of the track, where the whole
  // takes a while; may never call it.
  using Analysed = std::function<void(analysis::TrackAnalysis found, bool whole)>;
  virtual void analyse(const std::string& path, Analysed done) = 0;
  // Positions that must stay decoded, the playhead first; and one that is needed at once.
  virtual void keep(const media::TrackPtr& track, std::span<const std::int64_t> frames) = 0;
  virtual void want(const media::TrackPtr& track, std::int64_t frame) = 0;
  // Now and then: frees what nobody reads any more.
  virtual void collect() = 0;
};

// Whether Ableton Link is wanted, and its start and stop; whoever runs Link looks here.
struct LinkWish {
  bool share = false, transport = false;
  bool operator==(const LinkWish&) const = default;
};

// An intent that the engine executed, and when.
struct Executed {
  std::uint64_t id = 0;
  std::string text;
  std::string from;  // "hand pad": the kind and the name of who asked
  Beat beat;
  Frame frame;
};

class Session {
 public:
  struct Options {
    SampleRate rate{48000};
    int decks = 4;
    Bpm tempo{120};
    schedule::Metre metre = {};
    int max_block = 512;
    int feeder_threads = 0;  // 0: offline, see EngineHost
    bool record = false;
    std::uint32_t streams = 0;                          // bits by rt::Stream, for a Recorder
    bool outcomes = false;                              // for an OutcomeKeeper
    std::optional<double> target_lufs = kAutoGainLufs;  // of auto-gain; none: off
    // Outlives the session. Null: tracks are loaded without stored cues, and no cues are stored.
    CueWriter* cues = nullptr;
    schedule::SchedulerOptions scheduler;
  };
  // What the session tells its owner, on the control thread.
  struct Observer {
    std::function<void(const Executed&)> executed;
    std::function<void(const std::string&)> notice;
    // An intent that was accepted, but its file can't be played, or it can't be sent. Without it that is a notice.
    std::function<void(const std::string& text, const std::string& why)> failed;
    // What is for the MIDI outputs; only asked for after set_no_midi(""). Says why it can't be done, or nothing.
    std::function<std::string(const schedule::HostAction&)> midi;
  };

  // The source outlives the session.
  Session(const Options& options, TrackSource& source, Observer observer = {});
  ~Session();

  // Any thread: runs `task` on the control thread at its next tick.
  void post(std::function<void()> task);
  // The same for who may outlive the session: then nothing happens.
  std::function<void(std::function<void()>)> poster();

  // Parses, judges and carries out one intent. A text that doesn't parse is refused with the parser's words.
  schedule::Fate submit(const std::string& text, const schedule::Source& source, msg::When at = {});
  // The same for what was parsed already; `text` is what it is called in reports.
  schedule::Fate submit(const schedule::Parsed& parsed, const std::string& text, const schedule::Source& source,
                        msg::When at = {});
  // Takes back an intent that is pending. Why not, or nothing.
  std::string cancel(std::uint64_t id);
  std::vector<schedule::PendingIntent> pending() const { return scheduler_.pending(world_); }
  // Between ticks, when somebody asked for something: brings the world up to date and runs what was posted, so that an
  // answer needn't wait for the next tick.
  void attend();
  // Once a control period.
  void tick();

  // The intents that would set a fresh session's controls as they are now, the clock's source and metre included.
  std::vector<std::string> settings() const;
  // Files on their way to a deck.
  std::vector<std::string> opening() const;
  // The beat line jumps forward to `beat` at `at`, which the engine can't have rendered yet; pending beats come sooner.
  void resume_clock(Frame at, double beat, Bpm bpm);
  // The deck's track is about to be heard at a track frame: decode there first.
  void want(int deck, double frame);
  // Files that open() refuses from now on, and why.
  void distrust(std::set<std::string> files, std::string why);

  const schedule::World& world() const { return world_; }
  // Why decks can't be pre-listened to on this device; empty: they can.
  void set_no_prelisten(std::string reason) { world_.no_prelisten = std::move(reason); }
  // Why nothing can be sent by MIDI; empty: it can.
  void set_no_midi(std::string reason) { world_.no_midi = std::move(reason); }
  // The MIDI clock that comes in, as set_link() says of Link.
  void set_midi(const schedule::LinkState& midi) { world_.midi = midi; }
  // Scheduler::argument(), now.
  std::optional<double> argument(const schedule::Intent& intent) const { return scheduler_.argument(intent, world_); }
  // Ableton Link's view of the last block, before a tick; and what Link is to be told, after it.
  void set_link(const schedule::LinkState& link) { world_.link = link; }
  std::optional<schedule::LinkTell> take_link_tell() { return clock_.take_link_tell(); }
  LinkWish link_wish() const { return link_wish_; }
  // Whether a recording is wanted; whoever records looks here.
  bool record_wish() const { return record_wish_; }
  void wish_record(bool on) { record_wish_ = on; }
  void wish_link(const LinkWish& wish) { link_wish_ = wish; }
  schedule::Scheduler& scheduler() { return scheduler_; }
  ctl::EngineHost& host() { return host_; }
  const ctl::EngineHost& host() const { return host_; }
  // Grows whenever more is known of a track: who shows analyses should read them again.
  std::uint64_t analyses_revision() const { return analyses_revision_; }
  // Whether the whole set stands still.
  bool held() const { return host_.held(); }
  const LoadedTrack* track_on(int deck) const;
  // Why the audio of a deck's track can't be had, by file and cause; empty: all is well.
  const std::string& trouble(int deck) const { return reading_.trouble(deck); }
  // Of a command that was sent lately; null when it is gone.
  const LoadedTrack* loaded(const msg::TrackRef& ref) const { return tracks_.find(ref); }
  const Options& options() const { return options_; }
  // Whether nothing is on its way: no file being opened, no command waiting for room, none pending in the scheduler.
  bool idle() const;

 private:
  void carry_out(schedule::Output out);
  void act(const schedule::HostAction& action);
  // A file on its way to a deck.
  struct Opening {
    schedule::HostAction action;
    int deck = 0;
    std::string path;
    std::optional<msg::TrackMarks> marks;  // none: as they are stored
    // Sends the load, and says for when.
    std::function<msg::When(const LoadedTrack&)> send;
  };
  void open(Opening opening);
  void opened(const Opening& opening, OpenedTrack result);
  msg::When load_again(const schedule::HostAction& action, const schedule::ask::UndoLoad& undo,
                       const LoadedTrack& track);
  void tell_of_unsure_bars(const LoadedTrack& track, int deck) const;
  void ask_for_analysis(const std::string& path);
  void expect_analysis(const LoadedTrack& track, int deck, msg::When loaded);
  void analysed(const std::string& path, const analysis::TrackAnalysis& found, bool whole);
  void set_fx(const schedule::HostAction& action, const schedule::ask::FxType& what);
  const LoadedTrack* track_at(int deck, Frame at) const;
  void done_here(const schedule::HostAction& action, Frame frame);
  void fail(std::uint64_t id, const std::string& why);
  msg::Command command(const schedule::HostAction& action, msg::Op op, int deck) const;
  void send(const msg::Command& c);
  void flush();
  void refresh();
  void take_events();
  void run_posted();
  void publish_map();
  void keep_decoded();

  Options options_;
  TrackSource& source_;
  Observer observer_;
  ReadingWatch reading_;
  TrackPool tracks_;  // before the engine, whose feeders read them until they have ended
  CueKeeper cues_;
  ctl::EngineHost host_;
  schedule::Scheduler scheduler_;
  schedule::ClockOwner clock_;
  schedule::World world_;

  std::deque<msg::Command> outbox_;   // what didn't fit into the engine's ring yet
  std::vector<msg::Command> coming_;  // loads and unloads that were sent, and not executed
  std::deque<std::function<bool()>> retries_;
  struct Asked {
    std::string text, from;
  };
  std::map<std::uint64_t, Asked> asked_;          // accepted intents that haven't executed
  std::map<std::uint64_t, std::string> opening_;  // and the file
  // Loads whose analysis is still to come, by file: it may be there before a load that waits for its beat.
  struct Unanalysed {
    std::uint64_t track_id = 0;
    int deck = 0;
    msg::When loaded;
  };
  std::map<std::string, std::vector<Unanalysed>> unanalysed_;
  std::set<std::string> distrusted_;
  std::string why_distrusted_;
  std::int64_t pinned_at_ = INT64_MIN;
  std::uint64_t analyses_revision_ = 0;
  LinkWish link_wish_;
  bool record_wish_ = false;

  std::mutex post_mutex_;
  std::vector<std::function<void()>> posted_;
  // Answers of workers that come after the session has gone find nobody.
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace tactus::session
