// MIDI and the program: a controller that plays it, learns, comes and goes. On a JACK server of the test's own, with
// the controller a process of its own.
#include <gtest/gtest.h>

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <utility>

#include "client/client.h"
#include "midi_partner.h"
#include "session/midi_part.h"
#include "support/eventually.h"
#include "support/jack_server.h"
#include "support/temp_folder.h"

namespace tactus {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using test::MidiPartner;

constexpr int kBlock = 128;

using test::eventually;

// --- The program -----------------------------------------------------------------------------------------------------

class MidiProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::JackServer::installed()) GTEST_SKIP() << "jackd is not installed";
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "libjack's rings synchronise in a way that ThreadSanitizer can't see";
#endif
    ASSERT_TRUE(server_.start(48000, kBlock)) << server_.log();
    const char* folder = folder_.c_str();
    fs::create_directories(folder_ / "config/tactus/mappings");
    save("cc 1 7", "/deck/1/fader {}");
    pad_ = std::make_unique<MidiPartner>("Pad");
    ASSERT_TRUE(pad_->ready());
    pid_ = ::fork();
    if (pid_ == 0) {
      for (const char* name : {"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "HOME"})
        ::setenv(name, folder, 1);
      ::setenv("XDG_CONFIG_HOME", (folder_ / "config").c_str(), 1);
      std::freopen((folder_ / "engine.log").c_str(), "w", stderr);
      ::execl(TACTUS_PROGRAM, TACTUS_PROGRAM, "engine", "--audio", "null", "--midi", "--midi-api", "jack", "--midi-out",
              "pad", "--midi-clock-in", "pad", "--midi-clock-out", "--session", folder, nullptr);
      ::_exit(127);
    }
    ::setenv("XDG_RUNTIME_DIR", folder, 1);
    std::string error;
    ASSERT_TRUE(eventually([&] {
      return (client_ = client::Client::connect({.session = folder_}, &error)) != nullptr;
    })) << error;
    ASSERT_TRUE(eventually([&] { return board().midi_devices == 1; }));
  }
  void TearDown() override {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    int status = -1;
    ::waitpid(pid_, &status, 0);
    EXPECT_EQ(status, 0);
  }
  // A mapping with a fader and a key that lights up.
  void save(const std::string& fader, const std::string& does) const {
    const fs::path part = folder_ / "pad.part";
    std::ofstream(part) << "tactus_mapping = 1\nname = \"Pad\"\ndevices = [\"pad\"]\n[[control]]\nmidi = \"" << fader
                        << "\"\ndo = \"" << does << "\"\ntakeover = \"jump\"\n"
                        << "[[control]]\nmidi = \"note 1 11\"\ndo = \"/deck/1/keylock 1\"\n"
                        << "state = \"deck/1/keylock\"\ndo_on = \"/deck/1/keylock 0\"\n";
    fs::rename(part, folder_ / "config/tactus/mappings/pad.toml");
  }
  sidecar::BoardState board() const { return client_->board().read().value_or(sidecar::BoardState{}); }
  std::string log() const {
    std::ifstream in(folder_ / "engine.log");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void say(const std::string& intent) {
    const auto fate = client_->send(intent);
    ASSERT_TRUE(fate) << intent;
    EXPECT_EQ(fate->verdict, "accepted") << intent << ": " << fate->reason;
  }

  test::JackServer server_;
  const test::TempFolder temp_;
  const fs::path folder_ = temp_.path();
  std::unique_ptr<MidiPartner> pad_;
  std::unique_ptr<client::Client> client_;
  pid_t pid_ = -1;
};

TEST_F(MidiProgram, IsPlayedByAControllerThatShowsItsState) {
  pad_->say("send b0 07 40");
  EXPECT_TRUE(eventually([&] { return std::fabs(board().decks[0].fader - 0.5F) < 1e-3F; })) << board().decks[0].fader;
  const bool locked = board().decks[0].keylock != 0;
  pad_->say("send 90 0b 7f");
  EXPECT_TRUE(eventually([&] { return (board().decks[0].keylock != 0) != locked; }));
  EXPECT_TRUE(pad_->hears(locked ? "90 0b 00" : "90 0b 7f", 5s));

  // Its mapping is changed while it plays; then spoilt, and stays.
  save("cc 1 8", "/deck/2/eq/low {}");
  EXPECT_TRUE(eventually([&] { return log().find("was read again") != std::string::npos; }));
  EXPECT_TRUE(eventually([&] {
    pad_->say("send b0 08 00");
    return board().decks[1].eq_low <= -200;
  })) << board().decks[1].eq_low;
  save("cc 1 99", "/deck/9/eq/low {}");
  EXPECT_TRUE(eventually([&] { return log().find("pad.toml:6: ") != std::string::npos; }));
  pad_->say("send b0 08 40");
  EXPECT_TRUE(eventually([&] { return std::fabs(board().decks[1].eq_low) < 0.01F; })) << board().decks[1].eq_low;
}

TEST_F(MidiProgram, SendsNotesAndItsClockAndFollowsAnother) {
  say("/midi/note 10 36 100 1/4 @beat");
  EXPECT_TRUE(pad_->hears("99 24 64", 5s));
  EXPECT_TRUE(pad_->hears("89 24 00", 5s));
  say("/midi/cc 1 74 12");
  EXPECT_TRUE(pad_->hears("b0 4a 0c", 5s));
  say("/midi/clock start");
  EXPECT_TRUE(pad_->hears("fa", 5s));

  const std::size_t before = pad_->heard(0, 0ms).size();
  std::vector<std::int64_t> ticks;
  for (const test::Heard& h : pad_->heard(before + 120, 5s)) {
    if (h.bytes == "f8") ticks.push_back(h.at_ns);
  }
  ASSERT_GT(ticks.size(), 100U);
  const auto n = static_cast<double>(ticks.size() - 1);
  EXPECT_NEAR(static_cast<double>(ticks.back() - ticks.front()) / n * 1e-6, 60e3 / 120 / 24, 0.5) << "at 120 BPM";

  // 125 BPM.
  pad_->say("every 20000 f8 240");
  EXPECT_TRUE(eventually([&] { return std::fabs(board().midi_clock_bpm - 125) < 0.5; })) << board().midi_clock_bpm;
  say("/clock/source midi");
  EXPECT_TRUE(eventually([&] { return std::fabs(board().bpm - 125) < 0.5; })) << board().bpm;
  EXPECT_TRUE(eventually([&] { return board().midi_clock_bpm == 0; })) << "it has fallen silent";
  EXPECT_NEAR(board().bpm, 125, 0.5);
}

TEST_F(MidiProgram, ItsControllerIsUnpluggedAndPluggedInAgain) {
  pad_->say("send b0 07 40");
  ASSERT_TRUE(eventually([&] { return std::fabs(board().decks[0].fader - 0.5F) < 1e-3F; }));
  pad_.reset();
  ASSERT_TRUE(eventually([&] { return board().midi_devices == 0; })) << board().midi_devices;
  EXPECT_NE(log().find("MIDI: Pad"), std::string::npos);
  EXPECT_NEAR(board().decks[0].fader, 0.5F, 1e-3F) << "what it had set stays";
  const bool locked = board().decks[0].keylock != 0;
  say(locked ? "/deck/1/keylock 0" : "/deck/1/keylock 1");
  pad_ = std::make_unique<MidiPartner>("Pad");
  ASSERT_TRUE(pad_->ready());
  ASSERT_TRUE(eventually([&] { return board().midi_devices == 1; })) << board().midi_devices;
  EXPECT_TRUE(pad_->hears(locked ? "90 0b 00" : "90 0b 7f", 5s)) << "its lights show what went on meanwhile";
  pad_->say("send b0 07 20");
  EXPECT_TRUE(eventually([&] { return std::fabs(board().decks[0].fader - 0.25F) < 1e-3F; })) << board().decks[0].fader;
}

// A child of the engine, by its program's name.
int child_of(int parent, const std::string& name) {
  for (const auto& process : fs::directory_iterator("/proc")) {
    std::ifstream stat(process.path() / "stat");
    int pid = 0, of = 0;
    std::string comm, state;
    if (stat >> pid >> comm >> state >> of && of == parent && comm == "(" + name + ")") return pid;
  }
  return -1;
}

TEST_F(MidiProgram, OutlivesItsMidiAndTheServer) {
  const auto missed = [&] { return board().xruns; };
  const std::uint64_t before = missed();
  const int pid = child_of(pid_, "tactus-midi");
  ASSERT_GT(pid, 0);
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return log().find("crashed and is started again") != std::string::npos; }));
  ASSERT_TRUE(eventually([&] {
    pad_->say("send b0 07 20");
    return std::fabs(board().decks[0].fader - 0.25F) < 1e-3F;
  }));
  server_.kill();
  EXPECT_TRUE(eventually([&] { return board().midi_devices == 0; })) << board().midi_devices;
  say("/deck/2/fader 1");
  // The null device counts periods that the machine itself kept back; a server or a program that is waited for would
  // cost hundreds of them.
  EXPECT_LE(missed(), before + 10);
}

