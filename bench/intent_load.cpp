// How many intents the engine takes from many clients at once, how soon each is with the audio engine, and what that
// costs the callback. Starts `tactus engine` beside it on the null device, lets it idle, then sends from CLIENTS
// threads, each its own EQ and fader targets, PER_SECOND in all, for SECONDS. First with empty decks, then with four
// that play.
//
// A second engine does the same and gets no intents: by how much its callback takes longer meanwhile is what busy cores
// cost, not intents.
//
//   intent_load TACTUS [clients, default 8] [per second, default 20000] [seconds, default 10] [check]
//
// With `check` (of ./test) only the decks that play are tried, three times at most, until all is taken and delays are
// within 1 ms at median and 5 at p99; exits with 1 when they never are, with 77 where no thread may be realtime.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"

namespace {

using namespace tactus;
using namespace std::chrono_literals;

struct Counts {
  std::size_t sent = 0, accepted = 0, coalesced = 0, refused = 0, turned_away = 0;
  std::vector<double> ms;  // from send to the command in the engine's ring, of accepted ones
  std::string why;
};

// Ahead of other programs, behind the engine: what is measured isn't how long this thread waits for a processor. Where
// that isn't allowed it may.
bool go_ahead() {
  sched_param first{};
  first.sched_priority = 5;
  return ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &first) == 0;
}

void play(const std::string& session, int number, double per_second, double seconds, Counts& c) {
  go_ahead();
  std::string error;
  auto engine =
      client::Client::connect({.session = session, .name = "pad " + std::to_string(number), .kind = "midi"}, &error);
  if (!engine) {
    c.why = error;
    return;
  }
  const char* const controls[] = {"eq/low", "eq/mid", "eq/high"};
  std::map<std::int32_t, std::int64_t> sent;
  const auto hear = [&](const osc::Message& m) {
    if (m.address == "/refused") {
      c.turned_away += static_cast<std::size_t>(m.integer(0));
      c.why = m.text(1);
    }
    if (m.address != "/fate") return;
    const client::Fate fate = client::Client::fate_of(m);
    const auto at = sent.find(fate.request);
    if (fate.verdict == "accepted") {
      ++c.accepted;
      if (at != sent.end()) c.ms.push_back(static_cast<double>(fate.engine_ns - at->second) * 1e-6);
    } else if (fate.verdict == "coalesced") {
      ++c.coalesced;
    } else {
      ++c.refused;
      c.why = fate.reason;
    }
    if (at != sent.end()) sent.erase(at);
  };
  const auto start = std::chrono::steady_clock::now();
  const auto total = static_cast<std::size_t>(per_second * seconds);
  while (c.sent < total) {
    const double due = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() * per_second;
    while (static_cast<double>(c.sent) < due && c.sent < total) {
      // Client n has deck n / 2: the even ones its EQ, the odd ones fader and trim.
      const std::string deck = "/deck/" + std::to_string(number / 2 % 4 + 1) + "/";
      const auto step = static_cast<double>(c.sent % 100) / 100;
      // One in a hundred is a switch, which nothing coalesces: what those wait is what is told of delays.
      const std::string text = c.sent % 100 == 99 ? deck + "cue_bus 0"
                               : number % 2 == 0  ? deck + controls[c.sent % 3] + " " + std::to_string(-6 * step)
                               : c.sent % 2       ? deck + "fader " + std::to_string(0.5 + step / 2)
                                                  : deck + "trim " + std::to_string(-step);
      const std::int64_t now = sidecar::monotonic_ns();
      const std::int32_t request = engine->post(text);
      if (request == 0) return;
      sent[request] = now;
      ++c.sent;
    }
    while (const auto m = engine->next(0ms)) hear(*m);
    std::this_thread::sleep_for(500us);
  }
  while (const auto m = engine->next(300ms)) hear(*m);
}

