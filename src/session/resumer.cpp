#include "session/resumer.h"

#include <algorithm>
#include <cmath>

#include "music/tempo_map.h"
#include "schedule/numbers.h"
#include "schedule/tokens.h"
#include "session/deck_words.h"

namespace tactus::session {

namespace {

// Decks that are slower than this start by themselves, when they can, where they would be then.
constexpr std::int64_t kPatienceNs = 500'000'000;
constexpr std::int64_t kGiveUpNs = 30'000'000'000;
// Time for feeders to stretch ahead, so that key lock holds from the first frame.
constexpr double kPrimeSeconds = 0.06;
// A restart isn't anybody's hand; but nobody had their hands on anything yet, either.
const schedule::Source kResume{"resume", schedule::Source::Kind::script, 1};

}  // namespace

Resumer::Resumer(schedule::Comeback back, std::int64_t (*clock)()) : back_(std::move(back)), clock_(clock) {
  for (schedule::DeckPoint& d : back_.set->decks) decks_.push_back({std::move(d), Deck::Step::loading});
}

void Resumer::begin(Session& session) {
  began_ns_ = clock_();
  const double gone = gone_by(session, session.world().now);
  for (const std::string& text : schedule::settings_after(back_.set->set, gone)) session.submit(text, kResume);
  for (const Deck& d : decks_) {
    const std::string at = deck_address(d.point.deck);
    session.submit(at + "load " + schedule::quote_if_needed(d.point.path), kResume);
    for (const std::string& text : schedule::settings_after(d.point.set, gone)) session.submit(text, kResume);
  }
}

// How far the music went on, in seconds, at a frame to come.
double Resumer::gone_by(const Session& session, Frame at) const {
  if (back_.at_ns == 0) return 0;
  return back_.gone_seconds + static_cast<double>(clock_() - back_.at_ns) * 1e-9 +
         session.world().seconds(at - session.world().now);
}

double Resumer::position(const Session& session, const Deck& deck, Frame at) const {
  // The law counts frames of the engine that died.
  const double rate = session.options().rate.hz / back_.set->rate.hz;
  const auto later = SampleRate{back_.set->rate.hz}.frames(Seconds{gone_by(session, at)});
  return deck.point.law.at(Frame{deck.point.law.frame} + later) * rate;
}

void Resumer::place(Session& session, Deck& deck) {
  const double rate = session.options().rate.hz, was = back_.set->rate.hz;
  const std::string at = deck_address(deck.point.deck);
  if (deck.point.loop_end > deck.point.loop_start) {
    session.submit(at + "loop/in " + seconds_text(deck.point.loop_start, was), kResume);
    session.submit(at + "loop/out " + seconds_text(deck.point.loop_end, was), kResume);
    if (!deck.point.looping) session.submit(at + "loop/exit", kResume);
  }
  const double here = position(session, deck, session.world().now);
  session.submit(at + "seek " + seconds_text(here, rate), kResume);
  session.want(deck.point.deck, here);
  deck.step = Deck::Step::placed;
}

bool Resumer::ready(const Session& session, const Deck& deck) const {
  const LoadedTrack* track = session.track_on(deck.point.deck);
  if (!track) return false;
  const auto here = static_cast<std::int64_t>(position(session, deck, session.world().now));
  return here >= track->pcm->table().frames() ||
         track->pcm->table().load(std::max<std::int64_t>(0, here) / lockfree::ChunkTable::kChunkFrames) != nullptr;
}

void Resumer::start_deck(Session& session, Deck& deck, Frame at) {
  deck.step = Deck::Step::started;
  if (!back_.play || !deck.point.law.playing) {
    for (const std::string& text : deck.point.then) session.submit(text, kResume);
    return;
  }
  const LoadedTrack* track = session.track_on(deck.point.deck);
  const double here = position(session, deck, at);
  if (!track || here >= static_cast<double>(track->pcm->table().frames())) return;  // it has ended meanwhile
  const std::string address = deck_address(deck.point.deck);
  const msg::When when = msg::When::at(at);
  session.submit(address + "seek " + seconds_text(here, session.options().rate.hz), kResume, when);
  session.submit(address + "play", kResume, when);
  for (const std::string& text : deck.point.then) session.submit(text, kResume, when);
}

void Resumer::start(Session& session) {
  const schedule::World& world = session.world();
  const Frame at = world.now + world.lead + world.frames(kPrimeSeconds);
  const schedule::TempoRamp ramp = back_.set->ramp.value_or(schedule::TempoRamp{back_.set->bpm, 0});
  const music::TempoSegment tempo{0, 0, back_.set->bpm.v, ramp.to.v, ramp.beats};
  const double gone = tempo.beats_at(gone_by(session, at)), beat = back_.set->beat.value() + gone;
  session.resume_clock(at, beat, Bpm{tempo.bpm_at(gone)});
  if (ramp.beats > gone) {
    session.submit("/clock/tempo " + schedule::number_text(ramp.to.v) + " over " +
                       schedule::number_text(ramp.beats - gone) + " beats",
                   kResume, msg::When::at(at));
  }
  for (Deck& d : decks_) {
    if (d.step == Deck::Step::placed && ready(session, d)) start_deck(session, d, at);
  }
  for (const schedule::PendingPoint& p : back_.set->pending) {
    if (p.beat.value() > beat) session.submit(p.text, {p.from, schedule::Source::Kind::script, 1});
  }
  started_ = true;
}

bool Resumer::tick(Session& session) {
  if (began_ns_ == 0) begin(session);
  const std::int64_t waited = clock_() - began_ns_;
  bool all = true;
  for (Deck& d : decks_) {
    const LoadedTrack* track = session.track_on(d.point.deck);
    if (d.step == Deck::Step::loading && track && track->path == d.point.path) place(session, d);
    all = all && d.step == Deck::Step::placed && ready(session, d);
  }
  if (!started_) {
    if (all || waited > kPatienceNs) start(session);
    return true;
  }
  const Frame at = session.world().now + session.world().lead + session.world().frames(kPrimeSeconds);
  bool more = false;
  for (Deck& d : decks_) {
    if (d.step == Deck::Step::placed && ready(session, d)) start_deck(session, d, at);
    more = more || d.step != Deck::Step::started;
  }
  return more && waited < kGiveUpNs;
}

}  // namespace tactus::session
