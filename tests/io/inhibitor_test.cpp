// A machine that is kept awake, on buses of the test's own where a stand-in plays logind and the desktop.
#include "io/power/inhibitor.h"

#include <gtest/gtest.h>

#ifdef TACTUS_HAVE_SDBUS

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tactus::io {
namespace {

using namespace std::chrono_literals;

// A bus that anybody of this test may use and own names on.
class BusDaemon {
 public:
  BusDaemon() {
    folder_ = (std::filesystem::temp_directory_path() / "tactus-bus-XXXXXX").string();
    if (!::mkdtemp(folder_.data())) return;
    std::ofstream(folder_ + "/bus.conf")
        << "<busconfig><type>session</type><listen>unix:path=" << folder_ << "/bus</listen>"
        << "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>"
        << "<allow own=\"*\"/></policy></busconfig>";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const std::string config = "--config-file=" + folder_ + "/bus.conf";
      ::execlp("dbus-daemon", "dbus-daemon", config.c_str(), "--nofork", "--nopidfile", nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 500 && !std::filesystem::exists(folder_ + "/bus"); ++i) ::usleep(10'000);
  }
  ~BusDaemon() {
    end();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  std::string address() const { return "unix:path=" + folder_ + "/bus"; }

 private:
  std::string folder_;
  pid_t pid_ = 0;
};

// Logind and the desktop: what they were asked for, and whether it still holds.
class StandIn {
 public:
  explicit StandIn(const std::string& address, bool lid_allowed = true) : lid_allowed_(lid_allowed) {
    sd_bus_new(&bus_);
    sd_bus_set_address(bus_, address.c_str());
    sd_bus_set_bus_client(bus_, true);
    if (sd_bus_start(bus_) < 0) return;
    sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/login1", "org.freedesktop.login1.Manager", kLogin, this);
    sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver", kScreen,
                             this);
    ok_ = sd_bus_request_name(bus_, "org.freedesktop.login1", 0) >= 0 &&
          sd_bus_request_name(bus_, "org.freedesktop.ScreenSaver", 0) >= 0;
    thread_ = std::thread([this] {
      while (!stop_.load()) {
        if (sd_bus_process(bus_, nullptr) == 0) sd_bus_wait(bus_, 10'000);
      }
    });
  }
  ~StandIn() {
    stop_.store(true);
    if (thread_.joinable()) thread_.join();
    for (const int fd : {fd_[0], fd_[1]}) {
      if (fd >= 0) ::close(fd);
    }
    sd_bus_flush_close_unref(bus_);
  }
  bool ok() const { return ok_; }
  // Whether somebody holds the descriptor that was given out.
  bool sleep_locked() const {
    if (asked_.load() == 0 || fd_[0] < 0) return false;
    pollfd p{fd_[0], POLLIN, 0};
    return !(::poll(&p, 1, 0) > 0 && (p.revents & POLLHUP));
  }
  std::atomic<int> asked_{0}, lid_refused_{0}, screen_asked_{0}, screen_let_go_{0};

 private:
  static int inhibit(sd_bus_message* m, void* self, sd_bus_error* error) {
    auto* here = static_cast<StandIn*>(self);
    const char *what = nullptr, *who = nullptr, *why = nullptr, *mode = nullptr;
    sd_bus_message_read(m, "ssss", &what, &who, &why, &mode);
    if (!here->lid_allowed_ && std::string(what).find("lid") != std::string::npos) {
      ++here->lid_refused_;
      return sd_bus_error_set(error, "org.freedesktop.DBus.Error.AccessDenied", "not the lid");
    }
    if (std::string(mode) != "block" || ::pipe2(here->fd_, O_CLOEXEC) != 0) return -EINVAL;
    ++here->asked_;
    const int given = std::exchange(here->fd_[1], -1);
    const int code = sd_bus_reply_method_return(m, "h", given);
    ::close(given);
    return code;
  }
  static int screen_inhibit(sd_bus_message* m, void* self, sd_bus_error*) {
    ++static_cast<StandIn*>(self)->screen_asked_;
    return sd_bus_reply_method_return(m, "u", 77u);
  }
  static int screen_let_go(sd_bus_message* m, void* self, sd_bus_error*) {
    unsigned cookie = 0;
    sd_bus_message_read(m, "u", &cookie);
    if (cookie == 77) ++static_cast<StandIn*>(self)->screen_let_go_;
    return sd_bus_reply_method_return(m, "");
  }
  static const sd_bus_vtable kLogin[], kScreen[];

  const bool lid_allowed_;
  sd_bus* bus_ = nullptr;
  int fd_[2] = {-1, -1};
  bool ok_ = false;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

const sd_bus_vtable StandIn::kLogin[] = {SD_BUS_VTABLE_START(0),
                                         SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
                                         SD_BUS_VTABLE_END};
const sd_bus_vtable StandIn::kScreen[] = {
    SD_BUS_VTABLE_START(0), SD_BUS_METHOD("Inhibit", "ss", "u", screen_inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("UnInhibit", "u", "", screen_let_go, SD_BUS_VTABLE_UNPRIVILEGED), SD_BUS_VTABLE_END};

template <typename Is>
bool soon(Is is) {
  for (int i = 0; i < 500; ++i) {
    if (is()) return true;
    ::usleep(10'000);
  }
  return false;
}

class KeepAwake : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_.address().c_str(), 1);
    ::setenv("DBUS_SESSION_BUS_ADDRESS", bus_.address().c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
  }
  static constexpr std::uint32_t kAll = Inhibitor::kSleep | Inhibitor::kLid | Inhibitor::kScreen;
  const Inhibitor::Options quick_{200ms, 50ms};
  BusDaemon bus_;
};

TEST_F(KeepAwake, WhileMusicPlaysAndALittleLonger) {
  StandIn machine(bus_.address());
  ASSERT_TRUE(machine.ok());
  Inhibitor inhibitor(quick_);
  ::usleep(300'000);
  EXPECT_EQ(machine.asked_.load() + machine.screen_asked_.load(), 0);  // nothing plays
  inhibitor.playing(true);
  EXPECT_TRUE(soon([&] { return inhibitor.held() == kAll; }));
  EXPECT_TRUE(machine.sleep_locked());
  ::usleep(500'000);  // longer than it lingers
  EXPECT_TRUE(machine.sleep_locked());
  inhibitor.playing(false);
  ::usleep(50'000);
  EXPECT_EQ(inhibitor.held(), kAll);  // the next track is being looked for
  inhibitor.playing(true);
  ::usleep(400'000);
  EXPECT_EQ(inhibitor.held(), kAll);
  inhibitor.playing(false);
  EXPECT_TRUE(soon([&] { return inhibitor.held() == 0; }));
  EXPECT_TRUE(soon([&] { return !machine.sleep_locked(); }));
  EXPECT_TRUE(soon([&] { return machine.screen_let_go_.load() == 1; }));
  EXPECT_EQ(machine.asked_.load(), 1);  // asked once, not again and again
  EXPECT_EQ(machine.screen_asked_.load(), 1);
}

TEST_F(KeepAwake, ALidThatIsNotOursToLockLeavesTheRest) {
  StandIn machine(bus_.address(), false);
  Inhibitor inhibitor(quick_);
  inhibitor.playing(true);
  EXPECT_TRUE(soon([&] { return inhibitor.held() == (Inhibitor::kSleep | Inhibitor::kScreen); }));
  EXPECT_EQ(machine.lid_refused_.load(), 1);
}

TEST_F(KeepAwake, GoesWithTheProgram) {
  StandIn machine(bus_.address());
  {
    Inhibitor inhibitor;
    inhibitor.playing(true);
    ASSERT_TRUE(soon([&] { return inhibitor.held() == kAll; }));
  }
  EXPECT_TRUE(soon([&] { return !machine.sleep_locked(); }));
}

TEST_F(KeepAwake, WithoutABusOrAnybodyOnItNothingHappens) {
  Inhibitor alone(quick_);
  alone.playing(true);
  ::usleep(200'000);
  EXPECT_EQ(alone.held(), 0U);
  StandIn machine(bus_.address());  // it comes later, and is asked then
  EXPECT_TRUE(soon([&] { return alone.held() == kAll; }));
  bus_.end();
  EXPECT_TRUE(soon([&] { return (alone.held() & Inhibitor::kScreen) == 0; }));  // that lock went with the bus
  alone.playing(false);
  EXPECT_TRUE(soon([&] { return alone.held() == 0; }));
}

}  // namespace
}  // namespace tactus::io

#endif
