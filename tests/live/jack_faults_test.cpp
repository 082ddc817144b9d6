// Faults around a synced mix of two decks, heard by another program: `tactus engine` on a JACK server's dummy driver,
// its clients killed, stopped and continued at random, then a hog on every core, then hostile clients, then a file
// whose readers hang. What is captured is compared, bit for bit, with the engine's own recording, and what of it is
// missing with what a control client misses. Then the server itself is killed, comes back at another rate, and freezes:
// what was recorded is compared with what the journal renders.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "client/client.h"
#include "client/place.h"
#include "support/eventually.h"
#include "support/heard.h"
#include "support/jack_capture.h"
#include "support/jack_server.h"
#include "support/listen.h"
#include "support/soak.h"
#include "support/temp_folder.h"
#include "support/tune.h"

namespace tactus {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kBlock = 256, kRate = 48000;

using test::eventually;

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

// The samples of a recording of 32-bit floats, left and right; empty: there are none.
std::vector<float> samples_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string all(std::istreambuf_iterator<char>(in), {});
  std::size_t data = 12;
  for (std::uint32_t size = 0; data + 8 <= all.size() && all.compare(data, 4, "data") != 0; data += 8 + size) {
    std::memcpy(&size, all.data() + data + 4, 4);
  }
  if (data + 8 > all.size()) return {};
  std::vector<float> samples((all.size() - data - 8) / 8 * 2);
  std::memcpy(samples.data(), all.data() + data + 8, samples.size() * sizeof(float));
  return samples;
}

std::vector<float> recorded_in(const fs::path& folder) {
  for (const fs::directory_entry& e : fs::recursive_directory_iterator(folder)) {
    if (e.path().extension() == ".wav") return samples_of(e.path());
  }
  return {};
}

std::vector<float> left_of(const std::vector<float>& stereo) {
  std::vector<float> left(stereo.size() / 2);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = stereo[2 * i];
  return left;
}

class JackFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::JackServer::installed()) GTEST_SKIP() << "jackd is not installed";
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "libjack shares memory with its server, which ThreadSanitizer can't see";
#endif
    ASSERT_TRUE(server_.start(kRate, kBlock)) << server_.log();
    const char* folder = folder_.c_str();
    for (const double bpm : {126.0, 131.0}) write_tune(folder_ / (std::to_string(int(bpm)) + ".wav"), bpm, 60);
    ::setenv("XDG_RUNTIME_DIR", folder, 1);  // clients of this test look for the engine there
    pid_ = ::fork();
    if (pid_ == 0) {
      for (const char* name : {"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HOME"}) ::setenv(name, folder, 1);
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

  // A /notice with these words, of those that come from now on.
  bool noticed(const std::string& words) {
    for (const auto until = Clock::now() + 20s; Clock::now() < until;) {
      const auto m = client_->next(100ms);
      if (m && m->address == "/notice" && m->text(0).find(words) != std::string::npos) return true;
    }
    return false;
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
  // Garbage, half messages, floods and thousands of connections; how many were made.
  int attack(std::chrono::milliseconds length) {
    const std::string ask = "exec python3 " TACTUS_SOURCE_DIR "/tests/app/attacks.py " +
                            client::socket_of(folder_).string() + " " +
                            std::to_string(static_cast<double>(length.count()) / 1000);
    std::string said;
    FILE* attacks = ::popen(ask.c_str(), "r");
    for (char part[256]; attacks && std::fgets(part, sizeof part, attacks);) said += part;
    EXPECT_EQ(::pclose(attacks), 0) << said;
    const std::size_t at = said.find("\"connects\": ");
    return at == std::string::npos ? 0 : std::atoi(said.c_str() + at + 12);
  }
  // A file onto deck 3 whose readers stand still, as on a disk that hangs, until they are given up after 5 s.
  void hang_a_load() {
    const fs::path late = folder_ / "late.wav";
    fs::copy_file(folder_ / "126.wav", late);
    for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid_) + "/task")) {
      std::ifstream children(task.path() / "children");
      for (pid_t child = 0; children >> child;) {
        std::string name;
        std::ifstream("/proc/" + std::to_string(child) + "/comm") >> name;
        if (name == "tactus-media") ::kill(child, SIGSTOP);
      }
    }
    say("/deck/3/load \"" + late.string() + "\"");
    std::this_thread::sleep_for(3s);
    EXPECT_EQ(board().decks[2].path[0], 0);
    EXPECT_TRUE(eventually([&] { return std::string_view(board().decks[2].path) == late.string(); }, 30s));
  }

  test::JackServer server_;
  const test::TempFolder temp_;
  const fs::path folder_ = temp_.path();
  std::unique_ptr<client::Client> client_;
  pid_t pid_ = -1;
};

TEST_F(JackFaults, TakeNothingFromTheSoundThatAControlClientKeeps) {
  const auto length = std::chrono::seconds(test::soak_length(4, 60));
  play_two();
  test::JackCapture capture(server_, 2, 3.0 * static_cast<double>(length.count()) + 60);
  test::JackControl control(server_);
  ASSERT_TRUE(capture.ok() && control.ok());
  const auto ports = capture.playing_ports("tactus");
  ASSERT_GE(ports.size(), 2U);
  ASSERT_TRUE(capture.connect(ports[0], 0) && capture.connect(control.port(), 1));
  const sidecar::BoardState before = board();
  capture.record();
  disturb_clients(length);
  hog(length);
  EXPECT_GT(attack(length), 100);
  hang_a_load();
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

  std::vector<float> record = left_of(recorded_in(folder_ / "record"));
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
  test::record("faults on JACK, " + std::to_string(3 * length.count() + 5) + " s: " + std::to_string(heard.missed()) +
               " of " + std::to_string(heard.blocks) + " periods not heard in order, a control client's gaps " +
               std::to_string(theirs.gaps) + "; callbacks late " + std::to_string(after.xruns - before.xruns));
  // A period that the machine took from both shows in both, but not always in the same number of places.
  EXPECT_LE(heard.missed(), 4 * theirs.gaps + heard.blocks / 100);
}

