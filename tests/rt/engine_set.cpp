#include "engine_set.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "engine/ctl/engine_host.h"
#include "support/tune.h"

namespace tactus::test {
namespace {

using msg::LoopOp;
using msg::Op;
using msg::Param;
using msg::When;

constexpr int kDecks = 4;
constexpr auto kOps = static_cast<std::size_t>(Op::regrid) + 1;
constexpr auto kLoopOps = static_cast<std::size_t>(LoopOp::slot_recall) + 1;
constexpr auto kParams = static_cast<std::size_t>(Param::count);
constexpr std::int64_t kStepFrames = 2400;

class EngineSet : public ScriptedSet {
 public:
  explicit EngineSet(const SetOptions& o) : options_(o), host_(host_options(o)) {
    const double bpm[] = {126, 120, 128, 174};
    for (int d = 0; d < kDecks; ++d) {
      const testing::Tune tune(bpm[d], o.rate, testing::Tune::Kind::full);
      tracks_.push_back(tune.track(24, d % 2 ? 8 : 2));
      testing::RigTrack& t = *tracks_.back();
      t.ref.first_sound = 1000;
      t.ref.hotcues[0] = o.rate * 4;
      regridded_.push_back(t.ref);
      other_anchors_[d] = {700, 0, bpm[d]};
      regridded_.back().grid = {&other_anchors_[d], 1, o.rate};
    }
    for (const msg::FxInfo& fx : msg::fx_table()) fx_params_done_.emplace_back(fx.params.size(), false);
    write_script();
  }

  msg::Callback callback() override { return host_.callback(); }

  bool before_block(std::int64_t frame) override {
    if (frame == 0) start();
    listen();
    for (; next_step_ <= frame; next_step_ += kStepFrames) {
      frame_ = frame;
      deck_ = static_cast<int>((step_ + step_ / script_.size()) % kDecks);
      script_[step_ % script_.size()]();
      if (++step_ % 8 == 0) revive();
      host_.tick_plans();
    }
    wait_for_feeders(frame);
    return true;
  }

  std::string problem() override {
    listen();
    for (std::size_t i = 0; i < kOps; ++i) {
      if (!ops_[i]) return "command " + std::to_string(i) + " was never executed";
    }
    for (std::size_t i = 0; i < kLoopOps; ++i) {
      if (!loops_[i]) return "loop operation " + std::to_string(i) + " was never executed";
    }
    for (std::size_t i = 0; i < kParams; ++i) {
      if (!params_[i]) return "parameter " + std::to_string(i) + " was never set";
    }
    for (std::size_t e = 0; e < fx_params_done_.size(); ++e) {
      const msg::FxInfo& fx = msg::fx_table()[e];
      for (std::size_t p = 0; p < fx.params.size(); ++p) {
        if (fx.params[p].role == msg::FxRole::user && !fx_params_done_[e][p]) {
          return std::string(fx.id) + "'s " + std::string(fx.params[p].id) + " was never set";
        }
      }
    }
    if (refused_ > 0) return std::to_string(refused_) + " commands found a full queue";
    if (host_.snapshot().bypassed_nodes > 0) return "a node made a NaN";
    if (quiet_seconds_ > 0) return std::to_string(quiet_seconds_) + " seconds were silent";
    if (late_ > blocks_ / 100) return "the feeders were waited for in vain " + std::to_string(late_) + " times";
    if (voiced_ * 3 < blocks_ * kDecks) return "key lock was heard in less than a third of the set";
    const ctl::FeederStats stats = host_.feeder_stats();
    std::printf("engine set: %zu steps, %zu commands, %d maps, %d plan swaps, %.0f %% key-locked, %llu voices primed\n",
                step_, sent_.size(), maps_, swaps_,
                100.0 * static_cast<double>(voiced_) / static_cast<double>(blocks_) / kDecks,
                static_cast<unsigned long long>(stats.primed));
    return {};
  }

 private:
  static ctl::EngineHost::Options host_options(const SetOptions& o) {
    ctl::EngineHost::Options h;
    h.rate = SampleRate{o.rate};
    h.decks = kDecks;
    h.feeder_threads = 2;
    h.max_block = o.block;
    h.record = true;
    h.streams = (1u << rt::kStreams) - 1;
    return h;
  }

  // --- Saying
  // ---------------------------------------------------------------------------------------------------------

