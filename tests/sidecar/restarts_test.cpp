// A crash is answered at once; a storm of them is not.
#include "sidecar/restarts.h"

#include <gtest/gtest.h>

using tactus::sidecar::Restarts;

namespace {

TEST(Restarts, TheThirdCrashOfAMinuteWaits) {
  Restarts r;
  EXPECT_EQ(r.crashed(100), 0);
  EXPECT_EQ(r.crashed(130), 0);
  EXPECT_EQ(r.crashed(159), Restarts::kPause);
  EXPECT_EQ(r.crashed(160), Restarts::kPause);  // the first is a minute old, three are not
  EXPECT_EQ(r.lately(), 3u);
  EXPECT_EQ(r.crashed(300), 0);
}

}  // namespace
