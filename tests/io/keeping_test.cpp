// How a device is kept: KeptStream by a fake clock, the Supervisor with a stepped device.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "count_allocations.h"
#include "fake_engine.h"
#include "io/audio/backend.h"
#include "io/audio/kept_stream.h"
#include "stepped_stream.h"

namespace tactus::io {
namespace {

constexpr std::int64_t kMs = 1'000'000;
// Where the test isn't about losing the device, a machine that stalls must not make it so.
constexpr std::int64_t kPatient = 60'000 * kMs;

// A live stream whose handler only beats.
class Beater final : public LiveStream {
 public:
  explicit Beater(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {
    stream_->start({[](void* context, const Period& p) noexcept {
                      auto* self = static_cast<Beater*>(context);
                      self->beat_.frames.fetch_add(p.frames);
                      self->beat_.ns.store(p.now_ns);
                    },
                    this});
  }
  Stream& stream() override { return *stream_; }
  const SignOfLife& beat() const override { return beat_; }

 private:
  SignOfLife beat_;
  std::unique_ptr<Stream> stream_;
};

class Kept : public ::testing::Test {
 protected:
  using Change = KeptStream::Change;

  void SetUp() override { ASSERT_EQ(kept_.open(5'000 * kMs, "it"), ""); }

  // Passes `ms` of time in steps of 20 ms, with periods or without; ends at the first change.
  Change pass(int ms, bool beating) {
    for (int t = 0; t < ms; t += 20) {
      now_ += 20 * kMs;
      if (beating) device_.step(now_, 960);
      const Change change = kept_.tick(now_);
      if (change != Change::none) return change;
    }
    return Change::none;
  }
  // Lets the job's thread finish, without any time passing on the fake clock.
  Change settle(int ms = 5000) {
    for (int i = 0; i < ms; ++i) {
      const Change change = kept_.tick(now_);
      if (change != Change::none) return change;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return Change::none;
  }

  std::int64_t now_ = 1'000'000 * kMs;
  SteppedDevice device_;
  KeptStream kept_{[this]() -> MadeStream {
    OpenedStream opened = device_.factory()({});
    if (!opened.stream) return {nullptr, opened.error};
    return {std::make_shared<Beater>(std::move(opened.stream)), {}};
  }};
};

TEST_F(Kept, IsSteadyOnlyAfterRegularPeriods) {
  EXPECT_FALSE(kept_.steady(now_));
  EXPECT_EQ(pass(80, true), Change::none);
  EXPECT_FALSE(kept_.steady(now_));
  EXPECT_EQ(pass(60, true), Change::none);
  EXPECT_TRUE(kept_.steady(now_));
  pass(100, false);
  EXPECT_FALSE(kept_.steady(now_));
}

TEST_F(Kept, AStreamThatPausesAndGoesOnIsNotReopened) {
  pass(200, true);
  EXPECT_EQ(pass(1800, false), Change::none);
  EXPECT_EQ(pass(200, true), Change::none);
  EXPECT_TRUE(kept_.steady(now_));
  EXPECT_EQ(device_.opened(), 1);
}

TEST_F(Kept, ASilentStreamIsGivenUpAndOpenedAgain) {
  pass(200, true);
  EXPECT_EQ(pass(2100, false), Change::lost);
  EXPECT_EQ(settle(), Change::opened);
  EXPECT_EQ(device_.opened(), 2);
}

TEST_F(Kept, AGoneDeviceIsAskedForEverLessOftenAndItsReasonIsToldOnce) {
  pass(200, true);
  device_.set_gone(true);
  EXPECT_EQ(pass(20, true), Change::lost);
  EXPECT_EQ(settle(), Change::failed);
  EXPECT_EQ(kept_.error(), "the stepped device is gone");
  for (int i = 0; i < 5; ++i) {
    pass(2000, false);
    EXPECT_EQ(kept_.tick(now_), Change::none);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  device_.set_gone(false);
  // On a busy machine the last try may still be under way, and fail.
  Change change = Change::none;
  for (int i = 0; i < 3 && change == Change::none; ++i) {
    now_ += KeptStream::kLastRetryNs;
    change = settle(2000);
  }
  EXPECT_EQ(change, Change::opened);
}

TEST_F(Kept, ADriverThatRunsAwayIsClosed) {
  Change change = Change::none;
  for (int t = 0; t < 2000 && change == Change::none; t += 20) {
    now_ += 20 * kMs;
    for (int k = 0; k < 10; ++k) device_.step(now_, 960);  // ten times real time
    change = kept_.tick(now_);
  }
  EXPECT_EQ(change, Change::lost);
}

TEST_F(Kept, TickNeverWaitsForAFrozenServer) {
  pass(200, true);
  device_.set_frozen(true);
  EXPECT_EQ(pass(10'000, false), Change::lost);  // the closing hangs; this came through all the same
  EXPECT_EQ(kept_.live(), nullptr);
  device_.set_frozen(false);
  EXPECT_EQ(settle(), Change::opened);
}

TEST(KeptStream, AStreamThatNeverClosesIsLeftAndTheDeviceOpenedBesideIt) {
  // The first to be made hangs in its closing.
  struct Stuck final : LiveStream {
    Stuck(std::unique_ptr<Stream> stream, std::atomic<bool>* hangs) : beater(std::move(stream)), hangs_(hangs) {}
    ~Stuck() override {
      while (hangs_ && *hangs_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    Stream& stream() override { return beater.stream(); }
    const SignOfLife& beat() const override { return beater.beat(); }
    Beater beater;
    std::atomic<bool>* hangs_;
  };
  SteppedDevice device;
  std::atomic<bool> hangs{true};
  std::atomic<int> made{0};
  KeptStream kept([&]() -> MadeStream {
    OpenedStream opened = device.factory()({});
    return {std::make_shared<Stuck>(std::move(opened.stream), made++ == 0 ? &hangs : nullptr), {}};
  });
  ASSERT_EQ(kept.open(5'000 * kMs, "it"), "");
  std::int64_t now = 1'000'000 * kMs;
  while (kept.tick(now) != KeptStream::Change::lost) now += 20 * kMs;
  for (std::int64_t end = now + KeptStream::kStuckNs - 100 * kMs; now < end; now += 20 * kMs) {
    ASSERT_EQ(kept.tick(now), KeptStream::Change::none);
  }
  EXPECT_EQ(made, 1) << "it is given some time";
  KeptStream::Change change = KeptStream::Change::none;
  for (int i = 0; i < 5000 && change == KeptStream::Change::none; ++i) {
    if (i < 20) now += 20 * kMs;
    change = kept.tick(now);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(change, KeptStream::Change::opened);
  EXPECT_EQ(made, 2);
  hangs = false;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(made, 2) << "what was left opens nothing when it has closed at last";
}

TEST(KeptStream, SaysWhoDoesNotAnswer) {
  SteppedDevice device;
  device.set_frozen(true);
  std::atomic<bool> closed{false};
  {
    KeptStream kept([&]() -> MadeStream {
      OpenedStream opened = device.factory()({});
      opened.stream.reset();
      closed = true;
      return {nullptr, "too late"};
    });
    EXPECT_EQ(kept.open(20 * kMs, "JACK"), "JACK does not answer");
  }
  device.set_frozen(false);
  while (!closed) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// A session with the stepped device as its main one, driven from a thread in about real time.
class Session : public ::testing::Test {
 protected:
  void open(AudioOptions options, SteppedDevice& device) {
    options.driver = Driver::jack;
    opened_ = open_audio(options, engine_.callback(), device.factory());
    ASSERT_TRUE(opened_.audio) << opened_.error;
  }
  std::string all_notices() {
    std::string all;
    for (const Notice& n : opened_.audio->take_notices()) all += n.text + "\n";
    return all;
  }
  // Steps the device about in real time until `done`, at most 10 s.
  template <typename Done>
  bool step_until(SteppedDevice& device, int frames, int rate, Done done) {
    const std::int64_t start = monotonic_ns();
    for (std::int64_t played = 0; monotonic_ns() - start < 10'000 * kMs;) {
      const std::int64_t due = start + played * 1'000'000'000 / rate;
      if (monotonic_ns() < due) std::this_thread::sleep_for(std::chrono::nanoseconds(due - monotonic_ns()));
      device.step(monotonic_ns(), frames);
      played += frames;
      if (done()) return true;
    }
    return false;
  }
  bool wait_until(const std::function<bool()>& done) {
    for (int i = 0; i < 10'000; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  SteppedDevice& make(int rate = 48000, int block = 64, int outputs = 2, int inputs = 0) {
    return *devices_.emplace_back(std::make_unique<SteppedDevice>(rate, block, outputs, inputs));
  }

  FakeEngine engine_;
  std::vector<std::unique_ptr<SteppedDevice>> devices_;  // outlive the session that uses them
  OpenedAudio opened_;
};

TEST_F(Session, PlaysTheEnginesFramesOnTheDevicesChannelsInAnyPeriod) {
  SteppedDevice& device = make(48000, 64, 4);
  open({.routing = "master=3-4 cue=1-2", .patience_ns = kPatient}, device);
  std::int64_t frame = 0;
  for (const int frames : {64, 1, 4096, 10000, 333}) {
    ASSERT_TRUE(device.step(monotonic_ns(), frames));
    for (int i = 0; i < frames; ++i, ++frame) {
      ASSERT_EQ(device.played[2][static_cast<std::size_t>(i)], FakeEngine::ramp(frame));
      ASSERT_EQ(device.played[3][static_cast<std::size_t>(i)], -FakeEngine::ramp(frame));
      ASSERT_EQ(device.played[0][static_cast<std::size_t>(i)], 0.25f);
    }
  }
  EXPECT_EQ(discontinuity(engine_.record()), "");
  for (const BlockRecord& b : engine_.record()) EXPECT_LE(b.frames, msg::kMaxBlock);
  const AudioStatus status = opened_.audio->status();
  EXPECT_EQ(status.frames, frame);
  EXPECT_EQ(status.periods, 5u);
  EXPECT_EQ(status.blocks, 5u);
  EXPECT_EQ(engine_.wakes, 5);
  EXPECT_GT(status.cpu_mean_us, 0);
  EXPECT_TRUE(opened_.audio->prelisten().possible);
}

TEST_F(Session, ACallbackAsksNothingOfTheHeapAndTheKernelSeesNoneOfProcess) {
  if (SyscallTrap::supported()) {
    ASSERT_TRUE(SyscallTrap::install(SyscallTrap::Mode::count));
  }
  for (const int rate : {48000, 44100}) {
    SteppedDevice& device = make(rate, 64, 2);
    // Counted around the driver's own function, as the stepped device itself uses the heap.
    struct Counter {
      PeriodHandler inner;
      std::uint64_t counted = 0;
    } counter;
    class Counting final : public Stream {
     public:
      Counting(std::unique_ptr<Stream> inner, Counter& counter) : inner_(std::move(inner)), counter_(counter) {}
      const StreamInfo& info() const override { return inner_->info(); }
      bool running() const override { return inner_->running(); }
      std::string start(PeriodHandler handler) override {
        counter_.inner = handler;
        return inner_->start({[](void* context, const Period& p) noexcept {
                                auto* c = static_cast<Counter*>(context);
                                const std::uint64_t before = allocations();
                                c->inner.function(c->inner.context, p);
                                c->counted += allocations() - before;
                              },
                              &counter_});
      }

     private:
      std::unique_ptr<Stream> inner_;
      Counter& counter_;
    };
    AudioOptions options;
    options.driver = Driver::jack;
    if (SyscallTrap::supported()) options.trap = {SyscallTrap::arm, SyscallTrap::disarm};
    options.count_faults = true;
    options.patience_ns = kPatient;
    FakeEngine engine;
    const OpenedAudio opened =
        open_audio(options, engine.callback(), [&](const StreamRequest& request) -> OpenedStream {
          return {std::make_unique<Counting>(device.open_one(request), counter), {}};
        });
    ASSERT_TRUE(opened.audio) << opened.error;
    for (int k = 0; k < 50; ++k) device.step(monotonic_ns());
    const std::uint64_t hits = SyscallTrap::hits();
    // No more than a runaway's share: it would be closed.
    for (int k = 0; k < 200; ++k) device.step(monotonic_ns(), k % 3 ? 64 : 500);
    EXPECT_EQ(SyscallTrap::hits(), hits);
    EXPECT_EQ(counter.counted, 0u) << rate;  // always 0 where they aren't counted
  }
}

TEST_F(Session, AnUnroutedDeviceGetsWhatItsOutputsAllow) {
  SteppedDevice& two = make(48000, 64, 2);
  open({.patience_ns = kPatient}, two);
  EXPECT_FALSE(opened_.audio->prelisten().possible);
  EXPECT_NE(opened_.audio->prelisten().reason, "");
  ASSERT_TRUE(two.step(monotonic_ns()));
  EXPECT_EQ(two.played[0][5], FakeEngine::ramp(5));
}

TEST_F(Session, MissingChannelsAreDroppedWithANotice) {
  SteppedDevice& device = make(48000, 64, 2, 0);
  open({.routing = "master=1-2 cue=3-4 mic1=1"}, device);
  const std::string notices = all_notices();
  EXPECT_NE(notices.find("cue on output 3-4 is left out; the device has 2"), std::string::npos) << notices;
  EXPECT_NE(notices.find("mic1 on input 1 is left out"), std::string::npos) << notices;
  EXPECT_FALSE(opened_.audio->prelisten().possible);
}

TEST_F(Session, AWrongRoutingIsAnErrorThatPointsAtItsWord) {
  SteppedDevice& device = make();
  const OpenedAudio opened =
      open_audio({.driver = Driver::jack, .routing = "master=1-2 cup=3-4"}, engine_.callback(), device.factory());
  EXPECT_FALSE(opened.audio);
  EXPECT_NE(opened.error.find("           ^^^^^^^"), std::string::npos) << opened.error;
}

TEST_F(Session, WhenTheDeviceIsLostTheStandbyPlaysOnAndTheDeviceIsTakenBackAtAnotherRate) {
  SteppedDevice& device = make(48000, 256, 2);
  open({}, device);
  ASSERT_TRUE(step_until(device, 256, 48000, [&] { return engine_.blocks > 20; }));
  device.set_gone(true);
  ASSERT_TRUE(wait_until([&] { return !opened_.audio->status().on_device; }));
  const std::int64_t lost_at = opened_.audio->status().frames;
  ASSERT_TRUE(wait_until([&] { return opened_.audio->status().frames > lost_at + 2048; }));

  device.set_rate(44100);
  device.set_gone(false);
  ASSERT_TRUE(wait_until([&] { return device.opened() == 2; }));
  ASSERT_TRUE(step_until(device, 441, 44100, [&] { return opened_.audio->status().on_device; }));
  const std::int64_t frames = opened_.audio->status().frames, periods = 100;
  for (int k = 0; k < periods; ++k) device.step(monotonic_ns(), 441);
  EXPECT_NEAR(static_cast<double>(opened_.audio->status().frames - frames), 48000.0, RateAdapter::kBlock);
  EXPECT_EQ(discontinuity(engine_.record()), "");
  EXPECT_FALSE(engine_.overlapped);

  std::vector<Handover> handovers;
  ASSERT_TRUE(wait_until([&] {
    for (const Handover& h : opened_.audio->take_handovers()) handovers.push_back(h);
    return handovers.size() >= 2;
  }));
  EXPECT_EQ(handovers[0].to, EngineGate::kStandby);
  EXPECT_GE(handovers[1].to, EngineGate::kFirstDevice);
  EXPECT_GT(handovers[1].frame, handovers[0].frame);
  const std::string notices = all_notices();
  EXPECT_NE(notices.find("JACK (stepped) has stopped"), std::string::npos) << notices;
  EXPECT_NE(notices.find("is back, at 44100 Hz, resampled"), std::string::npos) << notices;
}

TEST_F(Session, ALateCallbackIsSilentAndSoundReturnsWithAFade) {
  SteppedDevice& device = make(48000, 64, 2);
  open({}, device);
  ASSERT_TRUE(device.step(monotonic_ns()));
  ASSERT_TRUE(wait_until([&] { return !opened_.audio->status().on_device; }));
  ASSERT_TRUE(device.step(monotonic_ns()));
  EXPECT_EQ(device.played[0], std::vector<float>(64, 0.0f));
  bool was_silent = true;
  // The first period that isn't silence after the return begins at nothing and rises.
  ASSERT_TRUE(step_until(device, 64, 48000, [&] {
    if (device.played[0][63] == 0) return false;
    was_silent = device.played[0][0] == 0 && std::abs(device.played[0][1]) < 0.01f;
    return true;
  }));
  EXPECT_TRUE(was_silent);
  EXPECT_GT(opened_.audio->status().late_periods, 0u);
  EXPECT_EQ(discontinuity(engine_.record()), "");
}

TEST_F(Session, AfterClosingTheEngineIsNeverCalledAgain) {
  SteppedDevice& device = make(48000, 64, 2);
  open({}, device);
  device.step(monotonic_ns());
  device.set_frozen(true);  // so that the stream can't be closed and its callbacks go on
  opened_.audio.reset();
  const std::size_t blocks = engine_.blocks;
  EXPECT_TRUE(device.step(monotonic_ns()));
  EXPECT_EQ(device.played[0], std::vector<float>(64, 0.0f));
  EXPECT_EQ(engine_.blocks, blocks);
  device.set_frozen(false);
  ASSERT_TRUE(wait_until([&] { return !device.step(monotonic_ns()); }));
}

TEST_F(Session, HeadphonesOnASecondDeviceGetTheCueAndLosingThemLeavesTheMasterAlone) {
  SteppedDevice &master = make(48000, 256, 2), &phones = make(44100, 256, 2);
  AudioOptions options;
  options.driver = Driver::jack;
  options.phones_driver = Driver::alsa;
  options.patience_ns = kPatient;
  opened_ = open_audio(options, engine_.callback(), [&](const StreamRequest& request) {
    return request.driver == Driver::alsa ? phones.factory()(request) : master.factory()(request);
  });
  ASSERT_TRUE(opened_.audio) << opened_.error;
  EXPECT_TRUE(opened_.audio->prelisten().possible);
  // Both in about real time on this one thread: 5 ms each.
  float heard = 0;
  std::int64_t frame = 0;
  const auto both = [&](int rounds) {
    for (int k = 0; k < rounds; ++k) {
      ASSERT_TRUE(master.step(monotonic_ns(), 240));
      ASSERT_EQ(master.played[0][0], FakeEngine::ramp(frame));
      frame += 240;
      if (phones.step(monotonic_ns(), 220)) heard = std::max(heard, phones.played[0][219]);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  };
  both(60);
  EXPECT_NEAR(heard, 0.25f, 0.02f);
  EXPECT_TRUE(opened_.audio->prelisten().possible);
  phones.set_gone(true);
  both(40);
  const Prelisten lost = opened_.audio->prelisten();
  EXPECT_FALSE(lost.possible);
  EXPECT_EQ(lost.reason, "Pre-listening would be heard by nobody: the headphones on ALSA are missing.");
  EXPECT_NE(all_notices().find("headphones on JACK (stepped) are lost; the master plays on"), std::string::npos);
  phones.set_gone(false);
  ASSERT_TRUE(wait_until([&] { return phones.opened() == 2; }));
  EXPECT_TRUE(wait_until([&] { return opened_.audio->prelisten().possible; }));
  EXPECT_TRUE(wait_until([&] { return !opened_.audio->prelisten().possible; })) << "open, but it plays nothing";
  EXPECT_TRUE(wait_until([&] {
    phones.step(monotonic_ns(), 220);
    return opened_.audio->prelisten().possible;
  }));
  EXPECT_EQ(discontinuity(engine_.record()), "");
}

TEST_F(Session, MissingHeadphonesAreRefusedUnlessTheMastersDeviceHasACue) {
  SteppedDevice &two = make(48000, 256, 2), &four = make(48000, 256, 4), &phones = make(44100, 256, 2);
  phones.set_gone(true);
  for (SteppedDevice* master : {&two, &four}) {
    AudioOptions options;
    options.driver = Driver::jack;
    options.phones_driver = Driver::alsa;
    options.patience_ns = kPatient;
    opened_ = open_audio(options, engine_.callback(), [&](const StreamRequest& request) {
      return request.driver == Driver::alsa ? phones.factory()(request) : master->factory()(request);
    });
    ASSERT_TRUE(opened_.audio) << opened_.error;
    EXPECT_EQ(opened_.audio->prelisten().possible, master == &four);
  }
}

TEST_F(Session, MicrophonesAreSaidToBeUnheardOnce) {
  SteppedDevice& device = make(48000, 256, 2, 2);
  open({.routing = "master=1-2 mic1=1 mic2=2"}, device);
  std::string said = all_notices();
  EXPECT_NE(said.find("microphones are taken in, but not mixed yet"), std::string::npos) << said;
  device.set_gone(true);
  ASSERT_TRUE(wait_until([&] { return !opened_.audio->status().on_device; }));
  device.set_gone(false);
  ASSERT_TRUE(wait_until([&] { return device.opened() == 2; }));
  ASSERT_TRUE(step_until(device, 256, 48000, [&] { return opened_.audio->status().on_device; }));
  said = all_notices();
  EXPECT_EQ(said.find("microphones"), std::string::npos) << said;
}

}  // namespace
}  // namespace tactus::io
