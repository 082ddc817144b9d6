#include "io/midi/ports.h"

#include <RtMidi.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <queue>
#include <thread>
#include <tuple>
#include <utility>

#include "io/ahead.h"
#include "io/audio/quiet_cerr.h"
#include "io/midi/driver_ports.h"
#include "io/midi/jack_view.h"

namespace tactus::io {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kIncoming = 4096, kOutgoing = 4096;  // messages
constexpr std::size_t kMeasured = 1000;
constexpr std::int64_t kSettleMs = 50;
constexpr int kLooks = 8;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Whether the API's server answers. RtMidi itself can't say: to it no server is no ports, and it writes to the
// terminal.
bool answers(RtMidi::Api api) {
  if (api == RtMidi::LINUX_ALSA) return ::access("/dev/snd/seq", R_OK | W_OK) == 0;
  return api != RtMidi::UNIX_JACK || JackView().here();
}

void ignore_error(RtMidiError::Type, const std::string&, void*) {}

struct Device {
  int pattern = -1;
  std::string in_name, out_name;  // of its ports; empty: it has none
  int loose = 0;                  // looks in a row at which one of them hung on no cable
  std::unique_ptr<MidiInput> in;
  std::unique_ptr<RtMidiOut> out;

  const std::string& name() const { return in_name.empty() ? out_name : in_name; }
  // A half that came before the other one.
  bool is_half_of(const std::string& in_port, const std::string& out_port) const {
    return (in_name == in_port && out_name.empty() && !out_port.empty()) ||
           (out_name == out_port && in_name.empty() && !in_port.empty());
  }
};

struct Due {
  std::int64_t at_ns = 0;
  std::uint64_t order = 0;
  int device = 0;
  MidiMessage message;
  bool operator>(const Due& other) const { return std::tie(at_ns, order) > std::tie(other.at_ns, other.order); }
};

class Ports final : public MidiPorts {
 public:
  Ports(MidiPortsOptions options, std::vector<RtMidi::Api> apis, std::function<void()> wake)
      : options_(std::move(options)),
        apis_(std::move(apis)),
        wake_(std::move(wake)),
        inbox_(kIncoming, now_ns),
        driver_(options_.client, inbox_) {
    quiet_cerr();
    looker_ = std::thread([this] { look(); });
    sender_ = std::thread([this] { send_due(); });
    waker_ = std::thread([this] { wake_owner(); });
  }

  ~Ports() override {
    {
      const std::lock_guard lock(mutex_);
      stop_.store(true);
    }
    look_again_.notify_all();
    send_again_.notify_all();
    inbox_.arrived.fetch_add(1);
    inbox_.arrived.notify_all();
    looker_.join();
    sender_.join();
    waker_.join();
  }

  void want(std::vector<PortPattern> patterns) override {
    const std::lock_guard lock(mutex_);
    wanted_ = std::move(patterns);
    ++wanted_version_;
    look_again_.notify_all();
  }

  bool receive(MidiReceived& received) override { return inbox_.queue.pop(received); }

  std::vector<MidiChange> take_changes() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(changes_, {});
  }

  bool send(int device, const MidiMessage& message, std::int64_t due_ns) override {
    const std::lock_guard lock(send_mutex_);
    if (message.size == 0) return true;
    if (due_.size() >= kOutgoing) {
      ++punctual_.dropped;
      return false;
    }
    due_.push({due_ns, order_++, device, message});
    if (due_.top().order == order_ - 1) send_again_.notify_all();
    return true;
  }

  MidiPortNames names() const override {
    const std::lock_guard lock(mutex_);
    return names_;
  }

  MidiPunctuality punctuality() const override {
    std::vector<float> late;
    MidiPunctuality p;
    {
      const std::lock_guard lock(send_mutex_);
      p = punctual_;
      late = late_ms_;
    }
    if (late.empty()) return p;
    std::sort(late.begin(), late.end());
    p.median_ms = late[late.size() / 2];
    p.p99_ms = late[late.size() * 99 / 100];
    p.worst_ms = late.back();
    return p;
  }

  std::uint64_t lost() const override { return inbox_.lost.load(std::memory_order_relaxed); }

 private:
  // --- looking for ports, opening and closing: one thread ---

