// MIDI ports between real processes, on a JACK server of the test's own.
#include "io/midi/ports.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "io/midi/port_process.h"
#include "midi_partner.h"
#include "support/jack_server.h"

namespace tactus::io {
namespace {

using namespace std::chrono_literals;
using test::MidiPartner;

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience = 8s) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class MidiPortsOnJack : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::JackServer::installed()) GTEST_SKIP() << "jackd is not installed";
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "libjack's rings synchronise in a way that ThreadSanitizer can't see";
#endif
    ASSERT_TRUE(server_.start(48000, 128)) << server_.log();
  }
  // In a process of their own, or in this one.
  void open(bool apart = true) {
    std::string error;
    MidiPortsOptions options;
    options.api = "jack";
    options.rescan_ms = 100;
    const auto wake = [this] { woken_.fetch_add(1); };
    const auto died = [this] { died_.fetch_add(1); };
    ports_ = apart ? start_midi_process(TACTUS_MIDI_PROGRAM, options, wake, died, &error)
                   : MidiPorts::start(options, wake, &error);
    ASSERT_TRUE(ports_) << error;
    ASSERT_TRUE(eventually([this] { return ports_->names().api == "jack"; }));
  }
  // The device that came, or -1.
  int arrival() {
    int device = -1;
    eventually([&] {
      for (const MidiChange& c : ports_->take_changes()) device = c.here ? c.device : device;
      return device > 0;
    });
    return device;
  }
  bool departure() {
    return eventually([&] {
      const auto changes = ports_->take_changes();
      return std::any_of(changes.begin(), changes.end(), [](const MidiChange& c) { return !c.here; });
    });
  }
  bool receives(int device, const MidiMessage& message) {
    return eventually([&] {
      MidiReceived r;
      while (ports_->receive(r)) {
        if (r.device == device && r.message == message) return true;
      }
      return false;
    });
  }

  void comes_and_goes() {
    ports_->want({{"nobody"}, {"pad"}});
    for (int round = 0; round < 2; ++round) {
      MidiPartner pad("Pad");
      ASSERT_TRUE(pad.ready());
      const int device = arrival();
      ASSERT_GT(device, 0);
      const int before = woken_.load();
      pad.say("send 90 0b 7f");
      EXPECT_TRUE(receives(device, MidiMessage::note_on(0, 11, 127)));
      EXPECT_GT(woken_.load(), before);
      ports_->send(device, MidiMessage::control_change(2, 7, 99));
      EXPECT_TRUE(pad.hears("b2 07 63", 5s));
    }
    EXPECT_TRUE(departure());
  }

  test::JackServer server_;
  std::atomic<int> woken_{0}, died_{0};
  std::unique_ptr<MidiPorts> ports_;
};

TEST_F(MidiPortsOnJack, ADeviceIsOpenedWhenItComesAndLetGoWhenItGoes) {
  open();
  comes_and_goes();
  EXPECT_EQ(died_.load(), 0);
}

TEST_F(MidiPortsOnJack, ADeviceComesAndGoesInTheSameProcessToo) {
  open(false);
  comes_and_goes();
}

TEST_F(MidiPortsOnJack, AClockPassesBothWays) {
  open();
  ports_->want({{"pad"}});
  MidiPartner pad("Pad");
  const int device = arrival();
  ASSERT_GT(device, 0);
  for (const std::uint8_t status : {MidiMessage::kStart, MidiMessage::kClock, MidiMessage::kStop}) {
    ports_->send(device, MidiMessage::realtime(status));
  }
  ports_->send(device, MidiMessage::song_position(300));
  for (const char* bytes : {"fa", "f8", "fc", "f2 2c 02"}) EXPECT_TRUE(pad.hears(bytes, 5s)) << bytes;
  pad.say("send f8");
  EXPECT_TRUE(receives(device, MidiMessage::realtime(MidiMessage::kClock)));
  pad.say("send f2 2c 02");
  EXPECT_TRUE(receives(device, MidiMessage::song_position(300)));
}

TEST_F(MidiPortsOnJack, OthersThanTheWantedAreLeftAlone) {
  open();
  ports_->want({{"elsewhere"}});
  MidiPartner pad("Pad");
  ASSERT_TRUE(pad.ready());
  EXPECT_TRUE(eventually([this] { return ports_->names().in.size() >= 1; }));
  EXPECT_TRUE(ports_->take_changes().empty());
}

