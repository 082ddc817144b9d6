#include "bench_rt.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <vector>

#include "alloc_count.h"
#include "engine/ctl/engine_host.h"
#include "io/audio/flush_denormals.h"
#include "lockfree/chunk_table.h"

namespace tactus::app {

namespace {

double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }

std::int64_t thread_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// Arithmetic in registers: it takes the same number of cycles each time, so what varies is the machine's doing.
void spin(int rounds) {
  [[maybe_unused]] static volatile float sink = 0;
  float a = 0.5f, b = 0.25f, c = 0.125f, d = 0.0625f;
  for (int i = 0; i < rounds; ++i) {
    a = a * 0.999f + 0.001f;
    b = b * 0.998f + a;
    c = c * 0.997f + b;
    d = d * 0.996f + c;
  }
  sink = a + b + c + d;
}

float spun_us(int rounds) {
  const std::int64_t start = thread_ns();
  spin(rounds);
  return static_cast<float>(thread_ns() - start) * 1e-3f;
}

// The rounds that take as long as `wanted` microseconds in the middle of many tries.
int rounds_for(double wanted) {
  int rounds = 1000;
  for (int i = 0; i < 20; ++i) {
    std::array<float, 51> tries;
    for (float& t : tries) t = spun_us(rounds);
    std::nth_element(tries.begin(), tries.begin() + 25, tries.end());
    rounds = std::max(1, static_cast<int>(rounds * wanted / static_cast<double>(tries[25])));
  }
  return rounds;
}

// Sorts `times`.
CpuTimes cpu_times(std::vector<float>& times, double deadline) {
  CpuTimes t;
  double sum = 0;
  for (const float us : times) {
    sum += us;
    t.misses += us > deadline;
  }
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double q) {
    const auto at = static_cast<std::size_t>(q * static_cast<double>(times.size()));
    return static_cast<double>(times[std::min(times.size() - 1, at)]);
  };
  t.mean = sum / static_cast<double>(times.size());
  t.p99 = quantile(0.99);
  t.p999 = quantile(0.999);
  t.p9999 = quantile(0.9999);
  t.max = times.back();
  return t;
}

// A minute that is as much work for a stretcher as music is: drums, a bass line, chords, a lead, noise; in two
// channels, or each in a stem of its own.
class Tune {
 public:
  Tune(int rate, double bpm, bool stems) : table_(rate * 60, stems ? 8 : 2) {
    std::mt19937 rng(1);
    std::uniform_real_distribution<float> noise(-1, 1);
    const double beat = rate * 60 / bpm;
    constexpr std::int64_t kChunk = lockfree::ChunkTable::kChunkFrames;
    const double chords[4][3] = {{220, 261.6, 329.6}, {174.6, 220, 261.6}, {196, 246.9, 293.7}, {164.8, 207.7, 246.9}};
    for (std::int64_t c = 0; c < table_.count(); ++c) {
      std::vector<float> chunk;
      chunk.reserve(static_cast<std::size_t>(kChunk * table_.channels()));
      for (std::int64_t i = 0; i < kChunk; ++i) {
        const double f = static_cast<double>(c * kChunk + i), t = f / rate;
        const double in_beat = std::fmod(f, beat) / rate, in_half = std::fmod(f + beat / 2, beat) / rate;
        const auto& chord = chords[static_cast<int>(f / (beat * 8)) % 4];
        const auto saw = [t](double hz) { return 2 * std::fmod(t * hz, 1.0) - 1; };
        const double parts[4] = {0.05 * saw(chord[2]),
                                 0.5 * std::exp(-in_beat * 12) * std::sin(300 * (1 - std::exp(-in_beat * 30))) +
                                     0.12 * std::exp(-in_half * 60) * noise(rng),
                                 0.15 * std::sin(2 * M_PI * chord[0] / 4 * t), 0.05 * (saw(chord[0]) + saw(chord[1]))};
        for (int ch = 0; ch < table_.channels(); ++ch) {
          const double x = stems ? parts[ch / 2] : parts[0] + parts[1] + parts[2] + parts[3];
          chunk.push_back(static_cast<float>(x) + 0.003f * noise(rng));
        }
      }
      chunks_.push_back(std::move(chunk));
      table_.store(c, chunks_.back().data());
    }
    anchor_ = {0, 0, bpm};
  }
  msg::TrackRef ref(std::uint64_t id, int rate) const {
    msg::TrackRef r;
    r.id = id;
    r.pcm = &table_;
    r.grid = {&anchor_, 1, static_cast<double>(rate)};
    for (double& cue : r.hotcues) cue = -1;
    return r;
  }

 private:
  lockfree::ChunkTable table_;
  std::vector<std::vector<float>> chunks_;
  music::GridAnchor anchor_;
};

int mode_of(const std::string& mode) {
  if (mode == "r3long") return static_cast<int>(msg::StretchMode::r3long);
  if (mode == "r2") return static_cast<int>(msg::StretchMode::r2);
  if (mode == "direct") return static_cast<int>(msg::StretchMode::direct);
  return static_cast<int>(msg::StretchMode::r3);
}

