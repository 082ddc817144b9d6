// MIDI ports between real processes, by every API that RtMidi has here: JACK on a server of the test's own, ALSA's
// sequencer where the kernel has one.
#include "io/midi/ports.h"

#include <gtest/gtest.h>
#include <rtmidi/RtMidi.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "io/midi/port_process.h"
#include "midi_partner.h"
#include "support/eventually.h"
#include "support/jack_server.h"

namespace tactus::io {
namespace {

using namespace std::chrono_literals;
using test::MidiPartner;

using test::eventually;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool has_sequencer() { return ::access("/dev/snd/seq", R_OK | W_OK) == 0; }

// Ports by one API, with whatever that needs of the machine.
class Ports {
 protected:
  // Why nothing can be tried by that API here; empty: it can.
  std::string prepare(const std::string& api) {
    api_ = api;
    if (api == "alsa") return "";
    if (api != "jack") return "no test knows what " + api + " needs";
    if (!test::JackServer::installed()) return "jackd is not installed";
#ifdef __SANITIZE_THREAD__
    return "libjack's rings synchronise in a way that ThreadSanitizer can't see";
#endif
    EXPECT_TRUE(server_.start(48000, 128)) << server_.log();
    return "";
  }
  // In a process of their own, or in this one.
  void open(bool apart = true) {
    std::string error;
    MidiPortsOptions options;
    options.api = api_;
    options.rescan_ms = 100;
    const auto wake = [this] { woken_.fetch_add(1); };
    const auto died = [this] { died_.fetch_add(1); };
    ports_ = apart ? start_midi_process(TACTUS_MIDI_PROGRAM, options, wake, died, &error)
                   : MidiPorts::start(options, wake, &error);
    ASSERT_TRUE(ports_) << error;
    ASSERT_TRUE(eventually([this] { return ports_->names().api == api_; }));
  }
  // The pad that came, with both its ports, or -1.
  int arrival() {
    const auto among = [](const std::vector<std::string>& names) {
      return std::any_of(names.begin(), names.end(), [](const auto& n) { return n.find("Pad") != std::string::npos; });
    };
    int device = -1;
    eventually([&] {
      const MidiPortNames names = ports_->names();
      for (const MidiChange& c : ports_->take_changes()) device = c.here ? c.device : -1;
      return device > 0 && among(names.in) && among(names.out);
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
      MidiPartner pad("Pad", api_);
      ASSERT_TRUE(pad.ready());
      const int device = arrival();
      ASSERT_GT(device, 0);
      const int before = woken_.load();
      pad.say("send 90 0b 7f");
      EXPECT_TRUE(receives(device, MidiMessage::note_on(0, 11, 127)));
      EXPECT_TRUE(eventually([&] { return woken_.load() > before; }));
      ports_->send(device, MidiMessage::control_change(2, 7, 99));
      EXPECT_TRUE(pad.hears("b2 07 63", 5s));
    }
    EXPECT_TRUE(departure());
  }

  std::string api_;
  test::JackServer server_;
  std::atomic<int> woken_{0}, died_{0};
  std::unique_ptr<MidiPorts> ports_;
};

class MidiPortsBy : public ::testing::TestWithParam<std::string>, public Ports {
 protected:
  void SetUp() override {
    if (const std::string why = prepare(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
};
// ALSA's only where the kernel has it; `EveryApiCanBeTriedHere` says where it hasn't.
std::vector<std::string> apis_here() {
  std::vector<std::string> apis = midi_apis();
  if (!has_sequencer()) std::erase(apis, "alsa");
  return apis;
}
INSTANTIATE_TEST_SUITE_P(Every, MidiPortsBy, ::testing::ValuesIn(apis_here()),
                         [](const auto& api) { return api.param; });

TEST(MidiPorts, EveryApiCanBeTriedHere) {
  if (!has_sequencer()) GTEST_SKIP() << "this kernel has no ALSA sequencer (/dev/snd/seq): ports by alsa aren't tried";
}

// What is one server's own affair.
class MidiPortsOnJack : public ::testing::Test, public Ports {
 protected:
  void SetUp() override {
    if (const std::string why = prepare("jack"); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_P(MidiPortsBy, ADeviceIsOpenedWhenItComesAndLetGoWhenItGoes) {
  open();
  comes_and_goes();
  EXPECT_EQ(died_.load(), 0);
}

TEST_P(MidiPortsBy, ADeviceComesAndGoesInTheSameProcessToo) {
  open(false);
  comes_and_goes();
}

// Its ports come one after the other, on a busy machine long after.
TEST_P(MidiPortsBy, ADeviceWhoseOtherHalfComesLaterIsOpenedWhole) {
  open();
  ports_->want({{"pad"}});
  MidiPartner pad("Pad", api_, 600);
  ASSERT_TRUE(pad.ready());
  int device = -1;
  EXPECT_TRUE(eventually([&] {
    for (const MidiChange& c : ports_->take_changes()) device = c.here ? c.device : -1;
    pad.say("send 90 0b 7f");
    MidiReceived r;
    while (ports_->receive(r)) {
      if (r.device == device && r.message == MidiMessage::note_on(0, 11, 127)) return true;
    }
    return false;
  }));
  ports_->send(device, MidiMessage::control_change(2, 7, 99));
  EXPECT_TRUE(pad.hears("b2 07 63", 5s));
  EXPECT_TRUE(ports_->take_changes().empty()) << "once whole it stays";
}

TEST_P(MidiPortsBy, AClockPassesBothWays) {
  open();
  ports_->want({{"pad"}});
  MidiPartner pad("Pad", api_);
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

// Whoever wants to plays our own pair of ports; nothing of that depends on what is wanted.
TEST_P(MidiPortsBy, OtherProgramsConnectToTheVirtualPair) {
  open();
  MidiPartner pad("Pad", api_);
  ASSERT_TRUE(pad.ready());
  pad.say("to Tactus in");
  pad.say("from Tactus out");
  pad.say("send b3 15 2a");
  EXPECT_TRUE(receives(kVirtualDevice, MidiMessage::control_change(3, 21, 42)));
  pad.say("send fa");
  EXPECT_TRUE(receives(kVirtualDevice, MidiMessage::realtime(MidiMessage::kStart)));
  EXPECT_TRUE(ports_->send(kVirtualDevice, MidiMessage::note_on(9, 36, 100)));
  EXPECT_TRUE(pad.hears("99 24 64", 5s));
  EXPECT_TRUE(ports_->take_changes().empty()) << "no device of its own";
}

TEST_P(MidiPortsBy, OthersThanTheWantedAreLeftAlone) {
  open();
  ports_->want({{"elsewhere"}});
  MidiPartner pad("Pad", api_);
  ASSERT_TRUE(pad.ready());
  EXPECT_TRUE(eventually([this] { return ports_->names().in.size() >= 1; }));
  EXPECT_TRUE(ports_->take_changes().empty());
}

// RtMidi hands messages to JACK at the next period's start: 128 frames, 2.7 ms.
TEST_P(MidiPortsBy, TimedMessagesLeaveWhenTheyAreDueAndInOrder) {
  open();
  ports_->want({{"pad"}});
  MidiPartner pad("Pad", api_);
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

TEST_P(MidiPortsBy, TheirProcessIsStartedAgainWhenItIsKilled) {
  open();
  ports_->want({{"pad"}});
  MidiPartner pad("Pad", api_);
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

TEST(MidiPorts, EveryApiOfTheLibraryIsTried) {
  std::vector<RtMidi::Api> compiled;
  RtMidi::getCompiledApi(compiled);
  std::vector<std::string> names;
  for (const RtMidi::Api api : compiled) {
    if (api != RtMidi::RTMIDI_DUMMY) names.push_back(RtMidi::getApiName(api));
  }
  std::vector<std::string> ours = midi_apis();
  std::sort(names.begin(), names.end());
  std::sort(ours.begin(), ours.end());
  EXPECT_EQ(ours, names);
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
