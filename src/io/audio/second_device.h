// Headphones on a device of their own: the cue bus, carried over by a DriftBridge. It comes and goes as it likes; the
// master's callback only ever writes to the bridge's queue, which drops what nobody reads.
#pragma once

#include <memory>
#include <string>

#include "io/audio/drift_bridge.h"
#include "io/audio/gate.h"
#include "io/audio/kept_stream.h"

namespace tactus::io {

class SecondDevice {
 public:
  // session_rate: frames a second of the engine's buses.
  SecondDevice(int session_rate, StreamRequest request, StreamFactory factory);

  // For the gate. Outlives the gate's use of it by the shared queue.
  BusTap tap() noexcept;

  // Empty, or why it can't be opened; tick() then goes on trying.
  std::string open(std::int64_t wait_ns);
  KeptStream::Change tick(std::int64_t now_ns) { return kept_.tick(now_ns); }
  bool playing(std::int64_t now_ns) const noexcept { return kept_.steady(now_ns); }
  bool heard(std::int64_t now_ns) const noexcept { return kept_.heard(now_ns); }
  const std::string& error() const noexcept { return kept_.error(); }
  std::string title() const;

 private:
  StreamRequest request_;
  std::shared_ptr<BridgeQueue> queue_;
  KeptStream kept_;
};

}  // namespace tactus::io
