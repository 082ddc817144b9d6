// StretchPool: keeps what it was told to keep, hands each out once, never lets a taker wait.
#include "media/stretch_pool.h"

#include <gtest/gtest.h>

#include <thread>

using namespace tactus;
using namespace tactus::media;

TEST(StretchPool, KeepsReadyWhatItWasTold) {
  StretchPool pool(SampleRate{48000});
  pool.keep(StretchMode::r3, 2, 3);
  pool.keep(StretchMode::r2, 8, 1);
  pool.settle();
  EXPECT_EQ(pool.ready(StretchMode::r3, 2), 3);
  EXPECT_EQ(pool.ready(StretchMode::r2, 8), 1);
  EXPECT_EQ(pool.ready(StretchMode::r3, 8), 0);

  auto reader = pool.take(StretchMode::r3, 2);
  EXPECT_EQ(reader->mode(), StretchMode::r3);
  EXPECT_EQ(reader->channels(), 2);
  EXPECT_FALSE(reader->primed());
  EXPECT_EQ(pool.made_in_place(), 0u);
  pool.settle();
  EXPECT_EQ(pool.ready(StretchMode::r3, 2), 3) << "filled up again";
  pool.give_back(std::move(reader));

  pool.keep(StretchMode::r3, 2, 1);
  pool.settle();
  EXPECT_EQ(pool.ready(StretchMode::r3, 2), 1);
}

TEST(StretchPool, MakesInPlaceWhatIsNotReady) {
  StretchPool pool(SampleRate{44100});
  auto reader = pool.take(StretchMode::r3long, 8);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->rate(), 44100);
  EXPECT_EQ(pool.take(StretchMode::r3, 3)->channels(), 3);
  EXPECT_EQ(pool.made_in_place(), 2u);
  pool.give_back(nullptr);
}

// Takers on several threads: each gets readers of its own, which it uses without a word to the others.
TEST(StretchPool, HandsEachReaderToOneTakerOnly) {
  StretchPool pool(SampleRate{48000});
  pool.keep(StretchMode::r2, 2, 4);
  std::vector<std::thread> takers;
  for (int t = 0; t < 3; ++t) {
    takers.emplace_back([&pool] {
      for (int i = 0; i < 20; ++i) {
        auto reader = pool.take(StretchMode::r2, 2);
        reader->set_formant_preserved(i % 2 == 0);  // a race, for ThreadSanitizer, if another had it too
        pool.give_back(std::move(reader));
      }
    });
  }
  for (std::thread& taker : takers) taker.join();
  pool.settle();
  EXPECT_EQ(pool.ready(StretchMode::r2, 2), 4);
}
