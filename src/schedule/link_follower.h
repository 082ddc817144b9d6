// Ableton Link's part in the session's tempo map: what its session does is written into the map, and what is ours is
// told to the session. docs/adr/010-link.md says why each rule is as it is.
//
// - Alone (Link is on, nobody else there) nothing is followed. Link's tempo and beats are kept equal to ours, so that
//   who joins us finds them.
// - Joining peers, their tempo and their bar are taken up, never the other way round. Nothing synced plays: at once,
//   the beat line moving forward by less than a bar. Else the tempo glides and the phase is slewed.
// - A session that leads is followed: its tempo at once, its phase by at most 1 % of tempo, smaller errors over two
//   seconds. Session beats never jump and never go back.
// - A tempo of ours is told to the session, from the frame on at which it is in the map.
// - When peers leave the map goes on as it was.
//
// Pure: no clock, no thread, no Link. Not realtime-safe; the control thread's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/units.h"
#include "music/tempo_map.h"

namespace tactus::schedule {

// What Link said when a block was rendered.
struct LinkState {
  std::int64_t frame = -1;  // session frame; < 0: nothing was captured yet
  double beat = 0;          // Link's beat when that frame is heard
  double bpm = 120;         // 20 to 999
  std::size_t peers = 0;
  bool enabled = false;
};

// What Link should be told: a tempo in force from a frame on, or which beat is heard with a frame.
struct LinkTell {
  enum class What { tempo, beat };
  What what = What::tempo;
  double value = 0;  // BPM, or beats
  Frame frame;
};

class LinkFollower {
 public:
  // Of tempo: what a listener doesn't hear as a change of speed.
  static constexpr double kMostSlew = 0.01;

  struct Moment {
    LinkState link;
    bool leads = false;  // the session's tempo is ours to follow
    bool held = false;   // a synced deck plays: it would be heard to jump
    bool asked = false;  // Link was just asked for by name: its bar is taken up as in joining
    double quantum = 4;  // beats after which phases agree, above 0
    Frame earliest;      // first frame whose tempo may still be changed
  };

  // Once a control period. True when `map` was changed; what was planned behind earliest is then no more in it.
  bool tick(const Moment& m, music::TempoMap& map);
  // The map got a tempo change of ours that begins and ends at these frames.
  void ours(double from, double through);
  // What to tell Link since the last call.
  std::optional<LinkTell> take_tell();

  bool following() const { return following_; }

 private:
  static constexpr std::size_t kLooks = 5;

  double error_at(const Moment& m, const music::TempoMap& map, double frame) const;
  void tell(const Moment& m, const music::TempoMap& map, LinkTell::What what, double frame);
  void tell_tempo(const Moment& m, const music::TempoMap& map);
  void keep_aligned(const Moment& m, const music::TempoMap& map);
  void plan(const Moment& m, music::TempoMap& map, bool glide);
  bool join(const Moment& m, music::TempoMap& map);
  bool correct(const Moment& m, music::TempoMap& map);
  // The middle one of the last looks, once there are enough.
  std::optional<double> usual_error(double error);

  std::int64_t last_frame_ = -1;
  std::int64_t alone_since_ = -1;
  bool following_ = false;
  // Beyond our range we keep time by a half, a quarter ... of Link's beats (its test plan, TEMPO-4).
  double fold_ = 1;
  double plan_end_ = 0;  // the frame from which the map should run with Link
  double planned_at_ = -1e300;
  double ours_from_ = 0, ours_through_ = 0;
  double told_bpm_ = 0, told_at_ = -1e300;
  bool open_ = false;   // the change that ours() spoke of isn't told to its end
  bool begun_ = false;  // it was told once
  std::array<double, kLooks> errors_{};
  std::size_t looks_ = 0;
  std::optional<LinkTell> tell_;
};

}  // namespace tactus::schedule
