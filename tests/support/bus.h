// Buses of a test's own, where a stand-in plays logind and the desktop: what a program asks of them, and whether that
// still holds.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "support/temp_folder.h"

namespace tactus::test {

// A bus that anybody of this test may use and own names on.
class BusDaemon {
 public:
  BusDaemon() {
    std::ofstream(folder_ / "bus.conf")
        << "<busconfig><type>session</type><listen>" << address() << "</listen>"
        << "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>"
        << "<allow own=\"*\"/></policy></busconfig>";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const std::string config = "--config-file=" + folder_ / "bus.conf";
      ::execlp("dbus-daemon", "dbus-daemon", config.c_str(), "--nofork", "--nopidfile", nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 500 && !std::filesystem::exists(folder_ / "bus"); ++i) ::usleep(10'000);
  }
  ~BusDaemon() { end(); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  std::string address() const { return "unix:path=" + (folder_ / "bus"); }

 private:
  const TempFolder folder_;
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

inline const sd_bus_vtable StandIn::kLogin[] = {
    SD_BUS_VTABLE_START(0), SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END};
inline const sd_bus_vtable StandIn::kScreen[] = {
    SD_BUS_VTABLE_START(0), SD_BUS_METHOD("Inhibit", "ss", "u", screen_inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("UnInhibit", "u", "", screen_let_go, SD_BUS_VTABLE_UNPRIVILEGED), SD_BUS_VTABLE_END};

}  // namespace tactus::test