// `tactus engine` in a folder of its own.
class Engine {
 public:
  explicit Engine(const char* program) {
    if (!::mkdtemp(folder_)) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl(program, program, "engine", "--audio", "null", "--block", "64", "--session", folder_, nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 100 && !client_; ++i) {
      std::this_thread::sleep_for(50ms);
      client_ = client::Client::connect({.session = folder_, .name = "bench", .kind = "hand"}, &error_);
    }
  }
  ~Engine() {
    client_.reset();
    if (pid_ > 0) ::kill(pid_, SIGTERM), ::waitpid(pid_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  bool ok() const { return client_ != nullptr; }
  const std::string& error() const { return error_; }
  const char* folder() const { return folder_; }
  const client::Client& client() const { return *client_; }

  // The controls that the clients will move stand amid their ways: an EQ that is flat costs nothing, and that it works
  // for its living is not the intents' doing.
  void stand_amid() {
    for (int n = 1; n <= 4; ++n) {
      const std::string deck = "/deck/" + std::to_string(n) + "/";
      for (const char* text : {"eq/low -3", "eq/mid -3", "eq/high -3", "fader 0.75", "trim -0.5"}) {
        if (!client_->send(deck + text)) error_ = "no answer";
      }
    }
  }
  // Four decks loop the file, at 64 beats of 120 BPM.
  bool play(const std::string& file) {
    for (int n = 1; n <= 4; ++n) {
      const std::string deck = "/deck/" + std::to_string(n) + "/";
      for (const std::string& text :
           {"load \"" + file + "\"", std::string("loop/beats 16 @now"), std::string("play @now")}) {
        const auto fate = client_->send(deck + text);
        if (!fate || fate->verdict == "refused") error_ = fate ? fate->reason : "no answer to " + text;
      }
    }
    for (int i = 0; i < 400; ++i) {
      const auto board = client_->board().read();
      if (board && std::all_of(board->decks, board->decks + 4, [](const auto& d) { return d.playing != 0; }))
        return true;
      std::this_thread::sleep_for(25ms);
    }
    return false;
  }
  // From here on; cpu() since then.
  void mark() { from_ = client_->board().read().value_or(sidecar::BoardState{}); }
  double cpu() const {
    const auto to = client_->board().read().value_or(sidecar::BoardState{});
    return (to.cpu_mean * static_cast<double>(to.blocks) - from_.cpu_mean * static_cast<double>(from_.blocks)) /
           std::max(1.0, static_cast<double>(to.blocks - from_.blocks));
  }

 private:
  char folder_[64] = "/tmp/tactus-intent-load-XXXXXX";
  pid_t pid_ = -1;
  std::unique_ptr<client::Client> client_;
  std::string error_;
  sidecar::BoardState from_{};
};

// A minute of quiet noise, 16 bits.
void write_wav(const std::string& path) {
  constexpr std::uint32_t kFrames = 60 * 48000, kBytes = kFrames * 4;
  std::vector<std::int16_t> samples(2 * kFrames);
  std::uint32_t x = 1;
  for (auto& v : samples) v = static_cast<std::int16_t>(static_cast<std::int32_t>(x = x * 1664525 + 1013904223) >> 19);
  const std::uint32_t head[] = {0x46464952, 36 + kBytes, 0x45564157, 0x20746d66, 16,    0x00020001,
                                48000,      192000,      0x00100004, 0x61746164, kBytes};
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(head), sizeof head);
  out.write(reinterpret_cast<const char*>(samples.data()), kBytes);
}

// Whether all was taken, and soon enough.
bool tell(const std::vector<Counts>& counts, double per_second, double seconds) {
  Counts all;
  for (const Counts& c : counts) {
    all.sent += c.sent, all.accepted += c.accepted, all.coalesced += c.coalesced, all.refused += c.refused;
    all.turned_away += c.turned_away;
    all.ms.insert(all.ms.end(), c.ms.begin(), c.ms.end());
    if (!c.why.empty()) all.why = c.why;
  }
  std::sort(all.ms.begin(), all.ms.end());
  const auto at = [&](double q) {
    return all.ms.empty() ? 0 : all.ms[static_cast<std::size_t>(q * static_cast<double>(all.ms.size() - 1))];
  };
  std::printf(
      "%zu clients, %.0f intents a second asked for: %zu sent in %.0f s, %zu accepted, %zu coalesced, "
      "%zu refused, %zu turned away%s%s\n",
      counts.size(), per_second, all.sent, seconds, all.accepted, all.coalesced, all.refused, all.turned_away,
      all.why.empty() ? "" : "; last: ", all.why.c_str());
  std::printf("from send to the engine's ring, accepted ones: median %.3f ms, p99 %.3f, p99.9 %.3f, max %.3f\n",
              at(0.5), at(0.99), at(0.999), at(1));
  const auto asked = static_cast<std::size_t>(0.999 * per_second * seconds);
  return all.sent >= asked && all.accepted + all.coalesced == all.sent && at(0.5) <= 1 && at(0.99) <= 5;
}

// How long the control thread's ticks are apart: a coalesced intent waits for the next one.
class Ticks {
 public:
  explicit Ticks(const client::Client& client) : thread_([this, &client] { watch(client); }) {}
  ~Ticks() { stop(); }
  void tell() {
    stop();
    if (apart_.empty()) return;
    std::sort(apart_.begin(), apart_.end());
    const auto at = [&](double q) {
      return apart_[static_cast<std::size_t>(q * static_cast<double>(apart_.size() - 1))];
    };
    std::printf("ticks, which coalesced ones wait for, apart: median %.3f ms, p99 %.3f, max %.3f\n", at(0.5), at(0.99),
                at(1));
  }

