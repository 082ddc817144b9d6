// A Link peer that knows nothing of Tactus: the bare library, driven by lines on standard input, one answer a line.
//   on BPM | off | tempo BPM | startstop 0|1 | play | stop | playing | peers | bpm | beat NS QUANTUM (at a
//   CLOCK_MONOTONIC time) | quit
#include <time.h>

#include <ableton/Link.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

namespace {
std::int64_t ns(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}
}  // namespace

int main() {
  auto link = std::make_unique<ableton::Link>(120.0);
  for (std::string word; std::cin >> word;) {
    if (word == "quit") break;
    auto state = link->captureAppSessionState();
    if (word == "on") {
      double bpm = 120;
      std::cin >> bpm;
      state.setTempo(bpm, link->clock().micros());
      link->commitAppSessionState(state);
      link->enable(true);
      std::printf("ok\n");
    } else if (word == "off") {
      link->enable(false);
      std::printf("ok\n");
    } else if (word == "tempo") {
      double bpm = 120;
      std::cin >> bpm;
      state.setTempo(bpm, link->clock().micros());
      link->commitAppSessionState(state);
      std::printf("ok\n");
    } else if (word == "startstop") {
      int on = 0;
      std::cin >> on;
      link->enableStartStopSync(on != 0);
      std::printf("ok\n");
    } else if (word == "play" || word == "stop") {
      state.setIsPlaying(word == "play", link->clock().micros());
      link->commitAppSessionState(state);
      std::printf("ok\n");
    } else if (word == "playing") {
      std::printf("%d\n", state.isPlaying());
    } else if (word == "peers") {
      std::printf("%zu\n", link->numPeers());
    } else if (word == "bpm") {
      std::printf("%.9f\n", state.tempo());
    } else if (word == "beat") {
      long long at = 0;
      double quantum = 4;
      std::cin >> at >> quantum;
      const std::int64_t raw = at + (ns(CLOCK_MONOTONIC_RAW) - ns(CLOCK_MONOTONIC));
      std::printf("%.9f\n", state.beatAtTime(std::chrono::microseconds(raw / 1000), quantum));
    }
    std::fflush(stdout);
  }
}
