// Faults around a synced mix of two decks, heard by another program: `tactus engine` on a JACK server's dummy driver,
// its clients killed, stopped and continued at random, then a hog on every core. What is captured is compared, bit for
// bit, with the engine's own recording, and what of it is missing with what a control client misses.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "client/client.h"
#include "support/heard.h"
#include "support/jack_capture.h"
#include "support/jack_server.h"
#include "support/soak.h"
#include "support/tune.h"

namespace tactus {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kBlock = 256, kRate = 48000;

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience = 20s) {
  const auto until = Clock::now() + patience;
  while (!holds()) {
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// A shell and what it starts, in a group of their own: ended with it.
class Script {
 public:
  explicit Script(const std::string& text) : text_(text) { start(); }
  ~Script() { end(); }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  void signal(int what) {
    ::kill(-pid_, what);
    if (what != SIGKILL) return;
    ::waitpid(pid_, nullptr, 0);
    start();
  }

 private:
  void start() {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setpgid(0, 0);
      ::execl("/bin/sh", "sh", "-c", text_.c_str(), nullptr);
      ::_exit(127);
    }
    ::setpgid(pid_, pid_);
  }
  void end() {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string text_;
  pid_t pid_ = -1;
};

void write_tune(const fs::path& path, double bpm, int seconds) {
  const testing::Tune tune(bpm, kRate, testing::Tune::Kind::full);
  const std::uint32_t bytes = static_cast<std::uint32_t>(seconds) * kRate * 4, rest = bytes + 36;
  const std::uint32_t format[] = {16, 1 | 2 << 16, kRate, kRate * 4, 4 | 16 << 16};
  std::ofstream out(path, std::ios::binary);
  const auto put = [&](const void* data, std::size_t n) {
    out.write(static_cast<const char*>(data), static_cast<std::streamsize>(n));
  };
  put("RIFF", 4), put(&rest, 4), put("WAVEfmt ", 8), put(format, sizeof format), put("data", 4), put(&bytes, 4);
  for (std::int64_t f = 0; f < std::int64_t{seconds} * kRate; ++f) {
    for (int side = 0; side < 2; ++side) {
      const auto v = static_cast<std::int16_t>(std::lround(16000 * tune.mix(f, side)));
      put(&v, 2);
    }
  }
}

// The left side of a recording of 32-bit floats; empty: there is none.
std::vector<float> left_of(const fs::path& folder) {
  for (const fs::directory_entry& e : fs::recursive_directory_iterator(folder)) {
    if (e.path().extension() != ".wav") continue;
    std::ifstream in(e.path(), std::ios::binary);
    const std::string all(std::istreambuf_iterator<char>(in), {});
    const std::size_t data = all.find("data");
    if (data == std::string::npos) return {};
    std::vector<float> left((all.size() - data - 8) / 8);
    for (std::size_t i = 0; i < left.size(); ++i) std::memcpy(&left[i], all.data() + data + 8 + i * 8, 4);
    return left;
  }
  return {};
}

class JackFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::JackServer::installed()) GTEST_SKIP() << "jackd is not installed";
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "libjack shares memory with its server, which ThreadSanitizer can't see";
#endif
    ASSERT_TRUE(server_.start(kRate, kBlock)) << server_.log();
    char folder[] = "/tmp/tactus-faults-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    for (const double bpm : {126.0, 131.0}) write_tune(folder_ / (std::to_string(int(bpm)) + ".wav"), bpm, 60);
    ::setenv("XDG_RUNTIME_DIR", folder, 1);  // clients of this test look for the engine there
    pid_ = ::fork();
    if (pid_ == 0) {
      for (const char* name : {"XDG_CACHE_HOME", "XDG_STATE_HOME", "HOME"}) ::setenv(name, folder, 1);
      std::freopen((folder_ / "engine.log").c_str(), "w", stderr);
      std::freopen("/dev/null", "w", stdout);
      ::execl(TACTUS_PROGRAM, TACTUS_PROGRAM, "engine", "--audio", "jack", "--session", folder, "--record",
              (folder_ / "record").c_str(), "--record-format", "wav", nullptr);
      ::_exit(127);
    }
    std::string error;
    ASSERT_TRUE(eventually([&] {
      return (client_ = client::Client::connect({.session = folder_}, &error)) != nullptr;
    })) << error;
  }
  void TearDown() override {
    if (pid_ > 0) end_engine();
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  void end_engine() {
    ::kill(pid_, SIGTERM);
    int status = -1;
    ::waitpid(pid_, &status, 0);
    EXPECT_EQ(status, 0);
    pid_ = -1;
  }
  sidecar::BoardState board() const { return client_->board().read().value_or(sidecar::BoardState{}); }
  void say(const std::string& intent) {
    const auto fate = client_->send(intent, 10s);
    ASSERT_TRUE(fate) << intent;
    EXPECT_NE(fate->verdict, "refused") << intent << ": " << fate->reason;
  }
  // Two decks at 128 BPM, neither at its own tempo, in loops so that they last.
  void play_two() {
    say("/clock/tempo 128");
    say("/deck/1/load \"" + (folder_ / "126.wav").string() + "\"");
    say("/deck/2/load \"" + (folder_ / "131.wav").string() + "\"");
    ASSERT_TRUE(eventually([&] { return board().decks[0].grid_bpm > 0 && board().decks[1].grid_bpm > 0; }, 60s));
    for (const char* text : {"/deck/1/sync beat", "/deck/2/sync beat", "/deck/1/loop/beats 64", "/deck/2/loop/beats 64",
                             "/deck/1/play @bar", "/deck/2/play @bar"}) {
      say(text);
    }
    ASSERT_TRUE(eventually([&] { return board().decks[0].source == 2 && board().decks[1].source == 2; }));
    std::this_thread::sleep_for(500ms);
  }

  void disturb_clients(std::chrono::milliseconds length) {
    const std::string at = " --session " + folder_.string() + " >/dev/null 2>&1";
    const std::string send = std::string(TACTUS_PROGRAM) + " send -" + at;
    const std::string busy =
        "while :; do echo '/deck/3/eq/low -3'; echo '/deck/4/fader 0.5'; sleep 0.001; done | " + send;
    const std::string flood = "yes '/deck/3/eq/mid -3' | " + send;
    const std::string watch = std::string("exec ") + TACTUS_PROGRAM + " watch --json" + at;
    Script clients[] = {Script(busy), Script(flood), Script(watch), Script(watch)};
    std::mt19937 random(8);
    const int signals[] = {SIGKILL, SIGSTOP, SIGCONT};
    for (const auto until = Clock::now() + length; Clock::now() < until;) {
      clients[random() % 4].signal(signals[random() % 3]);
      std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 180));
    }
  }
  static void hog(std::chrono::milliseconds length) {
    std::vector<std::unique_ptr<Script>> hogs;
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
      hogs.push_back(std::make_unique<Script>("while :; do :; done"));
    std::this_thread::sleep_for(length);
  }

  test::JackServer server_;
  fs::path folder_;
  std::unique_ptr<client::Client> client_;
  pid_t pid_ = -1;
};

