#include "io/audio/second_device.h"

#include <algorithm>

#include "io/audio/flush_denormals.h"
#include "io/audio/time_filter.h"

namespace tactus::io {

namespace {

class Phones final : public LiveStream {
 public:
  Phones(std::shared_ptr<BridgeQueue> queue, std::unique_ptr<Stream> stream)
      : queue_(std::move(queue)),
        reader_(*queue_, stream->info().rate, stream->info().block),
        filter_(stream->info().rate),
        stream_(std::move(stream)) {}

  std::string start() {
    return stream_->start(
        {[](void* context, const Period& p) noexcept { static_cast<Phones*>(context)->period(p); }, this});
  }
  Stream& stream() override { return *stream_; }
  const SignOfLife& beat() const override { return beat_; }

 private:
  void period(const Period& p) noexcept {
    flush_denormals();
    beat_.frames.store(beat_.frames.load(std::memory_order_relaxed) + p.frames, std::memory_order_relaxed);
    beat_.ns.store(p.now_ns, std::memory_order_relaxed);
    const std::int64_t start = filter_.update(p.now_ns, p.frames);
    for (int done = 0; done < p.frames;) {
      const int n = std::min(BridgeReader::kMaxRead, p.frames - done);
      float* left = p.out[0] + done;
      float* right = p.outputs > 1 ? p.out[1] + done : right_;
      reader_.read(left, right, n, start + static_cast<std::int64_t>(done * filter_.ns_per_frame()));
      for (int i = 0; p.outputs == 1 && i < n; ++i) left[i] = 0.5f * (left[i] + right[i]);
      done += n;
    }
    for (int c = 2; c < p.outputs; ++c) std::fill_n(p.out[c], p.frames, 0.0f);
  }

  std::shared_ptr<BridgeQueue> queue_;
  BridgeReader reader_;
  TimeFilter filter_;
  SignOfLife beat_;
  float right_[BridgeReader::kMaxRead] = {};
  std::unique_ptr<Stream> stream_;  // last: closed before what its callback uses goes
};

}  // namespace

SecondDevice::SecondDevice(int session_rate, StreamRequest request, StreamFactory factory)
    : request_(std::move(request)),
      queue_(std::make_shared<BridgeQueue>(session_rate)),
      kept_([queue = queue_, wanted = request_, factory = std::move(factory)]() -> MadeStream {
        OpenedStream opened = factory(wanted);
        if (!opened.stream) return {nullptr, opened.error};
        auto phones = std::make_shared<Phones>(queue, std::move(opened.stream));
        const std::string error = phones->start();
        if (!error.empty()) return {nullptr, error};
        return {std::move(phones), {}};
      }) {}

BusTap SecondDevice::tap() noexcept {
  return {[](void* context, const float* const* buses, int frames, std::int64_t host_ns) noexcept {
            static_cast<BridgeQueue*>(context)->write(buses[msg::kCue], buses[msg::kCue + 1], frames, host_ns);
          },
          queue_.get()};
}

std::string SecondDevice::open(std::int64_t wait_ns) { return kept_.open(wait_ns, title()); }

std::string SecondDevice::title() const {
  if (LiveStream* live = kept_.live()) return live->stream().info().title();
  StreamInfo wanted;
  wanted.driver = request_.driver;
  wanted.device = request_.device;
  return wanted.title();
}

}  // namespace tactus::io
