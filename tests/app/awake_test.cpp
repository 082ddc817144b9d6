// The program keeps the machine awake while it plays, on buses of the test's own where a stand-in plays logind and the
// desktop.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <thread>

#include "client/client.h"
#include "support/bus.h"

namespace tactus {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

bool soon(const std::function<bool()>& is) {
  for (int i = 0; i < 1000; ++i) {
    if (is()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

void write_tone(const fs::path& path) {
  constexpr std::uint32_t kRate = 48000, kBytes = 20 * kRate * 2, kRest = kBytes + 36;
  const std::uint32_t format[] = {16, 1 | 1 << 16, kRate, kRate * 2, 2 | 16 << 16};
  std::ofstream out(path, std::ios::binary);
  const auto put = [&](const void* data, std::size_t n) {
    out.write(static_cast<const char*>(data), static_cast<std::streamsize>(n));
  };
  put("RIFF", 4), put(&kRest, 4), put("WAVEfmt ", 8), put(format, sizeof format), put("data", 4), put(&kBytes, 4);
  for (std::uint32_t f = 0; f < kBytes / 2; ++f) {
    const auto v = static_cast<std::int16_t>(std::lround(8000 * std::sin(0.05 * f)));
    put(&v, 2);
  }
}

TEST(AwakeProgram, AsksWhenADeckPlaysAndWhatItHoldsGoesWithIt) {
  const test::BusDaemon bus;
  const test::TempFolder temp;
  const fs::path folder = temp.path();
  write_tone(folder / "tone.wav");
  test::StandIn machine(bus.address());
  ASSERT_TRUE(machine.ok());
  ::setenv("XDG_RUNTIME_DIR", folder.c_str(), 1);  // the client of this test looks for the engine there
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (const char* name : {"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HOME"})
      ::setenv(name, folder.c_str(), 1);
    for (const char* name : {"DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"}) {
      ::setenv(name, bus.address().c_str(), 1);
    }
    ::execl(TACTUS_PROGRAM, TACTUS_PROGRAM, "engine", "--audio", "null", "--session", folder.c_str(), nullptr);
    ::_exit(127);
  }
  std::unique_ptr<client::Client> client;
  std::string error;
  const bool there = soon([&] { return (client = client::Client::connect({.session = folder}, &error)) != nullptr; });
  if (there) {
    const auto awake = [&] { return client->board().read().value_or(sidecar::BoardState{}).awake; };
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(machine.asked_.load() + machine.screen_asked_.load(), 0) << "nothing plays";
    EXPECT_EQ(awake(), 0U);
    EXPECT_TRUE(client->send("/deck/1/load \"" + (folder / "tone.wav").string() + "\""));
    EXPECT_TRUE(client->send("/deck/1/play"));
    EXPECT_TRUE(soon([&] { return machine.sleep_locked() && machine.screen_asked_.load() == 1; }));
    EXPECT_TRUE(soon([&] { return awake() == 7; })) << "and it is shown: suspend, lid, screen";
    EXPECT_TRUE(client->send("/deck/1/pause"));
    std::this_thread::sleep_for(500ms);
    EXPECT_TRUE(machine.sleep_locked()) << "for a while longer";
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ASSERT_TRUE(there) << error;
  EXPECT_TRUE(soon([&] { return !machine.sleep_locked(); })) << "nobody has to undo it";
  EXPECT_EQ(machine.asked_.load(), 1);
}

}  // namespace
}  // namespace tactus
