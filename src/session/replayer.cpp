#include "session/replayer.h"

#include <fenv.h>

#include <algorithm>
#include <chrono>

#include "engine/ctl/engine_host.h"
#include "engine/ctl/voice_replay.h"
#include "io/audio/flush_denormals.h"
#include "session/loudness_meter.h"
#include "session/replay_tracks.h"

namespace tactus::session {

namespace {

using msg::EngineOutcome;
using msg::VoiceOutcome;

// As on the audio thread, which no feeder shares: where it does matter, the bits are only the same so.
class AsAudioThread {
 public:
  AsAudioThread() {
    ::fegetenv(&before_);
    io::flush_denormals();
  }
  ~AsAudioThread() { ::fesetenv(&before_); }
  AsAudioThread(const AsAudioThread&) = delete;
  AsAudioThread& operator=(const AsAudioThread&) = delete;

 private:
  fenv_t before_;
};

// What one deck sounded from, and the voices among it.
struct DeckPart {
  std::vector<EngineOutcome> heard;  // Kind::source, by frame
  std::map<std::uint32_t, ctl::VoiceRecord> voices;
  std::vector<ctl::VoiceUse> uses;
  std::unique_ptr<ctl::VoiceReplay> replay;
  std::size_t next = 0;  // of heard
  std::vector<EngineOutcome> missed;
};

void add_voice(DeckPart& part, const VoiceOutcome& o) {
  ctl::VoiceRecord& record = part.voices[o.generation];
  switch (o.kind) {
    case VoiceOutcome::Kind::begin:
      record.begin = o;
      break;
    case VoiceOutcome::Kind::reading:
      record.readings.push_back(o.reading);
      break;
    case VoiceOutcome::Kind::hop:
      record.hops.push_back({o.ratio, o.pitch});
      break;
    case VoiceOutcome::Kind::whole:
      record.wholes.emplace_back(o.frame, o.whole);
      break;
  }
}

// From where the deck plays a voice to the end of its fade-out: that is when its packets are needed. A packet that
// wasn't there when it was wanted isn't there again.
void find_uses(DeckPart& part, SampleRate rate, std::int64_t end) {
  const std::int64_t fade = rate.frames(Seconds{0.005}).v + rt::kGrid;
  for (std::size_t i = 0; i < part.heard.size(); ++i) {
    const EngineOutcome& o = part.heard[i];
    if (o.source != msg::DeckSource::voice) continue;
    std::int64_t to = i + 1 < part.heard.size() ? part.heard[i + 1].frame + fade : end + rt::kGrid;
    for (const EngineOutcome& m : part.missed) {
      if (m.generation == o.generation && m.frame >= o.frame) to = std::min(to, m.frame / rt::kGrid * rt::kGrid);
    }
    for (std::size_t k = i + 1; k < part.heard.size() && part.heard[k].frame < to; ++k) {
      const EngineOutcome& next = part.heard[k];
      const bool takes_over = next.source == msg::DeckSource::voice && next.ring == o.ring;
      if (takes_over)
        to = std::min(to, next.generation == o.generation ? next.frame : next.frame / rt::kGrid * rt::kGrid);
    }
    part.uses.push_back({o.generation, o.ring, o.frame, to});
  }
}

class Replay : private ctl::OutcomeSink {
 public:
  Replay(const schedule::JournalRun& run, const ReplayOptions& options, const OpenWhole& open,
         const ContentOf& content_of, const RenderSink& sink, const RenderProgress& progress)
      : run_(run),
        o_(run.outcomes),
        options_(options),
        sink_(sink),
        progress_(progress),
        meter_(static_cast<int>(run.header.rate.hz)),
        tracks_(o_, run.header.rate, open, content_of),
        host_(host_options(run)) {
    end_ = o_.exact.v;
    if (o_.blocks.empty() || o_.blocks.front().frame != 0) doubt("the journal doesn't say how long blocks were");
    if (options.max_seconds > 0) {
      end_ = std::min(end_, run.header.rate.frames(Seconds{options.max_seconds}).v);
    }
    parts_.resize(static_cast<std::size_t>(o_.decks));
    for (const schedule::DeckVoice& v : o_.voices) {
      if (DeckPart* part = part_of(v.deck)) add_voice(*part, v.outcome);
    }
    for (std::size_t d = 0; d < parts_.size(); ++d) prepare(d);
    // Before anything else: the run may have begun elsewhere than a fresh engine does.
    host_.set_map(o_.map);
  }

