#include "demo/render.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "demo/master.h"

namespace tactus::demo {
namespace {

constexpr int kBlock = 256;
constexpr int kStep = 32;  // frames between updates of automation
constexpr double kTailSeconds = 3.0;

using Block = std::array<float, kBlock>;
struct Stereo {
  Block l{}, r{};
  void clear() { l.fill(0), r.fill(0); }
};

// Where everything of this rendering lies in time.
struct Timeline {
  double origin;  // song beat of our beat 0
  double frame0, per_beat;
  std::int64_t frame_of(double beat) const {
    return static_cast<std::int64_t>(std::floor(frame0 + (beat - origin) * per_beat + 0.5));
  }
  double beat_of(std::int64_t frame) const { return origin + (static_cast<double>(frame) - frame0) / per_beat; }
};

std::vector<Event> events_of(const Part& part, const Song& song, const Timeline& time, const Span& span,
                             std::uint32_t seed) {
  std::vector<Note> notes = part.notes;
  std::stable_sort(notes.begin(), notes.end(), [](const Note& a, const Note& b) { return a.beat < b.beat; });
  Random random(seed);
  std::vector<Event> events;
  const double swing = part.swung ? song.swing : 0.5;
  for (const Note& n : notes) {
    const float loudness = 1.0f + part.loose_velocity * random.bipolar();
    const double late = part.loose_ms * 0.001 * random.bipolar() * song.bpm / 60.0;
    if (n.beat < span.beat - 1e-9 || n.beat >= span.end() - 1e-9) continue;
    Event e;
    e.frame = std::max<std::int64_t>(0, time.frame_of(swung(n.beat, swing) + late));
    const double end = std::min(n.beat + n.beats, span.end());
    e.length = std::max<std::int64_t>(1, time.frame_of(swung(end, swing) + late) - e.frame);
    e.pitch = n.pitch;
    e.velocity = std::clamp(n.velocity * loudness, 0.02f, 1.0f);
    e.tone = n.tone;
    events.push_back(e);
  }
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.frame < b.frame; });
  return events;
}

// How far the kick pushes the others down, 0 to 1: down within 4 ms *before* it sounds, since we know the future,
// then back over half a beat.
class Duck {
 public:
  Duck(std::vector<std::int64_t> kicks, double per_beat, double rate)
      : kicks_(std::move(kicks)),
        down_(static_cast<std::int64_t>(0.004 * rate)),
        hold_(0.03 * rate),
        back_(0.55 * per_beat) {}
  void fill(std::int64_t frame, Block& out) {
    for (int i = 0; i < kBlock; ++i) {
      const std::int64_t t = frame + i;
      while (next_ < kicks_.size() && kicks_[next_] <= t) ++next_;
      float d = 0;
      if (next_ > 0) {
        const double x = (static_cast<double>(t - kicks_[next_ - 1]) - hold_) / back_;
        if (x < 1) d = x <= 0 ? 1.0f : static_cast<float>(0.5 + 0.5 * std::cos(3.14159265 * x));
      }
      if (next_ < kicks_.size() && kicks_[next_] - t <= down_)
        d = std::max(d, 1.0f - static_cast<float>(kicks_[next_] - t) / static_cast<float>(down_));
      out[static_cast<std::size_t>(i)] = d;
    }
  }

 private:
  std::vector<std::int64_t> kicks_;
  std::size_t next_ = 0;
  std::int64_t down_;
  double hold_, back_;
};

// One part's instrument and channel strip.
class Channel {
 public:
  Channel(const Part& part, Context context, float rate)
      : part_(part), instrument_(part.maker(context)), chorus_(part.strip.chorus, rate), rate_(rate) {
    if (part.strip.high_pass > 0)
      for (Svf* f : {&high_l_, &high_r_}) f->set(part.strip.high_pass, 0.7f, rate);
    pan_l_ = std::sqrt(0.5f * (1.0f - part.strip.pan)) * 1.41421356f;
    pan_r_ = std::sqrt(0.5f * (1.0f + part.strip.pan)) * 1.41421356f;
    gain_ = gain_of_db(part.strip.gain);
    // Filters are heard in octaves, so they move in octaves.
    for (const auto& [beat, hz] : part.strip.cutoff.points) octaves_.to(beat, std::log2(hz));
  }

