// A hot cue, a jump or a loop that nobody announced sounds in the next block, at its first frame, and the sound before
// it is gone within 5 ms; one that was announced is key-locked from its first frame. With and without key lock.
//
// The track is made of tones, one a place: where each begins and ends is heard.
#include <gtest/gtest.h>

#include "support/host_rig.h"
#include "support/listen.h"
#include "support/live_rig.h"

using namespace tactus;
using namespace tactus::testing;
using msg::LoopOp;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

constexpr int kLatency = EngineRig::latency();
constexpr double kHere = 1000, kThere = 3000;                       // Hz
constexpr std::int64_t kPlace = 48000 * 6, kThereEnds = 48000 * 9;  // the other tone; a click at its first frame
constexpr std::int64_t kFade = 240;                                 // 5 ms

std::unique_ptr<RigTrack> track() {
  auto t = make_track(48000 * 20, 2, 120, 0, [](std::int64_t f, int) {
    const double hz = f >= kPlace && f < kThereEnds ? kThere : kHere;
    return static_cast<float>(0.3 * std::sin(2 * M_PI * hz * static_cast<double>(f) / 48000));
  });
  t->ref.hotcues[0] = kPlace;
  return t;
}

// One way to another place, and back to the first tone.
struct Go {
  std::function<bool(const msg::Command&)> send;
  When when;
  void operator()(Op op, double a = 0, int index = 0) const {
    msg::Command c;
    c.op = op;
    c.a = a;
    c.index = static_cast<std::uint8_t>(index);
    c.when = when;
    EXPECT_TRUE(send(c));
  }
  void operator()(LoopOp op, double a = 0) const { (*this)(Op::loop, a, static_cast<int>(op)); }
};
struct Way {
  const char* name;
  void (*go)(const Go&);
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

const Way kWays[] = {
    {"HotCue", [](const Go& go) { go(Op::hotcue_jump); }},
    {"HotCueButton", [](const Go& go) { go(Op::hotcue_button, 1); }},
    {"Seek", [](const Go& go) { go(Op::seek, kPlace); }},
    {"Jump", [](const Go& go) { go(Op::jump_beats, 8); }},
    // A loop that is closed behind the playhead takes it back.
    {"LoopOut",
     [](const Go& go) {
       go(LoopOp::in, kPlace);
       go(LoopOp::out, kPlace + 48000);
     }},
    {"LoopOutHere",
     [](const Go& go) {
       go(LoopOp::in, kPlace);
       go(LoopOp::out, -1);
     }},
    {"Halve", [](const Go& go) { go(LoopOp::halve); }},
    {"Reloop", [](const Go& go) { go(LoopOp::reloop); }},
    {"LoopSlot", [](const Go& go) { go(LoopOp::slot_recall, 3); }},
    {"LoopMove", [](const Go& go) { go(LoopOp::move, 8); }},
    {"LoopMoveByItsLength", [](const Go& go) { go(LoopOp::move, 4); }},
};

class Places : public ::testing::TestWithParam<std::tuple<Way, double>> {
 protected:
  double tempo() const { return std::get<1>(GetParam()); }
  bool is(std::string_view name) const { return std::get<0>(GetParam()).name == name; }
  void go(ctl::EngineHost& host, When when = {}) const {
    std::get<0>(GetParam()).go({[&host](const msg::Command& c) { return host.send(c); }, when});
  }

