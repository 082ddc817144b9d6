// How many intents the engine takes from many clients at once, how soon each is with the audio engine, and what that
// costs the callback. Starts `tactus engine` beside it on the null device, lets it idle, then sends from CLIENTS
// threads, each its own EQ and fader targets, PER_SECOND in all, for SECONDS.
//
//   intent_load TACTUS [clients, default 8] [per second, default 20000] [seconds, default 10]
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
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

void play(const std::string& session, int number, double per_second, double seconds, Counts& c) {
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
      const std::string text = number % 2 == 0 ? deck + controls[c.sent % 3] + " " + std::to_string(-6 * step)
                               : c.sent % 2    ? deck + "fader " + std::to_string(0.5 + step / 2)
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

double cpu_mean(client::Client& engine, double seconds) {
  // The mean is since the start: what a stretch of time had follows from two looks.
  const auto a = *engine.board().read();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const auto b = *engine.board().read();
  return (b.cpu_mean * static_cast<double>(b.blocks) - a.cpu_mean * static_cast<double>(a.blocks)) /
         std::max(1.0, static_cast<double>(b.blocks - a.blocks));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "intent_load TACTUS [clients] [per second] [seconds]\n");
    return 2;
  }
  const int clients = argc > 2 ? std::atoi(argv[2]) : 8;
  const double per_second = argc > 3 ? std::atof(argv[3]) : 20000, seconds = argc > 4 ? std::atof(argv[4]) : 10;
  char folder[] = "/tmp/tactus-intent-load-XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl(argv[1], argv[1], "engine", "--audio", "null", "--block", "64", "--session", folder, nullptr);
    ::_exit(127);
  }
  std::unique_ptr<client::Client> engine;
  std::string error;
  for (int i = 0; i < 100 && !engine; ++i) {
    std::this_thread::sleep_for(50ms);
    engine = client::Client::connect({.session = folder, .name = "bench", .kind = "hand"}, &error);
  }
  int code = 1;
  if (engine) {
    std::this_thread::sleep_for(1s);
    const double idle = cpu_mean(*engine, seconds);
    std::vector<Counts> counts(static_cast<std::size_t>(clients));
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back(
          [&, i] { play(folder, i, per_second / clients, seconds, counts[static_cast<std::size_t>(i)]); });
    }
    const double busy = cpu_mean(*engine, seconds);
    for (auto& t : threads) t.join();
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
        "%d clients, %.0f intents a second asked for: %zu sent in %.0f s, %zu accepted, %zu coalesced, "
        "%zu refused, %zu turned away%s%s\n",
        clients, per_second, all.sent, seconds, all.accepted, all.coalesced, all.refused, all.turned_away,
        all.why.empty() ? "" : "; last: ", all.why.c_str());
    std::printf("from send to the engine's ring, accepted ones: median %.3f ms, p99 %.3f, p99.9 %.3f, max %.3f\n",
                at(0.5), at(0.99), at(0.999), at(1));
    std::printf("the callback's CPU, share of its deadline: idle %.3f %%, under load %.3f %%\n", 100 * idle,
                100 * busy);
    code = 0;
  } else {
    std::fprintf(stderr, "%s\n", error.c_str());
  }
  ::kill(pid, SIGTERM);
  ::waitpid(pid, nullptr, 0);
  return code;
}
