#include "session/outcome_keeper.h"

namespace tactus::session {

namespace {
constexpr double kFlushSeconds = 0.25;  // what a crash may cost of a replay
constexpr std::size_t kMostHops = 256;  // a line
}  // namespace

OutcomeKeeper::OutcomeKeeper(OutcomeOptions options, Session& session)
    : options_(std::move(options)), session_(session) {
  write(schedule::to_line(session.options().decks, session.host().map()));
}

void OutcomeKeeper::after_tick() { take(false); }

void OutcomeKeeper::take(bool last) {
  const auto whole = session_.host().take_outcomes(*this);
  const std::int64_t now = session_.host().frame();
  if (!last && static_cast<double>(now - flushed_) < kFlushSeconds * session_.options().rate.hz) return;
  flushed_ = now;
  flush_hops();
  if (whole && whole_) write(schedule::exact_line(*whole));
}

void OutcomeKeeper::write(std::string line) { whole_ = options_.write(std::move(line)) && whole_; }

void OutcomeKeeper::took(Frame at, const msg::Command& command, const std::vector<ctl::PlanBuilder::Slot>& slots) {
  schedule::TookCommand took;
  took.at = at;
  took.command = command;
  if (command.track) took.track = write_track(*command.track);
  if (command.op == msg::Op::set_param && command.param == msg::Param::fx_param) took.fx_param = fx_param(command);
  if (command.op == msg::Op::swap_plan) {
    slots_ = slots;
    for (const ctl::PlanBuilder::Slot& s : slots) {
      const auto& effect = msg::fx_table()[static_cast<std::size_t>(s.effect)];
      took.slots.push_back({s.deck, s.slot, s.leaving, std::string(effect.id), s.instance});
    }
  }
  write(schedule::to_line(took));
}

std::string OutcomeKeeper::fx_param(const msg::Command& c) const {
  for (const ctl::PlanBuilder::Slot& s : slots_) {
    if (s.leaving || s.deck != c.deck || s.slot != c.index) continue;
    const auto& params = msg::fx_table()[static_cast<std::size_t>(s.effect)].params;
    if (c.sub < params.size()) return std::string(params[c.sub].id);
  }
  return {};
}

std::uint64_t OutcomeKeeper::write_track(const msg::TrackRef& ref) {
  schedule::TrackPoint t;
  t.ref = next_track_++;
  t.id = ref.id;
  if (const LoadedTrack* track = session_.loaded(ref)) t.path = track->path;
  t.frames = ref.pcm->frames();
  t.channels = ref.pcm->channels();
  t.gain = static_cast<double>(ref.gain);
  t.first_sound = ref.first_sound;
  t.bars_sure = ref.bars_sure;
  t.marks = ref;
  t.grid.assign(ref.grid.anchors, ref.grid.anchors + ref.grid.count);
  write(schedule::to_line(t));
  ask_content(t.path);
  return t.ref;
}

void OutcomeKeeper::ask_content(const std::string& path) {
  if (!options_.content_of || path.empty() || std::exchange(named_[path], true)) return;
  options_.content_of(path, [this, path, post = session_.poster()](std::string content) {
    post([this, path, content = std::move(content)] { write(schedule::content_line(path, content)); });
  });
}

void OutcomeKeeper::took(Frame at, const music::TempoMap& map) { write(schedule::to_line(schedule::TookMap{at, map})); }

void OutcomeKeeper::happened(const msg::EngineOutcome& outcome) { write(schedule::to_line(outcome)); }

void OutcomeKeeper::fed(int deck, const msg::VoiceOutcome& outcome) {
  if (outcome.kind != msg::VoiceOutcome::Kind::hop) {
    whole_ = whole_ && !outcome.reading.broken;
    write(schedule::to_line(schedule::DeckVoice{deck, outcome}));
    return;
  }
  auto& hops = hops_[{deck, outcome.generation}];
  hops.push_back({deck, outcome});
  if (hops.size() >= kMostHops) flush_hops();
}

void OutcomeKeeper::flush_hops() {
  for (const auto& [voice, hops] : hops_) write(schedule::hops_line(hops));
  hops_.clear();
}

}  // namespace tactus::session