  // Up to the moment before play: a deck at a place of the first tone, from where each way leads to the second.
  void cue_up(ctl::EngineHost& host) const {
    const Go go{[&host](const msg::Command& c) { return host.send(c); }, {}};
    msg::Command c;
    c.op = Op::load;
    c.track = &track_->ref;
    host.send(c);
    c = {};
    c.param = Param::tempo;
    c.a = tempo();
    host.send(c);
    if (is("Reloop") || is("LoopSlot")) {
      go(LoopOp::in, kPlace);
      go(LoopOp::out, kPlace + 48000);
      if (is("LoopSlot")) go(LoopOp::slot_save, 3);
      go(LoopOp::exit);
    }
    double from = 48000 * 3;
    if (is("LoopOut") || is("LoopOutHere")) from = 48000 * 10;
    if (is("LoopMoveByItsLength")) from = 48000 * 5.2;
    if (is("Halve")) {
      go(LoopOp::in, kThereEnds - 48000 * 2);
      go(LoopOp::out, kThereEnds + 48000 * 2);
      from = kThereEnds;
    }
    go(Op::seek, from);
    if (is("LoopMove")) go(LoopOp::beats, 4);
    if (is("LoopMoveByItsLength")) {
      go(LoopOp::in, 48000 * 4.5);
      go(LoopOp::out, 48000 * 6.5);
    }
  }
  // Where the deck is, once it has gone from `from`.
  double target(double from) const {
    if (is("Jump") || is("LoopMove")) return from + 8 * 24000;
    if (is("LoopMoveByItsLength")) return from + 4 * 24000;
    if (is("LoopOut")) return kPlace + std::fmod(from - kPlace, 48000);
    if (is("Halve")) return from - 48000 * 2;
    return kPlace;
  }
  // What the second tone is at session frame f, when the deck has gone from `from` at `at` and plays the track itself.
  double expected(std::int64_t f, double from, std::int64_t at) const {
    const double position = target(from) + tempo() * static_cast<double>(f - at);
    return 0.3 * std::sin(2 * M_PI * kThere * position / 48000);
  }
  void expect_on_its_place(const std::vector<float>& x, double from, std::int64_t at, std::int64_t frames) const {
    for (std::int64_t f = at + kFade; f < at + frames; ++f)
      ASSERT_NEAR(x[static_cast<std::size_t>(f + kLatency)], expected(f, from, at), tempo() == 1 ? 1e-5 : 1e-3)
          << f - at;
  }
  static double heard(const std::vector<float>& x, double hz, std::int64_t from, std::int64_t to) {
    return amplitude_at(x, hz, from + kLatency, to + kLatency);
  }

  template <typename Rig>
  void expect_announced_in_time(Rig& rig, Rig& alone) const {
    for (Rig* r : {&rig, &alone}) {
      cue_up(r->host);
      r->render(640);
      r->send(Op::play, 0);
      for (int i = 0; i < 300; ++i) r->render(32);
    }
    const std::int64_t due = rig.host.frame() + 9600 + 7;
    const double from = rig.host.snapshot().decks[0].position + tempo() * (9600 + 7);
    go(rig.host, When::at(Frame{due}));
    int direct = 0;
    for (int i = 0; i < 450; ++i) {
      rig.render(32);
      alone.render(32);
      direct += rig.host.snapshot().decks[0].source != msg::DeckSource::voice;
    }
    const auto same = std::mismatch(rig.bus().begin(), rig.bus().end(), alone.bus().begin());
    EXPECT_EQ(same.first - rig.bus().begin(), due + kLatency);
    EXPECT_LT(heard(rig.bus(), kHere, due + kFade, due + kFade + 480), 0.003);
    if (tempo() == 1) {
      expect_on_its_place(rig.bus(), from, due, 4000);
      return;
    }
    EXPECT_EQ(direct, 0);
    EXPECT_NEAR(heard(rig.bus(), kThere, due + kFade, due + 2400), 0.3, 0.02);
    EXPECT_LT(heard(rig.bus(), kThere * tempo(), due + kFade, due + 2400), 0.02);
  }

