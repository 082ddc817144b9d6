// An engine host offline, with feeders: tracks of given samples in, audio out, blocks of any size.
#pragma once

#include <functional>
#include <vector>

#include "support/host_commands.h"

namespace tactus::testing {

class HostRig : public HostCommands {
 public:
  explicit HostRig(double bpm = 120, int decks = 4, double rate = 48000)
      : HostCommands({SampleRate{rate}, decks, Bpm{bpm}, 0, 512, false}) {
    out_.resize(msg::kBusChannels);
  }
  void render(std::int64_t frames, const std::function<int()>& next_block) {
    while (frames > 0) {
      const int n = static_cast<int>(std::min<std::int64_t>(frames, next_block()));
      host.feed(n);
      float* out[msg::kBusChannels];
      const msg::AudioBlock block = next_block_of(out_, n, out);
      const msg::Callback callback = host.callback();
      callback.process(callback.context, block, {});
      msg::Event e;
      while (host.poll(e)) events.push_back(e);
      frames -= n;
    }
  }
  void render(std::int64_t frames, int block = 64) {
    render(frames, [block] { return block; });
  }
  // Forgets all audio but the last `keep` frames: for renders that are too long to hold.
  void forget(std::size_t keep) {
    for (auto& bus : out_) bus.erase(bus.begin(), bus.end() - static_cast<std::ptrdiff_t>(std::min(keep, bus.size())));
  }
  const std::vector<float>& bus(int channel = 0) const { return out_[static_cast<std::size_t>(channel)]; }

  std::vector<msg::Event> events;

 private:
  std::vector<std::vector<float>> out_;
};

}  // namespace tactus::testing