  media::Result<ReplayReport> go() {
    const auto start = std::chrono::steady_clock::now();
    bool more = true;
    while (more && now_ < end_ && !error_) {
      give_input();
      if (error_) break;
      more = render(next_block());
      take_events();
      if (progress_) progress_(seconds(now_), seconds(end_));
    }
    if (error_) return *error_;
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report(wall);
  }

 private:
  static ctl::EngineHost::Options host_options(const schedule::JournalRun& run) {
    ctl::EngineHost::Options h;
    h.rate = run.header.rate;
    h.decks = run.outcomes.decks;
    h.tempo = run.header.tempo;
    h.outcomes = ctl::EngineHost::Options::Outcomes::replay;
    return h;
  }
  double seconds(std::int64_t frame) const { return static_cast<double>(frame) / run_.header.rate.hz; }
  DeckPart* part_of(int deck) { return deck < o_.decks ? &parts_[static_cast<std::size_t>(deck)] : nullptr; }

  void prepare(std::size_t d) {
    DeckPart& part = parts_[d];
    for (const EngineOutcome& o : o_.heard) {
      if (o.deck != d) continue;
      if (o.kind == EngineOutcome::Kind::missed && o.source == msg::DeckSource::direct) {
        doubt("audio was withdrawn while it sounded, on deck " + std::to_string(d + 1));
      } else {
        (o.kind == EngineOutcome::Kind::source ? part.heard : part.missed).push_back(o);
      }
    }
    find_uses(part, run_.header.rate, end_);
    const int deck = static_cast<int>(d);
    part.replay = std::make_unique<ctl::VoiceReplay>(run_.header.rate, host_.voice(deck, 0), host_.voice(deck, 1),
                                                     std::move(part.voices), part.uses);
  }

  // What entered the engine at the block that begins now, in that order.
  void give_input() {
    while (next_map_ < o_.maps.size() && o_.maps[next_map_].at.v <= now_) host_.set_map(o_.maps[next_map_++].map);
    while (!error_ && next_command_ < o_.commands.size() && o_.commands[next_command_].at.v <= now_) {
      give(o_.commands[next_command_++]);
    }
  }

  void give(const schedule::TookCommand& took) {
    msg::Command c = took.command;
    c.id = 0;
    media::Error error;
    if (took.track != 0) {
      c.track = tracks_.bring(took.track, &error);
      if (!c.track) {
        error_ = error;
        return;
      }
    }
    if (c.op == msg::Op::swap_plan) c.plan = plan_of(took);
    if (!took.fx_param.empty()) c.sub = param_of(c, took.fx_param);
    if (!host_.send(c)) error_ = media::Error{"the journal", "more commands in a block than there can be"};
  }

  const msg::Plan* plan_of(const schedule::TookCommand& took) {
    slots_.clear();
    for (const schedule::PlanSlot& s : took.slots) {
      const int effect = msg::find_fx(s.effect);
      if (effect < 0) {
        doubt("this version has no effect " + s.effect);
      } else {
        slots_.push_back({s.deck, s.slot, s.leaving, effect, s.instance});
      }
    }
    return host_.put_plan(slots_);
  }

  std::uint8_t param_of(const msg::Command& c, const std::string& name) {
    for (const ctl::PlanBuilder::Slot& s : slots_) {
      if (s.leaving || s.deck != c.deck || s.slot != c.index) continue;
      const int p = msg::find_fx_param(msg::fx_table()[static_cast<std::size_t>(s.effect)], name);
      if (p >= 0) return static_cast<std::uint8_t>(p);
      doubt("this version's effects have no parameter " + name);
    }
    return msg::kMaxFxParams;  // nobody's
  }

  // As long as it was.
  int next_block() {
    for (; next_size_ < o_.blocks.size() && o_.blocks[next_size_].frame <= now_; ++next_size_) {
      block_ = static_cast<int>(o_.blocks[next_size_].count);
    }
    return static_cast<int>(std::min<std::int64_t>(block_, end_ - now_));
  }