  void look() {
    pthread_setname_np(pthread_self(), "tactus-midi");
    std::unique_lock lock(mutex_);
    while (!stop_.load()) {
      const std::uint64_t version = wanted_version_;
      const std::vector<PortPattern> wanted = wanted_;
      lock.unlock();
      try {
        look_once(wanted);
      } catch (const RtMidiError&) {
        forget_all();
      }
      lock.lock();
      const std::int64_t pause = changing_ ? std::min(options_.rescan_ms, kSettleMs) : options_.rescan_ms;
      look_again_.wait_for(lock, std::chrono::milliseconds(pause),
                           [&] { return stop_.load() || wanted_version_ != version; });
    }
    lock.unlock();
    forget_all();
  }

  void look_once(const std::vector<PortPattern>& wanted) {
    if (api_ == RtMidi::UNSPECIFIED && !connect()) return;
    if (jack_ && !jack_->here()) return forget_all();
    const std::vector<std::string> ins = list(*scan_in_), outs = list(*scan_out_);
    changing_ = false;
    close_gone(wanted, ins, outs);
    MidiPortNames found{RtMidi::getApiName(api_), others(ins), others(outs)};
    // A device's ports come one after the other: what is half there isn't opened yet.
    const bool new_ports = found.in != seen_.in || found.out != seen_.out;
    seen_ = found;
    changing_ = changing_ || new_ports;
    if (new_ports) return;
    for (std::size_t p = 0; p < wanted.size(); ++p) open_new(static_cast<int>(p), wanted[p], ins, outs);
    if (options_.every_input) open_new(-1, {""}, ins, outs);
    const std::lock_guard lock(mutex_);
    names_ = std::move(found);
  }

  std::vector<std::string> others(const std::vector<std::string>& ports) const {
    std::vector<std::string> list;
    for (const std::string& name : ports) {
      if (!ours(name)) list.push_back(name);
    }
    return list;
  }

  bool connect() {
    for (const RtMidi::Api api : apis_) {
      if (!answers(api)) continue;
      if (api == RtMidi::UNIX_JACK) jack_ = std::make_unique<JackView>();
      // Not by our name: JACK would give the ports that people look for another one, with a number.
      scan_in_ = std::make_unique<RtMidiIn>(api, "tactus-scan");
      scan_out_ = std::make_unique<RtMidiOut>(api, "tactus-scan");
      scan_in_->setErrorCallback(ignore_error);
      scan_out_->setErrorCallback(ignore_error);
      if (options_.virtual_ports) open_virtual(api);
      api_ = api;
      const std::lock_guard lock(mutex_);
      names_.api = RtMidi::getApiName(api);
      return true;
    }
    return false;
  }

  void open_virtual(RtMidi::Api api) {
    auto device = std::make_shared<Device>();
    open(*device, kVirtualDevice, api);
    device->in->port.openVirtualPort(options_.client + " in");
    device->out->openVirtualPort(options_.client + " out");
    const std::lock_guard lock(mutex_);
    devices_[kVirtualDevice] = std::move(device);
  }

  void open(Device& device, int id, RtMidi::Api api) {
    device.in = driver_.input(api, id);
    device.out = driver_.output(api);
  }

  bool is_server_here() const { return !jack_ || jack_->here(); }