ctl::EngineHost::Options host_options(const BenchOptions& o) {
  ctl::EngineHost::Options h;
  h.rate = SampleRate{static_cast<double>(o.rate)};
  h.decks = o.decks;
  h.feeder_threads = o.feeder_threads;
  h.max_block = o.block;
  return h;
}

class Bench {
 public:
  explicit Bench(const BenchOptions& o)
      : options_(o), tune_(o.rate, 124, o.stems), host_(host_options(o)), times_(static_cast<std::size_t>(o.blocks)) {
    for (int c = 0; c < msg::kBusChannels; ++c) {
      planes_.emplace_back(static_cast<std::size_t>(o.block));
      out_[c] = planes_.back().data();
    }
    for (int d = 0; d < o.decks; ++d) tracks_.push_back(tune_.ref(static_cast<std::uint64_t>(d) + 1, o.rate));
    set_up();
  }

  BenchResult run(const std::function<void(double)>& progress) {
    io::flush_denormals();
    float warm[4000];  // caches, rings and voices
    for (float& us : warm) block(&us);
    result_.allocations = result_.minor_faults = result_.major_faults = 0;
    std::nth_element(warm, warm + 2000, warm + 4000);
    const int rounds = options_.control ? rounds_for(static_cast<double>(warm[2000])) : 0;
    if (rounds > 0) control_.resize(times_.size());
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    const std::int64_t feeders = host_.feeder_stats().cpu_ns;
    const std::uint64_t fallbacks = count_fallbacks();
    for (std::int64_t i = 0; i < options_.blocks; ++i) {
      block(&times_[static_cast<std::size_t>(i)]);
      if (rounds > 0) control_[static_cast<std::size_t>(i)] = spun_us(rounds);
      if (i % 1024 == 0) {
        progress(static_cast<double>(i) / static_cast<double>(options_.blocks));
        look();
      }
    }
    getrusage(RUSAGE_SELF, &after);
    result_.feeder_fallbacks = count_fallbacks() - fallbacks;
    const double audio = static_cast<double>(options_.blocks) * options_.block / options_.rate;
    result_.feeder_cpu = static_cast<double>(host_.feeder_stats().cpu_ns - feeders) * 1e-9 / audio;
    result_.total_cpu = (seconds_of(after.ru_utime) + seconds_of(after.ru_stime) - seconds_of(before.ru_utime) -
                         seconds_of(before.ru_stime)) /
                        audio;
    finish();
    return result_;
  }

 private:
  void send(msg::Command c) {
    while (!host_.send(c)) block(nullptr);
  }
  void param(msg::Param p, int deck, double a, int index = 0) {
    msg::Command c;
    c.op = msg::Op::set_param;
    c.param = p;
    c.deck = static_cast<std::uint8_t>(deck);
    c.index = static_cast<std::uint8_t>(index);
    c.a = a;
    send(c);
  }
  void op(msg::Op o, int deck, double a = 0, int index = 0) {
    msg::Command c;
    c.op = o;
    c.deck = static_cast<std::uint8_t>(deck);
    c.a = a;
    c.index = static_cast<std::uint8_t>(index);
    if (o == msg::Op::load) c.track = &tracks_[static_cast<std::size_t>(deck)];
    send(c);
  }

  // All decks key-locked at tempos that are not 1, EQ and filter away from neutral, effects on.
  void set_up() {
    const double tempos[] = {1.031, 0.957, 1.062, 0.983, 1.047, 0.941, 1.019, 0.972};
    for (int d = 0; d < options_.decks; ++d) {
      op(msg::Op::load, d);
      op(msg::Op::stretch, d, 0, mode_of(options_.mode));
      param(msg::Param::tempo, d, tempos[d % 8]);
      param(msg::Param::trim, d, 0.4);
      param(msg::Param::eq_low, d, 0.7);
      param(msg::Param::eq_high, d, 1.2);
      param(msg::Param::filter, d, d % 2 ? 0.3 : -0.3);
      for (int e = 0; e < options_.effects; ++e) {
        const int effect = msg::find_fx(e % 2 ? "reverb" : "echo");
        while (!host_.set_fx(d, e, effect < 0 ? 0 : effect)) block(nullptr);
      }
      block(nullptr);  // the plan has to be there before its effects are switched on
      for (int e = 0; e < options_.effects; ++e) {
        param(msg::Param::fx_on, d, 1, e);
        param(msg::Param::fx_wet, d, 0.4, e);
      }
      op(msg::Op::play, d);
      op(msg::Op::loop, d, 64, static_cast<int>(msg::LoopOp::beats));
      block(nullptr);
    }
  }

