#include "engine/rt/engine.h"

#include "dsp/guard.h"

namespace tactus::rt {

using msg::NodeKind;
using msg::Op;
using msg::Param;

void Engine::prepare(SampleRate rate, int decks, const EngineLinks& links, const msg::Plan* plan,
                     const music::TempoMap& map) noexcept {
  rate_ = rate;
  deck_count_ = decks;
  links_ = links;
  plan_ = plan;
  map_ = map;
  outcomes_.ring = links.outcomes;
  for (int d = 0; d < deck_count_; ++d) {
    decks_[d].prepare(rate, links.decks[d].voices[0], links.decks[d].voices[1], links.sinc);
    decks_[d].reader.attach_outcomes(&outcomes_, links.decks[d].told, d);
  }
  mixer_.prepare(rate, links.tap, links.streams[kStreamMaster], links.streams[kStreamCue]);
}

int Engine::latency(SampleRate) noexcept { return dsp::Limiter::kLatency; }

void Engine::process(const msg::AudioBlock& block, const msg::BlockClock&) TACTUS_RT {
  epoch_.enter();
  if (block.frames != block_) {
    block_ = block.frames;
    note(msg::EngineOutcome::Kind::block, frame_, static_cast<std::uint64_t>(block_));
  }
  take_input(frame_);
  const std::int64_t start = frame_, end = frame_ + block.frames;
  std::int64_t f = start;
  while (f < end) {
    advance_decks(f);
    execute_due(f);
    const std::int64_t to = step_end(f, end);
    render_step(f, static_cast<int>(to - f), block.out, block.outputs, static_cast<int>(f - start));
    f = to;
  }
  frame_ = end;
  ++blocks_;
  report_dirty(end);
  release_tracks(end);
  publish(end);
  epoch_.leave();
}

// --- Time ------------------------------------------------------------------------------------------------------------

void Engine::take_input(std::int64_t now) TACTUS_RT {
  if (links_.map->update()) {
    const music::TempoMap& next = links_.map->front();
    for (int d = 0; d < deck_count_; ++d) {
      decks_[d].transport.map_changed(now, map_, next);
      dirty_[d] = true;
    }
    map_ = next;
    queue_.map_changed(now, map_);
    note(msg::EngineOutcome::Kind::map, now, map_.edition);
  }
  msg::Command c;
  int taken = 0;
  for (; taken < msg::kMaxCommandsPerBlock && links_.commands->pop(c); ++taken) {
    if (queue_.push(c, now, map_)) continue;
    msg::Event e;
    e.kind = msg::Event::Kind::queue_full;
    e.id = c.id;
    e.frame = now;
    emit(e);
  }
  if (taken > 0) note(msg::EngineOutcome::Kind::took, now, static_cast<std::uint64_t>(taken));
}

void Engine::advance_decks(std::int64_t f) TACTUS_RT {
  const bool grid = f % kGrid == 0;
  for (int d = 0; d < deck_count_; ++d) {
    Deck& deck = decks_[d];
    deck.transport.advance(f, map_);
    if (grid) deck.step(f, map_);
    if (deck.transport.take_ended()) {
      msg::Event e;
      e.kind = msg::Event::Kind::deck_ended;
      e.deck = static_cast<std::uint8_t>(d);
      e.frame = f;
      emit(e);
    }
  }
  if (!grid) return;
  mixer_.step(f, map_);
  for (std::uint32_t i = 0; i < plan_->count; ++i) {
    const msg::PlanStep& s = plan_->steps[i];
    if (s.kind == NodeKind::fx) static_cast<FxNode*>(s.state)->step(f, map_);
  }
}

// The end of the control step that starts at f: the next grid point, due command or break of a deck.
std::int64_t Engine::step_end(std::int64_t f, std::int64_t end) const TACTUS_RT {
  const std::int64_t grid = (f / kGrid + 1) * kGrid;
  std::int64_t to = grid < end ? grid : end;
  if (!queue_.empty() && queue_.front().due < to) to = queue_.front().due;
  for (int d = 0; d < deck_count_; ++d) to = decks_[d].transport.next_break(f, to, map_);
  return to;
}

// --- Commands --------------------------------------------------------------------------------------------------------

void Engine::execute_due(std::int64_t f) TACTUS_RT {
  const std::size_t due = queue_.due_at(f);
  if (due == 0) return;
  const std::int64_t beat_here = Beat::of(map_.beat_of(static_cast<double>(f))).micro;
  for (std::size_t i = 0; i < due; ++i) {
    const msg::Command& c = queue_[i].command;
    execute(c, f);
    if (c.id == 0) continue;
    msg::Event e;
    e.kind = msg::Event::Kind::executed;
    e.id = c.id;
    e.deck = c.deck;
    e.frame = f;
    // In time, it is the beat that was asked for; the frame's own would be up to a frame off.
    const bool in_time = c.when.kind == msg::When::Kind::beat && map_.due(Beat{c.when.value}).v == f;
    e.micro_beat = in_time ? c.when.value : beat_here;
    emit(e);
  }
  queue_.pop_front(due);
}

void Engine::execute(const msg::Command& c, std::int64_t f) TACTUS_RT {
  if (c.op == Op::swap_plan) {
    swap_plan(c.plan, f);
    return;
  }
  if (c.op == Op::panic) {
    for (int d = 0; d < deck_count_; ++d) {
      decks_[d].transport.apply(c, f, map_);
      dirty_[d] = true;
    }
    for (std::uint32_t i = 0; c.ramp.frames > 0 && i < plan_->count; ++i) {
      const msg::PlanStep& s = plan_->steps[i];
      if (s.kind == NodeKind::fx) static_cast<FxNode*>(s.state)->silence(static_cast<std::int32_t>(c.ramp.frames));
    }
    return;
  }
  if (c.op == Op::set_param && c.param >= Param::crossfader) {
    mixer_.set_param(c, f, map_);
    return;
  }
  if (c.deck >= deck_count_) return;
  if (c.op == Op::set_param) {
    if (c.param >= Param::fx_on) {
      for (std::uint32_t i = 0; i < plan_->count; ++i) {
        const msg::PlanStep& s = plan_->steps[i];
        if (s.kind == NodeKind::fx && s.deck == c.deck && s.slot == c.index) {
          static_cast<FxNode*>(s.state)->set_param(c, f, map_);
        }
      }
      return;
    }
    decks_[c.deck].set_param(c, f, map_);
    if (msg::moves_transport(c.param)) dirty_[c.deck] = true;
    return;
  }
  execute_transport(c, f);
}

void Engine::execute_transport(const msg::Command& c, std::int64_t f) TACTUS_RT {
  Deck& deck = decks_[c.deck];
  msg::Command exact = c;
  if (c.op == Op::double_from) {
    if (c.index >= deck_count_ || !decks_[c.index].transport.track()) {
      leave(c.track);
      return;
    }
    const Transport& from = decks_[c.index].transport;
    exact.a = from.position(static_cast<double>(f), map_);
    if (from.playing()) exact.flags |= msg::kFlagKeepPlaying;
    if (from.at_load()) exact.flags |= msg::kFlagAtLoad;
  }
  const msg::TrackRef* before = deck.transport.track();
  deck.transport.apply(exact, f, map_);
  dirty_[c.deck] = true;
  if (deck.transport.track() != before) leave(before);
  if (deck.transport.track() != c.track) leave(c.track);  // a regrid of what is gone by now
}

void Engine::leave(const msg::TrackRef* track) TACTUS_RT {
  if (track && !leaving_.push_back(track)) ++lost_events_;
}

// States (effects) that both plans carry go on; what only the old one held is its builder's again.
void Engine::swap_plan(const msg::Plan* plan, std::int64_t f) TACTUS_RT {
  msg::Event e;
  e.kind = msg::Event::Kind::plan_released;
  e.plan = plan_;
  e.frame = f;
  plan_ = plan;
  emit(e);
}

// --- Sound -----------------------------------------------------------------------------------------------------------

void Engine::render_step(std::int64_t f, int n, float* const* out, int outputs, int offset) TACTUS_RT {
  mixer_.begin(n);
  for (std::uint32_t i = 0; i < plan_->count; ++i) run_node(plan_->steps[i], f, n);
  mixer_.finish(f, n, out, outputs, offset);
}

void Engine::run_node(const msg::PlanStep& step, std::int64_t f, int n) TACTUS_RT {
  Deck& deck = decks_[step.deck];
  float* left = bus_[step.deck][0];
  float* right = bus_[step.deck][1];
  const bool takes_input =
      step.kind != NodeKind::deck_reader && step.kind != NodeKind::stem_gate && step.kind != NodeKind::clip_player;
  for (int i = 0; takes_input && i < n; ++i) {
    dry_[0][i] = left[i];
    dry_[1][i] = right[i];
  }
  switch (step.kind) {
    case NodeKind::deck_reader:
      deck.read(f, n, map_);
      if (deck.silence_broken_input(n)) bypassed(step, f);
      return;
    case NodeKind::stem_gate:
      deck.gate_stems(left, right, n);
      break;
    case NodeKind::trim:
      deck.apply_trim(left, right, n);
      break;
    case NodeKind::eq:
      deck.apply_eq(left, right, n);
      break;
    case NodeKind::filter:
      deck.apply_filter(left, right, n);
      break;
    case NodeKind::fx:
      static_cast<FxNode*>(step.state)->process(left, right, n);
      break;
    case NodeKind::strip:
      mix_deck(step.deck, f, n);
      return;
    // A clip lane is a deck's playhead and reader without a channel strip of its own: launching is play @bar, its loop
    // is the deck's loop, warp is sync.
    case NodeKind::clip_player:
      deck.read(f, n, map_);
      if (deck.silence_broken_input(n)) bypassed(step, f);
      deck.gate_stems(left, right, n);
      break;
  }
  if (!dsp::flush_if_broken(left, right, n)) return;
  for (int i = 0; takes_input && i < n; ++i) {
    left[i] = dry_[0][i];
    right[i] = dry_[1][i];
  }
  bypassed(step, f);
}

void Engine::mix_deck(int d, std::int64_t f, int n) TACTUS_RT {
  StreamRing* stream = links_.streams[kStreamDeck + d];
  float heard[2][kGrid];
  decks_[d].mix(bus_[d][0], bus_[d][1], n, {mixer_.side(0), mixer_.side(1)},
                {{mixer_.master(0), mixer_.master(1)},
                 {mixer_.cue(0), mixer_.cue(1)},
                 {stream ? heard[0] : nullptr, stream ? heard[1] : nullptr}});
  // Decks are not delayed by the limiter: they leave the engine as much later as the master does.
  put_block(stream, f + latency(rate_), heard[0], heard[1], n);
}

// A NaN or an infinity never reaches the next node: where a node gave one, its input passes instead (silence, where it
// has none). The node starts over; an effect, which may hold it in its memory, stays out.
void Engine::bypassed(const msg::PlanStep& step, std::int64_t f) TACTUS_RT {
  switch (step.kind) {
    case NodeKind::eq:
      decks_[step.deck].eq.clear();
      break;
    case NodeKind::filter:
      decks_[step.deck].filter.clear();
      break;
    case NodeKind::fx:
      static_cast<FxNode*>(step.state)->bypass();
      break;
    default:
      break;
  }
  ++bypassed_;
  msg::Event e;
  e.kind = msg::Event::Kind::node_bypassed;
  e.deck = step.deck;
  e.node = static_cast<std::uint8_t>(step.kind);
  e.frame = f;
  emit(e);
}

// --- Back to control -------------------------------------------------------------------------------------------------

void Engine::report_dirty(std::int64_t f) TACTUS_RT {
  for (int d = 0; d < deck_count_; ++d) {
    if (!dirty_[d] || !links_.decks[d].reports) continue;
    TransportReport* slot = links_.decks[d].reports->write_slot();
    if (!slot) continue;  // stays dirty: told after the next block
    slot->frame = f;
    slot->transport = decks_[d].transport;
    links_.decks[d].reports->commit();
    dirty_[d] = false;
  }
}

bool Engine::to_release(const msg::TrackRef* track) TACTUS_RT {
  for (int d = 0; d < deck_count_; ++d) {
    if (decks_[d].transport.track() == track || decks_[d].reader.uses(track)) return false;
  }
  return true;
}

void Engine::release_tracks(std::int64_t f) TACTUS_RT {
  for (std::size_t i = 0; i < leaving_.size();) {
    if (!to_release(leaving_[i])) {
      ++i;
      continue;
    }
    msg::Event e;
    e.kind = msg::Event::Kind::track_released;
    e.track = leaving_[i];
    e.frame = f;
    if (!links_.events->push(e)) return;  // tried again after the next block: a track must not be lost
    leaving_.erase(i);
  }
}

void Engine::publish(std::int64_t f) TACTUS_RT {
  msg::Snapshot& s = links_.snapshot->back();
  s.frame = f;
  s.beat = map_.beat_of(static_cast<double>(f));
  s.bpm = map_.bpm_at_frame(static_cast<double>(f));
  for (int d = 0; d < deck_count_; ++d) {
    decks_[d].fill(s.decks[d], f, block_, map_);
    s.decks[d].audible =
        decks_[d].transport.moving() && mixer_.heading_gain() > 0 && decks_[d].heading_gain(mixer_.heading_sides()) > 0;
  }
  mixer_.fill(s, block_);
  s.pending = static_cast<std::uint32_t>(queue_.size());
  s.bypassed_nodes = bypassed_ + mixer_.broken();
  s.blocks = blocks_;
  links_.snapshot->publish();
  published_frame_.store(f, std::memory_order_release);
  published_blocks_.store(blocks_, std::memory_order_release);
}

void Engine::emit(const msg::Event& e) TACTUS_RT {
  if (!links_.events->push(e)) ++lost_events_;
}

void Engine::note(msg::EngineOutcome::Kind kind, std::int64_t now, std::uint64_t count) TACTUS_RT {
  msg::EngineOutcome o;
  o.kind = kind;
  o.frame = now;
  o.count = count;
  outcomes_.put(o);
}

}  // namespace tactus::rt
