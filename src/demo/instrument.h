// What plays notes: an Instrument is made for one part of one song with all of its notes, then asked for one block
// after the other, in order. Offline; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "demo/random.h"

namespace tactus::demo {

// A note with its place in frames.
struct Event {
  std::int64_t frame = 0;
  std::int64_t length = 0;  // frames until the key is let go
  float pitch = 60;         // MIDI note number, fractional
  float velocity = 1;       // 0 to 1
  int tone = 0;             // what it means is the instrument's own, e.g. a syllable
};

struct Context {
  float rate = 48000;
  float bpm = 120;
  std::uint32_t seed = 1;
  std::vector<Event> events;  // ascending frames
};

class Instrument {
 public:
  virtual ~Instrument() = default;
  // Adds frames [frame, frame + count) to left and right; false when nothing sounded.
  virtual bool render(std::int64_t frame, float* left, float* right, int count) = 0;
};

using Maker = std::function<std::unique_ptr<Instrument>(const Context&)>;

// One Voice a note, as many at a time as sound. A Voice has Voice(const Sound&, const Event&, const Context&, Random&)
// and bool render(float*, float*, int), false when it has died away.
template <typename Voice, typename Sound>
class Poly final : public Instrument {
 public:
  Poly(const Sound& sound, const Context& context) : sound_(sound), context_(context), random_(context.seed) {}

  bool render(std::int64_t frame, float* left, float* right, int count) override {
    const auto& events = context_.events;
    for (; next_ < events.size() && events[next_].frame < frame + count; ++next_)
      voices_.emplace_back(events[next_].frame, std::make_unique<Voice>(sound_, events[next_], context_, random_));
    const bool sounded = !voices_.empty();
    std::erase_if(voices_, [&](auto& v) {
      const int skip = static_cast<int>(v.first > frame ? v.first - frame : 0);
      return !v.second->render(left + skip, right + skip, count - skip);
    });
    return sounded;
  }

 private:
  Sound sound_;
  Context context_;
  Random random_;
  std::size_t next_ = 0;
  std::vector<std::pair<std::int64_t, std::unique_ptr<Voice>>> voices_;  // first frame, voice
};

// One voice for the whole part: notes that touch are tied, with a glide. A Voice has Voice(const Sound&,
// const Context&), void start(const Event&, bool tied) and bool render(float*, float*, int).
template <typename Voice, typename Sound>
class Mono final : public Instrument {
 public:
  Mono(const Sound& sound, const Context& context) : context_(context), voice_(sound, context) {}

  bool render(std::int64_t frame, float* left, float* right, int count) override {
    const auto& events = context_.events;
    bool sounded = false;
    int done = 0;
    while (done < count) {
      int until = count;
      if (next_ < events.size() && events[next_].frame < frame + count) {
        const Event& e = events[next_];
        if (e.frame <= frame + done) {
          const bool tied = next_ > 0 && e.frame <= events[next_ - 1].frame + events[next_ - 1].length;
          voice_.start(e, tied);
          ++next_;
          continue;
        }
        until = static_cast<int>(e.frame - frame);
      }
      sounded |= voice_.render(left + done, right + done, until - done);
      done = until;
    }
    return sounded;
  }

 private:
  Context context_;
  Voice voice_;
  std::size_t next_ = 0;
};

template <typename Voice, typename Sound>
Maker poly(const Sound& sound) {
  return [sound](const Context& c) { return std::make_unique<Poly<Voice, Sound>>(sound, c); };
}
template <typename Voice, typename Sound>
Maker mono(const Sound& sound) {
  return [sound](const Context& c) { return std::make_unique<Mono<Voice, Sound>>(sound, c); };
}

}  // namespace tactus::demo
