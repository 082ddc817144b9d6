#include "io/audio/supervisor.h"

#include <algorithm>
#include <chrono>

namespace tactus::io {

namespace {

// No less than two and a half of the device's periods: the longest there are last 93 ms.
std::int64_t patience_ns(const AudioOptions& options, const StreamInfo& info) {
  return std::max(options.patience_ns, std::int64_t{2'500'000'000} * info.block / info.rate);
}

// How many outputs to ask for when the user routed nothing. Where channels are sockets: all. A server or an ALSA plug
// may mix extra channels into the two that there are, and the cue bus with them.
int wished_outputs(Driver driver, const std::string& device) {
  switch (driver) {
    case Driver::jack:
    case Driver::core:
    case Driver::asio:
      return msg::kMaxDeviceChannels;
    case Driver::alsa:
      return device.rfind("hw:", 0) == 0 ? msg::kMaxDeviceChannels : 2;
    default:
      return 2;
  }
}

std::string rate_text(const StreamInfo& info, int session_rate) {
  const std::string rate = std::to_string(info.rate) + " Hz";
  return info.rate == session_rate ? rate
                                   : rate + ", resampled from the session's " + std::to_string(session_rate) + " Hz";
}

}  // namespace

struct Supervisor::Core {
  Core(const AudioOptions& o, const Routing* r, const msg::Callback& engine, StreamFactory f, BusTap tap)
      : options(o),
        has_routing(r != nullptr),
        routing(r ? *r : Routing()),
        factory(std::move(f)),
        gate(engine, o.trap, tap, o.before_block) {}

  const AudioOptions options;
  const bool has_routing;
  const Routing routing;
  const StreamFactory factory;
  std::atomic<std::uint32_t> next_id{EngineGate::kFirstDevice};
  CallbackCounters counters, standby_counters;
  EngineGate gate;
};

class Supervisor::Main final : public LiveStream {
 public:
  Main(std::shared_ptr<Core> core, std::unique_ptr<Stream> stream)
      : id(core->next_id.fetch_add(1)), core_(std::move(core)), stream_(std::move(stream)) {
    const StreamInfo& info = stream_->info();
    const Routing wanted = core_->has_routing ? core_->routing : Routing::standard(info.outputs);
    fitted = wanted.fitted(info.outputs, info.inputs, &notices);
    driver_ = std::make_unique<CallbackDriver>(core_->gate, core_->counters, id, core_->options.rate, info, fitted,
                                               core_->options.count_faults);
  }
  ~Main() override { stream_.reset(); }

  std::string start() { return stream_->start(CallbackDriver::handler(driver_.get())); }
  Stream& stream() override { return *stream_; }
  const SignOfLife& beat() const override { return driver_->beat; }

  const std::uint32_t id;
  Routing fitted;
  std::vector<std::string> notices;

 private:
  std::shared_ptr<Core> core_;
  std::unique_ptr<CallbackDriver> driver_;
  std::unique_ptr<Stream> stream_;
};

Supervisor::Supervisor(const AudioOptions& options, const Routing* routing, const msg::Callback& engine,
                       const StreamFactory& factory)
    : options_(options) {
  if (options.phones_driver != Driver::automatic) {
    StreamRequest request;
    request.driver = options.phones_driver;
    request.device = options.phones_device;
    request.rate = options.rate;
    request.block = options.block;
    request.client_name = options.client_name + "-headphones";
    phones_ = std::make_unique<SecondDevice>(options.rate, request, factory);
  }
  core_ = std::make_shared<Core>(options, routing, engine, factory, phones_ ? phones_->tap() : BusTap{});
  main_ = std::make_unique<KeptStream>([core = core_]() -> MadeStream {
    const AudioOptions& o = core->options;
    StreamRequest request;
    request.driver = o.driver;
    request.device = o.device;
    request.rate = o.rate;
    request.block = o.block;
    request.outputs = core->has_routing ? core->routing.outputs_needed() : wished_outputs(o.driver, o.device);
    request.inputs = core->routing.inputs_needed();
    request.client_name = o.client_name;
    OpenedStream opened = core->factory(request);
    if (!opened.stream) return {nullptr, opened.error};
    auto live = std::make_shared<Main>(core, std::move(opened.stream));
    const std::string error = live->start();
    if (!error.empty()) return {nullptr, error};
    return {std::move(live), {}};
  });
}

Supervisor::~Supervisor() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  if (clocked()) main_.reset();  // first: a file must end with the engine's last frame, not with silence after it
  core_->gate.close();
  standby_.reset();
}

std::string Supervisor::start(std::int64_t wait_ns) {
  StreamInfo wanted;
  wanted.driver = options_.driver;
  wanted.device = options_.device;
  // A file begins with the engine's first frame, so its driver has the engine before it runs. A device may take seconds
  // to open, and is silent until the engine is given to it.
  if (clocked()) core_->gate.give_to(EngineGate::kFirstDevice, options_.patience_ns, monotonic_ns());
  const std::string error = main_->open(wait_ns, wanted.title());
  if (!error.empty()) return error;
  opened_main();
  if (!clocked()) {
    start_standby();
    core_->gate.give_to(main_id(), patience_ns(options_, device_), monotonic_ns());
  }
  if (phones_) {
    const std::string why = phones_->open(wait_ns);
    if (!why.empty()) say(true, "The headphones are missing, the master plays without them: " + why + ".");
    note_phones(monotonic_ns());
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void Supervisor::start_standby() {
  StreamInfo info;
  info.rate = options_.rate;
  info.block = std::min(kStandbyBlock, std::max(options_.block, 32));
  standby_driver_ = std::make_unique<CallbackDriver>(core_->gate, core_->standby_counters, EngineGate::kStandby,
                                                     options_.rate, info, Routing::standard(2), false);
  standby_ = std::make_unique<ClockStream>(info, nullptr);
  standby_->start({[](void* context, const Period& p) noexcept {
                     auto* self = static_cast<Supervisor*>(context);
                     self->core_->gate.watch(p.now_ns);
                     self->standby_driver_->period(p);
                   },
                   this});
}

void Supervisor::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::milliseconds(20), [this] { return stop_; })) {
    lock.unlock();
    const std::int64_t now = monotonic_ns();
    tell_handovers();
    look_after_main(now);
    if (phones_) look_after_phones(now);
    lock.lock();
  }
}

void Supervisor::look_after_main(std::int64_t now_ns) {
  if (clocked()) {
    const std::string trouble = main_->live()->stream().take_trouble();
    if (!trouble.empty()) say(true, trouble + ".");
    return;
  }
  const std::uint32_t id = main_id();
  switch (main_->tick(now_ns)) {
    case KeptStream::Change::lost:
      core_->gate.revoke(id);
      return;
    case KeptStream::Change::opened:
      opened_main();
      break;
    case KeptStream::Change::failed:
      say(true, "It can't be opened again yet: " + main_->error() + ".");
      break;
    case KeptStream::Change::none:
      break;
  }
  if (core_->gate.owner() == EngineGate::kStandby && main_->steady(now_ns)) {
    core_->gate.offer(main_id(), patience_ns(options_, main_->live()->stream().info()));
  }
}

std::uint32_t Supervisor::main_id() const noexcept {
  return main_->live() ? static_cast<Main*>(main_->live())->id : EngineGate::kNobody;
}

void Supervisor::look_after_phones(std::int64_t now_ns) {
  const std::string title = phones_->title();
  const KeptStream::Change change = phones_->tick(now_ns);
  if (change == KeptStream::Change::lost) say(true, "The headphones on " + title + " are lost; the master plays on.");
  if (change == KeptStream::Change::opened) say(false, "The headphones on " + phones_->title() + " are back.");
  note_phones(now_ns);
}

void Supervisor::note_phones(std::int64_t now_ns) {
  const bool heard = phones_->heard(now_ns);
  const std::string title = phones_->title();
  const std::lock_guard lock(mutex_);
  phones_playing_ = phones_->playing(now_ns);
  no_phones_ = heard ? "" : "Pre-listening would be heard by nobody: the headphones on " + title + " are missing.";
}

void Supervisor::opened_main() {
  auto* live = static_cast<Main*>(main_->live());
  for (const std::string& notice : live->notices) say(true, "Routing: " + notice + ".");
  if (live->fitted.inputs_needed() > 0 && !std::exchange(mics_told_, true)) {
    say(true, "Routing: microphones are taken in, but not mixed yet: nothing of them is heard.");
  }
  const std::lock_guard lock(mutex_);
  device_ = live->stream().info();
  fitted_ = live->fitted;
}

void Supervisor::tell_handovers() {
  Handover handover;
  while (core_->gate.next_handover(handover)) {
    const bool lost = handover.to == EngineGate::kStandby;
    const std::lock_guard lock(mutex_);  // who sees the hand-over finds its sentence
    handovers_.push_back(handover);
    notices_.push_back({lost,
                        device_.title() + (lost ? " has stopped. The set goes on without sound until it is back."
                                                : " is back, at " + rate_text(device_, options_.rate) + "."),
                        core_->gate.frames()});
  }
}

void Supervisor::say(bool warning, std::string text) {
  const std::lock_guard lock(mutex_);
  notices_.push_back({warning, std::move(text), core_->gate.frames()});
}

AudioStatus Supervisor::status() const {
  AudioStatus s;
  {
    const std::lock_guard lock(mutex_);
    s.device = device_;
    s.phones = phones_playing_;
  }
  const CallbackCounters& c = core_->counters;
  s.on_device = core_->gate.owner() >= EngineGate::kFirstDevice;
  s.frames = core_->gate.frames();
  s.periods = c.periods.load();
  s.late_periods = c.without_token.load();
  s.xruns = c.xruns.load();
  s.minor_faults = c.minor_faults.load();
  s.major_faults = c.major_faults.load();
  s.blocks = c.cpu.blocks();
  s.cpu_mean_us = c.cpu.mean_ns() * 1e-3;
  s.cpu_p99_us = c.cpu.quantile_ns(0.99) * 1e-3;
  s.cpu_p9999_us = c.cpu.quantile_ns(0.9999) * 1e-3;
  s.cpu_max_us = c.cpu.max_ns() * 1e-3;
  return s;
}

Prelisten Supervisor::prelisten() const {
  const std::lock_guard lock(mutex_);
  if (!phones_) return fitted_.prelisten();
  if (no_phones_.empty() || fitted_.prelisten().possible) return {true, {}};
  return {false, no_phones_};
}

std::vector<Notice> Supervisor::take_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

std::vector<Handover> Supervisor::take_handovers() {
  const std::lock_guard lock(mutex_);
  return std::exchange(handovers_, {});
}

}  // namespace tactus::io