 private:
  void watch(const client::Client& client) {
    go_ahead();
    std::int64_t last = 0;
    while (!stop_.load()) {
      const auto board = client.board().read();
      if (board && board->heartbeat_ns != last) {
        if (last > 0) apart_.push_back(static_cast<double>(board->heartbeat_ns - last) * 1e-6);
        last = board->heartbeat_ns;
      }
      std::this_thread::sleep_for(500us);
    }
  }
  void stop() {
    stop_.store(true);
    if (thread_.joinable()) thread_.join();
  }
  std::atomic<bool> stop_{false};
  std::vector<double> apart_;
  std::thread thread_;
};

// The same for both: idle, then with load on the one.
bool measure(Engine& engine, Engine& witness, int clients, double per_second, double seconds) {
  engine.mark(), witness.mark();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const double idle = engine.cpu(), witness_idle = witness.cpu();
  std::vector<Counts> counts(static_cast<std::size_t>(clients));
  std::vector<std::thread> threads;
  Ticks ticks(engine.client());
  engine.mark(), witness.mark();
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back(
        [&, i] { play(engine.folder(), i, per_second / clients, seconds, counts[static_cast<std::size_t>(i)]); });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const double busy = engine.cpu(), witness_busy = witness.cpu();
  for (auto& t : threads) t.join();
  const bool good = tell(counts, per_second, seconds);
  ticks.tell();
  std::printf("the callback's CPU, share of its deadline: idle %.3f %%, under load %.3f %%: %+.1f %%\n", 100 * idle,
              100 * busy, 100 * (busy / idle - 1));
  std::printf("that of an engine without intents:         idle %.3f %%, meanwhile  %.3f %%: %+.1f %%\n",
              100 * witness_idle, 100 * witness_busy, 100 * (witness_busy / witness_idle - 1));
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "intent_load TACTUS [clients] [per second] [seconds]\n");
    return 2;
  }
  const int clients = argc > 2 ? std::atoi(argv[2]) : 8;
  const double per_second = argc > 3 ? std::atof(argv[3]) : 20000, seconds = argc > 4 ? std::atof(argv[4]) : 10;
  const bool check = argc > 5;
  if (check && !std::async(std::launch::async, go_ahead).get()) return 77;
  Engine engine(argv[1]), witness(argv[1]);
  if (!engine.ok() || !witness.ok()) {
    std::fprintf(stderr, "%s%s\n", engine.error().c_str(), witness.error().c_str());
    return 1;
  }
  if (!check) {
    for (Engine* e : {&engine, &witness}) e->stand_amid();
    std::this_thread::sleep_for(1s);
    std::printf("-- empty decks\n");
    measure(engine, witness, clients, per_second, seconds);
  }
  const std::string file = std::string(engine.folder()) + "/noise.wav";
  write_wav(file);
  if (!engine.play(file) || !witness.play(file)) {
    std::fprintf(stderr, "the decks don't play: %s%s\n", engine.error().c_str(), witness.error().c_str());
    return 1;
  }
  for (Engine* e : {&engine, &witness}) e->stand_amid();
  std::this_thread::sleep_for(1s);
  std::printf("-- four decks play\n");
  bool good = false;
  for (int tries = check ? 3 : 1; tries > 0 && !good; --tries) {
    good = measure(engine, witness, clients, per_second, seconds);
  }
  return !check || good ? 0 : 1;
}