  void send(msg::Command c) {
    sent_.push_back(c);
    c.id = sent_.size();
    if (!host_.send(c)) ++refused_;
  }
  msg::Command command(Op op, double a, int index = 0) {
    msg::Command c;
    c.op = op;
    c.deck = static_cast<std::uint8_t>(deck_);
    c.index = static_cast<std::uint8_t>(index);
    c.a = a;
    return c;
  }
  // Stamped in all three ways, one after the other.
  When soon() {
    switch (stamps_++ % 3) {
      case 0:
        return {};
      case 1:
        return When::at(Frame{frame_ + 300 + static_cast<std::int64_t>(rng_() % 3000)});
      default: {
        const double beat = host_.map().beat_of(static_cast<double>(frame_));
        return When::at(Beat::of(std::ceil(beat * 4 + 0.2) / 4));
      }
    }
  }
  void op(Op o, double a = 0, int index = 0) {
    msg::Command c = command(o, a, index);
    c.when = soon();
    send(c);
  }
  void op_now(Op o, double a = 0, int index = 0) { send(command(o, a, index)); }
  void loop(LoopOp o, double a = 0) { op(Op::loop, a, static_cast<int>(o)); }
  void track_op(Op o, const msg::TrackRef& track, std::uint8_t flags = 0, int index = 0) {
    msg::Command c = command(o, 0, index);
    c.track = &track;
    c.flags = flags;
    send(c);
  }
  void param(Param p, double a, int index = 0, int sub = 0) {
    msg::Command c = command(Op::set_param, a, index);
    c.param = p;
    c.sub = static_cast<std::uint8_t>(sub);
    c.when = soon();
    switch (ramps_++ % 4) {
      case 1:
        c.ramp.frames = 1 + static_cast<std::int64_t>(rng_() % 20000);
        break;
      case 2:
        c.ramp.micro_beats = 1'500'000;
        break;
      default:
        break;
    }
    c.ramp.curve = static_cast<msg::Curve>(ramps_ % 4);
    send(c);
  }
  msg::TrackRef& own_track() { return tracks_[static_cast<std::size_t>(deck_)]->ref; }

  // --- The script
  // -----------------------------------------------------------------------------------------------------

  void start() {
    for (deck_ = 0; deck_ < kDecks; ++deck_) {
      track_op(Op::load, own_track());
      msg::Command quieter = command(Op::set_param, 0.3);
      quieter.param = Param::trim;
      send(quieter);
      quieter.param = Param::tempo;
      quieter.a = 1.02 + 0.01 * deck_;
      send(quieter);
      op_now(Op::play);
    }
  }
  // Whatever stopped in the course of things plays again; what has lost its track gets one.
  void revive() {
    const msg::Snapshot& s = host_.snapshot();
    for (deck_ = 0; deck_ < kDecks; ++deck_) {
      const msg::DeckSnapshot& d = s.decks[deck_];
      if (d.track_id == 0) track_op(Op::load, own_track());
      if (d.position > 0.8 * d.length || d.position < 0) op_now(Op::seek, options_.rate);
      if (!d.playing) op_now(Op::play);
      if (d.speed == 0 && d.playing) op_now(Op::scratch, 0);
    }
  }

  void add(std::function<void()> step) { script_.push_back(std::move(step)); }
  void add_op(Op o, double a = 0, int index = 0) {
    add([=, this] { op(o, a, index); });
  }
  void add_param(Param p, std::initializer_list<double> values, int index = 0) {
    for (double v : values) add([=, this] { param(p, v, index); });
  }

  void write_script() {
    write_transport();
    write_effects();
    write_loops();
    write_mixing();
    write_clock();
  }

