// /panic, heard: whatever was on, within 50 ms the decks sound as tracks alone do.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "session/renderer.h"
#include "support/fake_source.h"

using namespace tactus;
using namespace tactus::testing;
using session::ScriptEvent;

namespace {

constexpr double kBpm = 120;
constexpr std::int64_t kBeat = 24000, kFade = 2400, kSeconds = 48000;
constexpr std::int64_t kGrid = 32;  // an effect is out of the way at the next point of the control grid

// Noise in four stems.
std::unique_ptr<RigTrack> stems() {
  std::minstd_rand random(7);
  std::uniform_real_distribution<float> level(-0.045f, 0.045f);
  std::vector<float> samples(static_cast<std::size_t>(12 * kSeconds * 8));
  for (float& x : samples) x = level(random);
  return make_track(12 * kSeconds, 8, kBpm, 0,
                    [s = std::move(samples)](std::int64_t f, int c) { return s[static_cast<std::size_t>(f * 8 + c)]; });
}

class PanicHeard : public ::testing::Test {
 protected:
  PanicHeard() {
    auto track = stems();
    track_ = track.get();
    source_.add("a", std::move(track));
  }

  // Renders, with the track on deck 1 from beat 0 on, and finds the frame of the panic.
  void play(std::vector<std::pair<double, std::string>> script, double seconds) {
    std::vector<ScriptEvent> events;
    for (const char* text : {"/clock/source internal", "/deck/1/load \"a\"", "/deck/1/play"}) {
      events.push_back({msg::When::at(Beat{}), text, 0});
    }
    for (auto& [beat, text] : script) events.push_back({msg::When::at(Beat::of(beat)), std::move(text), 0});
    session::RenderOptions options;
    options.tempo = Bpm{kBpm};
    options.max_seconds = seconds;
    const auto report = session::render(events, options, source_, [&](std::span<const float> x) {
      for (std::size_t i = 0; i < x.size(); i += 2) heard_.push_back(x[i]);
      return true;
    });
    for (const session::Refused& refused : report.refused) ADD_FAILURE() << refused.text << ": " << refused.why;
    EXPECT_EQ(report.limited_db, 0);
    for (const auto& e : report.events) {
      if (e.text == "/panic") panic_ = e.frame.v;
    }
    ASSERT_GT(panic_, 0);
  }

  // What the track alone sounds like at a frame, when it is `behind` by so many.
  float alone(std::int64_t frame, std::int64_t behind = 0) const {
    const std::int64_t at = frame - behind;
    const auto [data, offset] = std::div(at, lockfree::ChunkTable::kChunkFrames);
    float sum = 0;
    for (int stem = 0; stem < 4; ++stem) {
      sum += track_->chunks[static_cast<std::size_t>(data)][static_cast<std::size_t>(offset * 8 + 2 * stem)];
    }
    return sum;
  }
  float heard(std::int64_t frame) const { return heard_.at(static_cast<std::size_t>(frame)); }
  // Level of what is heard beside the track, from one frame to another.
  double beside(std::int64_t from, std::int64_t to, std::int64_t behind = 0) const {
    double sum = 0;
    for (std::int64_t f = from; f < to; ++f) sum += std::pow(double{heard(f)} - double{alone(f, behind)}, 2);
    return 10 * std::log10(sum / static_cast<double>(to - from) + 1e-30);
  }
  void expect_alone(std::int64_t from, std::int64_t to, std::int64_t behind = 0) const {
    for (std::int64_t f = from; f < to; ++f) {
      ASSERT_NEAR(heard(f), alone(f, behind), 1e-6) << f - panic_ << " frames after the panic";
    }
  }

  FakeSource source_;
  const RigTrack* track_ = nullptr;
  std::vector<float> heard_;
  std::int64_t panic_ = 0;
};

// An echo and a reverb that would ring for minutes, one that was switched off and one that was taken out and rings yet.
const std::vector<std::pair<double, std::string>> kRinging = {
    {0, "/deck/1/fx/1/1/type echo"},     {0, "/deck/1/fx/1/1/feedback 0.98"}, {0, "/deck/1/fx/1/1/on 1"},
    {0, "/deck/1/fx/1/2/type reverb"},   {0, "/deck/1/fx/1/2/decay 20"},      {0, "/deck/1/fx/1/2/on 1"},
    {0, "/deck/1/fx/1/3/type pingpong"}, {0, "/deck/1/fx/1/3/feedback 0.98"}, {0, "/deck/1/fx/1/3/on 1"},
    {0, "/deck/1/fx/2/1/type echo"},     {0, "/deck/1/fx/2/1/feedback 0.98"}, {0, "/deck/1/fx/2/1/on 1"},
    {3, "/deck/1/fx/1/3/on 0"},          {3, "/deck/1/fx/2/1/type none"},
};

TEST_F(PanicHeard, TailsFadeIn50MsAndDontComeBack) {
  auto script = kRinging;
  script.push_back({4.37, "/panic"});
  play(script, 6);
  EXPECT_GT(beside(panic_ - kFade, panic_), -40) << "they ring";
  EXPECT_GT(beside(panic_ + kFade / 4, panic_ + kFade / 2), -50) << "they fade, they aren't cut";
  expect_alone(panic_ + kFade + kGrid, 6 * kSeconds);
}

TEST_F(PanicHeard, AllElseIsNeutralToo) {
  auto script = kRinging;
  for (const char* text : {"/deck/1/eq/low -inf", "/deck/1/eq/high 6", "/deck/1/filter 0.6", "/deck/1/key 3",
                           "/deck/1/stem/drums/mute 1", "/deck/1/stem/bass/gain -12", "/deck/1/slip 1"}) {
    script.push_back({3.2, text});
  }
  script.push_back({1, "/deck/1/loop/beats 1"});  // before slip: what it takes away stays away
  script.push_back({4.37, "/panic"});
  std::stable_sort(script.begin(), script.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  play(script, 6);
  EXPECT_GT(beside(panic_ - kFade, panic_, 3 * kBeat), -40);
  // The EQ fades out of the way when its bands stand, and so does the stretcher when there is no key to shift to.
  expect_alone(panic_ + kFade + 960, 6 * kSeconds, 3 * kBeat);
}

TEST_F(PanicHeard, AnEffectComesBackWithoutWhatItHeardBefore) {
  auto script = kRinging;
  script.push_back({4, "/panic"});
  script.push_back({4.01, "/deck/1/fx/1/1/on 1"});
  script.push_back({4.01, "/deck/1/fx/1/2/on 1"});
  script.push_back({4.01, "/deck/1/pause"});
  script.push_back({8, "/deck/1/play"});
  play(script, 8);
  const std::int64_t played = 8 * kBeat;
  for (std::int64_t f = panic_ + kFade + kGrid; f < played; ++f) ASSERT_NEAR(heard(f), 0, 1e-9) << f - panic_;
  EXPECT_GT(beside(played + 2 * kBeat, played + 3 * kBeat, played - 4 * kBeat), -40) << "they are on";
}

}  // namespace