  void render(std::int64_t frame, const Timeline& time, const Block& duck, Stereo& dry, Stereo& reverb, Stereo& delay) {
    work_.clear();
    if (instrument_->render(frame, work_.l.data(), work_.r.data(), kBlock)) {
      quiet_ = 0;
    } else if (++quiet_ > rate_ * 0.2f / kBlock) {
      return;  // what is left in the filters has died away
    }
    const Strip& s = part_.strip;
    if (s.drive > 0) {
      const float in = 1.0f + s.drive, out = 1.0f / std::sqrt(in);
      for (Block* b : {&work_.l, &work_.r})
        for (float& v : *b) v = out * soft(in * v);
    }
    if (s.high_pass > 0)
      for (std::size_t i = 0; i < kBlock; ++i)
        work_.l[i] = high_l_.high(work_.l[i]), work_.r[i] = high_r_.high(work_.r[i]);
    if (!octaves_.points.empty()) sweep(frame, time);
    if (s.chorus > 0) chorus_.process(work_.l.data(), work_.r.data(), kBlock);
    mix(frame, time, duck, dry, reverb, delay);
  }

 private:
  void sweep(std::int64_t frame, const Timeline& time) {
    for (std::size_t at = 0; at < kBlock; at += kStep) {
      const float hz = std::exp2(octaves_.at(time.beat_of(frame + static_cast<std::int64_t>(at))));
      low_l_.set(hz, part_.strip.resonance, rate_);
      low_r_.g = low_l_.g, low_r_.k = low_l_.k, low_r_.a1 = low_l_.a1, low_r_.a2 = low_l_.a2, low_r_.a3 = low_l_.a3;
      for (std::size_t i = at; i < at + kStep; ++i) {
        work_.l[i] = low_l_.low(work_.l[i]);
        work_.r[i] = low_r_.low(work_.r[i]);
      }
    }
  }

  void mix(std::int64_t frame, const Timeline& time, const Block& duck, Stereo& dry, Stereo& reverb, Stereo& delay) {
    const Strip& s = part_.strip;
    const float mid = 0.5f * (1.0f + s.width), cross = 0.5f * (1.0f - s.width);
    const double beat0 = time.beat_of(frame), beat1 = time.beat_of(frame + kBlock);
    const float g0 = gain_ * gain_of_db(s.fade.at(beat0)), g1 = gain_ * gain_of_db(s.fade.at(beat1));
    const float send = s.delay * s.throws.at(beat0);
    for (std::size_t i = 0; i < kBlock; ++i) {
      const float x = static_cast<float>(i) / kBlock;
      const float g = (g0 + (g1 - g0) * x) * (1.0f - s.duck * duck[i]);
      const float l = g * pan_l_ * (mid * work_.l[i] + cross * work_.r[i]);
      const float r = g * pan_r_ * (mid * work_.r[i] + cross * work_.l[i]);
      dry.l[i] += l;
      dry.r[i] += r;
      reverb.l[i] += s.reverb * l;
      reverb.r[i] += s.reverb * r;
      delay.l[i] += send * l;
      delay.r[i] += send * r;
    }
  }

  const Part& part_;
  Curve octaves_;
  std::unique_ptr<Instrument> instrument_;
  Chorus chorus_;
  float rate_, gain_, pan_l_, pan_r_;
  Svf high_l_, high_r_, low_l_, low_r_;
  Stereo work_;
  int quiet_ = 1 << 20;
};

