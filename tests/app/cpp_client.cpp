// A client in C++ that watches: says "alive", and then, whenever the engine ceases to answer, when that was
// (CLOCK_MONOTONIC, ns). cpp_client FOLDER watch
#include <chrono>
#include <cstdio>
#include <thread>

#include "client/client.h"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::string error;
  const auto engine = tactus::client::Client::connect({.session = argv[1], .name = "watcher in C++"}, &error);
  if (!engine) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  for (bool alive = false;;) {
    const bool now = engine->board().alive();
    if (now && !alive) std::puts("alive");
    if (!now && alive) std::printf("%lld\n", static_cast<long long>(tactus::sidecar::monotonic_ns()));
    if (now != alive) std::fflush(stdout);
    alive = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}
