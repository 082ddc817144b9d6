#include "session/set_keeper.h"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "schedule/parse.h"
#include "session/deck_words.h"

namespace tactus::session {

namespace {

constexpr std::int64_t kLookNs = 25'000'000, kPlayingNs = 2'000'000'000, kStillNs = 10'000'000'000;
constexpr double kJumpSeconds = 0.005;  // off where a deck was bound to be: somebody moved it

schedule::DeckPoint point_of(const Session& session, int d, std::int64_t since) {
  const schedule::World& world = session.world();
  const msg::DeckSnapshot& s = world.snapshot.decks[d];
  const double rate = session.options().rate.hz;
  const std::string at = deck_address(d);
  schedule::DeckPoint p;
  p.deck = d;
  p.path = world.decks[static_cast<std::size_t>(d)].path;
  p.law.position = s.position;
  p.law.speed = s.playing ? s.speed : 0;
  p.law.frame = world.snapshot.frame;
  p.law.playing = s.playing && !s.previewing;
  p.age_seconds = std::max(0.0, static_cast<double>(world.snapshot.frame - since) / rate);
  if (s.loop_start >= 0 && s.loop_end > s.loop_start) {
    p.loop_start = s.loop_start;
    p.loop_end = s.loop_end;
    p.looping = s.loop_active;
    if (p.looping) p.law.loop_start = s.loop_start, p.law.loop_end = s.loop_end;
  }
  if (s.cue_set) p.set.push_back(at + "cue/set " + seconds_text(s.cue, rate));
  for (int k = 0; k < msg::kHotcues; ++k) {
    if (s.hotcues[k] < 0) continue;
    p.set.push_back(at + "hotcue/" + std::to_string(k + 1) + "/set " + seconds_text(s.hotcues[k], rate));
  }
  // The loop that is on comes after them: each of these was it once.
  for (int k = 0; k < msg::kLoopSlots; ++k) {
    if (s.slots[k].start < 0 || s.slots[k].end <= s.slots[k].start) continue;
    p.set.push_back(at + "loop/in " + seconds_text(s.slots[k].start, rate));
    p.set.push_back(at + "loop/out " + seconds_text(s.slots[k].end, rate));
    p.set.push_back(at + "loop/slot/" + std::to_string(k + 1) + "/save");
  }
  constexpr const char* kStretch[] = {"r3", "r3long", "r2", "direct"};
  constexpr const char* kSync[] = {"off", "tempo", "beat", "bar", "phrase"};
  if (!s.keylock) p.set.push_back(at + "keylock 0");
  if (s.stretch != msg::StretchMode::r3) p.set.push_back(at + "stretch " + kStretch[static_cast<int>(s.stretch)]);
  if (s.sync != msg::SyncMode::off) p.then.push_back(at + "sync " + kSync[static_cast<int>(s.sync)]);
  if (s.slip) p.then.push_back(at + "slip 1");
  if (s.reverse && s.playing) p.then.push_back(at + "reverse 1");
  return p;
}

// Of the clock's tempo, if one is under way.
std::optional<schedule::TempoRamp> ramp_at(const music::TempoMap& map, double beat) {
  const music::TempoSegment& last = map.segments()[map.segments().size() - 1];
  const double left = last.beat0 + last.beats - beat;
  if (last.beats <= 0 || beat < last.beat0 || left <= 0) return {};
  return schedule::TempoRamp{Bpm{last.bpm1}, left};
}

}  // namespace

std::int64_t boot_time_ns() {
  timespec t{};
#ifdef CLOCK_BOOTTIME
  ::clock_gettime(CLOCK_BOOTTIME, &t);
#else
  ::clock_gettime(CLOCK_MONOTONIC, &t);
#endif
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::string boot_name() {
  std::string name;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> name;
  return name.substr(0, 8);
}

schedule::Checkpoint checkpoint_of(const Session& session, const std::array<std::int64_t, msg::kMaxDecks>& since) {
  const schedule::World& world = session.world();
  schedule::Checkpoint c;
  c.rate = session.options().rate;
  c.frame = Frame{world.snapshot.frame};
  c.beat = world.beat_of(c.frame);
  c.bpm = Bpm{world.map.bpm_at_frame(static_cast<double>(c.frame.v))};
  c.ramp = ramp_at(world.map, c.beat.value());
  c.held = session.held();
  c.set = session.settings();
  c.opening = session.opening();
  for (int d = 0; d < schedule::kDecks && d < session.options().decks; ++d) {
    if (world.snapshot.decks[d].track_id != 0 && !world.decks[static_cast<std::size_t>(d)].path.empty()) {
      c.decks.push_back(point_of(session, d, since[static_cast<std::size_t>(d)]));
    }
  }
  for (const schedule::PendingIntent& p : session.pending()) {
    // What is about to happen or waits for a file is the crash's.
    schedule::Parsed parsed = schedule::parse(p.text);
    if (!parsed || p.frame <= world.now + world.lead) continue;
    parsed.intent->quant = schedule::Quant{schedule::Quant::Kind::absolute, 0, p.beat};
    c.pending.push_back({p.beat, schedule::to_text(*parsed.intent), p.source});
  }
  return c;
}

// Whether a deck is elsewhere than it was bound to be by the last checkpoint.
bool SetKeeper::jumped(const schedule::Checkpoint& now) const {
  for (const schedule::DeckPoint& d : now.decks) {
    for (const schedule::DeckPoint& before : last_->decks) {
      if (before.deck != d.deck) continue;
      const double off = before.law.at(now.frame) - d.law.position;
      if (std::fabs(off) > kJumpSeconds * now.rate.hz) return true;
    }
  }
  return false;
}

void SetKeeper::tick(const Session& session) {
  const msg::Snapshot& s = session.world().snapshot;
  for (std::size_t d = 0; d < track_.size(); ++d) {
    if (track_[d] == s.decks[d].track_id) continue;
    track_[d] = s.decks[d].track_id;
    since_[d] = s.frame;
  }
  const std::int64_t now_ns = boot_time_ns();
  if (last_ && now_ns - looked_ns_ < kLookNs) return;
  looked_ns_ = now_ns;
  schedule::Checkpoint now = checkpoint_of(session, since_);
  now.ns = now_ns;
  now.boot = boot_;
  const bool plays =
      std::any_of(now.decks.begin(), now.decks.end(), [](const schedule::DeckPoint& d) { return d.law.playing; });
  const bool due = last_ && now_ns - last_->ns >= (plays ? kPlayingNs : kStillNs);
  std::string settled = now.settled();
  if (last_ && !due && settled == settled_ && !jumped(now)) return;
  write_(schedule::to_line(now));
  last_ = std::move(now);
  settled_ = std::move(settled);
}

}  // namespace tactus::session