  void close(const std::shared_ptr<Device>& device) {
    while (device.use_count() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the sender has it
    if (is_server_here()) {
      device->in->port.closePort();
      device->out->closePort();
    }
    driver_.keep(std::move(device->in));
    driver_.keep(std::move(device->out));
  }

  static std::vector<std::string> list(RtMidi& ports) {
    std::vector<std::string> names(ports.getPortCount());
    for (unsigned i = 0; i < names.size(); ++i) names[i] = ports.getPortName(i);
    return names;
  }

  bool ours(const std::string& name) const { return name.starts_with(options_.client); }
  bool matches(const std::string& name, const PortPattern& pattern) const {
    if (ours(name)) return false;
    const std::string low = lower(name);
    return std::any_of(pattern.begin(), pattern.end(), [&](const auto& p) { return low.find(p) != std::string::npos; });
  }

  static bool is_listed(const Device& device, const std::vector<std::string>& ins,
                        const std::vector<std::string>& outs) {
    const auto among = [](const std::vector<std::string>& ports, const std::string& name) {
      return name.empty() || std::find(ports.begin(), ports.end(), name) != ports.end();
    };
    return among(ins, device.in_name) && among(outs, device.out_name);
  }

  // A port without its cable is as good as gone, and is opened again: it went and came back between two looks. A busy
  // JACK server shows a new cable late, so one look isn't enough.
  bool is_loose(Device& device) {
    const auto cabled = [this](const std::string& name) {
      return name.empty() || !jack_ || jack_->connected(name, options_.client);
    };
    device.loose = cabled(device.in_name) && cabled(device.out_name) ? 0 : device.loose + 1;
    changing_ = changing_ || device.loose > 0;
    return device.loose >= kLooks;
  }

  void close_gone(const std::vector<PortPattern>& wanted, const std::vector<std::string>& ins,
                  const std::vector<std::string>& outs) {
    close_if([&](Device& device) {
      if (!is_listed(device, ins, outs) || is_loose(device)) return true;
      if (device.pattern < 0) return !options_.every_input;
      const auto pattern = static_cast<std::size_t>(device.pattern);
      return pattern >= wanted.size() || !matches(device.name(), wanted[pattern]);
    });
  }

  void close_if(const std::function<bool(Device&)>& closes) {
    std::vector<std::shared_ptr<Device>> closed;
    std::unique_lock lock(mutex_);
    for (auto d = devices_.begin(); d != devices_.end();) {
      const auto& [id, device] = *d;
      if (id == kVirtualDevice || !closes(*device)) {
        ++d;
        continue;
      }
      changes_.push_back({id, device->pattern, device->name(), false});
      closed.push_back(device);
      d = devices_.erase(d);
    }
    lock.unlock();
    for (const auto& device : closed) close(device);
  }

  void open_new(int pattern, const PortPattern& names, const std::vector<std::string>& ins,
                const std::vector<std::string>& outs) {
    // The first input of that name with the first output, the second with the second: two of a kind are two devices.
    const std::vector<std::string> in = matching(ins, names);
    const std::vector<std::string> out = pattern < 0 ? std::vector<std::string>{} : matching(outs, names);
    for (std::size_t nth = 0; nth < std::max(in.size(), out.size()); ++nth) {
      const std::string in_name = nth < in.size() ? in[nth] : "", out_name = nth < out.size() ? out[nth] : "";
      close_if([&](const Device& d) { return d.pattern == pattern && d.is_half_of(in_name, out_name); });
      if (is_open(in_name.empty() ? out_name : in_name)) continue;
      auto device = std::make_shared<Device>();
      const int id = next_device_++;
      open(*device, id, api_);
      device->pattern = pattern;
      device->in_name = in_name;
      device->out_name = out_name;
      if (!in_name.empty()) open_by_name(device->in->port, in_name, options_.client + " in");
      if (!out_name.empty()) open_by_name(*device->out, out_name, options_.client + " out");
      const std::lock_guard lock(mutex_);
      changes_.push_back({id, pattern, device->name(), true});
      devices_[id] = std::move(device);
    }
  }

  // RtMidi opens by number, and numbers move with each port that comes or goes, our own included.
  static void open_by_name(RtMidi& ports, const std::string& name, const std::string& our_name) {
    const std::vector<std::string> now = list(ports);
    const auto found = std::find(now.begin(), now.end(), name);
    if (found != now.end()) ports.openPort(static_cast<unsigned>(found - now.begin()), our_name);
  }

  std::vector<std::string> matching(const std::vector<std::string>& ports, const PortPattern& names) const {
    std::vector<std::string> list;
    std::copy_if(ports.begin(), ports.end(), std::back_inserter(list),
                 [&](const std::string& name) { return matches(name, names); });
    return list;
  }

  bool is_open(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(devices_.begin(), devices_.end(), [&](const auto& d) { return d.second->name() == name; });
  }

  void forget_all() {
    std::map<int, std::shared_ptr<Device>> closed;  // after the lock
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [id, device] : devices_) {
        if (id != kVirtualDevice) changes_.push_back({id, device->pattern, device->name(), false});
      }
      closed.swap(devices_);
      names_ = {};
    }
    for (const auto& [id, device] : closed) close(device);
    if (scan_out_) driver_.retire(std::move(scan_out_));
    scan_in_.reset();
    if (!is_server_here()) driver_.server_has_gone();
    jack_.reset();
    api_ = RtMidi::UNSPECIFIED;
  }

  // --- sending: one thread ---

  void send_due() {
    pthread_setname_np(pthread_self(), "tactus-midiout");
    // A clock that comes late is heard; without the right to it, it is an ordinary thread.
    sched_param fifo{};
    fifo.sched_priority = 5;
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &fifo) != 0) setpriority(PRIO_PROCESS, 0, -10);
    std::unique_lock lock(send_mutex_);
    while (!stop_.load()) {
      if (due_.empty()) {
        send_again_.wait_for(lock, std::chrono::seconds(1));
        continue;
      }
      const Due next = due_.top();
      const std::int64_t now = now_ns();
      if (next.at_ns > now) {
        send_again_.wait_until(lock, Clock::time_point(std::chrono::nanoseconds(next.at_ns)));
        continue;
      }
      due_.pop();
      lock.unlock();
      deliver(next);
      lock.lock();
      ++punctual_.sent;
      if (next.at_ns == 0) continue;
      const auto late = static_cast<float>(static_cast<double>(now_ns() - next.at_ns) * 1e-6);
      if (late_ms_.size() < kMeasured) late_ms_.push_back(late);
      late_ms_[punctual_.sent % late_ms_.size()] = late;
    }
  }

  void deliver(const Due& due) {
    std::shared_ptr<Device> device;
    {
      const std::lock_guard lock(mutex_);
      const auto found = devices_.find(due.device);
      if (found == devices_.end()) return;
      device = found->second;
    }
    // RtMidi may throw where a port has gone; the looker will find that out.
    try {
      device->out->sendMessage(due.message.bytes.data(), due.message.size);
    } catch (const RtMidiError&) {
    }
  }

  void wake_owner() {
    std::uint32_t seen = 0;
    Ahead ahead;
    while (true) {
      ahead.turn();
      inbox_.arrived.wait(seen, std::memory_order_acquire);
      seen = inbox_.arrived.load(std::memory_order_acquire);
      if (stop_.load()) return;
      if (wake_) wake_();
    }
  }

  const MidiPortsOptions options_;
  const std::vector<RtMidi::Api> apis_;  // tried in this order
  const std::function<void()> wake_;

  MidiInbox inbox_;

  mutable std::mutex mutex_;
  std::condition_variable look_again_;
  std::vector<PortPattern> wanted_;
  std::uint64_t wanted_version_ = 0;
  std::map<int, std::shared_ptr<Device>> devices_;
  std::vector<MidiChange> changes_;
  MidiPortNames names_;
  std::atomic<bool> stop_{false};

  // The looker's own.
  RtMidi::Api api_ = RtMidi::UNSPECIFIED;
  std::unique_ptr<JackView> jack_;  // with JACK only
  DriverPorts driver_;
  std::unique_ptr<RtMidiIn> scan_in_;
  std::unique_ptr<RtMidiOut> scan_out_;
  int next_device_ = 1;
  MidiPortNames seen_;     // of others, at the last look
  bool changing_ = false;  // look again soon

  mutable std::mutex send_mutex_;
  std::condition_variable send_again_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t order_ = 0;
  MidiPunctuality punctual_;
  std::vector<float> late_ms_;

  std::thread looker_, sender_, waker_;
};