  void block(float* us) {
    // Free-wheeling: as soon as the feeders are far enough ahead.
    for (int spins = 0; host_.fed_until() < host_.frame() + options_.block + 512; ++spins) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      if (spins > 20000) break;  // a second: render all the same, and let the fallback be counted
    }
    const msg::Callback callback = host_.callback();
    msg::AudioBlock b;
    b.out = out_;
    b.outputs = msg::kBusChannels;
    b.frames = options_.block;
    rusage before{}, after{};
    getrusage(RUSAGE_THREAD, &before);
    const std::uint64_t allocations = counted_allocations();
    count_allocations(true);
    const std::int64_t start = thread_ns();
    callback.process(callback.context, b, {});
    const std::int64_t end = thread_ns();
    count_allocations(false);
    getrusage(RUSAGE_THREAD, &after);
    callback.wake(callback.context);
    msg::Event e;
    while (host_.poll(e)) continue;
    if (!us) return;
    *us = static_cast<float>(end - start) * 1e-3f;
    result_.allocations += counted_allocations() - allocations;
    result_.minor_faults += static_cast<std::uint64_t>(after.ru_minflt - before.ru_minflt);
    result_.major_faults += static_cast<std::uint64_t>(after.ru_majflt - before.ru_majflt);
  }

  std::uint64_t count_fallbacks() {
    std::uint64_t sum = 0;
    const msg::Snapshot& s = host_.snapshot();
    for (int d = 0; d < options_.decks; ++d) sum += s.decks[d].fallbacks;
    return sum;
  }
  void look() {
    const msg::Snapshot& s = host_.snapshot();
    bool all = true;
    for (int d = 0; d < options_.decks; ++d) all = all && s.decks[d].source == msg::DeckSource::voice;
    ++looks_;
    voiced_ += all;
  }

  void finish() {
    result_.options = options_;
    result_.deadline_us = 1e6 * options_.block / options_.rate;
    result_.allocations_counted = allocations_can_be_counted();
    result_.voiced = static_cast<double>(voiced_) / static_cast<double>(std::max<std::int64_t>(looks_, 1));
    result_.callback = cpu_times(times_, result_.deadline_us);
    if (!control_.empty()) result_.control = cpu_times(control_, result_.deadline_us);
  }

  BenchOptions options_;
  Tune tune_;
  std::vector<msg::TrackRef> tracks_;
  ctl::EngineHost host_;
  std::vector<float> times_, control_;
  std::vector<std::vector<float>> planes_;
  float* out_[msg::kBusChannels];
  BenchResult result_;
  std::int64_t looks_ = 0, voiced_ = 0;
};

}  // namespace

BenchResult bench_rt(const BenchOptions& options, const std::function<void(double share)>& progress) {
  return Bench(options).run(progress);
}

std::string bench_json(const BenchResult& r) {
  const auto times = [](const CpuTimes& t) {
    return nlohmann::ordered_json{
        {"mean", t.mean}, {"p99", t.p99}, {"p999", t.p999}, {"p9999", t.p9999}, {"max", t.max}};
  };
  nlohmann::ordered_json j = {{"blocks", r.options.blocks},
                              {"deadline_us", r.deadline_us},
                              {"cpu_us", times(r.callback)},
                              {"misses", r.callback.misses},
                              {"allocations", r.allocations_counted ? nlohmann::ordered_json(r.allocations) : nullptr},
                              {"page_faults", r.minor_faults + r.major_faults},
                              {"feeder_fallbacks", r.feeder_fallbacks},
                              {"feeder_cpu", r.feeder_cpu},
                              {"total_cpu", r.total_cpu},
                              {"decks", r.options.decks},
                              {"effects", r.options.effects},
                              {"block", r.options.block},
                              {"rate", r.options.rate},
                              {"mode", r.options.mode},
                              {"stems", r.options.stems},
                              {"key_locked", r.voiced}};
  if (r.options.control) {
    j["control_cpu_us"] = times(r.control);
    j["control_misses"] = r.control.misses;
  }
  return j.dump();
}

std::string bench_text(const BenchResult& r) {
  const auto shares = [&](const CpuTimes& t) {
    const auto percent = [&](double us) { return 100 * us / r.deadline_us; };
    return fmt::format("mean {:.2f} %, p99 {:.2f} %, p99.9 {:.2f} %, p99.99 {:.2f} %, max {:.2f} %, misses {}",
                       percent(t.mean), percent(t.p99), percent(t.p999), percent(t.p9999), percent(t.max), t.misses);
  };
  std::string text = fmt::format(
      "{} blocks of {} frames at {} Hz, {} decks{} key-locked ({}, {:.1f} % of the time), {} effects each\n"
      "callback CPU, share of the {:.0f} us deadline: {}\n",
      r.options.blocks, r.options.block, r.options.rate, r.options.decks, r.options.stems ? " with stems" : "",
      r.options.mode, 100 * r.voiced, r.options.effects, r.deadline_us, shares(r.callback));
  if (r.options.control) text += fmt::format("as much plain arithmetic beside it: {}\n", shares(r.control));
  return text + fmt::format(
                    "allocations {}, page faults {}, feeder fallbacks {}\n"
                    "CPU seconds a second of audio: feeders {:.3f}, all {:.3f}",
                    r.allocations, r.minor_faults + r.major_faults, r.feeder_fallbacks, r.feeder_cpu, r.total_cpu);
}

}  // namespace tactus::app