TEST_F(JackFaults, TakeNothingFromTheSoundThatAControlClientKeeps) {
  const auto length = std::chrono::seconds(test::soak_length(4, 60));
  play_two();
  test::JackCapture capture(server_, 2, 2.0 * static_cast<double>(length.count()) + 20);
  test::JackControl control(server_);
  ASSERT_TRUE(capture.ok() && control.ok());
  const auto ports = capture.playing_ports("tactus");
  ASSERT_GE(ports.size(), 2U);
  ASSERT_TRUE(capture.connect(ports[0], 0) && capture.connect(control.port(), 1));
  const sidecar::BoardState before = board();
  capture.record();
  disturb_clients(length);
  hog(length);
  capture.stop();
  const sidecar::BoardState after = board();
  std::this_thread::sleep_for(200ms);
  end_engine();

  for (int d = 0; d < 2; ++d) {
    EXPECT_EQ(after.decks[d].fallbacks, before.decks[d].fallbacks);
    EXPECT_EQ(after.decks[d].late_chunks, before.decks[d].late_chunks);
  }
  const double apart = after.decks[1].beat - after.decks[0].beat;
  EXPECT_LT(std::fabs(apart - std::round(apart)), 0.01) << "still on one beat";

  std::vector<float> record = left_of(folder_ / "record");
  ASSERT_GT(record.size(), std::size_t{kRate} * 4);
  const std::vector<float> captured = capture.channel(0);
  ASSERT_GT(captured.size(), std::size_t{4} * kBlock);
  // The recording need not begin where a period of the server's does: before it the engine ran on a clock of its own.
  const auto sight = captured.begin() + 2 * kBlock;
  const auto there = std::search(record.begin(), record.end(), sight, sight + kBlock);
  ASSERT_NE(there, record.end()) << "nothing of what was heard is in the recording";
  record.erase(record.begin(), record.begin() + (there - record.begin()) % kBlock);
  const test::Heard heard = test::compare(captured, record, kBlock);
  const test::RampReport theirs = test::examine_ramp(capture.channel(1), kBlock);
  test::record("faults on JACK, " + std::to_string(2 * length.count()) + " s: " + std::to_string(heard.missed()) +
               " of " + std::to_string(heard.blocks) + " periods not heard in order, a control client's gaps " +
               std::to_string(theirs.gaps) + "; callbacks late " + std::to_string(after.xruns - before.xruns));
  // A period that the machine took from both shows in both, but not always in the same number of places.
  EXPECT_LE(heard.missed(), 4 * theirs.gaps + heard.blocks / 100);
}

}  // namespace
}  // namespace tactus
