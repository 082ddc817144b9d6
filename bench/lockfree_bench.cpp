// What one operation of each lock-free piece costs, alone and with the other end busy on another core.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

#include "lockfree/mpsc_queue.h"
#include "lockfree/retire_queue.h"
#include "lockfree/seqlock.h"
#include "lockfree/spsc_ring.h"
#include "lockfree/triple_buffer.h"

namespace {

using namespace tactus::lockfree;

struct Small {
  char bytes[64];
};
struct Packet {
  char bytes[1056];  // 32 frames of 8 floats and their tags
};
struct Board {
  char bytes[8192];
};

template <typename T>
void spsc_alone(benchmark::State& state) {
  SpscRing<T> ring(256);
  T item{};
  for (auto _ : state) {
    ring.push(item);
    ring.pop(item);
    benchmark::DoNotOptimize(item);
  }
}
BENCHMARK(spsc_alone<Small>);
BENCHMARK(spsc_alone<Packet>);

template <typename T>
void spsc_between_threads(benchmark::State& state) {
  SpscRing<T> ring(256);
  std::atomic<bool> done{false};
  std::thread consumer([&] {
    T item;
    while (!done.load(std::memory_order_relaxed))
      if (!ring.pop(item)) std::this_thread::yield();
  });
  const T item{};
  for (auto _ : state) {
    while (!ring.push(item)) std::this_thread::yield();
  }
  done = true;
  consumer.join();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(spsc_between_threads<Small>)->UseRealTime();
BENCHMARK(spsc_between_threads<Packet>)->UseRealTime();

void mpsc_alone(benchmark::State& state) {
  MpscQueue<Small> queue(256);
  Small item{};
  for (auto _ : state) {
    queue.push(item);
    queue.pop(item);
    benchmark::DoNotOptimize(item);
  }
}
BENCHMARK(mpsc_alone);

void triple_buffer_write_and_update(benchmark::State& state) {
  TripleBuffer<Packet> buffer;
  const Packet item{};
  for (auto _ : state) {
    buffer.write(item);
    benchmark::DoNotOptimize(buffer.update());
  }
}
BENCHMARK(triple_buffer_write_and_update);

template <typename T>
void seqlock_write(benchmark::State& state) {
  SeqLock<T> lock;
  T item{};
  for (auto _ : state) {
    lock.write(item);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(seqlock_write<Packet>);
BENCHMARK(seqlock_write<Board>);

void seqlock_read(benchmark::State& state) {
  SeqLock<Board> lock;
  Board item;
  for (auto _ : state) {
    benchmark::DoNotOptimize(lock.try_read(item));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(seqlock_read);

void reader_epoch_enter_leave(benchmark::State& state) {
  ReaderEpoch epoch;
  for (auto _ : state) {
    epoch.enter();
    epoch.leave();
  }
}
BENCHMARK(reader_epoch_enter_leave);

}  // namespace
