// Which bus of the engine goes to which socket: "master=1-2 cue=3-4 booth=5-6 mic1=1".
//
// Words: BUS=CHANNEL or BUS=FIRST-LAST, channels counted from 1. Output buses: master, cue, booth, rec, and `split`
// (master in mono on its first channel, cue in mono on its second: pre-listening with a Y cable on a stereo device).
// Input buses: mic1, mic2. A bus on one channel is mixed to mono; a mono input feeds both sides.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fixed_vector.h"
#include "engine/msg/callback.h"

namespace tactus::io {

enum class BusName : std::uint8_t { master, cue, booth, rec, split, mic1, mic2 };
const char* bus_text(BusName bus);

// First of the two channels of each input bus in AudioBlock::in.
constexpr int kMic1 = 0, kMic2 = 2, kInputChannels = 4;

struct Route {
  BusName bus = BusName::master;
  int first = 0;     // device channel, from 0
  int channels = 2;  // 1 or 2
  bool operator==(const Route&) const = default;
};

struct RoutingError {
  std::string text;    // one plain sentence
  std::size_t at = 0;  // offset of the offending word in the parsed text
  std::size_t length = 0;
  // The sentence, the text, and a line of ^ under the word.
  std::string pointed(std::string_view source) const;
};

// Whether pre-listening reaches only the headphones, else why not and what would help.
struct Prelisten {
  bool possible = false;
  std::string reason;
};

class Routing {
 public:
  // False and `error` filled when a word can't be understood, two output buses claim one channel, or no bus carries
  // the master.
  static bool parse(std::string_view text, Routing* routing, RoutingError* error);
  // As many of master, cue, booth, rec as pairs of outputs are there; master alone in mono on one.
  static Routing standard(int outputs);

  // Without the routes that a device of so many channels can't serve; a sentence for each in `notices`. A stereo
  // route with one channel left becomes mono.
  Routing fitted(int outputs, int inputs, std::vector<std::string>* notices) const;

  Prelisten prelisten() const;
  bool has(BusName bus) const;
  int outputs_needed() const;
  int inputs_needed() const;
  const std::vector<Route>& routes() const { return routes_; }
  std::string text() const;  // parse(text()) gives the same routing

 private:
  std::vector<Route> routes_;
};

// The routing as the callback uses it. Realtime-safe after construction.
class Router {
 public:
  Router() = default;
  explicit Router(const Routing& fitted);
  // Engine buses (msg::kBusChannels planes) to the device's planes, every one of them written; a device channel without
  // a route gets silence.
  void to_device(const float* const* engine, float* const* device, int outputs, int frames) const noexcept;
  // Device planes to the engine's kInputChannels planes, all written.
  void to_engine(const float* const* device, int inputs, float* const* engine, int frames) const noexcept;
  bool uses_inputs() const noexcept { return !in_.empty(); }

 private:
  struct Copy {
    std::uint8_t from = 0;
    std::uint8_t to = 0;
    float gain = 1;
  };
  FixedVector<Copy, 32> out_, in_;
};

}  // namespace tactus::io
