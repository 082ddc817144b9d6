#include "schedule/link_follower.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tactus::schedule {
namespace {

// Link keeps whole microseconds a beat: at 300 BPM its tempo is off by 2.5e-6.
constexpr double kTempoOff = 1e-5;       // relative
constexpr double kInPhase = 0.0005;      // seconds; what captures scatter by is far less
constexpr double kSlewSeconds = 2;       // small errors are worked off over this long
constexpr double kGlideBeats = 8;        // joining with music playing, to the session's tempo
constexpr double kBetweenPlans = 0.025;  // seconds; tempos come in fast when somebody turns a knob
constexpr double kBetweenSlews = 0.25;   // seconds
constexpr double kEcho = 1;              // seconds within which Link's captures show what it was told
constexpr double kAfterOurs = 0.05;      // seconds: the end of a ramp of ours is told, too
constexpr double kSurelyAlone = 1;       // seconds; a session is joined a little before its peers are counted
constexpr double kMostTempo = 300;       // BPM of the session's map
constexpr double kLeastTempo = 60;       // BPM below which a tempo that is halved is halved no more
constexpr double kPhaseOff = 1e-6;       // beats

bool same(double a, double b) { return std::fabs(a / b - 1) <= kTempoOff; }

}  // namespace

bool LinkFollower::tick(const Moment& m, music::TempoMap& map) {
  if (!m.link.enabled || m.link.frame < 0) {
    following_ = false;
    alone_since_ = -1;
    return false;
  }
  if (m.link.frame == last_frame_ && !m.asked) return false;
  last_frame_ = m.link.frame;
  if (m.link.peers > 0) alone_since_ = -1;
  const bool before = std::exchange(following_, m.leads && m.link.peers > 0);
  if (!before) fold_ = 1;
  while (following_ && m.link.bpm * fold_ > kMostTempo) fold_ /= 2;
  while (fold_ < 1 && m.link.bpm * fold_ < kLeastTempo) fold_ *= 2;
  if (!following_) {
    if (before) looks_ = 0;
    tell_tempo(m, map);
    if (m.link.peers == 0) keep_aligned(m, map);
    return false;
  }
  if (!before || m.asked) return join(m, map);
  tell_tempo(m, map);
  const auto now = static_cast<double>(m.link.frame);
  if (open_) return false;
  // What Link was told shows a little later; until then it would be answered with its own past.
  if (now < told_at_ + kEcho * map.rate() && !same(m.link.bpm, told_bpm_)) return false;
  return correct(m, map);
}

void LinkFollower::ours(double from, double through) {
  ours_from_ = from;
  ours_through_ = through;
  begun_ = false;
  open_ = true;
}

std::optional<LinkTell> LinkFollower::take_tell() { return std::exchange(tell_, std::nullopt); }

// --- Ours to Link ----------------------------------------------------------------------------------------------------

void LinkFollower::tell(const Moment& m, const music::TempoMap& map, LinkTell::What what, double frame) {
  const Frame at{static_cast<std::int64_t>(std::llround(frame))};
  if (what == LinkTell::What::beat) {
    tell_ = {what, map.beat_of(static_cast<double>(at.v)), at};
  } else {
    tell_ = {what, map.bpm_at_frame(static_cast<double>(m.link.frame)) / fold_, at};
    told_bpm_ = tell_->value;
    told_at_ = static_cast<double>(m.link.frame);
  }
}

void LinkFollower::tell_tempo(const Moment& m, const music::TempoMap& map) {
  const auto now = static_cast<double>(m.link.frame);
  if (!open_ || now < ours_from_) return;
  const double bpm = map.bpm_at_frame(now) / fold_;
  const bool known = begun_ ? std::fabs(bpm - told_bpm_) < 1e-6 : same(bpm, m.link.bpm);
  if (known) {
    open_ = now < ours_through_ + kAfterOurs * map.rate();
    return;
  }
  if (begun_ && now < told_at_ + kBetweenPlans * map.rate()) return;
  // A step is told from where it was, so that no beat is lost on the way; a ramp is a row of small steps.
  tell(m, map, LinkTell::What::tempo, begun_ || ours_through_ > ours_from_ ? now : ours_from_);
  begun_ = true;
}

