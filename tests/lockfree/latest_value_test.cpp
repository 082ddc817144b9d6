// TripleBuffer and SeqLock: the reader sees whole values only, never an older one after a newer, and at last the last.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "lockfree/payload.h"
#include "lockfree/seqlock.h"
#include "lockfree/triple_buffer.h"

using tactus::lockfree::SeqLock;
using tactus::lockfree::TripleBuffer;
using tactus::lockfree::test::Payload;

namespace {
constexpr std::uint64_t kWrites = 30000;
}

TEST(TripleBuffer, ReaderHasTheInitialValueUntilOneIsPublished) {
  TripleBuffer<int> buffer(5);
  EXPECT_FALSE(buffer.update());
  EXPECT_EQ(buffer.front(), 5);
  buffer.back() = 6;
  EXPECT_FALSE(buffer.update());
  buffer.publish();
  EXPECT_TRUE(buffer.update());
  EXPECT_EQ(buffer.front(), 6);
  EXPECT_FALSE(buffer.update());
  buffer.write(7);
  buffer.write(8);
  EXPECT_TRUE(buffer.update());
  EXPECT_EQ(buffer.front(), 8);
}

TEST(TripleBuffer, NothingIsTornOrGoesBackBetweenThreads) {
  TripleBuffer<Payload> buffer(Payload::make(0, 0));
  std::thread writer([&] {
    std::mt19937 random(3);
    for (std::uint64_t i = 1; i <= kWrites; ++i) {
      buffer.back() = Payload::make(0, i);
      buffer.publish();
      if (random() % 32 == 0) std::this_thread::yield();
    }
  });
  std::uint64_t last = 0, wrong = 0;
  while (last < kWrites) {
    const bool fresh = buffer.update();
    const std::uint64_t now = buffer.front().number;
    wrong += !buffer.front().whole() || (fresh ? now <= last : now != last);
    last = now;
  }
  writer.join();
  EXPECT_EQ(wrong, 0u);
}

TEST(SeqLock, ReadsWhatWasWrittenAtAnySize) {
  struct Odd {
    char bytes[77];
  };
  SeqLock<Odd> lock;
  ASSERT_TRUE(lock.read());
  EXPECT_EQ(lock.version(), 0u);
  Odd odd;
  for (int i = 0; i < 77; ++i) odd.bytes[i] = static_cast<char>(i * 3 + 1);
  lock.write(odd);
  EXPECT_EQ(lock.version(), 1u);
  const auto back = lock.read();
  ASSERT_TRUE(back);
  EXPECT_EQ(std::memcmp(back->bytes, odd.bytes, 77), 0);
}

// A writer that was killed half-way leaves an odd sequence: readers give up after their tries, the next writer heals
// it.
TEST(SeqLock, AWriterThatDiedHalfWayNeverHangsAReader) {
  alignas(SeqLock<Payload>) unsigned char memory[sizeof(SeqLock<Payload>)] = {};
  auto* lock = new (memory) SeqLock<Payload>;
  lock->write(Payload::make(0, 1));
  auto* sequence = reinterpret_cast<std::atomic<std::uint64_t>*>(memory);
  ASSERT_EQ(sequence->load(), 2u);
  sequence->store(3);
  EXPECT_FALSE(lock->read());
  lock->write(Payload::make(0, 2));
  ASSERT_TRUE(lock->read());
  EXPECT_EQ(lock->read()->number, 2u);
}

TEST(SeqLock, NothingIsTornOrGoesBackWithTwoReaders) {
  SeqLock<Payload> lock;
  lock.write(Payload::make(0, 0));
  std::atomic<std::uint64_t> wrong{0}, seen{0};
  std::atomic<int> ready{0};
  auto read = [&] {
    ++ready;
    std::uint64_t last = 0;
    while (last < kWrites) {
      const auto value = lock.read();
      if (!value) {
        std::this_thread::yield();
        continue;
      }
      wrong += !value->whole() || value->number < last;
      seen += value->number != last;
      last = value->number;
    }
  };
  std::thread a(read), b(read);
  while (ready < 2) std::this_thread::yield();
  std::mt19937 random(4);
  for (std::uint64_t i = 1; i <= kWrites; ++i) {
    lock.write(Payload::make(0, i));
    if (random() % 8 == 0) std::this_thread::yield();
  }
  a.join();
  b.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(seen, 2u);
}
