#include "engine/ctl/engine_host.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <bit>

#include "engine/rt/tables.h"
#include "lockfree/chunk_table.h"

namespace tactus::ctl {

namespace {

constexpr std::size_t kCommandRing = 1024;
constexpr std::size_t kEventRing = 8192;
constexpr std::size_t kOutcomeRing = 8192, kVoiceOutcomeRing = 2048, kToldRing = 1024;
constexpr std::size_t kTapSeconds = 2;
// Of a recorded stream: how long a disk may make the recorder wait, at the steps of a control grid.
constexpr std::size_t kStreamSeconds = 4;

std::size_t stream_blocks(SampleRate rate) {
  return std::bit_ceil(static_cast<std::size_t>(rate.hz) * kStreamSeconds / rt::kGrid);
}

// Everything that the arena will hold, with room for alignment.
std::size_t arena_bytes(const EngineHost::Options& o) {
  const std::size_t per_deck = 2 * (sizeof(rt::VoiceRing) + DeckFeeder::kRingPackets * sizeof(rt::VoicePacket)) +
                               sizeof(rt::ReportRing) + DeckFeeder::kReports * sizeof(rt::TransportReport);
  const std::size_t tap = o.record ? static_cast<std::size_t>(o.rate.hz) * kTapSeconds * 2 * sizeof(rt::TapFrame) : 0;
  const std::size_t streams =
      static_cast<std::size_t>(std::popcount(o.streams)) * stream_blocks(o.rate) * sizeof(rt::StreamBlock);
  const std::size_t outcomes =
      (kOutcomeRing + kToldRing * static_cast<std::size_t>(o.decks)) * sizeof(msg::EngineOutcome);
  return sizeof(rt::Engine) + streams + outcomes + sizeof(rt::Tables) + kCommandRing * sizeof(msg::Command) +
         kEventRing * sizeof(msg::Event) + static_cast<std::size_t>(o.decks) * per_deck + tap + (std::size_t{1} << 20);
}

}  // namespace

EngineHost::EngineHost(const Options& options)
    : options_(options), arena_(arena_bytes(options)), map_(options.rate, options.tempo), stretchers_(options.rate) {
  map_.start_metre(options.metre);
  rt::EngineLinks links;
  links.commands = commands_ = arena_.make<lockfree::SpscRing<msg::Command>>(arena_.array<msg::Command>(kCommandRing));
  links.events = events_ = arena_.make<lockfree::SpscRing<msg::Event>>(arena_.array<msg::Event>(kEventRing));
  links.map = map_out_ = arena_.make<lockfree::TripleBuffer<music::TempoMap>>(map_);
  links.snapshot = snapshot_ = arena_.make<lockfree::TripleBuffer<msg::Snapshot>>();
  links.sinc = &arena_.make<rt::Tables>()->sinc;
  if (options.record) {
    const auto frames = static_cast<std::size_t>(options.rate.hz) * kTapSeconds;
    links.tap = tap_ = arena_.make<rt::TapRing>(arena_.array<rt::TapFrame>(frames));
  }
  for (int s = 0; s < rt::kStreams; ++s) {
    if (!(options.streams >> s & 1)) continue;
    links.streams[s] = streams_[s] =
        arena_.make<rt::StreamRing>(arena_.array<rt::StreamBlock>(stream_blocks(options.rate)));
  }
  const bool replay = options.outcomes == Options::Outcomes::replay;
  if (kept() || replay) {
    links.outcomes = outcomes_ = arena_.make<rt::OutcomeRing>(arena_.array<msg::EngineOutcome>(kOutcomeRing));
  }
  for (int d = 0; d < options.decks; ++d) {
    auto& deck = links.decks[d];
    for (auto& voice : deck.voices) {
      voice = arena_.make<rt::VoiceRing>(arena_.array<rt::VoicePacket>(DeckFeeder::kRingPackets));
    }
    if (replay) {
      deck.told = told_[d] = arena_.make<rt::OutcomeRing>(arena_.array<msg::EngineOutcome>(kToldRing));
      std::copy(std::begin(deck.voices), std::end(deck.voices), voices_[d]);
      continue;
    }
    deck.reports = arena_.make<rt::ReportRing>(arena_.array<rt::TransportReport>(DeckFeeder::kReports));
    if (kept()) voice_outcomes_.push_back(std::make_unique<rt::VoiceOutcomeRing>(kVoiceOutcomeRing));
    feeders_.push_back(std::make_unique<DeckFeeder>(deck.voices[0], deck.voices[1], deck.reports, map_, stretchers_,
                                                    kept() ? voice_outcomes_.back().get() : nullptr));
  }
  engine_ = arena_.make<rt::Engine>();
  plans_ = std::make_unique<PlanBuilder>(options.decks, options.rate);
  hold_.prepare(options.rate);
  engine_->prepare(options.rate, options.decks, links, plans_->current(), map_);
  for (int t = 0; t < options.feeder_threads; ++t) {
    passes_.push_back(std::make_unique<std::atomic<std::uint64_t>>(0));
  }
  msg::Command r3;
  r3.op = msg::Op::stretch;
  make_ready(r3);
  stretchers_.settle();
  for (int t = 0; t < options.feeder_threads; ++t) threads_.emplace_back([this, t] { run_feeders(t); });
}

EngineHost::~EngineHost() {
  stop_.store(true);
  ticks_.fetch_add(1);
  ticks_.notify_all();
  for (std::thread& t : threads_) t.join();
}

msg::Callback EngineHost::callback() { return {&EngineHost::process, &EngineHost::wake, this}; }

void EngineHost::process(void* self, const msg::AudioBlock& block, const msg::BlockClock& clock) TACTUS_RT {
  auto* host = static_cast<EngineHost*>(self);
  if (host->hold_.runs()) {
    host->engine_->process(block, clock);
    host->hold_.apply(block);
    return;
  }
  for (int c = 0; c < block.outputs; ++c) {
    for (int i = 0; i < block.frames; ++i) block.out[c][i] = 0;
  }
}

bool EngineHost::send(const msg::Command& command) {
  if (commands_->writable() == 0) return false;
  // The feeder first: what it foretells must never come later than what the engine does.
  const bool transport = command.op != msg::Op::set_param || msg::moves_transport(command.param);
  if (transport && command.op != msg::Op::swap_plan) {
    if (command.op == msg::Op::panic) {
      for (auto& feeder : feeders_) feeder->expect(command);
    } else if (command.deck < feeders_.size()) {
      feeders_[command.deck]->expect(command);
    }
  }
  make_ready(command);
  if (kept()) keep(command);
  return commands_->push(command);
}

// Has stretchers constructed ahead of the need that a command announces, of each kind that it may come to. Offline
// there is no hurry.
void EngineHost::make_ready(const msg::Command& command) {
  if (options_.feeder_threads == 0) return;
  if (command.op == msg::Op::load && command.track) {
    have_stems_ = have_stems_ || command.track->pcm->channels() == 8;
  } else if (command.op == msg::Op::stretch && command.index < static_cast<int>(msg::StretchMode::direct)) {
    modes_ |= 1u << command.index;
  } else {
    return;
  }
  for (const auto mode : {msg::StretchMode::r3, msg::StretchMode::r3long, msg::StretchMode::r2}) {
    if (!(modes_ >> static_cast<int>(mode) & 1)) continue;
    for (const int channels : {2, 8}) {
      if (channels == 8 && !have_stems_) continue;
      stretchers_.keep(stretcher_mode(mode), channels, 2, false);
      stretchers_.keep(stretcher_mode(mode), channels, 1, true);
    }
  }
}

void EngineHost::set_map(const music::TempoMap& map) {
  const std::uint64_t edition = map_.edition + 1;
  map_ = map;
  map_.edition = edition;
  if (kept()) maps_.push_back(map_);
  for (auto& feeder : feeders_) feeder->set_map(map);
  map_out_->write(map_);
}

bool EngineHost::poll(msg::Event& event) {
  while (events_->pop(event)) {
    if (event.kind != msg::Event::Kind::plan_released) return true;
    plans_->released(event.plan);
  }
  return false;
}

const msg::Snapshot& EngineHost::snapshot() {
  snapshot_->update();
  return snapshot_->front();
}

bool EngineHost::set_fx(int deck, int slot, int effect) {
  return plans_->set(deck, slot, effect, [this](const msg::Command& c) { return send(c); });
}

bool EngineHost::tick_plans() {
  return plans_->tick([this](const msg::Command& c) { return send(c); });
}

// --- Outcomes --------------------------------------------------------------------------------------------------------

// What it points to may be gone when the engine has taken it.
void EngineHost::keep(const msg::Command& command) {
  sent_.push_back({command, {}});
  if (command.op == msg::Op::swap_plan) sent_.back().slots = plans_->slots_of(command.plan);
}

bool EngineHost::outcomes_lost() const {
  return engine_->outcomes_lost() > 0 ||
         std::any_of(feeders_.begin(), feeders_.end(), [](const auto& f) { return f->outcomes_lost() > 0; });
}

std::optional<Frame> EngineHost::take_outcomes(OutcomeSink& sink) {
  if (!outcomes_) return std::nullopt;
  // All that was heard before this frame was noted down before it: by the engine, and by the feeders before that.
  const Frame whole{engine_->frame()};
  msg::EngineOutcome o;
  while (outcomes_->pop(o)) {
    if (o.kind == msg::EngineOutcome::Kind::took) {
      for (std::uint64_t i = 0; i < o.count && !sent_.empty(); ++i) {
        sink.took(Frame{o.frame}, sent_.front().command, sent_.front().slots);
        sent_.pop_front();
      }
    } else if (o.kind == msg::EngineOutcome::Kind::map) {
      while (!maps_.empty() && maps_.front().edition < o.count) maps_.pop_front();
      if (!maps_.empty()) sink.took(Frame{o.frame}, maps_.front());
    } else {
      sink.happened(o);
    }
  }
  for (std::size_t d = 0; d < voice_outcomes_.size(); ++d) {
    msg::VoiceOutcome v;
    while (voice_outcomes_[d]->pop(v)) sink.fed(static_cast<int>(d), v);
  }
  return outcomes_lost() ? std::nullopt : std::optional(whole);
}

// --- Feeders ---------------------------------------------------------------------------------------------------------

void EngineHost::wake(void* self) noexcept {
  auto* host = static_cast<EngineHost*>(self);
  host->ticks_.fetch_add(1, std::memory_order_release);
  host->ticks_.notify_all();
}

void EngineHost::run_feeders(int thread) {
  pthread_setname_np(pthread_self(), "tactus-feeder");
  sched_param priority{};
  priority.sched_priority = 50;  // below the audio thread's
  if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority) == 0) realtime_.store(true);
  std::uint32_t seen = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    service(thread, options_.max_block);
    passes_[static_cast<std::size_t>(thread)]->fetch_add(1, std::memory_order_release);
    const std::uint32_t now = ticks_.load(std::memory_order_acquire);
    if (now == seen) ticks_.wait(seen);
    seen = ticks_.load(std::memory_order_acquire);
  }
}

