#include "session/engine_server.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "schedule/parse.h"

namespace tactus::session {

using io::Incoming;
using io::seconds_of;
using sidecar::BoardState;

namespace {

constexpr double kMostStateHz = 60;
constexpr std::size_t kMostName = 31;
// Of the control thread, which goes ahead of other programs: half its time, and 2 ms at once, since its tick is due
// every 3 ms.
constexpr double kServeShare = 0.5, kServeMost = 0.002;
constexpr std::int64_t kShowNs = 1'000'000;  // a tick
constexpr std::size_t kMostWaiting = 4096;   // messages of one client, and
constexpr std::size_t kMostInAll = 16384;    // of all; then who has some waiting adds none
constexpr double kMostAhead = 24 * 3600;     // seconds that a time tag may lie ahead

const char* verdict_name(schedule::Fate::Verdict v) {
  switch (v) {
    case schedule::Fate::Verdict::accepted:
      return "accepted";
    case schedule::Fate::Verdict::coalesced:
      return "coalesced";
    case schedule::Fate::Verdict::refused:
      break;
  }
  return "refused";
}

bool kind_of(const std::string& word, schedule::Source::Kind* kind) {
  for (int k = 0; k <= static_cast<int>(schedule::Source::Kind::ai); ++k) {
    if (word == schedule::kind_name(static_cast<schedule::Source::Kind>(k))) {
      *kind = static_cast<schedule::Source::Kind>(k);
      return true;
    }
  }
  return false;
}

// Never amid a UTF-8 character.
template <std::size_t N>
void copy_text(char (&to)[N], const std::string& from) {
  std::size_t n = std::min(from.size(), N - 1);
  while (n > 0 && n < from.size() && (static_cast<unsigned char>(from[n]) & 0xC0) == 0x80) --n;
  std::memcpy(to, from.data(), n);
  std::memset(to + n, 0, N - n);
}

float decibels(float gain) { return gain > 1e-10f ? 20 * std::log10(gain) : -200; }

}  // namespace

std::unique_ptr<EngineServer> EngineServer::open(const io::HubOptions& options, std::string version,
                                                 std::function<void()> wake, std::string* error) {
  auto board = sidecar::BoardWriter::create(error);
  if (!board) return nullptr;
  auto hub = io::OscHub::open(options, std::move(wake), error);
  if (!hub) return nullptr;
  return std::unique_ptr<EngineServer>(new EngineServer(std::move(hub), std::move(board), std::move(version)));
}

EngineServer::EngineServer(std::unique_ptr<io::OscHub> hub, std::unique_ptr<sidecar::BoardWriter> board,
                           std::string version)
    : hub_(std::move(hub)),
      board_(std::move(board)),
      version_(std::move(version)),
      serving_(kServeShare, kServeMost, kServeMost, seconds_of(CLOCK_MONOTONIC)) {
  state_.version = sidecar::kBoardVersion;
  state_.size = sizeof state_;
  std::random_device random;
  state_.epoch = static_cast<std::uint64_t>(random()) << 31 ^ random();
  state_.pid = ::getpid();
  state_.midi_devices = -1;
}

EngineServer::Client& EngineServer::client_of(const Incoming& in) {
  auto [at, fresh] = clients_.try_emplace(in.client);
  if (fresh) {
    at->second.source = {in.peer, schedule::Source::Kind::osc, 1};
    at->second.way = in.way;
    // Whoever sends by UDP may not listen.
    at->second.fates = in.way != Incoming::Way::udp;
  }
  return at->second;
}

// Clients take turns, so that who sends little waits for nobody's heap; and the clock's tick waits for none of them.
void EngineServer::serve(Session& session) {
  double lap = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  hub_->hold(true);
  for (Incoming in; hub_->take(in); in = {}) put(std::move(in));
  while (!turns_.empty() && serving_.left(seconds_of(CLOCK_MONOTONIC)) > 0) {
    const io::ClientId id = turns_.front();
    turns_.pop_front();
    const auto heap = waiting_.find(id);
    const Incoming in = std::move(heap->second.front());
    heap->second.pop_front();
    --heaped_;
    if (heap->second.empty()) {
      waiting_.erase(heap);
    } else {
      turns_.push_back(id);
    }
    handle(session, in);
    const double now = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    serving_.spend(now - std::exchange(lap, now));
  }
  hub_->hold(false);
}

void EngineServer::put(Incoming in) {
  std::deque<Incoming>& heap = waiting_[in.client];
  const bool full = heap.size() >= kMostWaiting || (heaped_ >= kMostInAll && !heap.empty());
  if (full && in.what == Incoming::What::message) {
    hub_->send(in.client, {"/refused", {std::int64_t{1}, "the engine has more to do than it can take in; send again"}});
    return;
  }
  if (heap.empty()) turns_.push_back(in.client);
  heap.push_back(std::move(in));
  ++heaped_;
}

void EngineServer::handle(Session& session, const Incoming& in) {
  if (in.what == Incoming::What::left) {
    clients_.erase(in.client);
    return;
  }
  Client& client = client_of(in);
  if (in.what == Incoming::What::joined) return;
  if (!request(session, client, in)) intent(session, client, in);
}

// True when it was a request and no intent.
bool EngineServer::request(Session& session, Client& client, const Incoming& in) {
  const osc::Message& m = in.message;
  if (m.address == "/do") {
    intent(session, client, in);
  } else if (m.address == "/hello") {
    hello(client, in);
  } else if (m.address == "/ping") {
    hub_->send(in.client, {"/pong", {static_cast<std::int32_t>(m.integer(0)), sidecar::monotonic_ns()}});
  } else if (m.address == "/subscribe" || m.address == "/unsubscribe") {
    subscribe(client, in, m.address == "/subscribe");
  } else if (m.address == "/cancel") {
    const auto done = session.cancel(static_cast<std::uint64_t>(m.integer(1)));
    hub_->send(in.client, {"/cancelled", {static_cast<std::int32_t>(m.integer(0)), done.empty(), done}});
  } else if (m.address == "/stop") {
    // Ending the sound is for who sits at this machine.
    if (in.way == Incoming::Way::local) stop_.store(true, std::memory_order_relaxed);
  } else {
    return false;
  }
  return true;
}

void EngineServer::hello(Client& client, const Incoming& in) {
  const std::string& name = in.message.text(0);
  if (!name.empty()) client.source.name = name.substr(0, kMostName);
  // Over a network nobody is believed to be a hand.
  if (in.way == Incoming::Way::local) kind_of(in.message.text(1), &client.source.kind);
  const double confidence = in.message.number(2, 1);
  client.source.confidence = confidence >= 0 && confidence <= 1 ? confidence : 0;
  hub_->send(in.client,
             {"/welcome",
              {static_cast<std::int32_t>(sidecar::kBoardVersion), version_, static_cast<std::int64_t>(state_.epoch),
               sidecar::board_layout_json()}},
             board_->fd());
}

void EngineServer::subscribe(Client& client, const Incoming& in, bool on) {
  const std::string& what = in.message.text(0);
  if (what == "events") {
    client.events = on;
  } else if (what == "fates") {
    client.fates = on;
  } else if (what == "state") {
    const double hz = in.message.number(1, 10);
    client.state_hz = on && hz > 0 ? std::min(hz, kMostStateHz) : 0;
    client.state_prefix = in.message.text(2);
    client.shown.reset();
  } else {
    hub_->send(in.client,
               {"/refused", {std::int64_t{1}, "there is no '" + what + "' to subscribe to: events, fates, state"}});
  }
}

void EngineServer::intent(Session& session, Client& client, const Incoming& in) {
  const osc::Message& m = in.message;
  const bool spelled = m.address == "/do";  // /do REQUEST TEXT
  schedule::Fate fate;
  std::string text;
  msg::When at;
  if (in.wait_seconds > 0) {
    at = msg::When::at(session.world().now + session.world().frames(std::min(in.wait_seconds, kMostAhead)));
  }
  if (spelled) {
    text = m.text(1);
    fate = session.submit(text, client.source, at);
  } else {
    std::vector<schedule::Arg> args;
    bool odd = false;
    for (std::size_t i = 0; i < m.args.size(); ++i) {
      if (const auto* word = std::get_if<std::string>(&m.args[i])) {
        args.emplace_back(*word);
      } else {
        odd = odd || std::holds_alternative<osc::Other>(m.args[i]);
        args.emplace_back(m.number(i));
      }
    }
    if (odd) {
      text = m.address;
      fate.reason = m.address + ": arguments are numbers, truths and strings";
    } else {
      text = schedule::joined(m.address, args);
      fate = session.submit(schedule::parse(m.address, args), text, client.source, at);
    }
  }
  ++state_.intents;
  state_.refused += fate.verdict == schedule::Fate::Verdict::refused;
  if (!client.fates) return;
  hub_->send(in.client, {"/fate",
                         {static_cast<std::int32_t>(spelled ? m.integer(0) : 0),
                          std::string(verdict_name(fate.verdict)), static_cast<std::int64_t>(fate.id),
                          fate.beat.value(), fate.frame.v, fate.reason, fate.note, text, sidecar::monotonic_ns()}});
}

void EngineServer::tell_events(const osc::Message& message) {
  for (const auto& [id, client] : clients_) {
    if (client.events) hub_->send(id, message);
  }
}

void EngineServer::executed(const Executed& e) {
  tell_events({"/done", {static_cast<std::int64_t>(e.id), e.beat.value(), e.frame.v, e.text}});
}

void EngineServer::failed(const std::string& text, const std::string& why) { tell_events({"/failed", {text, why}}); }

void EngineServer::notice(const std::string& text) {
  tell_events({"/notice", {text}});
  copy_text(state_.notice, text);  // for those who come later
  state_.notice_ns = sidecar::monotonic_ns();
  ++state_.notices;
}

void EngineServer::tick(Session& session, const io::AudioStatus& audio) {
  serve(session);
  fill(session, audio);
  board_->write(state_);
  show_states();
}

// To those who are owed it, the longest passed over first; the rest in a tick to come.
void EngineServer::show_states() {
  hub_->hold(true);
  auto at = clients_.upper_bound(last_shown_);
  for (std::size_t n = clients_.size(); n > 0; --n) {
    if (at == clients_.end()) at = clients_.begin();
    if (at->second.state_hz > 0 && state_.heartbeat_ns >= at->second.state_due_ns) {
      show_state(at->first, at->second);
      last_shown_ = at->first;
      if (sidecar::monotonic_ns() - state_.heartbeat_ns > kShowNs) break;
    }
    ++at;
  }
  hub_->hold(false);
}

// What has changed since this client was told, as one message each.
void EngineServer::show_state(io::ClientId id, Client& client) {
  client.state_due_ns = state_.heartbeat_ns + static_cast<std::int64_t>(1e9 / client.state_hz);
  const bool first = !client.shown;
  if (first) client.shown = std::make_unique<BoardState>();
  const char* now = reinterpret_cast<const char*>(&state_);
  const char* then = reinterpret_cast<const char*>(client.shown.get());
  for (const sidecar::BoardField& f : sidecar::board_fields()) {
    if (!f.name.starts_with(client.state_prefix)) continue;
    if (!first && std::memcmp(now + f.offset, then + f.offset, f.size) == 0) continue;
    osc::Message m{"/state/" + f.name, {}};
    if (f.type == sidecar::BoardField::Type::text) {
      m.args.emplace_back(sidecar::board_text(state_, f));
    } else if (f.type == sidecar::BoardField::Type::f64 || f.type == sidecar::BoardField::Type::f32) {
      m.args.emplace_back(static_cast<float>(sidecar::board_number(state_, f)));
    } else {
      m.args.emplace_back(static_cast<std::int64_t>(sidecar::board_number(state_, f)));
    }
    hub_->send(id, m);
  }
  *client.shown = state_;
}

namespace {

void fill_deck(const Session& session, int d, sidecar::BoardDeck& to) {
  const msg::DeckSnapshot& from = session.world().snapshot.decks[d];
  const schedule::DeckInfo& info = session.world().decks[static_cast<std::size_t>(d)];
  const double rate = session.options().rate.hz;
  const auto seconds = [rate](double frames) { return frames < 0 ? -1 : frames / rate; };
  copy_text(to.path, info.path);
  copy_text(to.trouble, session.trouble(d));
  to.position = from.position / rate;  // may be before the first frame
  to.length = from.length / rate;
  to.speed = from.speed;
  to.bpm = from.bpm;
  to.grid_bpm = info.grid_bpm;
  to.beat = from.track_beat;
  to.loop_start = from.loop_end > from.loop_start ? seconds(from.loop_start) : -1;
  to.loop_end = from.loop_end > from.loop_start ? seconds(from.loop_end) : -1;
  to.cue = seconds(from.cue);
  static_assert(sidecar::kBoardHotcues == msg::kHotcues);
  for (int k = 0; k < msg::kHotcues; ++k) to.hotcues[k] = seconds(from.hotcues[k]);
  to.tempo = 100 * (from.tempo - 1);
  to.key = from.key;
  to.trim = decibels(from.trim);
  to.eq_low = decibels(from.eq_low);
  to.eq_mid = decibels(from.eq_mid);
  to.eq_high = decibels(from.eq_high);
  to.filter = from.filter;
  to.fader = from.fader;
  to.peak_left = decibels(from.peak_l);
  to.peak_right = decibels(from.peak_r);
  to.playing = from.playing;
  to.audible = from.audible;
  to.looping = from.loop_active;
  to.slip = from.slip;
  to.keylock = from.keylock;
  to.reverse = from.reverse;
  to.previewing = from.previewing;
  to.stems = info.has_stems;
  to.stems_muted = from.stems_muted;
  to.sync = static_cast<std::uint8_t>(from.sync_held);
  to.stretch = static_cast<std::uint8_t>(from.stretch);
  to.stretching = static_cast<std::uint8_t>(session.host().stretching(d, from.stretch));
  to.source = static_cast<std::uint8_t>(from.source);
  to.fallbacks = from.fallbacks;
  to.late_chunks = from.late_chunks;
}

}  // namespace

void EngineServer::fill(const Session& session, const io::AudioStatus& audio) {
  const schedule::World& world = session.world();
  const msg::Snapshot& s = world.snapshot;
  state_.heartbeat_ns = sidecar::monotonic_ns();
  state_.frame = s.frame;
  state_.rate = session.options().rate.hz;
  state_.latency = static_cast<double>(rt::Engine::latency(session.options().rate)) / state_.rate;
  state_.beat = s.beat;
  state_.bpm = s.bpm;
  state_.bar = world.metre.bar.value();
  state_.phrase = world.metre.phrase.value();
  state_.leader = world.leader + 1;
  state_.link_peers = world.link.enabled ? static_cast<std::int32_t>(world.link.peers) : -1;
  state_.on_device = audio.on_device;
  state_.held = session.held();
  copy_text(state_.device, audio.device.title());
  state_.xruns = audio.xruns;
  state_.blocks = audio.blocks;
  state_.late_periods = audio.late_periods;
  const ctl::FeederStats feeders = session.host().feeder_stats();
  state_.degraded = feeders.degraded;
  state_.library[static_cast<int>(sidecar::LibraryKind::analyses)] = session.analyses_revision();
  state_.library_revision = 0;
  for (const std::uint64_t revision : state_.library) state_.library_revision += revision;
  const double deadline = 1e6 * audio.device.block / std::max(1, audio.device.rate);
  state_.cpu_mean = deadline > 0 ? audio.cpu_mean_us / deadline : 0;
  state_.cpu_worst = deadline > 0 ? audio.cpu_max_us / deadline : 0;
  state_.master_left = decibels(s.master_peak_l);
  state_.master_right = decibels(s.master_peak_r);
  static const schedule::Parsed kMaster = schedule::parse("/mixer/master 0");
  state_.master = static_cast<float>(session.argument(*kMaster.intent).value_or(0));
  state_.reduction = s.gain_reduction_db;
  state_.crossfader = s.crossfader;
  state_.bypassed_nodes = s.bypassed_nodes + static_cast<std::uint32_t>(feeders.broken);
  const io::HubStats hub = hub_->stats();
  state_.clients = hub.clients;
  state_.throttled = hub.throttled;
  state_.malformed = hub.malformed;
  const auto pending = session.pending();
  state_.pending_count = static_cast<std::uint32_t>(pending.size());
  for (std::size_t i = 0; i < std::size(state_.pending); ++i) {
    sidecar::BoardPending& to = state_.pending[i];
    to = {};
    if (i >= pending.size()) continue;
    copy_text(to.text, pending[i].text);
    copy_text(to.source, pending[i].source);
    to.beat = pending[i].beat.value();
    to.id = pending[i].id;
  }
  for (int d = 0; d < sidecar::kBoardDecks && d < session.options().decks; ++d) fill_deck(session, d, state_.decks[d]);
}

}  // namespace tactus::session
