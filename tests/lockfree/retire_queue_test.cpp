// RetireQueue: nothing is freed while a reader might hold it, everything once none can.
#include "lockfree/retire_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>

#include "lockfree/payload.h"

using tactus::lockfree::ReaderEpoch;
using tactus::lockfree::RetireQueue;
using tactus::lockfree::test::Payload;

namespace {

struct Counted {
  explicit Counted(int& n) : freed(n) {}
  ~Counted() { ++freed; }
  int& freed;
};

}  // namespace

TEST(RetireQueue, WaitsForTheReadersThatWereInside) {
  int freed = 0;
  ReaderEpoch inside, outside;
  RetireQueue<4> queue;
  ASSERT_TRUE(queue.watch(inside));
  ASSERT_TRUE(queue.watch(outside));
  inside.enter();
  auto object = std::make_unique<Counted>(freed);
  ASSERT_TRUE(queue.retire(object));
  EXPECT_EQ(object, nullptr);
  EXPECT_EQ(queue.collect(), 0u);
  outside.enter();  // after the retirement: it can't have found the object
  EXPECT_EQ(queue.collect(), 0u);
  inside.leave();
  EXPECT_EQ(queue.collect(), 1u);
  EXPECT_EQ(freed, 1);
}

TEST(RetireQueue, AReaderThatIsInsideAgainDoesNotCount) {
  int freed = 0;
  ReaderEpoch reader;
  RetireQueue<4> queue;
  queue.watch(reader);
  reader.enter();
  auto object = std::make_unique<Counted>(freed);
  queue.retire(object);
  reader.leave();
  reader.enter();
  EXPECT_EQ(queue.collect(), 1u);
}

TEST(RetireQueue, AReaderThatHasStoppedHoldsNothingBack) {
  int freed = 0;
  ReaderEpoch reader;
  RetireQueue<4> queue;
  queue.watch(reader);
  auto object = std::make_unique<Counted>(freed);
  queue.retire(object);
  EXPECT_EQ(queue.collect(), 1u);
}

TEST(RetireQueue, WhenFullTheObjectStaysWithItsOwner) {
  int freed = 0;
  ReaderEpoch reader;
  reader.enter();
  {
    RetireQueue<2> queue;
    queue.watch(reader);
    for (int i = 0; i < 2; ++i) {
      auto object = std::make_unique<Counted>(freed);
      EXPECT_TRUE(queue.retire(object));
    }
    auto third = std::make_unique<Counted>(freed);
    EXPECT_FALSE(queue.retire(third));
    EXPECT_NE(third, nullptr);
    EXPECT_EQ(queue.waiting(), 2u);
    reader.leave();
  }
  EXPECT_EQ(freed, 3);
}

// Two readers follow a published pointer while its owner swaps and frees. Freed objects are overwritten first, so a use
// after free shows as a torn payload (and as a race under ThreadSanitizer).
TEST(RetireQueue, NoReaderEverSeesAFreedObject) {
  constexpr int kSwaps = 20000;
  std::atomic<Payload*> published{new Payload(Payload::make(0, 0))};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> wrong{0}, reads{0};
  ReaderEpoch epochs[2];
  RetireQueue<64> queue;
  std::vector<std::thread> readers;
  for (ReaderEpoch& epoch : epochs) {
    queue.watch(epoch);
    readers.emplace_back([&] {
      while (!done) {
        epoch.enter();
        wrong += !published.load(std::memory_order_acquire)->whole();
        epoch.leave();
        ++reads;
      }
    });
  }
  const auto destroy = [](void* object) {
    auto* payload = static_cast<Payload*>(object);
    payload->body[0] = ~payload->body[0];
    delete payload;
  };
  std::mt19937 random(5);
  while (reads < 10) std::this_thread::yield();
  for (int i = 1; i <= kSwaps; ++i) {
    Payload* old = published.exchange(new Payload(Payload::make(0, static_cast<std::uint64_t>(i))));
    while (!queue.retire(old, destroy)) {
      if (queue.collect() == 0) std::this_thread::yield();
    }
    if (random() % 4 == 0) queue.collect();
  }
  done = true;
  for (std::thread& thread : readers) thread.join();
  queue.collect();
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(wrong, 0u);
  delete published.load();
}
