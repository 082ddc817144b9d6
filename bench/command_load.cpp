// What commands cost the audio callback: two engines play the same four decks with the same settings, block by block in
// turns; one of them is sent what the scheduler makes of 20,000 intents a second from eight clients, that is a new
// value of each of 20 controls at every control tick. CPU time of the thread around `process` alone.
//
//   command_load [seconds, default 60] [--json]
//
// Two more engines, neither of which is sent anything, say how far apart equals are in the same run.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/ctl/engine_host.h"
#include "support/tune.h"

namespace {

using namespace tactus;
using namespace tactus::testing;

constexpr int kBlock = 64, kDecks = 4;
constexpr double kRate = 48000;
constexpr std::int64_t kTick = 144;  // frames of a control tick of 3 ms

std::int64_t cpu_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

class Player {
 public:
  explicit Player(const std::vector<std::unique_ptr<RigTrack>>& tracks)
      : host_({SampleRate{kRate}, kDecks, Bpm{126}, 0, kBlock, false}) {
    for (int d = 0; d < kDecks; ++d) {
      msg::Command c;
      c.op = msg::Op::load;
      c.deck = static_cast<std::uint8_t>(d);
      c.track = &tracks[static_cast<std::size_t>(d)]->ref;
      host_.send(c);
      set(msg::Param::tempo, d, 1.03);
      move(d, 0.5);
      c.op = msg::Op::play;
      c.track = nullptr;
      host_.send(c);
    }
  }
  // New values for the controls that the load moves: 3 of the EQ, fader, trim.
  void move(int deck, double x) {
    set(msg::Param::eq_low, deck, 0.5 + x / 4);
    set(msg::Param::eq_mid, deck, 0.6 + x / 4);
    set(msg::Param::eq_high, deck, 0.7 + x / 4);
    set(msg::Param::fader, deck, 0.5 + x / 2);
    set(msg::Param::trim, deck, 0.9 - x / 10);
  }
  // CPU time of one block.
  std::int64_t block() {
    host_.feed(kBlock);
    const msg::Callback callback = host_.callback();
    msg::AudioBlock b;
    float* out[msg::kBusChannels];
    for (int c = 0; c < msg::kBusChannels; ++c) out[c] = out_[c];
    b.out = out;
    b.outputs = msg::kBusChannels;
    b.frames = kBlock;
    const std::int64_t before = cpu_ns();
    callback.process(callback.context, b, {});
    const std::int64_t took = cpu_ns() - before;
    msg::Event e;
    while (host_.poll(e)) {
    }
    return took;
  }

 private:
  void set(msg::Param param, int deck, double a) {
    msg::Command c;
    c.op = msg::Op::set_param;
    c.param = param;
    c.deck = static_cast<std::uint8_t>(deck);
    c.a = a;
    host_.send(c);
  }
  ctl::EngineHost host_;
  float out_[msg::kBusChannels][kBlock] = {};
};

double median(std::vector<std::int64_t> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return static_cast<double>(v[v.size() / 2]) * 1e-3;
}
double mean(const std::vector<std::int64_t>& v) {
  double sum = 0;
  for (const std::int64_t t : v) sum += static_cast<double>(t) * 1e-3;
  return sum / static_cast<double>(v.size());
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  double seconds = 60;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0)
      json = true;
    else
      seconds = std::atof(argv[i]);
  }
  if (!(seconds > 0 && seconds <= 3600)) {
    std::fprintf(stderr, "command_load [seconds, up to 3600] [--json]\n");
    return 2;
  }
  std::vector<std::unique_ptr<RigTrack>> tracks;
  for (int d = 0; d < kDecks; ++d) {
    tracks.push_back(Tune(120 + d, kRate, Tune::Kind::soft).track(seconds * 1.1 + 2, 2));
  }
  Player loaded(tracks), idle(tracks), other(tracks);
  std::vector<std::int64_t> a, b, c;
  const auto blocks = static_cast<std::int64_t>(seconds * kRate / kBlock);
  std::int64_t ticked = 0;
  for (std::int64_t n = 0; n < blocks; ++n) {
    if (n * kBlock >= ticked) {
      ticked += kTick;
      for (int d = 0; d < kDecks; ++d) loaded.move(d, static_cast<double>((ticked / kTick * 7 + d) % 100) / 100);
    }
    // Whoever comes first finds the caches of the one before: all take each place as often.
    Player* players[] = {&loaded, &idle, &other};
    std::vector<std::int64_t>* to[] = {&a, &b, &c};
    for (int i = 0; i < 3; ++i) {
      const auto k = static_cast<std::size_t>((n + i) % 3);
      to[k]->push_back(players[k]->block());
    }
  }
  const double more = mean(a) / mean(b) - 1, equals = mean(c) / mean(b) - 1;
  const char* form = json ? "{\"blocks\": %lld, \"loaded_us\": {\"mean\": %.3f, \"median\": %.3f}, \"idle_us\": "
                            "{\"mean\": %.3f, \"median\": %.3f}, \"more\": %.4f, \"equals_differ\": %.4f}\n"
                          : "%lld blocks; loaded: mean %.2f us, median %.2f; idle: mean %.2f us, median %.2f; "
                            "loaded takes %+.3f of idle more, an equal of idle %+.3f\n";
  std::printf(form, static_cast<long long>(blocks), mean(a), median(a), mean(b), median(b), more, equals);
  return 0;
}
