#include "stepped_stream.h"

#include <algorithm>

namespace tactus::io {

class SteppedDevice::Handle final : public Stream {
 public:
  Handle(SteppedDevice& device, StreamInfo info) : device_(device), info_(std::move(info)) {}
  ~Handle() override {
    std::unique_lock lock(device_.mutex_);
    device_.wait_until_thawed(lock);
    if (device_.current_ == this) device_.current_ = nullptr;
  }
  const StreamInfo& info() const override { return info_; }
  std::string start(PeriodHandler h) override {
    const std::lock_guard lock(device_.mutex_);
    handler = h;
    device_.current_ = this;
    return {};
  }
  bool running() const override {
    const std::lock_guard lock(device_.mutex_);
    return !device_.gone_;
  }

  PeriodHandler handler;

 private:
  SteppedDevice& device_;
  StreamInfo info_;
};

OpenedStream SteppedDevice::open(const StreamRequest& request) {
  std::unique_lock lock(mutex_);
  wait_until_thawed(lock);
  request_ = request;
  if (gone_) return {nullptr, "the stepped device is gone"};
  ++opened_;
  StreamInfo info;
  info.driver = Driver::jack;
  info.device = "stepped";
  info.rate = rate_;
  info.block = block_;
  info.outputs = std::min(outputs_, request.outputs);
  info.inputs = std::min(inputs_, request.inputs);
  return {std::make_unique<Handle>(*this, info), {}};
}

bool SteppedDevice::step(std::int64_t now_ns, int frames) {
  const std::lock_guard lock(mutex_);  // held throughout: a stream must not close under its own callback
  if (!current_ || gone_) return false;
  if (frames == 0) frames = block_;
  const std::vector<float> silence(static_cast<std::size_t>(frames));
  const float* in[8];
  float* out[8];
  for (int c = 0; c < 8; ++c) {
    played[c].assign(static_cast<std::size_t>(frames), 99.0f);  // rubbish, as from a driver
    in[c] = silence.data();
    out[c] = played[c].data();
  }
  const StreamInfo& info = current_->info();
  current_->handler.function(current_->handler.context, {in, out, info.inputs, info.outputs, frames, now_ns, false});
  return true;
}

void SteppedDevice::set_gone(bool gone) {
  const std::lock_guard lock(mutex_);
  gone_ = gone;
}

void SteppedDevice::set_frozen(bool frozen) {
  const std::lock_guard lock(mutex_);
  frozen_ = frozen;
  thawed_.notify_all();
}

}  // namespace tactus::io