  void write_transport() {
    add_op(Op::cue_set, -1);
    add_op(Op::cue_set, options_.rate * 2);
    add_op(Op::hotcue_set, -1, 3);
    add_op(Op::hotcue_set, options_.rate * 3, 4);
    add_op(Op::hotcue_jump, 0, 3);
    add_op(Op::hotcue_button, 1, 4);
    add_op(Op::hotcue_button, 0, 4);
    add_op(Op::hotcue_clear, 0, 3);
    add_op(Op::jump_beats, 4);
    add_op(Op::seek, options_.rate * 5);
    add_op(Op::slip, 1);
    add_op(Op::jump_beats, -2);
    add_op(Op::slip, 0);
    add_op(Op::scratch, 1);
    add([this] {
      for (double v : {2.0, -1.5, 0.5}) op_now(Op::jog, v);
    });
    add_op(Op::scratch, 0);
    add_op(Op::jog, 400);
    add_op(Op::censor, 1);
    add_op(Op::censor, 0);
    add_op(Op::reverse, 1);
    add([this] { loop(LoopOp::beats, 1); });
    add_op(Op::reverse, 0);
    add([this] { loop(LoopOp::exit); });
    add_op(Op::nudge, 0.03);
    add_op(Op::nudge, 0);
    for (int mode : {2, 1, 3, 0}) add_op(Op::stretch, 0, mode);
    for (int mode : {1, 2, 3, 4, 2, 0}) add_op(Op::sync, 0, mode);
    add_op(Op::keylock, 0);
    add_op(Op::keylock, 1);
    add_param(Param::tempo, {0.94, 1.08, 1.0, 1.031});
    add_param(Param::key, {2, -1.5, 0});
    add_op(Op::brake, 0.1);
    add([] {});
    add([] {});
    add_op(Op::brake, -0.1);
    add_op(Op::pause);
    add_op(Op::cue_button, 1);
    add_op(Op::cue_button, 0);
    add_op(Op::hotcue_button, 1, 0);
    add_op(Op::play);
    add_op(Op::hotcue_button, 0, 0);
    add([this] { track_op(Op::regrid, regridded_[static_cast<std::size_t>(deck_)]); });
    add([this] {
      const int from = (deck_ + 1) % kDecks;
      track_op(Op::double_from, tracks_[static_cast<std::size_t>(from)]->ref, 0, from);
    });
    add([this] { track_op(Op::load, own_track(), msg::kFlagKeepPlaying); });
    add_op(Op::unload);
    add([this] {
      track_op(Op::load, own_track());
      op_now(Op::play);
    });
    add_op(Op::panic);
  }

  void write_loops() {
    add([this] { loop(LoopOp::beats, 4); });
    add([this] { loop(LoopOp::halve); });
    add([this] { loop(LoopOp::halve); });
    add([this] { loop(LoopOp::twice); });
    add([this] { loop(LoopOp::move, 1); });
    add([this] { loop(LoopOp::slot_save, 2); });
    add([this] { loop(LoopOp::exit); });
    add([this] { loop(LoopOp::reloop); });
    add([this] { loop(LoopOp::beats, 0.0625); });  // under 60 ms: direct
    add([this] { loop(LoopOp::exit); });
    add([this] { loop(LoopOp::slot_recall, 2); });
    add([this] { loop(LoopOp::exit); });
    add([this] { loop(LoopOp::in, -1); });
    add([] {});
    add([this] { loop(LoopOp::out, -1); });
    add([this] { loop(LoopOp::exit); });
    add([this] { loop(LoopOp::roll, 0.25); });
    add([this] { loop(LoopOp::exit); });
  }

  void write_mixing() {
    add_param(Param::eq_low, {0, 1});
    add_param(Param::eq_mid, {0.5, 1});
    add_param(Param::eq_high, {2, 1});
    add_param(Param::filter, {-0.8, 0.7, 0});
    add_param(Param::trim, {0.5, 0.3});
    add_param(Param::fader, {0.7, 1});
    add_param(Param::cue_bus, {1, 0});
    add_param(Param::xf_assign, {-1, 1, 0});
    for (int s = 0; s < msg::kStems; ++s) {
      add_param(Param::stem_gain, {0.5, 1}, s);
      add_param(Param::stem_mute, {1, 0}, s);
      add_param(Param::stem_solo, {1, 0}, s);
    }
    add_param(Param::crossfader, {-1, 1, 0});
    add_param(Param::xf_curve, {1, 2, 0});
    add_param(Param::master, {0.8, 1});
    add_param(Param::cue_mix, {1, 0.5});
    add_param(Param::split, {1, 0});
    add_param(Param::headphones, {0.5, 1});
    add_param(Param::booth, {0.7, 1});
  }

