#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "analysis/cache.h"
#include "doctor.h"
#include "io/audio/devices.h"

namespace tactus::app {
namespace {

namespace fs = std::filesystem;

std::string line_of(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> out;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    out.push_back(it->path());
  }
  return out;
}

void read_limits(Readings& m) {
  rlimit limit{};
  if (getrlimit(RLIMIT_RTPRIO, &limit) == 0) {
    m.rtprio_limit = limit.rlim_cur == RLIM_INFINITY ? 99 : static_cast<std::int64_t>(limit.rlim_cur);
  }
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    m.memlock_limit = limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<std::int64_t>(limit.rlim_cur);
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("CapEff:", 0) != 0) continue;
    constexpr unsigned kIpcLock = 14, kSysNice = 23;  // linux/capability.h
    const unsigned long long caps = std::strtoull(line.c_str() + 7, nullptr, 16);
    m.may_do_all = (caps >> kIpcLock & 1) != 0 && (caps >> kSysNice & 1) != 0;
  }
}

void read_cpu(Readings& m) {
  for (const fs::path& cpu : entries("/sys/devices/system/cpu")) {
    const std::string governor = line_of(cpu / "cpufreq/scaling_governor");
    if (!governor.empty()) m.governors.push_back(governor);
  }
  if (line_of("/sys/kernel/realtime") == "1") {
    m.kernel_preemption = "rt";
    return;
  }
  // "none voluntary (full)"; only root may read it.
  const std::string modes = line_of("/sys/kernel/debug/sched/preempt");
  const auto from = modes.find('('), to = modes.find(')');
  if (from != std::string::npos && to != std::string::npos) {
    m.kernel_preemption = modes.substr(from + 1, to - from - 1);
  } else if (line_of("/proc/version").find("PREEMPT_RT") != std::string::npos) {
    m.kernel_preemption = "rt";
  }
}

void read_memory(Readings& m) {
  std::ifstream info("/proc/meminfo");
  std::optional<std::int64_t> swap_total, swap_free;
  for (std::string line; std::getline(info, line);) {
    std::istringstream words(line);
    std::string key;
    std::int64_t kib = 0;
    if (!(words >> key >> kib)) continue;
    if (key == "MemAvailable:") m.memory_free = kib * 1024;
    if (key == "SwapTotal:") swap_total = kib * 1024;
    if (key == "SwapFree:") swap_free = kib * 1024;
  }
  if (swap_total && swap_free) m.swap_used = *swap_total - *swap_free;
  const std::string swappiness = line_of("/proc/sys/vm/swappiness");
  if (!swappiness.empty()) m.swappiness = std::atoll(swappiness.c_str());
}

void read_usb(Readings& m) {
  for (const fs::path& device : entries("/sys/bus/usb/devices")) {
    bool audio = false;
    for (const fs::path& part : entries(device)) {
      audio = audio || line_of(part / "bInterfaceClass") == "01";  // USB class 1: audio
    }
    if (audio && line_of(device / "power/control") == "auto") m.sleepy_usb_audio.push_back(line_of(device / "product"));
  }
}

// Whether somebody takes connections at the socket of the default server (libpipewire's own order of places).
bool pipewire_answers() {
  const char* name = std::getenv("PIPEWIRE_REMOTE");
  fs::path path = name && *name ? name : "pipewire-0";
  for (const char* folder : {std::getenv("PIPEWIRE_RUNTIME_DIR"), std::getenv("XDG_RUNTIME_DIR")}) {
    if (path.is_absolute()) break;
    if (folder && *folder) path = fs::path(folder) / path;
  }
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (!path.is_absolute() || path.native().size() >= sizeof at.sun_path) return false;
  path.native().copy(at.sun_path, sizeof at.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool taken = fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  if (fd >= 0) ::close(fd);
  return taken;
}

void read_sound(Readings& m) {
  m.pipewire = pipewire_answers();
  const io::DeviceList list = io::list_devices();
  for (const io::DeviceInfo& d : list.devices) {
    m.devices.push_back({io::driver_title(d.driver), d.name, d.outputs, d.rates});
  }
  for (const io::Driver driver : list.silent) m.silent_drivers.push_back(io::driver_title(driver));
}

void read_programs(Readings& m) {
  std::error_code failed;
  const char* named = std::getenv("TACTUS_MEDIA");
  m.worker =
      named && *named ? named : (fs::read_symlink("/proc/self/exe", failed).parent_path() / "tactus-media").string();
  m.worker_runs = ::access(m.worker.c_str(), X_OK) == 0;
  m.cache_folder = analysis::Cache().folder();
  // It is made when first written to: what counts until then is the nearest folder above that exists.
  fs::path there = m.cache_folder;
  while (!there.empty() && !fs::exists(there, failed) && there != there.parent_path()) there = there.parent_path();
  m.cache_writable = fs::is_directory(there, failed) && ::access(there.c_str(), W_OK | X_OK) == 0;
  const fs::space_info space = fs::space(there, failed);
  if (!failed) m.cache_free = static_cast<std::int64_t>(space.available);
}

}  // namespace

Readings read_machine() {
  Readings m;
  read_limits(m);
  read_cpu(m);
  read_memory(m);
  read_usb(m);
  read_sound(m);
  read_programs(m);
  return m;
}

}  // namespace tactus::app
