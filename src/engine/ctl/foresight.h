// Where a deck's playhead will be: the feeder's copy of the transport, run ahead of the audio thread.
//
// It runs the same code (rt::Transport) over the same map and the same stamped commands, so a loop wrap, a scheduled
// jump or a slip return is known before it is due. What nobody announced arrives as a report from the engine, and the
// table is made again from there.
//
// The future is cut into *runs*: stretches of time over which one stretcher can play on. A jump, another track, another
// stretch mode, another key, a turn of direction, or the start and end of the need for a stretcher begin a new run.
// Within a run the playhead is given in *unrolled* track frames: continuous across loop wraps; splices say where to
// fold it back into the track.
//
// One owner (the deck's feeder thread). Not realtime-safe in name, but allocates nothing after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fixed_vector.h"
#include "engine/rt/transport.h"
#include "engine/rt/voice.h"
#include "music/tempo_map.h"

namespace tactus::ctl {

struct Run {
  static constexpr std::int64_t kOpen = INT64_MAX;
  std::uint32_t id = 0;
  std::int64_t begin = 0;
  std::int64_t end = kOpen;      // first frame of the next run
  double unrolled = 0;           // position at `begin`
  double back = 0;               // of it, what wraps had taken away before the first splice that is still known
  bool stretch = false;          // a stretcher is wanted
  bool backwards = false;        // the playhead moves down
  bool pitched = false;          // the pitch is shifted, too
  std::uint32_t key_breaks = 0;  // Transport's: another pitch than the run's before
  msg::StretchMode mode = msg::StretchMode::r3;
  const msg::TrackRef* track = nullptr;
};

class Foresight {
 public:
  explicit Foresight(const music::TempoMap& map);

  // The truth from the engine. Runs that go on as foretold keep their ids.
  void rebase(const rt::TransportReport& report);
  // A stamped command on its way to the engine. Dropped, and so only known by the engine's report, when 256 wait.
  void expect(const msg::Command& command);
  void set_map(const music::TempoMap& map);
  // Knows the playhead up to `horizon` at least; forgets what is 4,096 frames before `now`.
  void extend(std::int64_t now, std::int64_t horizon);

  const std::vector<Run>& runs() const { return runs_; }
  const Run* run(std::uint32_t id) const;
  // Unrolled track position at a session frame, inside the run; outside, the straight line from its nearest end.
  double position(std::uint32_t run, double frame) const;
  // Pitch to give the stretcher at a session frame of the run.
  double pitch(std::uint32_t run, std::int64_t frame) const;
  // Whether all stems sound as they are there.
  bool whole(std::uint32_t run, std::int64_t frame) const;

  // Where the unrolled position is folded back: past `edge` (in the direction of play) the track goes on `back` frames
  // earlier (of all wraps so far).
  struct Splice {
    std::uint32_t run = 0;
    double edge = 0;
    double back_before = 0, back_after = 0;
    bool forwards = true;
    std::int64_t frame = 0;
  };
  const std::vector<Splice>& splices() const { return splices_; }
  // Grows whenever the future was thrown away to be foretold anew: what was read off it may have changed.
  std::uint64_t edition() const { return edition_; }
  const music::TempoMap& map() const { return map_; }

 private:
  struct Point {
    std::int64_t frame = 0;
    std::uint32_t run = 0;
    double unrolled = 0;  // position + wraps
    double slope = 0;     // of it, to the next grid point
    double pitch = 1;
    bool whole = true;
  };
  const Point* find(std::uint32_t run, double frame) const;
  void restart();
  void process_frame();
  void record(bool jumped, double unrolled_before);
  void begin_run(bool stretch);
  void advance_base(std::int64_t now);
  void sort_pending();
  std::int64_t due(const msg::Command& c) const;
  void forget(std::int64_t before);

  music::TempoMap map_;
  rt::Transport ahead_;
  std::int64_t frame_ = 0;  // ahead_ is the state before what is due here
  rt::TransportReport base_;
  std::vector<msg::Command> pending_;  // by due frame
  std::vector<Point> points_;          // by frame
  std::vector<Run> runs_;              // by begin
  std::vector<Splice> splices_;
  std::vector<Run> previous_;  // runs of the table that is being made anew
  std::uint32_t next_id_ = 1;
  std::uint64_t edition_ = 0;
  std::size_t next_pending_ = 0;
};

}  // namespace tactus::ctl
