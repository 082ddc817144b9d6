// SpscRing: order, fullness and wrap-around as equations; then two threads with batches of seeded random sizes.
#include "lockfree/spsc_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <thread>

#include "lockfree/payload.h"

using tactus::lockfree::SpscRing;
using tactus::lockfree::test::Payload;

TEST(SpscRing, CapacityIsAPowerOfTwo) {
  EXPECT_EQ(SpscRing<int>(1).capacity(), 1u);
  EXPECT_EQ(SpscRing<int>(5).capacity(), 8u);
  int storage[13];
  EXPECT_EQ(SpscRing<int>(std::span(storage)).capacity(), 8u);
}

TEST(SpscRing, FullAndEmptyAreRefusedWithoutEffect) {
  SpscRing<int> ring(4);
  int out = -7;
  EXPECT_FALSE(ring.pop(out));
  EXPECT_EQ(out, -7);
  EXPECT_EQ(ring.read_slot(), nullptr);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(i));
  EXPECT_FALSE(ring.push(99));
  EXPECT_EQ(ring.write_slot(), nullptr);
  EXPECT_EQ(ring.readable(), 4u);
  EXPECT_EQ(ring.writable(), 0u);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(ring.pop(out));
    EXPECT_EQ(out, i);
  }
  EXPECT_EQ(ring.readable(), 0u);
}

TEST(SpscRing, PeekSeesTheQueueInOrderAndNothingBeyond) {
  SpscRing<int> ring(8);
  for (int i = 0; i < 6; ++i) ring.push(i);
  ring.release();
  ring.release();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(*ring.peek(i), static_cast<int>(i) + 2);
  EXPECT_EQ(ring.peek(4), nullptr);
}

// Every operation, at random, against std::deque.
TEST(SpscRing, BehavesAsABoundedDeque) {
  std::mt19937 random(20240801);
  int storage[16];
  SpscRing<int> ring{std::span(storage)};
  std::deque<int> model;
  int next = 0;
  for (int step = 0; step < 100000; ++step) {
    int batch[24];
    const std::size_t n = random() % 24;
    switch (random() % 4) {
      case 0: {
        for (std::size_t i = 0; i < n; ++i) batch[i] = next + static_cast<int>(i);
        const std::size_t pushed = ring.push(std::span<const int>(batch, n));
        ASSERT_EQ(pushed, std::min(n, 16 - model.size()));
        for (std::size_t i = 0; i < pushed; ++i) model.push_back(next++);
        break;
      }
      case 1: {
        const std::size_t popped = ring.pop(std::span<int>(batch, n));
        ASSERT_EQ(popped, std::min(n, model.size()));
        for (std::size_t i = 0; i < popped; ++i) {
          ASSERT_EQ(batch[i], model.front());
          model.pop_front();
        }
        break;
      }
      case 2:
        if (int* slot = ring.write_slot()) {
          *slot = next;
          ring.commit();
          model.push_back(next++);
        } else {
          ASSERT_EQ(model.size(), 16u);
        }
        break;
      case 3:
        if (const int* slot = ring.read_slot()) {
          ASSERT_EQ(*slot, model.front());
          ring.release();
          model.pop_front();
        } else {
          ASSERT_TRUE(model.empty());
        }
        break;
    }
    ASSERT_EQ(ring.readable(), model.size());
  }
}

TEST(SpscRing, NothingIsLostTornOrReorderedBetweenThreads) {
  constexpr std::uint64_t kItems = 60000;
  SpscRing<Payload> ring(32);
  std::thread producer([&] {
    std::mt19937 random(1);
    std::vector<Payload> batch;
    for (std::uint64_t sent = 0; sent < kItems;) {
      if (random() % 2) {
        if (Payload* slot = ring.write_slot()) {
          *slot = Payload::make(0, sent++);
          ring.commit();
        }
      } else {
        batch.clear();
        const std::uint64_t n = std::min<std::uint64_t>(random() % 40, kItems - sent);
        for (std::uint64_t i = 0; i < n; ++i) batch.push_back(Payload::make(0, sent + i));
        sent += ring.push(std::span<const Payload>(batch));
      }
      if (ring.writable() == 0) std::this_thread::yield();
    }
  });
  std::mt19937 random(2);
  std::vector<Payload> batch(40);
  std::uint64_t expected = 0, torn = 0;
  while (expected < kItems) {
    if (random() % 2) {
      if (const Payload* slot = ring.read_slot()) {
        torn += !slot->whole() || slot->number != expected;
        ++expected;
        ring.release();
      }
    } else {
      const std::size_t n = ring.pop(std::span<Payload>(batch.data(), random() % 40));
      for (std::size_t i = 0; i < n; ++i, ++expected) torn += !batch[i].whole() || batch[i].number != expected;
    }
    if (ring.readable() == 0) std::this_thread::yield();
  }
  producer.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(ring.readable(), 0u);
}
