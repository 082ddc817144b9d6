// The engine's own worst case: what its callback costs, block by block, with all decks at work.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tactus::app {

struct BenchOptions {
  std::int64_t blocks = 1'000'000;
  int block = 64;
  int rate = 48000;
  int decks = 4;
  int effects = 2;     // a deck
  bool stems = false;  // tracks of four stereo stems
  int feeder_threads = 1;
  std::string mode = "r3";  // r3, r3long, r2, direct
  bool control = false;     // beside each block, as much plain arithmetic: what the machine itself adds
};

// CPU time in microseconds.
struct CpuTimes {
  double mean = 0, p99 = 0, p999 = 0, p9999 = 0, max = 0;
  std::uint64_t misses = 0;  // longer than the deadline
};

struct BenchResult {
  BenchOptions options;
  double deadline_us = 0;
  CpuTimes callback;
  CpuTimes control;                                                   // only with BenchOptions::control
  std::uint64_t allocations = 0, minor_faults = 0, major_faults = 0;  // inside process()
  std::uint64_t feeder_fallbacks = 0;                                 // times a deck lost its stretcher
  double voiced = 0;                     // share of blocks in which all decks were key-locked
  double feeder_cpu = 0, total_cpu = 0;  // CPU seconds a second of audio
  bool allocations_counted = true;
};

// Free-wheeling: a block is rendered as soon as the feeders have caught up, so a million blocks take minutes.
BenchResult bench_rt(const BenchOptions& options, const std::function<void(double share)>& progress);
std::string bench_json(const BenchResult& r);
std::string bench_text(const BenchResult& r);

}  // namespace tactus::app