// --- Learning --------------------------------------------------------------------------------------------------------

// `tactus map learn` in a terminal of its own.
class Learner {
 public:
  explicit Learner(const fs::path& output) {
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      ::execl(TACTUS_PROGRAM, TACTUS_PROGRAM, "map", "learn", "--midi-api", "jack", "--decks", "1", "-o",
              output.c_str(), nullptr);
      ::_exit(127);
    }
  }
  ~Learner() {
    if (pid_ > 0) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    ::close(terminal_);
  }
  // Whether it prints this within 10 s; reading on from what was found last.
  bool says(const std::string& text) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (true) {
      if (const auto at = said_.find(text); at != std::string::npos) {
        said_.erase(0, at + text.size());
        return true;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd p{terminal_, POLLIN, 0};
      char bytes[1024];
      if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) <= 0) return false;
      const ssize_t n = ::read(terminal_, bytes, sizeof bytes);
      if (n <= 0) return false;
      said_.append(bytes, static_cast<std::size_t>(n));
    }
  }
  void press(char key) { ASSERT_EQ(::write(terminal_, &key, 1), 1); }
  int exit_code() {
    int status = -1;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& rest() const { return said_; }

 private:
  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string said_;
};

TEST(MapLearn, WalksAPersonThroughAController) {
  if (!test::JackServer::installed()) GTEST_SKIP() << "jackd is not installed";
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "libjack's rings synchronise in a way that ThreadSanitizer can't see";
#endif
  test::JackServer server;
  ASSERT_TRUE(server.start(48000, kBlock)) << server.log();
  MidiPartner pad("Pad");
  ASSERT_TRUE(pad.ready());
  const test::TempFolder folder;
  const fs::path file = folder / "learned.toml";
  Learner learner(file);
  ASSERT_TRUE(learner.says("Deck 1, PLAY: press it once")) << learner.rest();
  ASSERT_TRUE(learner.says("is there)")) << learner.rest();
  pad.say("send 91 0b 7f");
  pad.say("send 81 0b 00");
  EXPECT_TRUE(learner.says("note 2 11")) << learner.rest();
  ASSERT_TRUE(learner.says("Deck 1, CUE")) << learner.rest();
  pad.say("send 91 0b 7f");
  EXPECT_TRUE(learner.says("that is Deck 1, PLAY already")) << learner.rest();
  learner.press('\n');
  ASSERT_TRUE(learner.says("Deck 1, SYNC")) << learner.rest();
  for (int skipped = 0; skipped < 7; ++skipped) learner.press('\n');
  ASSERT_TRUE(learner.says("Deck 1, volume fader")) << learner.rest();
  for (int v = 0; v < 128; v += 4) {
    char line[32];
    std::snprintf(line, sizeof line, "send b1 07 %02x", v);
    pad.say(line);
  }
  EXPECT_TRUE(learner.says("cc 2 7")) << learner.rest();
  learner.press('q');
  EXPECT_TRUE(learner.says("2 controls are in")) << learner.rest();
  EXPECT_EQ(learner.exit_code(), 0);

  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const io::ReadMapping read = io::read_mapping(text, session::find_board_field);
  ASSERT_TRUE(read.mapping) << session::errors_text("learned", read) << text;
  ASSERT_EQ(read.mapping->controls.size(), 2U);
  EXPECT_EQ(io::trigger_text(read.mapping->controls[1].on), "cc 2 7");
  EXPECT_NE(read.mapping->devices.at(0).find("pad"), std::string::npos);

  // Another time it isn't overwritten.
  Learner again(file);
  EXPECT_TRUE(again.says("won't be overwritten")) << again.rest();
  EXPECT_EQ(again.exit_code(), 1);
}

}  // namespace
}  // namespace tactus
