// Intents of stems, through scheduler and engine, judged by what sounds: each stem is a tone of its own.
#include <gtest/gtest.h>

#include <array>

#include "session/renderer.h"
#include "support/fake_source.h"
#include "support/listen.h"

using namespace tactus;
using namespace tactus::testing;

namespace {

constexpr std::array<double, 4> kTones = {1500, 300, 110, 700};  // vocals, drums, bass, other: Hz
constexpr double kLevel = 0.1, kBeat = 24000;

class StemsHeard : public ::testing::TestWithParam<double> {};

// dB of each stem over what it has untouched, in the beats after each of the lines. A line a 4 beats.
std::vector<std::array<double, 4>> heard(double tempo_percent, const std::vector<std::string>& lines) {
  FakeSource source;
  source.add("a", make_track(48000 * 30, 8, 120, 0, [](std::int64_t f, int c) {
               const double hz = kTones[static_cast<std::size_t>(c / 2)];
               return static_cast<float>(kLevel * std::sin(2 * M_PI * hz * static_cast<double>(f) / 48000));
             }));
  std::vector<session::ScriptEvent> events;
  const auto add = [&](double beat, const std::string& text) {
    events.push_back({msg::When::at(Beat::of(beat)), text, 0});
  };
  add(0, "/clock/source internal");
  add(0, "/deck/1/load \"a\"");
  add(0, "/deck/1/tempo " + std::to_string(tempo_percent));
  add(1, "/deck/1/play");
  for (std::size_t i = 0; i < lines.size(); ++i) add(4.0 * static_cast<double>(i + 1), lines[i]);
  session::RenderOptions options;
  options.max_seconds = 2.0 * static_cast<double>(lines.size() + 1) + 0.5;
  std::vector<float> left;
  const auto report = session::render(events, options, source, [&](std::span<const float> x) {
    for (std::size_t i = 0; i < x.size(); i += 2) left.push_back(x[i]);
    return true;
  });
  for (const session::Refused& r : report.refused) ADD_FAILURE() << r.text << ": " << r.why;
  std::vector<std::array<double, 4>> levels;
  for (std::size_t i = 0; i <= lines.size(); ++i) {
    const auto from = static_cast<std::int64_t>((4.0 * static_cast<double>(i) + 2) * kBeat);
    auto& level = levels.emplace_back();
    for (std::size_t s = 0; s < kTones.size(); ++s) {
      level[s] = 20 * std::log10(amplitude_at(left, kTones[s], from, from + 36000) / kLevel + 1e-9);
    }
  }
  return levels;
}

TEST_P(StemsHeard, GainMuteAndSoloDoWhatTheySay) {
  const auto levels = heard(
      GetParam(), {"/deck/1/stem/drums/gain -6", "/deck/1/stem/bass/gain 3 over 1 beats", "/deck/1/stem/drums/gain 0",
                   "/deck/1/stem/vocals/gain -inf", "/deck/1/stem/bass/mute 1", "/deck/1/stem/drums/solo 1"});
  const double off = -200;
  const std::array<double, 4> expected[] = {{0, 0, 0, 0},   {0, -6, 0, 0},    {0, -6, 3, 0},     {0, 0, 3, 0},
                                            {off, 0, 3, 0}, {off, 0, off, 0}, {off, 0, off, off}};
  ASSERT_EQ(levels.size(), std::size(expected));
  // The auto-gain leaves it as it is; a stretcher may take a little of a tone, the same at each line.
  for (std::size_t i = 0; i < levels.size(); ++i) {
    for (std::size_t s = 0; s < kTones.size(); ++s) {
      if (expected[i][s] == off) {
        EXPECT_LT(levels[i][s], -50) << "line " << i << ", stem " << s;
      } else {
        EXPECT_NEAR(levels[i][s], expected[i][s], 0.3) << "line " << i << ", stem " << s;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Both, StemsHeard, ::testing::Values(0.0, 4.0),
                         [](const auto& p) { return p.param == 0 ? "Direct" : "KeyLocked"; });

}  // namespace