TEST_F(JackFaults, AreToldByTheDoctorInASentence) {
  play_two();
  const std::uint64_t before = board().xruns;
  const std::string ask = std::string(TACTUS_PROGRAM) + " doctor --session " + folder_.string() + " 2>/dev/null";
  for (int i = 0; i < 50 && board().xruns == before; ++i) {
    ::kill(pid_, SIGSTOP);  // as a machine would that has too much to do
    std::this_thread::sleep_for(60ms);
    ::kill(pid_, SIGCONT);
    std::this_thread::sleep_for(200ms);
  }
  ASSERT_GT(board().xruns, before);
  std::string said;
  FILE* doctor = ::popen(ask.c_str(), "r");
  ASSERT_TRUE(doctor);
  for (char part[256]; std::fgets(part, sizeof part, doctor);) said += part;
  ::pclose(doctor);
  const std::size_t session = said.find("The engine that runs:");
  ASSERT_NE(session, std::string::npos) << said;
  EXPECT_NE(said.find("The sound card ran out of audio ", session), std::string::npos) << said;
}

TEST_F(JackFaults, OfTheServerCostTheSetNoFrameAndAreTold) {
  play_two();
  ASSERT_TRUE(client_->post(osc::Message{"/subscribe", {std::string("events")}}));
  const sidecar::BoardState before = board();
  const auto begun = Clock::now();
  std::this_thread::sleep_for(1s);
  const std::string lost = "JACK (system) has stopped. The set goes on without sound until it is back.";
  server_.kill();
  ASSERT_TRUE(noticed(lost));
  EXPECT_TRUE(eventually([&] { return board().on_device == 0; }));
  std::this_thread::sleep_for(1s);
  ASSERT_TRUE(server_.start(44100, 128)) << server_.log();
  ASSERT_TRUE(noticed("JACK (system) is back, at 44100 Hz, resampled from the session's 48000 Hz."));
  ASSERT_TRUE(eventually([&] { return board().on_device == 1; }));
  std::this_thread::sleep_for(1s);
  server_.freeze();
  ASSERT_TRUE(noticed(lost));
  std::this_thread::sleep_for(1s);
  server_.thaw();
  ASSERT_TRUE(noticed("JACK (system) is back, at 44100 Hz"));
  std::this_thread::sleep_for(1s);
  EXPECT_TRUE(eventually([&] { return board().on_device == 1; }));
  const sidecar::BoardState after = board();
  const double passed = std::chrono::duration<double>(Clock::now() - begun).count();
  EXPECT_EQ(after.epoch, before.epoch);
  std::this_thread::sleep_for(200ms);
  end_engine();

  for (int d = 0; d < 2; ++d) {
    EXPECT_EQ(after.decks[d].fallbacks, before.decks[d].fallbacks);
    EXPECT_EQ(after.decks[d].late_chunks, before.decks[d].late_chunks);
    EXPECT_EQ(after.decks[d].source, 2) << "still key-locked";
  }
  EXPECT_EQ(after.degraded, before.degraded);
  const double apart = after.decks[1].beat - after.decks[0].beat;
  EXPECT_LT(std::fabs(apart - std::round(apart)), 0.001) << "still on one beat";
  // Each hand-over may take the 100 ms in which the standby has to notice.
  const double played = static_cast<double>(after.frame - before.frame) / kRate;
  EXPECT_GT(played, passed - 0.5);
  EXPECT_LT(played, passed + 0.1);

  // What was recorded is what the same set gives where no device ever fails: rendered from the journal, bit for bit.
  const std::string again = (folder_ / "again.wav").string();
  const std::string render = std::string(TACTUS_PROGRAM) + " render " + (folder_ / "journal.jsonl").string() + " -o " +
                             again + " --quiet > " + (folder_ / "render.log").string() + " 2>&1";
  ASSERT_EQ(std::system(render.c_str()), 0);
  const std::vector<float> record = recorded_in(folder_ / "record"), rendered = samples_of(again);
  ASSERT_GT(static_cast<std::int64_t>(record.size()), 2 * (after.frame - kRate / 20));
  ASSERT_EQ(rendered.size(), record.size());
  EXPECT_TRUE(rendered == record);
  const std::vector<float> left = left_of(record);
  double softest = 0;
  for (std::int64_t i = before.frame; i + kRate / 2 < after.frame - kRate / 20; i += kRate / 4) {
    softest = std::min(softest, testing::level_db(left, i, i + kRate / 2));
  }
  test::record("a JACK server killed, back at 44.1 kHz, frozen: " + std::to_string(passed) + " s, of which played " +
               std::to_string(played) + ", never softer than " + std::to_string(softest) +
               " dBFS; the recording and its journal's rendering are the same " + std::to_string(left.size()) +
               " frames");
  EXPECT_GT(softest, -24) << "half a second of music";
}

}  // namespace
}  // namespace tactus