  bool render(int frames) {
    const std::int64_t end = now_ + frames;
    for (std::size_t d = 0; d < parts_.size(); ++d) {
      DeckPart& part = parts_[d];
      rt::OutcomeRing& told = *host_.told(static_cast<int>(d));
      for (; part.next < part.heard.size() && part.heard[part.next].frame < end; ++part.next) {
        if (!told.push(part.heard[part.next])) break;
      }
      part.replay->feed(end, [this](std::uint64_t id) { return tracks_.audio(id); });
    }
    left_.resize(static_cast<std::size_t>(frames));
    right_.resize(static_cast<std::size_t>(frames));
    float* out[2] = {left_.data(), right_.data()};
    msg::AudioBlock block;
    block.out = out;
    block.outputs = 2;
    block.frames = frames;
    const msg::Callback callback = host_.callback();
    {
      const AsAudioThread guard;
      callback.process(callback.context, block, {});
    }
    now_ = end;
    interleaved_.clear();
    for (std::size_t i = 0; i < left_.size(); ++i) {
      interleaved_.push_back(left_[i]);
      interleaved_.push_back(right_[i]);
    }
    meter_.feed(interleaved_);
    return sink_(interleaved_);
  }

  void took(Frame, const msg::Command&, const std::vector<ctl::PlanBuilder::Slot>&) override {}
  void took(Frame, const music::TempoMap&) override {}
  void fed(int, const VoiceOutcome&) override {}
  // A packet isn't there; it should be, unless it wasn't when it was first wanted.
  void happened(const EngineOutcome& o) override {
    if (o.kind != EngineOutcome::Kind::missed) return;
    const auto& missed = parts_[o.deck].missed;
    const bool before = std::any_of(missed.begin(), missed.end(), [&o](const EngineOutcome& m) {
      return m.frame == o.frame && m.generation == o.generation;
    });
    if (!before) doubt("the journal lacks what a stretcher was given");
  }

  void take_events() {
    host_.take_outcomes(*this);
    msg::Event e;
    while (host_.poll(e)) {
      if (e.kind == msg::Event::Kind::track_released) tracks_.released(e.track);
    }
  }

  void doubt(const std::string& why) {
    if (std::find(doubts_.begin(), doubts_.end(), why) == doubts_.end()) doubts_.push_back(why);
  }

  ReplayReport report(double wall) {
    ReplayReport r;
    r.render.frames = now_;
    r.render.realtime_factor = seconds(now_) / std::max(wall, 1e-9);
    r.render.lufs = meter_.lufs();
    r.render.true_peak_db = meter_.true_peak_db();
    for (const schedule::JournalEntry& e : run_.entries) {
      if (e.what == schedule::JournalEntry::What::done && e.frame.v < now_) {
        r.render.events.push_back({0, e.text, e.from, e.beat, e.frame});
      }
    }
    r.whole = run_.ended && now_ == o_.exact.v;
    for (const std::string& why : tracks_.doubts()) doubt(why);
    r.doubts = std::move(doubts_);
    return r;
  }

  const schedule::JournalRun& run_;
  const schedule::Outcomes& o_;
  ReplayOptions options_;
  const RenderSink& sink_;
  const RenderProgress& progress_;
  LoudnessMeter meter_;
  ReplayTracks tracks_;  // before the engine, which reads them
  ctl::EngineHost host_;
  std::vector<DeckPart> parts_;
  std::vector<ctl::PlanBuilder::Slot> slots_;
  std::optional<media::Error> error_;
  std::vector<std::string> doubts_;
  std::size_t next_map_ = 0, next_command_ = 0, next_size_ = 0;
  int block_ = 256;
  std::int64_t now_ = 0, end_ = 0;
  std::vector<float> left_, right_, interleaved_;
};

}  // namespace

media::Result<ReplayReport> replay(const schedule::JournalRun& run, const ReplayOptions& options, const OpenWhole& open,
                                   const ContentOf& content_of, const RenderSink& sink,
                                   const RenderProgress& progress) {
  if (run.outcomes.decks == 0) return media::Error{"the journal", "this run's outcomes weren't written down"};
  return Replay(run, options, open, content_of, sink, progress).go();
}

}  // namespace tactus::session