void LinkFollower::keep_aligned(const Moment& m, const music::TempoMap& map) {
  const auto now = static_cast<double>(m.link.frame);
  if (alone_since_ < 0) {
    alone_since_ = m.link.frame;
    looks_ = 0;
  }
  const bool busy = open_ || now < told_at_ + kBetweenSlews * map.rate();
  if (busy || now < static_cast<double>(alone_since_) + kSurelyAlone * map.rate()) return;
  const double bpm = map.bpm_at_frame(now);
  if (!same(bpm, m.link.bpm)) {
    tell(m, map, LinkTell::What::tempo, now);
    return;
  }
  const auto error = usual_error(error_at(m, map, now) * 60 / bpm);
  if (!error || std::fabs(*error) < kInPhase || now < planned_at_ + kBetweenSlews * map.rate()) return;
  tell(m, map, LinkTell::What::beat, now);
  planned_at_ = now;
  looks_ = 0;
}

// --- Link to ours ----------------------------------------------------------------------------------------------------

// How far Link's beats are ahead of the map's at a frame, in session beats, by the shortest way.
double LinkFollower::error_at(const Moment& m, const music::TempoMap& map, double frame) const {
  const double link = m.link.beat + (frame - static_cast<double>(m.link.frame)) * m.link.bpm / (60 * map.rate());
  return std::remainder(link * fold_ - map.beat_of(frame), m.quantum * fold_);
}

std::optional<double> LinkFollower::usual_error(double error) {
  errors_[looks_++ % kLooks] = error;
  if (looks_ < kLooks) return std::nullopt;
  std::array<double, kLooks> sorted = errors_;
  std::nth_element(sorted.begin(), sorted.begin() + kLooks / 2, sorted.end());
  return sorted[kLooks / 2];
}

bool LinkFollower::join(const Moment& m, music::TempoMap& map) {
  const auto at = static_cast<double>(m.earliest.v);
  const double bpm = m.link.bpm * fold_, bar = m.quantum * fold_;
  const double now_bpm = map.bpm_at_frame(at);
  double error = error_at(m, map, at);
  open_ = false;
  told_at_ = -1e300;
  plan_end_ = at;
  planned_at_ = static_cast<double>(m.link.frame);
  looks_ = 0;
  if (same(now_bpm, bpm) && std::fabs(error) * 60 / bpm < kInPhase) return false;  // who joined us did that
  if (m.held) {
    plan(m, map, true);
    return true;
  }
  if (error < 0) error += bar;
  if (error > kPhaseOff && error < bar - kPhaseOff) {
    map.set_beat(at, map.beat_of(at) + error, {bpm});
  } else {
    map.change_tempo(at, {bpm}, {});
  }
  return true;
}

bool LinkFollower::correct(const Moment& m, music::TempoMap& map) {
  const auto now = static_cast<double>(m.link.frame);
  const double horizon = std::max(plan_end_, static_cast<double>(m.earliest.v));
  const double bpm = m.link.bpm * fold_;
  if (!same(map.bpm_at_frame(horizon), bpm)) {
    if (now < planned_at_ + kBetweenPlans * map.rate()) return false;
    plan(m, map, false);
    return true;
  }
  const auto error = usual_error(error_at(m, map, horizon) * 60 / bpm);
  if (!error || std::fabs(*error) < kInPhase || now < planned_at_ + kBetweenSlews * map.rate()) return false;
  plan(m, map, false);
  return true;
}

void LinkFollower::plan(const Moment& m, music::TempoMap& map, bool glide) {
  const double bpm = m.link.bpm * fold_;
  auto at = static_cast<double>(m.earliest.v);
  const double beat = map.beat_of(at);
  glide = glide && !same(map.bpm_at_frame(at), bpm);
  map.change_tempo(at, {bpm}, glide ? Beats::of(kGlideBeats) : Beats{});
  if (glide) at = map.frame_of(beat + kGlideBeats);
  const double seconds = error_at(m, map, at) * 60 / bpm;
  const double slew = std::clamp(seconds / kSlewSeconds, -kMostSlew, kMostSlew);
  if (std::fabs(seconds) * map.rate() > 1) {
    map.change_tempo(at, {bpm * (1 + slew)}, {});
    at += seconds / slew * map.rate();
    map.change_tempo(at, {bpm}, {});
  }
  plan_end_ = at;
  planned_at_ = static_cast<double>(m.link.frame);
  looks_ = 0;
}

}  // namespace tactus::schedule