// RtMidi hands messages to JACK at the next period's start: 128 frames, 2.7 ms.
TEST_F(MidiPortsOnJack, TimedMessagesLeaveWhenTheyAreDueAndInOrder) {
  open();
  ports_->want({{"pad"}});
  MidiPartner pad("Pad");
  const int device = arrival();
  ASSERT_GT(device, 0);
  const std::int64_t start = now_ns() + 100'000'000;
  for (int i = 99; i >= 0; --i) {
    ASSERT_TRUE(ports_->send(device, MidiMessage::note_on(0, i, 64), start + i * 10'000'000));
  }
  const auto heard = pad.heard(100, 3s);
  double worst = 0;
  int last = -1;
  for (const test::Heard& h : heard) {
    int note = -1;
    ASSERT_EQ(std::sscanf(h.bytes.c_str(), "90 %x 40", &note), 1) << h.bytes;
    EXPECT_GT(note, last) << "in order, though they were handed over in another";
    last = note;
    const double late = static_cast<double>(h.at_ns - start - note * 10'000'000) * 1e-6;
    EXPECT_GT(late, -0.01) << "never early";
    worst = std::max(worst, late);
  }
  // A server that the machine holds up loses some on its own.
  EXPECT_GE(heard.size(), 80U);
  MidiPunctuality p;
  eventually([&] { return (p = ports_->punctuality()).sent == 100; });
  std::printf("sent late by %.2f ms at median, %.2f at worst; heard %.2f ms late at worst\n", p.median_ms, p.worst_ms,
              worst);
  EXPECT_EQ(p.sent, 100U);
  EXPECT_LT(p.median_ms, 2);
}

TEST_F(MidiPortsOnJack, AServerThatGoesAndComesBackIsTakenUpAgain) {
  open();
  ports_->want({{"pad"}});
  {
    MidiPartner pad("Pad");
    ASSERT_GT(arrival(), 0);
    server_.kill();
    EXPECT_TRUE(departure());
  }
  ASSERT_TRUE(server_.start(48000, 128)) << server_.log();
  MidiPartner pad("Pad");
  ASSERT_TRUE(pad.ready());
  const int device = arrival();
  ASSERT_GT(device, 0);
  pad.say("send b0 01 02");
  EXPECT_TRUE(receives(device, MidiMessage::control_change(0, 1, 2)));
}

// A child of ours, by its program's name.
int child_named(const std::string& name) {
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stat(process.path() / "stat");
    int pid = 0, parent = 0;
    std::string comm, state;
    if (stat >> pid >> comm >> state >> parent && parent == ::getpid() && comm == "(" + name + ")") return pid;
  }
  return -1;
}

TEST_F(MidiPortsOnJack, TheirProcessIsStartedAgainWhenItIsKilled) {
  open();
  ports_->want({{"pad"}});
  MidiPartner pad("Pad");
  const int first = arrival();
  ASSERT_GT(first, 0);
  const int pid = child_named("tactus-midi");
  ASSERT_GT(pid, 0);
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(departure());
  const int second = arrival();
  EXPECT_GT(second, first) << "a number is never given twice";
  EXPECT_EQ(died_.load(), 1);
  pad.say("send 90 0b 7f");
  EXPECT_TRUE(receives(second, MidiMessage::note_on(0, 11, 127)));
  ports_->send(second, MidiMessage::control_change(0, 1, 2));
  EXPECT_TRUE(pad.hears("b0 01 02", 5s));
}

TEST(MidiPorts, AnApiThatIsntThereIsNamed) {
  std::string error;
  MidiPortsOptions options;
  options.api = "winmm";
  EXPECT_FALSE(MidiPorts::start(options, {}, &error));
  EXPECT_EQ(error, "MIDI by 'winmm' isn't there; this build knows alsa, jack");
}

TEST(MidiPorts, TooManyWaitingMessagesAreDroppedNotKept) {
  std::string error;
  auto ports = MidiPorts::start({}, {}, &error);
  ASSERT_TRUE(ports) << error;
  const std::int64_t far = now_ns() + 3'600'000'000'000;
  int taken = 0;
  for (int i = 0; i < 10000; ++i) taken += ports->send(1, MidiMessage::realtime(MidiMessage::kClock), far);
  EXPECT_EQ(taken, 4096);
  EXPECT_EQ(ports->punctuality().dropped, 5904U);
}

}  // namespace
}  // namespace tactus::io
