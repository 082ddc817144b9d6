#include "session/session.h"

#include <algorithm>
#include <cmath>

#include "schedule/numbers.h"

namespace tactus::session {

using msg::Op;
using schedule::HostAction;
namespace ask = schedule::ask;

namespace {

ctl::EngineHost::Options host_options(const Session::Options& o) {
  ctl::EngineHost::Options h;
  h.rate = o.rate;
  h.decks = o.decks;
  h.tempo = o.tempo;
  h.metre = o.metre;
  h.feeder_threads = o.feeder_threads;
  h.max_block = o.max_block;
  h.record = o.record;
  h.streams = o.streams;
  if (o.outcomes) h.outcomes = ctl::EngineHost::Options::Outcomes::keep;
  return h;
}

constexpr double kPinSeconds = 0.1;
constexpr std::size_t kMostWaiting = 2048;
// Offline: a control tick, a block, kLead and the longest stretcher's window, so that no audio that was fed before a
// tempo change was published is heard after it, whatever the block size.
constexpr std::int64_t kOfflineLead = 16384;

}  // namespace

Session::Session(const Options& options, TrackSource& source, Observer observer)
    : options_(options),
      source_(source),
      observer_(std::move(observer)),
      tracks_(options.rate, options.target_lufs),
      cues_(options.cues, options.rate),
      host_(host_options(options)),
      scheduler_(options.scheduler),
      clock_(options.rate, options.tempo, options.metre) {
  // Live the engine may be a block on from what is read here, and feeders have stretched audio for kLead beyond that.
  // Offline the same for every block size, so that decisions are.
  world_.lead = {options.feeder_threads == 0 ? kOfflineLead : 2 * options.max_block + ctl::DeckFeeder::kLead};
  refresh();
}

Session::~Session() = default;

void Session::post(std::function<void()> task) {
  const std::lock_guard lock(post_mutex_);
  posted_.push_back(std::move(task));
}

std::function<void(std::function<void()>)> Session::poster() {
  return [this, alive = std::weak_ptr<int>(alive_)](std::function<void()> task) {
    if (const auto here = alive.lock()) post(std::move(task));
  };
}

void Session::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(post_mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

schedule::Fate Session::submit(const std::string& text, const schedule::Source& source, msg::When at) {
  return submit(schedule::parse(text), text, source, at);
}

schedule::Fate Session::submit(const schedule::Parsed& parsed, const std::string& text, const schedule::Source& source,
                               msg::When at) {
  if (!parsed.intent) {
    schedule::Fate refused;
    refused.reason = parsed.error.text();
    return refused;
  }
  // Commands that the engine has no room for wait here; more than this is a storm, and a storm is turned away where it
  // comes from. A hand always gets through.
  if (outbox_.size() > kMostWaiting && source.kind != schedule::Source::Kind::hand) {
    schedule::Fate refused;
    refused.reason = "the engine has more commands than it can take in; send again";
    return refused;
  }
  schedule::Fate fate = scheduler_.submit(*parsed.intent, source, world_, at);
  if (fate.id) asked_[fate.id] = {text, std::string(schedule::kind_name(source.kind)) + " " + source.name};
  carry_out(fate.out);
  // A tap that only counts is all done by now.
  const schedule::Meaning& meaning = parsed.intent->row->meaning;
  if (meaning.kind == schedule::Meaning::Kind::meta && meaning.meta == schedule::Meaning::Meta::tap) {
    HostAction tap;
    tap.id = fate.id;
    done_here(tap, fate.frame);
  }
  return fate;
}

std::string Session::cancel(std::uint64_t id) {
  auto cancelled = scheduler_.cancel(id, world_);
  if (cancelled.done) asked_.erase(id);
  carry_out(std::move(cancelled.out));
  return cancelled.why;
}

void Session::attend() {
  refresh();
  take_events();
  run_posted();
  flush();
}

void Session::tick() {
  refresh();
  take_events();
  run_posted();
  if (clock_.tick(world_, world_.now + world_.lead)) publish_map();
  carry_out(scheduler_.tick(world_));
  for (std::size_t n = retries_.size(); n > 0; --n) {
    auto retry = std::move(retries_.front());
    retries_.pop_front();
    if (!retry()) retries_.push_back(std::move(retry));
  }
  flush();
  host_.tick_plans();
  if (options_.cues && observer_.notice) {
    for (const std::string& text : options_.cues->take_notices()) observer_.notice(text);
  }
  tracks_.collect(host_.grace());
  source_.collect();
  if (world_.seconds(world_.now - Frame{pinned_at_}) > kPinSeconds || pinned_at_ == INT64_MIN) {
    keep_decoded();
    pinned_at_ = world_.now.v;
  }
}

void Session::refresh() {
  world_.snapshot = host_.snapshot();
  world_.map = host_.map();
  world_.now = Frame{host_.frame()};
  world_.metre = clock_.metre(world_.now);
  world_.leader = clock_.leader();
  for (int d = 0; d < options_.decks; ++d) {
    const LoadedTrack* track = track_on(d);
    schedule::DeckInfo& info = world_.decks[static_cast<std::size_t>(d)];
    info.path = track ? track->path : "";
    info.grid_bpm = track && !track->ref.grid.empty() ? track->ref.grid.bpm_at(world_.snapshot.decks[d].position) : 0;
    info.has_stems = track && track->pcm->info().channels == 8;
    cues_.watch(d, world_.snapshot.decks[d], track);
  }
}

// Around playheads, cues and loops; and a word where the file can't be read on.
void Session::keep_decoded() {
  for (int d = 0; d < options_.decks; ++d) {
    const msg::DeckSnapshot& deck = world_.snapshot.decks[d];
    const LoadedTrack* track = track_on(d);
    const std::string reading = reading_.look(d, track, world_.seconds(Frames{world_.now.v}));
    if (!reading.empty() && observer_.notice) observer_.notice(reading);
    if (!track) continue;
    std::vector<std::int64_t> frames{static_cast<std::int64_t>(deck.position)};
    if (deck.cue >= 0) frames.push_back(static_cast<std::int64_t>(deck.cue));
    if (deck.loop_start >= 0) frames.push_back(static_cast<std::int64_t>(deck.loop_start));
    for (double cue : deck.hotcues) {
      if (cue >= 0) frames.push_back(static_cast<std::int64_t>(cue));
    }
    source_.keep(track->pcm, frames);
    if (deck.source == msg::DeckSource::silent && deck.speed != 0) source_.want(track->pcm, frames.front());
  }
}

void Session::publish_map() {
  host_.set_map(clock_.map());
  world_.map = clock_.map();
}

const LoadedTrack* Session::track_on(int deck) const {
  const std::uint64_t id = world_.snapshot.decks[deck].track_id;
  return id ? tracks_.find(id) : nullptr;
}

// What is on a deck at a frame that is about to come: the last that was sent and is due by then, else what it has.
const LoadedTrack* Session::track_at(int deck, Frame at) const {
  const msg::Command* last = nullptr;
  for (const msg::Command& c : coming_) {
    const Frame due = world_.frame_of(c.when);
    if (c.deck == deck && due <= at && (!last || due >= world_.frame_of(last->when))) last = &c;
  }
  if (!last) return track_on(deck);
  return last->track ? tracks_.find(last->track->id) : nullptr;
}

void Session::take_events() {
  msg::Event e;
  while (host_.poll(e)) {
    if (e.kind == msg::Event::Kind::track_released) tracks_.released(e.track, host_.grace());
    scheduler_.on_event(e, world_);
    std::erase_if(coming_, [&](const msg::Command& c) { return c.id == e.id; });
    if (e.kind != msg::Event::Kind::executed) continue;
    const auto asked = asked_.find(e.id);
    if (asked == asked_.end()) continue;
    if (observer_.executed)
      observer_.executed({e.id, asked->second.text, asked->second.from, Beat{e.micro_beat}, Frame{e.frame}});
    asked_.erase(asked);
  }
}

// --- Carrying out ----------------------------------------------------------------------------------------------------

void Session::carry_out(schedule::Output out) {
  for (const HostAction& action : out.actions) act(action);
  for (const msg::Command& c : out.commands) send(c);
  for (const schedule::Notice& n : out.notices) {
    if (observer_.notice) observer_.notice(n.text);
  }
}

void Session::send(const msg::Command& c) {
  if (c.op == Op::load || c.op == Op::double_from || c.op == Op::unload) coming_.push_back(c);
  outbox_.push_back(c);
  flush();
}

void Session::flush() {
  while (!outbox_.empty() && host_.send(outbox_.front())) outbox_.pop_front();
}

msg::Command Session::command(const HostAction& action, Op op, int deck) const {
  msg::Command c;
  c.id = action.id;
  c.op = op;
  c.deck = static_cast<std::uint8_t>(deck);
  c.when = action.when;
  return c;
}

void Session::act(const HostAction& action) {
  if (const auto* load = std::get_if<ask::Load>(&action.what)) {
    open({action, load->deck, load->path, std::nullopt, [this, action, deck = load->deck](const LoadedTrack& track) {
            msg::Command c = command(action, Op::load, deck);
            c.track = &track.ref;
            send(c);
            return c.when;
          }});
  } else if (const auto* undo = std::get_if<ask::UndoLoad>(&action.what)) {
    open({action, undo->deck, undo->path, undo->marks,
          [this, action, undo = *undo](const LoadedTrack& track) { return load_again(action, undo, track); }});
  } else if (const auto* unload = std::get_if<ask::Unload>(&action.what)) {
    send(command(action, Op::unload, unload->deck));
    carry_out(scheduler_.host_done(action.id, world_));
  } else if (const auto* twin = std::get_if<ask::LoadDouble>(&action.what)) {
    const LoadedTrack* from = track_at(twin->from, world_.frame_of(action.when));
    if (!from) {
      carry_out(scheduler_.host_failed(action.id, "the deck to double is empty", world_));
      return;
    }
    const LoadedTrack& copy =
        tracks_.adopt(from->path, from->content, from->pcm, from->analysis, cues_.on_deck(twin->from, *from));
    msg::Command c = command(action, Op::double_from, twin->deck);
    c.index = static_cast<std::uint8_t>(twin->from);
    c.track = &copy.ref;
    send(c);
    if (!from->analysis) expect_analysis(copy, twin->deck, c.when);
    carry_out(scheduler_.host_done(action.id, world_));
  } else if (const auto* fx = std::get_if<ask::FxType>(&action.what)) {
    set_fx(action, *fx);
  } else if (std::get_if<ask::Cancel>(&action.what)) {
    opening_.erase(action.id);
  } else if (std::holds_alternative<ask::MidiNote>(action.what) || std::holds_alternative<ask::MidiCc>(action.what) ||
             std::holds_alternative<ask::MidiClock>(action.what)) {
    if (const std::string why = observer_.midi ? observer_.midi(action) : std::string(); !why.empty()) {
      fail(action.id, why);
      return;
    }
    carry_out(scheduler_.host_done(action.id, world_));
    done_here(action, world_.frame_of(action.when));
  } else if (const auto* link = std::get_if<ask::Link>(&action.what)) {
    (link->what == ask::Link::What::share ? link_wish_.share : link_wish_.transport) = link->on;
    carry_out(scheduler_.host_done(action.id, world_));
    done_here(action, world_.now);
  } else if (const auto* record = std::get_if<ask::Record>(&action.what)) {
    record_wish_ = record->on;
    carry_out(scheduler_.host_done(action.id, world_));
    done_here(action, world_.now);
  } else if (const auto* hold = std::get_if<ask::Hold>(&action.what)) {
    if (options_.feeder_threads > 0) host_.hold(hold->on);  // a render would wait for ever
    carry_out(scheduler_.host_done(action.id, world_));
    done_here(action, world_.now);
  } else {
    if (clock_.apply(action, world_.now + world_.lead)) publish_map();
    carry_out(scheduler_.host_done(action.id, world_));
    done_here(action, world_.frame_of(action.when));
  }
}

// The engine reports what it executed; what was done here is reported here.
void Session::done_here(const HostAction& action, Frame frame) {
  const auto asked = asked_.find(action.id);
  if (asked == asked_.end()) return;
  if (observer_.executed) {
    observer_.executed({action.id, asked->second.text, asked->second.from, world_.beat_of(frame), frame});
  }
  asked_.erase(asked);
}

void Session::set_fx(const HostAction& action, const ask::FxType& what) {
  const int slot = what.unit * msg::kFxSlots + what.slot;
  const int effect = what.name.empty() ? -1 : msg::find_fx(what.name);
  auto attempt = [this, action, deck = what.deck, slot, effect] {
    if (!host_.set_fx(deck, slot, effect)) return false;
    carry_out(scheduler_.host_done(action.id, world_));
    done_here(action, world_.now);
    return true;
  };
  if (!attempt()) retries_.push_back(attempt);
}

void Session::open(Opening opening) {
  opening_[opening.action.id] = opening.path;
  if (distrusted_.contains(opening.path)) {
    opened(opening, {media::Error{opening.path, why_distrusted_}, {}});
    return;
  }
  const std::string path = opening.path;
  std::weak_ptr<int> alive = alive_;
  auto here = std::this_thread::get_id();
  source_.open(path, options_.rate, [this, alive, here, opening = std::move(opening)](OpenedTrack result) {
    if (std::this_thread::get_id() == here) {  // a blocking source answers within the call
      opened(opening, std::move(result));
      return;
    }
    auto held = std::make_shared<OpenedTrack>(std::move(result));
    if (auto session = alive.lock()) {
      post([this, opening, held] { opened(opening, std::move(*held)); });
    }
  });
}

// It was accepted, and can't be done after all.
void Session::fail(std::uint64_t id, const std::string& why) {
  schedule::Output out = scheduler_.host_failed(id, why, world_);
  const auto asked = asked_.find(id);
  if (observer_.failed && asked != asked_.end()) {
    std::erase_if(out.notices, [id](const schedule::Notice& n) { return n.id == id; });
    observer_.failed(asked->second.text, why);
    asked_.erase(asked);
  }
  carry_out(std::move(out));
}

void Session::opened(const Opening& opening, OpenedTrack result) {
  const std::uint64_t id = opening.action.id;
  if (opening_.erase(id) == 0) return;  // taken back meanwhile
  if (!result.pcm) {
    fail(id, result.pcm.error().text());
    return;
  }
  if (!result.pcm.value()->info().notice.empty() && observer_.notice) {
    observer_.notice(opening.path + ": " + result.pcm.value()->info().notice);
  }
  if (!result.cues.trouble.empty() && cues_.keeps() && observer_.notice) {
    observer_.notice(opening.path + ": " + result.cues.trouble);
  }
  const msg::TrackMarks marks = opening.marks.value_or(cues_.marks(result.cues, result.pcm.value()->table().frames()));
  const LoadedTrack& track =
      tracks_.adopt(opening.path, result.cues.content, result.pcm.value(), std::move(result.analysis), marks);
  const msg::When loaded = opening.send(track);
  tell_of_unsure_bars(track, opening.deck);
  const bool unknown = !track.analysis;
  if (unknown) expect_analysis(track, opening.deck, loaded);
  carry_out(scheduler_.host_done(id, world_));
  if (unknown) ask_for_analysis(opening.path);
}

// A load that is taken back comes back where it would be by now.
msg::When Session::load_again(const HostAction& action, const ask::UndoLoad& undo, const LoadedTrack& track) {
  msg::Command c = command(action, Op::load, undo.deck);
  if (c.when.kind == msg::When::Kind::now) c.when = msg::When::at(world_.now + world_.lead);
  c.track = &track.ref;
  send(c);
  c.track = nullptr;
  c.op = Op::seek;
  c.a = undo.law.at(world_.frame_of(c.when));
  send(c);
  if (undo.law.playing) {
    c.op = Op::play;
    c.a = 0;
    send(c);
  }
  return c.when;
}

// A track that nobody has analysed yet plays without a grid until its analysis comes.
void Session::expect_analysis(const LoadedTrack& track, int deck, msg::When loaded) {
  for (auto& [path, loads] : unanalysed_) {
    std::erase_if(loads, [this](const Unanalysed& u) { return !tracks_.find(u.track_id); });
  }
  std::erase_if(unanalysed_, [](const auto& file) { return file.second.empty(); });
  unanalysed_[track.path].push_back({track.ref.id, deck, loaded});
}

void Session::tell_of_unsure_bars(const LoadedTrack& track, int deck) const {
  if (!track.analysis || !track.analysis->has_grid() || track.ref.bars_sure || !observer_.notice) return;
  const auto percent = static_cast<int>(std::lround(100 * track.analysis->downbeat_confidence));
  observer_.notice("deck " + std::to_string(deck + 1) + ": where the bars of " + track.path + " begin is unsure (" +
                   std::to_string(percent) + " %), so sync by bar or phrase holds its beats alone");
}

void Session::ask_for_analysis(const std::string& path) {
  std::weak_ptr<int> alive = alive_;
  source_.analyse(path, [this, alive, path](analysis::TrackAnalysis found, bool whole) {
    auto session = alive.lock();
    if (!session) return;
    post([this, path, found = std::move(found), whole] { analysed(path, found, whole); });
  });
}

void Session::analysed(const std::string& path, const analysis::TrackAnalysis& found, bool whole) {
  if (whole) ++analyses_revision_;
  const auto waiting = unanalysed_.find(path);
  if (waiting == unanalysed_.end()) return;
  const std::vector<Unanalysed> loads = waiting->second;
  if (whole) unanalysed_.erase(waiting);
  for (const Unanalysed& load : loads) {
    const LoadedTrack* track = tracks_.regrid(load.track_id, found);
    if (!track) continue;
    if (whole) tell_of_unsure_bars(*track, load.deck);
    msg::Command c;
    c.op = Op::regrid;
    c.deck = static_cast<std::uint8_t>(load.deck);
    c.track = &track->ref;
    c.when = load.loaded;  // at once, unless the load itself is still to come
    send(c);
  }
}

std::vector<std::string> Session::settings() const {
  std::vector<std::string> list = scheduler_.settings(world_);
  const schedule::ask::ClockSource source = clock_.source();
  using Kind = schedule::ask::ClockSource::Kind;
  if (source.kind == Kind::internal) list.emplace_back("/clock/source internal");
  if (source.kind == Kind::link) list.emplace_back("/clock/source link");
  if (source.kind == Kind::midi) list.emplace_back("/clock/source midi");
  if (source.kind == Kind::deck) list.push_back("/clock/source deck " + std::to_string(source.deck + 1));
  if (record_wish_) list.emplace_back("/mixer/record 1");
  if (link_wish_.share) list.emplace_back("/clock/link 1");
  if (link_wish_.transport) list.emplace_back("/clock/link/transport 1");
  const schedule::Metre fresh, metre = clock_.metre(world_.now);
  if (metre.bar != fresh.bar) list.push_back("/clock/quantum " + schedule::number_text(metre.bar.value()));
  if (metre.phrase != fresh.phrase) list.push_back("/clock/phrase " + schedule::number_text(metre.phrase.value()));
  return list;
}

std::vector<std::string> Session::opening() const {
  std::vector<std::string> files;
  for (const auto& [id, path] : opening_) files.push_back(path);
  return files;
}

void Session::resume_clock(Frame at, double beat, Bpm bpm) {
  if (clock_.set_beat(at, beat, bpm)) publish_map();
}

void Session::want(int deck, double frame) {
  if (const LoadedTrack* track = track_on(deck)) source_.want(track->pcm, static_cast<std::int64_t>(frame));
}

void Session::distrust(std::set<std::string> files, std::string why) {
  distrusted_ = std::move(files);
  why_distrusted_ = std::move(why);
}

bool Session::idle() const {
  return opening_.empty() && outbox_.empty() && retries_.empty() && scheduler_.pending(world_).empty();
}

}  // namespace tactus::session
