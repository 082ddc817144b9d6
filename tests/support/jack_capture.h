// Listens to a JACK server: one client that records the ports it is connected to, and beside it a control client that
// plays a known ramp. What the control's recording misses is the machine's doing; what another client's misses beyond
// that is that client's.
#pragma once

#include <jack/jack.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/jack_server.h"

namespace tactus::test {

// A client that plays (n % 65535 + 1) / 65536 in frame n of its own count: exact in a float, never 0.
class JackControl {
 public:
  explicit JackControl(const JackServer& server);
  ~JackControl();
  bool ok() const { return client_ != nullptr; }
  std::string port() const;

  static constexpr int kRamp = 65535;
  static float ramp(std::int64_t frame) { return static_cast<float>(frame % kRamp + 1) / 65536.0f; }

 private:
  jack_client_t* client_ = nullptr;
  jack_port_t* port_ = nullptr;
  std::int64_t frame_ = 0;
};

class JackCapture {
 public:
  // Room for `seconds` of `channels` ports.
  JackCapture(const JackServer& server, int channels, double seconds);
  ~JackCapture();
  bool ok() const { return client_ != nullptr; }

  // Connects `port` ("client:port") to a channel; false if there is no such port (yet).
  bool connect(const std::string& port, int channel);
  // The ports of `client` that play, in order.
  std::vector<std::string> playing_ports(const std::string& client) const;

  // Changes the server's period, as a user may while all play; recordings of different periods don't mix.
  bool set_block(int frames) { return jack_set_buffer_size(client_, static_cast<jack_nframes_t>(frames)) == 0; }

  // Records from the next period on; wait() until that many frames or the room is full.
  void record() { recording_.store(true); }
  bool wait(std::int64_t frames, double seconds_at_most) const;
  void stop() { recording_.store(false); }

  std::int64_t frames() const { return frames_.load(std::memory_order_acquire); }
  // The first frames() of it.
  std::vector<float> channel(int c) const;
  // Periods that this client itself was not called for, by the server's frame count.
  std::int64_t missed_periods() const { return missed_.load(); }
  int rate() const { return rate_; }
  int block() const { return block_; }

 private:
  int process(jack_nframes_t n);

  jack_client_t* client_ = nullptr;
  std::vector<jack_port_t*> ports_;
  std::vector<std::vector<float>> recorded_;
  std::size_t room_ = 0;
  std::atomic<bool> recording_{false};
  std::atomic<std::int64_t> frames_{0}, missed_{0};
  jack_nframes_t expected_ = 0;
  bool first_ = true;
  int rate_ = 0, block_ = 0;
};

// A recorded ramp, taken apart.
struct RampReport {
  std::int64_t frames = 0;      // looked at, from the first sample that isn't silence
  std::int64_t gaps = 0;        // places where the ramp doesn't go on by one
  std::int64_t silent = 0;      // frames of exact silence in between
  std::int64_t skipped = 0;     // ramp frames that were played to nobody
  std::int64_t off_period = 0;  // gaps that don't begin at a period: torn blocks
};

// `first` frame of the first period in `recorded` is 0; block in frames.
RampReport examine_ramp(const std::vector<float>& recorded, int block);

}  // namespace tactus::test