std::vector<RtMidi::Api> compiled() {
  std::vector<RtMidi::Api> apis;
  RtMidi::getCompiledApi(apis);
  std::erase(apis, RtMidi::RTMIDI_DUMMY);
  // Controllers are there for ALSA's sequencer whoever else runs.
  std::stable_sort(apis.begin(), apis.end(),
                   [](RtMidi::Api a, RtMidi::Api b) { return (a == RtMidi::LINUX_ALSA) > (b == RtMidi::LINUX_ALSA); });
  return apis;
}

}  // namespace

std::vector<std::string> midi_apis() {
  std::vector<std::string> names;
  for (const RtMidi::Api api : compiled()) names.push_back(RtMidi::getApiName(api));
  return names;
}

std::unique_ptr<MidiPorts> MidiPorts::start(const MidiPortsOptions& options, std::function<void()> wake,
                                            std::string* error) {
  std::vector<RtMidi::Api> apis = compiled();
  if (!options.api.empty()) {
    std::erase_if(apis, [&](RtMidi::Api api) { return RtMidi::getApiName(api) != options.api; });
  }
  if (apis.empty()) {
    std::string known;
    for (const std::string& name : midi_apis()) known += (known.empty() ? "" : ", ") + name;
    *error = "MIDI by '" + options.api + "' isn't there; this build knows " + (known.empty() ? "none" : known);
    return nullptr;
  }
  return std::make_unique<Ports>(options, std::move(apis), std::move(wake));
}

}  // namespace tactus::io
