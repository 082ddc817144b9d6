#include "support/jack_capture.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace tactus::test {

namespace {

jack_client_t* open_client(const JackServer& server, const char* name) {
  return jack_client_open(name, static_cast<jack_options_t>(JackNoStartServer | JackServerName), nullptr,
                          server.name().c_str());
}

}  // namespace

JackControl::JackControl(const JackServer& server) : client_(open_client(server, "control")) {
  if (!client_) return;
  port_ = jack_port_register(client_, "ramp", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  jack_set_process_callback(
      client_,
      [](jack_nframes_t n, void* context) {
        auto* self = static_cast<JackControl*>(context);
        auto* out = static_cast<float*>(jack_port_get_buffer(self->port_, n));
        for (jack_nframes_t i = 0; i < n; ++i) out[i] = ramp(self->frame_++);
        return 0;
      },
      this);
  jack_activate(client_);
}

JackControl::~JackControl() {
  if (client_) jack_client_close(client_);
}

std::string JackControl::port() const { return jack_port_name(port_); }

JackCapture::JackCapture(const JackServer& server, int channels, double seconds)
    : client_(open_client(server, "capture")) {
  if (!client_) return;
  rate_ = static_cast<int>(jack_get_sample_rate(client_));
  block_ = static_cast<int>(jack_get_buffer_size(client_));
  room_ = static_cast<std::size_t>(seconds * rate_);
  for (int c = 0; c < channels; ++c) {
    const std::string name = "in_" + std::to_string(c + 1);
    ports_.push_back(jack_port_register(client_, name.c_str(), JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0));
    recorded_.emplace_back(room_, 0.0f);
  }
  jack_set_process_callback(
      client_, [](jack_nframes_t n, void* self) { return static_cast<JackCapture*>(self)->process(n); }, this);
  jack_activate(client_);
}

JackCapture::~JackCapture() {
  if (client_) jack_client_close(client_);
}

int JackCapture::process(jack_nframes_t n) {
  if (!recording_.load()) return 0;
  const jack_nframes_t now = jack_last_frame_time(client_);
  if (!first_ && now != expected_) missed_.fetch_add((now - expected_ + n - 1) / n);
  first_ = false;
  expected_ = now + n;
  const auto at = static_cast<std::size_t>(frames_.load(std::memory_order_relaxed));
  if (at + n > room_) return 0;
  for (std::size_t c = 0; c < ports_.size(); ++c) {
    const auto* in = static_cast<const float*>(jack_port_get_buffer(ports_[c], n));
    std::copy_n(in, n, recorded_[c].begin() + static_cast<std::ptrdiff_t>(at));
  }
  frames_.store(static_cast<std::int64_t>(at + n), std::memory_order_release);
  return 0;
}

bool JackCapture::connect(const std::string& port, int channel) {
  return jack_connect(client_, port.c_str(), jack_port_name(ports_[static_cast<std::size_t>(channel)])) == 0;
}

std::vector<std::string> JackCapture::playing_ports(const std::string& client) const {
  std::vector<std::string> names;
  const char** ports = jack_get_ports(client_, ("^" + client + ":").c_str(), nullptr, JackPortIsOutput);
  for (const char** p = ports; p && *p; ++p) names.emplace_back(*p);
  jack_free(ports);
  return names;
}

bool JackCapture::wait(std::int64_t frames, double seconds_at_most) const {
  frames = std::min(frames, static_cast<std::int64_t>(room_) - block_);
  for (int i = 0; i < static_cast<int>(seconds_at_most * 100) && this->frames() < frames; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return this->frames() >= frames;
}

std::vector<float> JackCapture::channel(int c) const {
  const auto& all = recorded_[static_cast<std::size_t>(c)];
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(frames())};
}

RampReport examine_ramp(const std::vector<float>& recorded, int block) {
  RampReport report;
  std::size_t i = 0;
  while (i < recorded.size() && recorded[i] == 0) ++i;
  if (i == recorded.size()) return report;
  const auto step_of = [](float v) { return static_cast<std::int64_t>(std::lround(v * 65536.0f)) - 1; };
  std::int64_t last = step_of(recorded[i]);
  bool silent = false;
  for (++i; i < recorded.size(); ++i) {
    ++report.frames;
    if (recorded[i] == 0) {
      ++report.silent;
      if (!silent && i % static_cast<std::size_t>(block) != 0) ++report.off_period;
      if (!silent) ++report.gaps;
      silent = true;
      continue;
    }
    const std::int64_t now = step_of(recorded[i]);
    const std::int64_t ahead = (now - last - 1 + JackControl::kRamp) % JackControl::kRamp;
    if (ahead != 0) {
      // A block heard twice goes back by one block; anything else went on without being heard.
      if (ahead < JackControl::kRamp / 2) report.skipped += ahead;
      if (!silent) ++report.gaps;
      if (!silent && i % static_cast<std::size_t>(block) != 0) ++report.off_period;
    }
    silent = false;
    last = now;
  }
  return report;
}

}  // namespace tactus::test
