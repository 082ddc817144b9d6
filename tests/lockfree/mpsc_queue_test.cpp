// MpscQueue: fullness and order; then several producers at once, of which each one's items must arrive whole and in
// order.
#include "lockfree/mpsc_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "lockfree/payload.h"

using tactus::lockfree::MpscQueue;
using tactus::lockfree::test::Payload;

TEST(MpscQueue, FullAndEmptyAreRefusedWithoutEffect) {
  MpscQueue<int> queue(3);
  ASSERT_EQ(queue.capacity(), 4u);
  int out = -7;
  EXPECT_FALSE(queue.pop(out));
  EXPECT_EQ(out, -7);
  for (int lap = 0; lap < 5; ++lap) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.push(lap * 10 + i));
    EXPECT_FALSE(queue.push(99));
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(queue.pop(out));
      EXPECT_EQ(out, lap * 10 + i);
    }
    EXPECT_FALSE(queue.pop(out));
  }
}

TEST(MpscQueue, ProducersNeverTearOrReorderEachOther) {
  constexpr int kProducers = 4;
  constexpr std::uint64_t kEach = 12000;
  MpscQueue<Payload> queue(16);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&queue, p] {
      std::mt19937 random(static_cast<unsigned>(p));
      for (std::uint64_t i = 0; i < kEach; ++i) {
        const Payload payload = Payload::make(static_cast<std::uint64_t>(p), i);
        while (!queue.push(payload)) std::this_thread::yield();
        if (random() % 64 == 0) std::this_thread::yield();
      }
    });
  }
  std::uint64_t next[kProducers] = {}, wrong = 0;
  for (std::uint64_t got = 0; got < kProducers * kEach;) {
    Payload payload;
    if (!queue.pop(payload)) {
      std::this_thread::yield();
      continue;
    }
    ++got;
    wrong += !payload.whole() || payload.number != next[payload.producer]++;
  }
  for (std::thread& thread : producers) thread.join();
  EXPECT_EQ(wrong, 0u);
}
