// What the machine itself does to the CPU time of short work: the same arithmetic over and over, each time as long as a
// block of the engine takes. It uses no memory and doesn't sleep, so it shows less than what the engine meets. Quote
// beside `tactus bench rt`.
//
//   cpu_noise [microseconds, default 77] [times, default 1000000]
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

double cpu_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

double once(int rounds) {
  static volatile float sink = 0;
  const double start = cpu_us();
  float a = 0.5f, b = 0.25f, c = 0.125f, d = 0.0625f;
  for (int i = 0; i < rounds; ++i) {
    a = a * 0.999f + 0.001f;
    b = b * 0.998f + a;
    c = c * 0.997f + b;
    d = d * 0.996f + c;
  }
  sink = a + b + c + d;
  return cpu_us() - start;
}

}  // namespace

int main(int argc, char** argv) {
  const double wanted = argc > 1 ? std::atof(argv[1]) : 77;
  const int times = argc > 2 ? std::atoi(argv[2]) : 1000000;
  int rounds = 1000;
  for (int i = 0; i < 20; ++i) {
    std::vector<double> tries;
    for (int k = 0; k < 51; ++k) tries.push_back(once(rounds));
    std::nth_element(tries.begin(), tries.begin() + 25, tries.end());
    rounds = std::max(1, static_cast<int>(rounds * wanted / tries[25]));
  }
  std::vector<float> took(static_cast<std::size_t>(std::max(times, 1)));
  for (std::size_t i = 0; i < took.size(); ++i) {
    took[i] = static_cast<float>(once(rounds));
    if (i % 8 == 0) std::this_thread::yield();
  }
  std::sort(took.begin(), took.end());
  const auto at = [&](double q) {
    return static_cast<double>(
        took[std::min(took.size() - 1, static_cast<std::size_t>(q * static_cast<double>(took.size())))]);
  };
  std::printf("%d x %.0f us: median %.1f, p99 %.1f, p99.9 %.1f, p99.99 %.1f, max %.1f us\n", times, wanted, at(0.5),
              at(0.99), at(0.999), at(0.9999), static_cast<double>(took.back()));
  return 0;
}
