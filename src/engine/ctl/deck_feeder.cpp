#include "engine/ctl/deck_feeder.h"

#include <time.h>

#include <algorithm>
#include <climits>
#include <cmath>

#include "engine/ctl/reading.h"

namespace tactus::ctl {

using rt::kGrid;

namespace {

constexpr std::int64_t kHorizon = 12288;    // frames foretold beyond the lead: more than any stretcher's window
constexpr std::int64_t kPrimeAhead = 4096;  // frames before its run at which a voice is primed
constexpr std::int64_t kHandover = 640;     // the least that handover_ is
constexpr std::int64_t kMaxHandover = 8192;
constexpr int kWarmChunks = 8;           // primed at a turn: a few milliseconds' worth, whatever the kind
constexpr std::int64_t kOverlap = 320;   // frames a voice goes on past its run: the reader's cross-fade, and some
constexpr int kPacketsATurn = 16;        // about one hop's worth: then it is the next deck's turn
constexpr std::int64_t kTooLate = 2880;  // frames behind at which priming anew is less work than catching up
constexpr int kStarvedOften = 4;         // stalls in a second: a step down
constexpr int kStarvedStill = 2;         // R2 saves little: when that doesn't do either, none will
constexpr double kOutpaced = 16;         // track frames that a voice may be led back by without a new one
constexpr double kCatchUpSeconds = 0.4;  // in which a new voice should have got ahead
constexpr double kMendSeconds = 0.5;     // until what broke a voice has left a new one's window, and no burst of tries
constexpr double kRenewSeconds = 0.25;   // so that a fader on its way doesn't cross-fade all the time

std::int64_t grid_below(std::int64_t f) { return f / kGrid * kGrid; }

std::int64_t thread_cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

bool finite(const rt::VoicePacket& packet, int channels) {
  for (int c = 0; c < channels; ++c) {
    if (!std::all_of(packet.audio[c], packet.audio[c] + kGrid, [](float x) { return std::isfinite(x); })) return false;
  }
  return true;
}

}  // namespace

media::StretchMode stretcher_mode(msg::StretchMode m) {
  switch (m) {
    case msg::StretchMode::r3long:
      return media::StretchMode::r3long;
    case msg::StretchMode::r2:
      return media::StretchMode::r2;
    default:
      return media::StretchMode::r3;
  }
}

DeckFeeder::DeckFeeder(rt::VoiceRing* a, rt::VoiceRing* b, rt::ReportRing* reports, const music::TempoMap& map,
                       media::StretchPool& pool, rt::VoiceOutcomeRing* outcomes)
    : reports_(reports), pool_(pool), maps_(map), foresight_(map), handover_(kHandover) {
  voices_[0].ring = a;
  voices_[1].ring = b;
  tap_.ring = outcomes;
  for (Voice& v : voices_) {
    v.foresight = &foresight_;
    v.tap = &tap_;
  }
}

bool DeckFeeder::service(std::int64_t now, int block, bool offline) {
  const std::int64_t cpu = thread_cpu_ns();
  take_input();
  const std::int64_t target = now + block + kLead;
  foresight_.extend(now, target + kHorizon);
  renew_misled(now);
  if (!offline) {
    watch_load(now, block);
    renew_outpaced(now);
  }
  assign(now, block, offline);
  bool more = false;
  for (Voice& v : voices_) {
    if (!v.reader) continue;
    if (!v.reader->warm(v, offline ? INT_MAX : kWarmChunks)) {
      more = true;
    } else if (offline || in_time(v, now)) {
      more = produce(v, now, target) || more;
    }
  }
  std::int64_t until = INT64_MAX;
  for (const Voice& v : voices_) {
    const Run* run = v.reader ? foresight_.run(v.run) : nullptr;
    // A voice that has reached its run's end owes no more.
    if (!run || run->begin > now + kLead || run->end <= now || v.reader->next_frame() >= run->end) continue;
    until = std::min(until, v.reader->next_frame());
  }
  fed_until_.store(until, std::memory_order_release);
  cpu_ns_.fetch_add(thread_cpu_ns() - cpu, std::memory_order_relaxed);
  return more;
}

void DeckFeeder::take_input() {
  if (maps_.update()) foresight_.set_map(maps_.front());
  msg::Command c;
  while (commands_.pop(c)) foresight_.expect(c);
  // Only the last report counts: each is the whole truth.
  while (const rt::TransportReport* report = reports_->read_slot()) {
    if (reports_->readable() == 1) foresight_.rebase(*report);
    reports_->release();
  }
}

// --- Which voice plays which run -------------------------------------------------------------------------------------

DeckFeeder::Voice* DeckFeeder::voice_of(const Run& run) {
  for (Voice& v : voices_) {
    if (v.reader && !v.outdated && v.run == run.id && v.reader->mode() == stretcher_mode(affordable(run.mode)))
      return &v;
  }
  return nullptr;
}

DeckFeeder::Voice* DeckFeeder::free_voice(std::int64_t now) {
  // Of two without one, that whose ring ends earlier: a ring is never rewound.
  Voice& a = voices_[0].last_pushed <= voices_[1].last_pushed ? voices_[0] : voices_[1];
  Voice& b = &a == &voices_[0] ? voices_[1] : voices_[0];
  if (!a.reader) return &a;
  if (!b.reader) return &b;
  // Both have one: the older gives way if its run is over, or if the younger plays the same run (another mode).
  Voice& old = voices_[0].generation < voices_[1].generation ? voices_[0] : voices_[1];
  Voice& young = &old == &voices_[0] ? voices_[1] : voices_[0];
  const Run* run = foresight_.run(old.run);
  const bool replaced = young.run == old.run && young.pushed > 0 && young.last_pushed > now + kOverlap;
  if (run && run->end > now && !replaced) return nullptr;
  end(old);
  return &old;
}

void DeckFeeder::end(Voice& voice) {
  pool_.give_back(std::move(voice.reader));
  voice.outdated = false;
}

// A voice that the timeline has left: what it has made and what its window holds is of another tempo. One that is
// still being primed has no place yet that it could be off.
void DeckFeeder::renew_outpaced(std::int64_t now) {
  if (static_cast<double>(now - renewed_) < kRenewSeconds * foresight_.map().rate()) return;
  for (Voice& v : voices_) {
    const Run* run = v.reader && !v.outdated && !v.awaited ? foresight_.run(v.run) : nullptr;
    if (!run || run->begin > now || run->end <= now + kHandover) continue;
    if (std::fabs(v.reader->behind(v)) < kOutpaced) continue;
    v.outdated = true;
    renewed_ = now;
  }
}

// A voice that was fed what a loop, set or left since, has made another.
void DeckFeeder::renew_misled(std::int64_t now) {
  if (edition_ == foresight_.edition()) return;
  edition_ = foresight_.edition();
  for (Voice& v : voices_) {
    const Run* run = v.reader && !v.outdated ? foresight_.run(v.run) : nullptr;
    if (!run || !v.misled(foresight_.position(v.run, static_cast<double>(now)), run->backwards)) continue;
    if (v.pushed == 0) {
      end(v);
    } else {
      v.outdated = true;
    }
  }
}

void DeckFeeder::assign(std::int64_t now, int block, bool offline) {
  for (Voice& v : voices_) {
    if (!v.reader) continue;
    const Run* run = foresight_.run(v.run);
    // Played out, or never going to be played: its ring keeps what it has. A voice that has made all that its run wants
    // stays until the run is over, or another one would be primed for what is left.
    const bool over = !run || (run->end <= now && v.reader->next_frame() > run->end + kOverlap);
    // Another one plays the same run in its stead, and the ring holds enough to fade out with.
    const Voice& other = &v == &voices_[0] ? voices_[1] : voices_[0];
    const bool replaced = other.reader && other.run == v.run && other.generation > v.generation && other.pushed > 0 &&
                          other.last_pushed > now + kHandover && v.last_pushed > now + kOverlap;
    const bool lost = !v.awaited && v.reader->next_frame() + kTooLate < now;
    if (over || replaced || lost || level_ == 2) end(v);
  }
  if (level_ == 2 || now < mended_) return;
  for (const Run& run : foresight_.runs()) {
    if (!run.stretch || !run.track || run.end <= now || run.mode == msg::StretchMode::direct) continue;
    if (run.begin > now + block + kPrimeAhead) break;
    if (voice_of(run)) continue;
    Voice* voice = free_voice(now);
    if (!voice || !prime(*voice, run, now, offline)) break;
  }
}

bool DeckFeeder::prime(Voice& voice, const Run& run, std::int64_t now, bool offline) {
  std::int64_t start = grid_below(run.begin);
  const bool late = start < now + (offline ? 0 : handover_ / 2);
  if (late) start = grid_below(now + handover_ + kGrid - 1);
  start = std::max(start, voice.last_pushed + kGrid);
  if (run.end != Run::kOpen && start + kGrid >= run.end) return true;  // too short to be worth it
  const msg::StretchMode mode = affordable(run.mode);
  auto reader = pool_.take(stretcher_mode(mode), run.track->pcm->channels(), run.pitched);
  voice.run = run.id;
  voice.mode = run.mode;
  voice.track = run.track;
  const bool urgent = late && !offline;
  if (!reader->begin(voice, start, urgent)) {
    pool_.give_back(std::move(reader));
    return false;
  }
  voice.reader = std::move(reader);
  voice.generation = ++generation_;
  voice.tell_begin(&voice == &voices_[1], start, urgent);
  voice.pushed = 0;
  voice.awaited = true;
  voice.caught_up = false;
  voice.due = std::max(now, start) + static_cast<std::int64_t>(kCatchUpSeconds * foresight_.map().rate());
  primed_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

// Learns from how late a voice got ready. One that is too late to join is given up: the next one is given longer.
bool DeckFeeder::in_time(Voice& voice, std::int64_t now) {
  if (!voice.awaited) return true;
  voice.awaited = false;
  const std::int64_t early = voice.reader->next_frame() - now;
  if (early > kHandover) {
    handover_ = std::max(kHandover, handover_ * 3 / 4);
  } else if (early < kHandover / 4) {
    const bool longest = handover_ == kMaxHandover;
    handover_ = std::min(2 * handover_, kMaxHandover);
    if (early < 0) {
      if (longest && level_ < 2) step_down(now);
      end(voice);
      return false;
    }
  }
  return true;
}

// --- Packets ---------------------------------------------------------------------------------------------------------

bool DeckFeeder::produce(Voice& voice, std::int64_t now, std::int64_t target) {
  const Run* run = foresight_.run(voice.run);
  if (run && run->end != Run::kOpen) target = std::min(target, run->end + kOverlap);
  for (int i = 0; i < kPacketsATurn; ++i) {
    if (voice.reader->next_frame() >= target) return false;
    rt::VoicePacket* packet = voice.ring->write_slot();
    if (!packet) return false;
    float* planes[rt::kMaxChannels];
    for (int c = 0; c < rt::kMaxChannels; ++c) planes[c] = packet->audio[c];
    media::StretchReader::Tag tag;
    const bool whole = foresight_.whole(voice.run, voice.reader->next_frame());
    voice.reader->set_whole(whole);
    if (!voice.reader->next(voice, tag, planes)) return false;  // not decoded yet: the reader falls back meanwhile
    voice.tell_whole(tag.frame, whole);
    packets_.fetch_add(1, std::memory_order_relaxed);
    if (!finite(*packet, voice.reader->channels())) {
      end(voice);
      mended_ = now + static_cast<std::int64_t>(kMendSeconds * foresight_.map().rate());
      broken_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    if (tag.frame + kGrid <= now) continue;  // catching up: nobody can hear that any more
    packet->frame = tag.frame;
    // Folded where the playhead is folded, not where the stretcher's small error would have it: at a loop's edge that
    // is a whole loop apart.
    packet->source = voice.sounding(tag.source - tag.error) + tag.error;
    packet->speed = tag.speed;
    packet->track_id = voice.track->id;
    packet->generation = voice.generation;
    packet->channels = voice.reader->channels();
    voice.last_pushed = tag.frame;
    ++voice.pushed;
    voice.ring->commit();
  }
  return true;
}

// Where in the track an unrolled position lies.
double DeckFeeder::Voice::folded(double unrolled) const {
  const Run* r = foresight->run(run);
  if (!r) return unrolled;
  double back = r->back;
  for (const Foresight::Splice& s : foresight->splices()) {
    if (s.run == run && (s.forwards ? unrolled >= s.edge : unrolled < s.edge)) back = s.back_after;
  }
  return unrolled - back;
}

// The same, as it was when that was fed.
double DeckFeeder::Voice::sounding(double unrolled) const {
  const std::size_t oldest = chunks_fed > kFed ? chunks_fed - kFed : 0;
  for (std::size_t k = chunks_fed; k-- > oldest;) {
    const Fed& chunk = chunks[k % kFed];
    const double into = unrolled - static_cast<double>(chunk.first);
    if (into < 0 || into >= media::StretchVoice::kChunk) continue;
    std::int64_t back = chunk.back;
    for (const msg::Reading::Edge& e : chunk.edges) {
      if (unrolled >= static_cast<double>(e.at)) back = e.back;
    }
    return unrolled - static_cast<double>(back);
  }
  return folded(unrolled);
}

// Whether anything from unrolled position `from` on would be fed otherwise by now.
bool DeckFeeder::Voice::misled(double from, bool backwards) const {
  constexpr int n = media::StretchVoice::kChunk;
  const std::size_t oldest = chunks_fed > kFed ? chunks_fed - kFed : 0;
  for (std::size_t k = chunks_fed; k-- > oldest;) {
    const Fed& chunk = chunks[k % kFed];
    const auto first = static_cast<double>(chunk.first);
    if (backwards ? first >= from : first + n <= from) return false;
    const msg::Reading now = plan(chunk.first, n);
    const bool same = now.back == chunk.back &&
                      std::equal(now.edges.begin(), now.edges.end(), chunk.edges.begin(), chunk.edges.end(),
                                 [](const auto& a, const auto& b) { return a.at == b.at && a.back == b.back; });
    if (!same) return true;
  }
  return false;
}

// Where chunk [first, first + n) lies in the track, as far as the next fold in whole frames: a fold lies within half a
// frame of its place.
msg::Reading DeckFeeder::Voice::plan(std::int64_t first, int n) const {
  const auto back_at = [this](std::int64_t at) {
    return std::llround(static_cast<double>(at) - folded(static_cast<double>(at)));
  };
  msg::Reading r;
  r.first = first;
  r.back = back_at(first);
  for (std::int64_t at = first, next = 0; at < first + n; at = next) {
    next = first + n;
    for (const Foresight::Splice& s : foresight->splices()) {
      const auto edge = static_cast<std::int64_t>(std::ceil(s.edge));
      if (s.run == run && edge > at && edge < next) next = edge;
    }
    if (next < first + n) r.broken = !r.edges.push_back({next, back_at(next)}) || r.broken;
  }
  for (const Foresight::Splice& s : foresight->splices()) {
    const auto edge = static_cast<std::int64_t>(std::ceil(s.edge));
    // Backwards the fold is heard below its edge.
    const std::int64_t from = s.forwards ? edge : edge - kSplice;
    if (s.run != run || from + kSplice <= first || from >= first + n) continue;
    r.broken = !r.fades.push_back({from, std::llround(s.back_before), s.forwards}) || r.broken;
  }
  return r;
}

bool DeckFeeder::Voice::read(std::int64_t first, int n, float* out) {
  reading = plan(first, n);
  return read_chunk(*track->pcm, reading, n, out);
}

// --- What became of it -----------------------------------------------------------------------------------------------

msg::VoiceOutcome DeckFeeder::Voice::outcome(msg::VoiceOutcome::Kind kind) const {
  msg::VoiceOutcome o;
  o.kind = kind;
  o.generation = generation;
  return o;
}

void DeckFeeder::Voice::tell_begin(int ring_index, std::int64_t first, bool urgent) {
  fed_back = INT64_MIN;
  chunks_fed = 0;
  whole = true;
  msg::VoiceOutcome o = outcome(msg::VoiceOutcome::Kind::begin);
  o.ring = static_cast<std::uint8_t>(ring_index);
  o.mode = static_cast<msg::StretchMode>(reader->mode());
  o.pitched = reader->pitched();
  o.urgent = urgent;
  o.track_id = track->id;
  o.frame = first;
  o.from = position(static_cast<double>(first));
  o.to = position(static_cast<double>(first + kGrid));
  o.pitch = pitch(static_cast<double>(first));
  tap->put(o);
}

void DeckFeeder::Voice::fed(bool silent) {
  reading.silent = silent;
  chunks[chunks_fed++ % kFed] = {reading.first, reading.back, reading.edges};
  const bool on = reading.plain() && reading.back == fed_back;
  fed_back = reading.edges.empty() ? reading.back : reading.edges.back().back;
  if (on) return;
  msg::VoiceOutcome o = outcome(msg::VoiceOutcome::Kind::reading);
  o.reading = reading;
  tap->put(o);
}

void DeckFeeder::Voice::setting(Hop& hop) {
  msg::VoiceOutcome o = outcome(msg::VoiceOutcome::Kind::hop);
  o.ratio = hop.ratio;
  o.pitch = hop.pitch;
  tap->put(o);
}

void DeckFeeder::Voice::tell_whole(std::int64_t frame, bool now) {
  if (now == whole) return;
  whole = now;
  msg::VoiceOutcome o = outcome(msg::VoiceOutcome::Kind::whole);
  o.frame = frame;
  o.whole = now;
  tap->put(o);
}

// --- Load ------------------------------------------------------------------------------------------------------------

msg::StretchMode DeckFeeder::affordable(msg::StretchMode mode) const {
  return level_ >= 1 ? msg::StretchMode::r2 : mode;
}

void DeckFeeder::watch_load(std::int64_t now, int block) {
  const auto second = static_cast<std::int64_t>(foresight_.map().rate());
  if (level_ > 0 && now > level_until_) set_level(level_ - 1, now);
  if (now - starved_since_ > second) starved_lately_ = 0;
  for (Voice& v : voices_) {
    const Run* run = v.reader ? foresight_.run(v.run) : nullptr;
    if (!run || run->begin > now || run->end <= now || level_ == 2) continue;
    // What is about to be replaced says nothing about what it will be replaced by.
    if (v.awaited || v.outdated || v.reader->mode() != stretcher_mode(affordable(run->mode))) continue;
    const bool behind = v.reader->next_frame() < now + block / 2;
    if (!v.caught_up) {
      // Primed late, it begins behind; only one that stays there says that there is too much to do.
      v.caught_up = v.reader->next_frame() >= now + block + kLead / 2;
      if (!v.caught_up && now > v.due) step_down(now);
      continue;
    }
    if (!behind) continue;
    v.caught_up = false;
    v.due = now + static_cast<std::int64_t>(kCatchUpSeconds * foresight_.map().rate());
    starved_.fetch_add(1, std::memory_order_relaxed);
    if (starved_lately_++ == 0) starved_since_ = now;
    if (starved_lately_ >= (level_ == 0 ? kStarvedOften : kStarvedStill)) step_down(now);
  }
}

void DeckFeeder::step_down(std::int64_t now) {
  set_level(level_ + 1, now);
  degraded_.fetch_add(1, std::memory_order_relaxed);
  starved_lately_ = 0;
}

void DeckFeeder::set_level(int level, std::int64_t now) {
  level_ = level;
  shown_level_.store(level, std::memory_order_relaxed);
  level_until_ = now + 5 * static_cast<std::int64_t>(foresight_.map().rate());
}

FeederStats DeckFeeder::stats() const {
  return {packets_.load(), primed_.load(), starved_.load(), degraded_.load(), broken_.load(), cpu_ns_.load()};
}

}  // namespace tactus::ctl
