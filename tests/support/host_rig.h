// An engine host offline, with feeders: tracks of given samples in, audio out, blocks of any size.
#pragma once

#include "engine/ctl/engine_host.h"
#include "support/engine_rig.h"

namespace tactus::testing {

class HostRig {
 public:
  explicit HostRig(double bpm = 120, int decks = 4, double rate = 48000)
      : host({SampleRate{rate}, decks, Bpm{bpm}, 0, 512, false}) {
    out_.resize(msg::kBusChannels);
  }
  void send(msg::Command c) { ASSERT_TRUE(host.send(c)); }
  void send(msg::Op op, int deck, double a = 0, int index = 0, msg::When when = {}) {
    msg::Command c;
    c.op = op;
    c.deck = static_cast<std::uint8_t>(deck);
    c.index = static_cast<std::uint8_t>(index);
    c.a = a;
    c.when = when;
    send(c);
  }
  void loop(msg::LoopOp op, int deck, double a = 0, msg::When when = {}) {
    send(msg::Op::loop, deck, a, static_cast<int>(op), when);
  }
  void set(msg::Param param, int deck, double a, msg::When when = {}, int index = 0, int sub = 0,
           msg::RampSpec ramp = {}) {
    msg::Command c;
    c.op = msg::Op::set_param;
    c.param = param;
    c.deck = static_cast<std::uint8_t>(deck);
    c.index = static_cast<std::uint8_t>(index);
    c.sub = static_cast<std::uint8_t>(sub);
    c.a = a;
    c.when = when;
    c.ramp = ramp;
    send(c);
  }
  void load(int deck, const RigTrack& track, msg::When when = {}) {
    msg::Command c;
    c.op = msg::Op::load;
    c.deck = static_cast<std::uint8_t>(deck);
    c.track = &track.ref;
    c.when = when;
    send(c);
  }
  void render(std::int64_t frames, const std::function<int()>& next_block) {
    while (frames > 0) {
      const int n = static_cast<int>(std::min<std::int64_t>(frames, next_block()));
      host.feed(n);
      float* out[msg::kBusChannels];
      for (int c = 0; c < msg::kBusChannels; ++c) {
        auto& bus = out_[static_cast<std::size_t>(c)];
        bus.resize(bus.size() + static_cast<std::size_t>(n));
        out[c] = bus.data() + bus.size() - n;
      }
      msg::AudioBlock block;
      block.out = out;
      block.outputs = msg::kBusChannels;
      block.frames = n;
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

  ctl::EngineHost host;
  std::vector<msg::Event> events;

 private:
  std::vector<std::vector<float>> out_;
};

}  // namespace tactus::testing
