// Two synced, key-locked decks on the real engine at 64 frames, on a JACK server's dummy driver, captured by a second
// client beside a control client.
//
// A virtual machine misses periods by itself, so what is captured is compared with the engine's own record (the
// recorder tap): every captured block must be one that the engine made, whole and in order; blocks that nobody heard
// are counted against those that the control client lost. In the record itself there may be no gap, no click and no
// hole, whatever the machine does.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "engine/ctl/engine_host.h"
#include "io/audio/backend.h"
#include "support/heard.h"
#include "support/jack_capture.h"
#include "support/jack_server.h"
#include "support/listen.h"
#include "support/soak.h"
#include "support/tune.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

constexpr int kBlock = 64;

// Two decks of one session at 128 BPM, neither at its own tempo, looping so that they last; all that the engine plays
// is kept.
class Booth {
 public:
  Booth() : host({SampleRate{48000}, 2, Bpm{128}, 1, 512, true}) {
    const double tempos[] = {126, 131};
    for (int d = 0; d < 2; ++d) {
      tracks_.push_back(Tune(tempos[d], 48000, Tune::Kind::soft).track(40, 2));
      send(Op::load, d);
      send(Op::sync, d, 0, static_cast<int>(msg::SyncMode::beat));
      send(Op::loop, d, 64, static_cast<int>(msg::LoopOp::beats));
      send(Op::play, d, 0, 0, When::at(Beat::of(2)));
    }
  }
  void tend() {
    msg::Event e;
    while (host.poll(e)) continue;
    rt::TapFrame f;
    while (host.tap()->pop(f)) record.push_back(f.left);
    const msg::Snapshot& s = host.snapshot();
    if (s.beat < 8) return;
    ++looks;
    for (int d = 0; d < 2; ++d) {
      const double phase = s.decks[d].track_beat - s.beat;
      worst_phase = std::max(worst_phase, std::fabs(phase - std::round(phase)));
      voiced += s.decks[d].source == msg::DeckSource::voice;
    }
  }
  std::uint32_t fallbacks() { return host.snapshot().decks[0].fallbacks + host.snapshot().decks[1].fallbacks; }

  ctl::EngineHost host;
  std::vector<float> record;
  double worst_phase = 0;
  std::int64_t looks = 0, voiced = 0;

 private:
  void send(Op op, int deck, double a = 0, int index = 0, When when = {}) {
    msg::Command c;
    c.op = op;
    c.deck = static_cast<std::uint8_t>(deck);
    c.a = a;
    c.index = static_cast<std::uint8_t>(index);
    c.when = when;
    if (op == Op::load) c.track = &tracks_[static_cast<std::size_t>(deck)]->ref;
    ASSERT_TRUE(host.send(c));
  }
  std::vector<std::unique_ptr<RigTrack>> tracks_;
};

TEST(JackDecks, TwoSyncedKeyLockedDecksAt64Frames) {
  if (!test::JackServer::installed()) GTEST_SKIP() << "jackd is not installed";
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "libjack shares memory with its server, which ThreadSanitizer can't see";
#endif
  const int seconds = test::soak_length(5, 60);
  test::JackServer server;
  ASSERT_TRUE(server.start(48000, kBlock)) << server.log();
  Booth booth;
  const io::OpenedAudio opened = io::open_audio({.driver = io::Driver::jack}, booth.host.callback());
  ASSERT_TRUE(opened.audio) << opened.error;
  test::JackCapture capture(server, 2, seconds + 5);
  test::JackControl control(server);
  ASSERT_TRUE(capture.ok() && control.ok());
  const auto ports = capture.playing_ports("tactus");
  ASSERT_GE(ports.size(), 2u);
  ASSERT_TRUE(capture.connect(ports[0], 0) && capture.connect(control.port(), 1));
  const auto tend_until = [&](auto done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(3 * seconds + 20);
    while (!done() && std::chrono::steady_clock::now() < limit) {
      booth.tend();
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
    return done();
  };
  ASSERT_TRUE(tend_until([&] { return booth.host.snapshot().beat > 8; })) << server.log();
  capture.record();
  ASSERT_TRUE(tend_until([&] { return capture.frames() >= std::int64_t{48000} * seconds; })) << server.log();
  capture.stop();
  tend_until([&, until = booth.host.frame() + 4800] { return booth.host.frame() > until; });

  const std::vector<float> captured = capture.channel(0);
  const test::Heard heard = test::compare(captured, booth.record, kBlock);
  const test::RampReport theirs = test::examine_ramp(capture.channel(1), kBlock);
  const std::int64_t missed = heard.missed();
  test::record("JACK dummy, 64 frames, two synced key-locked decks, " + std::to_string(seconds) + " s: " +
               std::to_string(missed) + " of " + std::to_string(heard.blocks) + " blocks not heard in order, " +
               std::to_string(theirs.gaps) + " gaps of a control client, " + std::to_string(booth.fallbacks()) +
               " fallbacks, on the voice " + std::to_string(50.0 * double(booth.voiced) / double(booth.looks)) + " %");
  EXPECT_LE(missed, 4 * theirs.gaps + heard.blocks / 100);
  EXPECT_EQ(booth.fallbacks(), 0U);
  EXPECT_GE(booth.voiced, booth.looks * 2 * 95 / 100) << "key-locked, both";

  // The engine's own record: not a frame lost, no hole and no click in it, the level of the two.
  const auto& x = booth.record;
  ASSERT_GE(static_cast<std::int64_t>(x.size()), booth.host.frame() - 48000);
  const std::int64_t from = std::llround(4 * 60.0 / 128 * 48000) + 4800,
                     end = static_cast<std::int64_t>(x.size()) - 4800;
  double softest = 0, loudest = -200;
  for (std::int64_t i = from; i + 24000 < end; i += 12000) {  // stretches longer than a beat
    softest = std::min(softest, level_db(x, i, i + 24000));
    loudest = std::max(loudest, level_db(x, i, i + 24000));
  }
  EXPECT_GT(softest, -24);
  EXPECT_LT(loudest - softest, 8);
  const auto high = above(x);
  double click = -200;
  for (std::int64_t i = from; i < end; i += 64) click = std::max(click, level_db(high, i, i + 128));
  test::record("its own record: " + std::to_string(softest) + " to " + std::to_string(loudest) + " dBFS, at most " +
               std::to_string(click) + " dBFS above 8 kHz");
  EXPECT_LT(click, -70) << "two tunes that have nothing up there";
  EXPECT_LT(booth.worst_phase, 1e-6);
}

}  // namespace