// A stem: its channels, its room and its echo.
class StemBus {
 public:
  StemBus(const Bus& bus, float bpm, float rate)
      : reverb_(bus.reverb, rate), delay_(bus.delay, bpm, rate), gain_(gain_of_db(bus.gain)) {
    for (Svf* f : {&high_l_, &high_r_}) f->set(24, 0.7f, rate);
  }
  void add(const Part& part, Context context, float rate) {
    wet_ |= part.strip.reverb > 0;
    echo_ |= part.strip.delay > 0;
    channels_.push_back(std::make_unique<Channel>(part, std::move(context), rate));
  }
  void render(std::int64_t frame, const Timeline& time, const Block& duck, float* out, int count) {
    dry_.clear(), to_reverb_.clear(), to_delay_.clear();
    for (auto& c : channels_) c->render(frame, time, duck, dry_, to_reverb_, to_delay_);
    if (echo_) {
      Stereo echoes;
      delay_.process(to_delay_.l.data(), to_delay_.r.data(), echoes.l.data(), echoes.r.data(), kBlock);
      for (std::size_t i = 0; i < kBlock; ++i) {
        dry_.l[i] += echoes.l[i], dry_.r[i] += echoes.r[i];
        to_reverb_.l[i] += 0.25f * echoes.l[i], to_reverb_.r[i] += 0.25f * echoes.r[i];
      }
    }
    if (wet_) reverb_.process(to_reverb_.l.data(), to_reverb_.r.data(), dry_.l.data(), dry_.r.data(), kBlock);
    for (int i = 0; i < count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      out[2 * i] = high_l_.high(gain_ * dry_.l[k]);
      out[2 * i + 1] = high_r_.high(gain_ * dry_.r[k]);
    }
  }

 private:
  std::vector<std::unique_ptr<Channel>> channels_;
  Reverb reverb_;
  Delay delay_;
  float gain_;
  Svf high_l_, high_r_;
  Stereo dry_, to_reverb_, to_delay_;
  bool wet_ = false, echo_ = false;
};

// Half a raised cosine over the last second and a half: reverb tails end at exactly nothing.
void fade_out(std::vector<float>& stereo, int rate) {
  const std::size_t frames = stereo.size() / 2,
                    length = std::min<std::size_t>(frames, static_cast<std::size_t>(rate) * 3 / 2);
  for (std::size_t i = 0; i < length; ++i) {
    const auto g = static_cast<float>(
        0.5 - 0.5 * std::cos(3.14159265358979 * static_cast<double>(i) / static_cast<double>(length)));
    const std::size_t at = frames - 1 - i;
    stereo[2 * at] *= g;
    stereo[2 * at + 1] *= g;
  }
}

}  // namespace

Rendered render(const Song& song, const RenderOptions& options) {
  const auto rate = static_cast<float>(options.rate);
  Rendered out;
  out.rate = options.rate;
  out.bars =
      options.bars > 0 ? std::min(options.bars, song.bars() - options.first_bar) : song.bars() - options.first_bar;
  out.first_downbeat = std::llround(song.lead_in * options.rate);
  out.frames_per_beat = 60.0 * options.rate / song.bpm;
  const Span span{4.0 * options.first_bar, out.bars};
  const Timeline time{span.beat, static_cast<double>(out.first_downbeat), out.frames_per_beat};
  out.frames = time.frame_of(span.end()) + static_cast<std::int64_t>(kTailSeconds * options.rate);

  std::vector<StemBus> buses;
  for (const Bus& b : song.buses) buses.emplace_back(b, static_cast<float>(song.bpm), rate);
  std::vector<std::int64_t> kicks;
  std::uint32_t seed = song.seed * 1000;
  for (const Part& part : song.parts) {
    Context context{rate, static_cast<float>(song.bpm), ++seed, events_of(part, song, time, span, seed)};
    if (part.name == "kick")
      for (const Event& e : context.events) kicks.push_back(e.frame);
    buses[static_cast<std::size_t>(part.stem)].add(part, std::move(context), rate);
  }
  Duck duck(std::move(kicks), out.frames_per_beat, options.rate);

  for (auto& stem : out.stems) stem.resize(static_cast<std::size_t>(2 * out.frames));
  Block ducked;
  for (std::int64_t frame = 0; frame < out.frames; frame += kBlock) {
    if (options.cancel != nullptr && options.cancel->load(std::memory_order_relaxed)) break;
    duck.fill(frame, ducked);
    const int count = static_cast<int>(std::min<std::int64_t>(kBlock, out.frames - frame));
    for (std::size_t s = 0; s < kStems; ++s)
      buses[s].render(frame, time, ducked, out.stems[s].data() + 2 * frame, count);
    if (options.progress && frame % (kBlock * 256) == 0)
      options.progress(static_cast<double>(frame) / static_cast<double>(out.frames));
  }
  for (std::size_t s = 0; s < kStems; ++s) {
    limit(std::span(&out.stems[s], 1), options.rate, gain_of_db(song.buses[s].limit));
    fade_out(out.stems[s], options.rate);
  }
  return out;
}

}  // namespace tactus::demo