  // Each effect: put in, switched on, every parameter from end to end, off again. Then swaps in quick succession.
  void write_effects() {
    for (int e = 0; e < msg::fx_count(); ++e) {
      add([this, e] {
        fx_deck_ = deck_;
        swap_fx(e, e);
        param(Param::fx_on, 1, e);
        param(Param::fx_wet, 0.6, e);
        move_fx(e, true);
      });
      add([this, e] {
        deck_ = fx_deck_;
        move_fx(e, false);
      });
      add([this, e] {
        deck_ = fx_deck_;
        param(Param::fx_on, 0, e);
        param(Param::fx_wet, 0.3, e);
      });
      add([this] {  // the tails fade, and are forgotten
        msg::Command panic = command(Op::panic, 0);
        panic.ramp.frames = static_cast<std::int64_t>(options_.rate / 20);
        send(panic);
      });
      add([this, e] {
        deck_ = fx_deck_;
        param(Param::fx_on, 1, e);
      });
      add([this, e] {
        deck_ = fx_deck_;
        swap_fx(e, -1);
      });
    }
    add([this] {
      for (int i = 0; i < 8; ++i) swap_fx(11, i % 2 ? -1 : 0);
    });
  }
  void swap_fx(int slot, int effect) {
    if (!host_.set_fx(deck_, slot, effect)) {
      ++refused_;
      return;
    }
    ++swaps_;
    ops_[static_cast<std::size_t>(Op::swap_plan)] = true;
  }
  void move_fx(int e, bool up) {
    const msg::FxInfo& fx = msg::fx_table()[static_cast<std::size_t>(e)];
    for (std::size_t p = 0; p < fx.params.size(); ++p) {
      if (fx.params[p].role != msg::FxRole::user) continue;
      param(Param::fx_param, static_cast<double>(up ? fx.params[p].max : fx.params[p].min), e, static_cast<int>(p));
    }
  }

  void write_clock() {
    add([this] { tempo(140, Beats{}); });
    add([this] { tempo(118, Beats{4'000'000}); });
    add([this] {
      music::TempoMap map = host_.map();
      const auto f = static_cast<double>(frame_ + 2000);
      map.set_beat(f, map.beat_of(f) + 0.25, Bpm{124});
      host_.set_map(map);
      ++maps_;
    });
    add([this] { tempo(126, Beats{1'000'000}); });
  }
  void tempo(double bpm, Beats over) {
    music::TempoMap map = host_.map();
    map.change_tempo(static_cast<double>(frame_ + 500), Bpm{bpm}, over);
    host_.set_map(map);
    ++maps_;
  }

  // --- Listening
  // ------------------------------------------------------------------------------------------------------

  void listen() {
    msg::Event e;
    while (host_.poll(e)) {
      if (e.kind == msg::Event::Kind::queue_full) ++refused_;
      if (e.kind == msg::Event::Kind::executed) mark(sent_[e.id - 1]);
    }
    rt::TapFrame recorded;
    while (host_.tap()->pop(recorded)) continue;
    const msg::Snapshot& s = host_.snapshot();
    if (s.blocks == 0) return;
    ++blocks_;
    for (int d = 0; d < kDecks; ++d) voiced_ += s.decks[d].source == msg::DeckSource::voice;
    loudest_ = std::max(loudest_, s.master_peak_l);
    if (s.frame < next_second_) return;
    next_second_ = s.frame + static_cast<std::int64_t>(options_.rate);
    quiet_seconds_ += loudest_ < 0.01f;
    loudest_ = 0;
  }
  void mark(const msg::Command& c) {
    ops_[static_cast<std::size_t>(c.op)] = true;
    if (c.op == Op::loop) loops_[c.index] = true;
    if (c.op != Op::set_param) return;
    params_[static_cast<std::size_t>(c.param)] = true;
    // In this script an effect's slot is its index.
    if (c.param == Param::fx_param) fx_params_done_[c.index][c.sub] = true;
  }

  // The harness plays faster than a device would.
  void wait_for_feeders(std::int64_t frame) {
    for (int spins = 0; host_.fed_until() < frame + options_.block + 512; ++spins) {
      if (spins == 20000) {
        ++late_;
        return;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  SetOptions options_;
  std::vector<std::unique_ptr<testing::RigTrack>> tracks_;
  std::vector<msg::TrackRef> regridded_;
  music::GridAnchor other_anchors_[kDecks];
  ctl::EngineHost host_;  // after what its threads read

  std::vector<std::function<void()>> script_;
  std::size_t step_ = 0;
  std::int64_t next_step_ = static_cast<std::int64_t>(options_.rate);
  std::int64_t frame_ = 0;
  int deck_ = 0, fx_deck_ = 0;
  unsigned stamps_ = 0, ramps_ = 0;
  std::mt19937 rng_{1};
  std::vector<msg::Command> sent_;

  bool ops_[kOps] = {}, loops_[kLoopOps] = {}, params_[kParams] = {};
  std::vector<std::vector<bool>> fx_params_done_;
  int refused_ = 0, maps_ = 0, swaps_ = 0, quiet_seconds_ = 0;
  std::int64_t blocks_ = 0, voiced_ = 0, late_ = 0, next_second_ = 0;
  float loudest_ = 1;
};

}  // namespace

std::unique_ptr<ScriptedSet> make_engine_set(const SetOptions& options) { return std::make_unique<EngineSet>(options); }

}  // namespace tactus::test