  const std::unique_ptr<RigTrack> track_ = track();
};

// A live engine whose feeder has other things to do just then, so that the deck has nothing but its own decision.
TEST_P(Places, UnannouncedSoundsInTheNextBlockAndIsFadedWithin5Ms) {
  LiveRig rig(120, 32), alone(120, 32);
  for (LiveRig* r : {&rig, &alone}) {
    cue_up(r->host);
    r->in_time(640);
    r->send(Op::play, 0);
    r->in_time(9600);
    ASSERT_EQ(r->deck().source, tempo() == 1 ? msg::DeckSource::direct : msg::DeckSource::voice);
  }
  const std::int64_t now = rig.host.frame();
  const double from = rig.deck().position;
  go(rig.host);
  for (int i = 0; i < 40; ++i) {  // past the latency, the fade and 10 ms
    rig.block(false);
    alone.block(false);
  }
  const auto same = std::mismatch(rig.master.begin(), rig.master.end(), alone.master.begin());
  EXPECT_EQ(same.first - rig.master.begin(), now + kLatency) << "the block's first frame, and none before it";
  EXPECT_LT(heard(rig.master, kHere * tempo(), now + kFade, now + kFade + 480), 0.003) << "what was before is gone";
  expect_on_its_place(rig.master, from, now, 480);
  EXPECT_EQ(rig.deck().source, msg::DeckSource::direct);
  if (tempo() == 1) return;
  rig.in_time(9600);
  EXPECT_EQ(rig.deck().source, msg::DeckSource::voice) << "key lock is back";
  const std::int64_t end = rig.host.frame() - kLatency;
  EXPECT_NEAR(heard(rig.master, kThere, end - 2400, end), 0.3, 0.02);
  EXPECT_LT(heard(rig.master, kHere, end - 2400, end), 0.003);
}

TEST_P(Places, AnnouncedIsKeyLockedFromItsFirstFrame) {
  HostRig rig, alone;
  expect_announced_in_time(rig, alone);
}

// The same with a feeder thread, which has no more notice than it has on stage.
TEST_P(Places, AnnouncedIsKeyLockedFromItsFirstFrameLive) {
  LiveRig rig(120, 32), alone(120, 32);
  expect_announced_in_time(rig, alone);
  EXPECT_EQ(rig.deck().fallbacks, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, Places, ::testing::Combine(::testing::ValuesIn(kWays), ::testing::Values(1.0, 1.05)),
                         [](const auto& p) {
                           return std::string(std::get<0>(p.param).name) +
                                  (std::get<1>(p.param) == 1 ? "Direct" : "KeyLocked");
                         });

// Loops that are set or left without notice when the stretcher has been fed beyond their end already.
class LateLoops : public ::testing::TestWithParam<double> {
 protected:
  // A deck in the second tone, `frames` of session time before the first one comes.
  void start(std::int64_t frames, bool loop) {
    rig_.load(0, *track_);
    rig_.set(Param::tempo, 0, tempo());
    rig_.send(Op::seek, 0, kThereEnds - std::floor(tempo() * static_cast<double>(frames + 9600 + 640)));
    if (loop) {
      rig_.loop(LoopOp::in, 0, kThereEnds - 48000);
      rig_.loop(LoopOp::out, 0, kThereEnds);
    }
    rig_.in_time(640);
    rig_.send(Op::play, 0);
    rig_.in_time(9600 + 640);
    ASSERT_EQ(rig_.deck().source, tempo() == 1 ? msg::DeckSource::direct : msg::DeckSource::voice);
    edge_ = rig_.host.frame() + static_cast<std::int64_t>((kThereEnds - rig_.deck().position) / tempo());
  }
  // A cross-fade of two pitches, back to key lock, is over by then: frames.
  static constexpr std::int64_t kJoined = 2400;
  // At the pitch of either path: key lock may be away for a moment.
  double heard(double hz, std::int64_t from) const {
    return std::max(amplitude_at(rig_.master, hz, from + kLatency, from + kLatency + 480),
                    amplitude_at(rig_.master, hz * tempo(), from + kLatency, from + kLatency + 480));
  }
  double tempo() const { return GetParam(); }

  const std::unique_ptr<RigTrack> track_ = track();
  LiveRig rig_{120, 32};
  std::int64_t edge_ = 0;
};

TEST_P(LateLoops, LeftJustBeforeTheWrapThereIsNone) {
  for (const std::int64_t before : {320, 1600}) {
    start(before, true);
    rig_.loop(LoopOp::exit, 0);
    rig_.in_time(4800);
    EXPECT_GT(heard(kThere, edge_ - 2000), 0.27) << before;
    EXPECT_LT(heard(kThere, edge_ + kFade), 0.01) << before << ": the loop's start isn't heard again";
    EXPECT_LT(heard(kThere, edge_ + kJoined), 0.01) << before;
    EXPECT_GT(heard(kHere, edge_ + kJoined), 0.27) << before;
  }
}

TEST_P(LateLoops, SetJustBeforeItsEndItTurnsThere) {
  for (const std::int64_t before : {320, 1600}) {
    start(before, false);
    rig_.loop(LoopOp::in, 0, kThereEnds - 9600);
    rig_.loop(LoopOp::out, 0, kThereEnds);
    rig_.in_time(before + 9600 * 3);
    for (int k = 0; k < 3; ++k) {
      const std::int64_t turn = std::llround(9600 * k / tempo());
      EXPECT_LT(heard(kHere, edge_ + kFade + turn), 0.01) << before << ' ' << turn << ": what comes after the loop";
      EXPECT_LT(heard(kHere, edge_ + kJoined + turn), 0.01) << before << ' ' << turn;
      EXPECT_GT(heard(kThere, edge_ + kJoined + turn), 0.27) << before << ' ' << turn;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Both, LateLoops, ::testing::Values(1.0, 1.05));

}  // namespace