void EngineHost::service(int thread, int frames) {
  const int stride = std::max(1, options_.feeder_threads);
  // In turns, so that one deck that needs much doesn't starve its neighbours.
  for (bool more = true; more;) {
    more = false;
    const std::int64_t now = engine_->frame();
    for (int d = thread; d < options_.decks; d += stride) {
      more = feeders_[static_cast<std::size_t>(d)]->service(now, frames, options_.feeder_threads == 0) || more;
    }
  }
}

void EngineHost::feed(int frames) { service(0, frames); }

std::uint64_t EngineHost::grace() const {
  std::uint64_t least = engine_->blocks();
  for (const auto& passes : passes_) least = std::min(least, passes->load(std::memory_order_acquire));
  return least;
}

FeederStats EngineHost::feeder_stats() const {
  FeederStats sum;
  for (const auto& feeder : feeders_) sum += feeder->stats();
  return sum;
}

msg::StretchMode EngineHost::stretching(int deck, msg::StretchMode asked) const {
  const auto d = static_cast<std::size_t>(deck);
  const int level = d < feeders_.size() ? feeders_[d]->level() : 0;  // a replay has none
  if (level == 0 || asked == msg::StretchMode::direct) return asked;
  return level == 1 ? msg::StretchMode::r2 : msg::StretchMode::direct;
}

std::int64_t EngineHost::fed_until() const {
  std::int64_t least = INT64_MAX;
  for (const auto& feeder : feeders_) least = std::min(least, feeder->fed_until());
  return least;
}

}  // namespace tactus::ctl
