// Behind open_audio(): one device that drives the engine, a standby clock that takes over when the device falls silent,
// and a thread that opens the device again, gives it the engine back, and says in plain sentences what happened.
//
// Who does what when the device is lost: the standby's own thread notices within one of its periods that the device has
// been silent for too long and takes the token (EngineGate::watch), so the hand-over waits for nobody else. The
// supervisor's thread, which may be slow, only repairs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "io/audio/backend.h"
#include "io/audio/clock_stream.h"
#include "io/audio/kept_stream.h"
#include "io/audio/second_device.h"

namespace tactus::io {

class Supervisor final : public AudioOut {
 public:
  static constexpr int kStandbyBlock = 256;

  // options.driver is not automatic, and routing is what options.routing says.
  Supervisor(const AudioOptions& options, const Routing* routing, const msg::Callback& engine,
             const StreamFactory& factory);
  ~Supervisor() override;

  // Once. Empty, or why there is no sound.
  std::string start(std::int64_t wait_ns);

  AudioStatus status() const override;
  Prelisten prelisten() const override;
  std::vector<Notice> take_notices() override;
  std::vector<Handover> take_handovers() override;

 private:
  // What callbacks use, which may outlive this object in a driver that hangs.
  struct Core;
  class Main;

  void start_standby();
  void run();
  std::uint32_t main_id() const noexcept;  // of the open stream
  void look_after_main(std::int64_t now_ns);
  void look_after_phones(std::int64_t now_ns);
  void tell_handovers();
  void opened_main();
  void note_phones(std::int64_t now_ns);
  void say(bool warning, std::string text);
  bool clocked() const noexcept { return options_.driver == Driver::null || options_.driver == Driver::file; }

  const AudioOptions options_;
  std::unique_ptr<SecondDevice> phones_;
  std::shared_ptr<Core> core_;
  std::unique_ptr<KeptStream> main_;
  std::unique_ptr<CallbackDriver> standby_driver_;
  std::unique_ptr<ClockStream> standby_;

  mutable std::mutex mutex_;  // of what is below: the supervisor's thread and the owner's, never a callback
  std::vector<Notice> notices_;
  std::vector<Handover> handovers_;
  StreamInfo device_;
  Routing fitted_;
  bool phones_playing_ = false;
  std::string no_phones_;  // why nobody hears the headphones; empty: somebody does, or there are none
  bool mics_told_ = false;
  bool stop_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace tactus::io
