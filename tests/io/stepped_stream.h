// A device that the test steps: it calls back when told to, with buffers of any period, can fall silent, come back,
// die, or hang in opening and closing like a frozen server.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/audio/stream.h"

namespace tactus::io {

// What the test holds of all streams that one factory makes.
class SteppedDevice {
 public:
  explicit SteppedDevice(int rate = 48000, int block = 64, int outputs = 2, int inputs = 0)
      : rate_(rate), block_(block), outputs_(outputs), inputs_(inputs) {}

  StreamFactory factory() {
    return [this](const StreamRequest& request) { return open(request); };
  }

  std::unique_ptr<Stream> open_one(const StreamRequest& request) { return open(request).stream; }

  // One period of the open stream, if there is one: `played` then holds what it wrote.
  bool step(std::int64_t now_ns, int frames = 0);
  // From here on; taken up by the next open.
  void set_rate(int rate) {
    const std::lock_guard lock(mutex_);
    rate_ = rate;
  }
  void set_gone(bool gone);      // opening fails; the open stream says that it no longer runs
  void set_frozen(bool frozen);  // opening and closing block until it thaws
  int opened() {
    const std::lock_guard lock(mutex_);
    return opened_;
  }
  StreamRequest last_request() {
    const std::lock_guard lock(mutex_);
    return request_;
  }

  std::vector<float> played[8];

 private:
  class Handle;
  OpenedStream open(const StreamRequest& request);
  void wait_until_thawed(std::unique_lock<std::mutex>& lock) {
    thawed_.wait(lock, [this] { return !frozen_; });
  }

  std::mutex mutex_;
  std::condition_variable thawed_;
  int rate_, block_, outputs_, inputs_;
  int opened_ = 0;
  bool gone_ = false, frozen_ = false;
  Handle* current_ = nullptr;
  StreamRequest request_;
};

}  // namespace tactus::io
