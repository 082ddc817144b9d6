#include "engine/rt/deck_reader.h"

#include <cmath>

#include "dsp/interpolate.h"
#include "engine/rt/pcm_window.h"

namespace tactus::rt {

using msg::DeckSource;

namespace {
constexpr double kFadeSeconds = 224.0 / 48000;
constexpr double kAttackSeconds = 64.0 / 48000;
constexpr double kToleranceSeconds = 0.002;
constexpr double kLevelSeconds = 0.5;  // in which the auto-gain may move by 1
constexpr float kQuiet = 1e-3f;        // -60 dBFS: what is cut off below that makes no click
constexpr int kStayPackets = 8;        // as many as a tail needs to fade out over
constexpr int kJoinPackets = 12;       // more than that to join, so that a slow feeder doesn't make it flap
}  // namespace

void DeckReader::attach(VoiceRing* a, VoiceRing* b, const dsp::SincTables* sinc, SampleRate rate) TACTUS_RT {
  rings_[0] = a;
  rings_[1] = b;
  sinc_ = sinc;
  fade_frames_ = static_cast<std::int64_t>(kFadeSeconds * rate.hz);
  attack_frames_ = static_cast<std::int64_t>(kAttackSeconds * rate.hz);
  tolerance_ = kToleranceSeconds * rate.hz;
  max_level_step_ = static_cast<float>(1 / (kLevelSeconds * rate.hz));
}

void DeckReader::attach_outcomes(OutcomeTap* tap, OutcomeRing* told, int deck) TACTUS_RT {
  tap_ = tap;
  told_ = told;
  deck_ = static_cast<std::uint8_t>(deck);
}

void DeckReader::render(const Transport& t, std::int64_t f, int n, const music::TempoMap& map,
                        DeckBuffers& out) TACTUS_RT {
  out.has_stems = out.has_plain = false;
  drop_old_packets(f);
  const bool broke = t.epoch() != epoch_;
  const bool moved = broke || t.track() != now_.track || t.law() != now_.law;
  // A step that begins inside the control grid for no reason of this deck (a block's end, another deck's event) must
  // decide nothing: the sound may not depend on it.
  if (moved || f % kGrid == 0) {
    // The same load with another grid is the same sound.
    const bool other = (t.track() ? t.track()->id : 0) != (now_.track ? now_.track->id : 0);
    const bool jumped = (broke && t.last_break() == Transport::Break::jump) || other;
    follow(t, f, map, broke, jumped);
    anchor(now_, f, map);
    follow_level(t.track(), other, f);
  }
  if (f % kGrid == 0) {
    for (Layer& tail : tails_) anchor(tail, f, map);
  }
  if (now_.source != DeckSource::silent) add_layer(now_, false, f, n, out);
  for (Layer& tail : tails_) {
    if (tail.source == DeckSource::silent) continue;
    // A tail that ran dry has ended: it would only come back with a click.
    const bool there = add_layer(tail, true, f, n, out);
    if (!there || f + n >= tail.fade_start + tail.fade) tail.source = DeckSource::silent;
  }
  if (now_.fade > 0 && f + n >= now_.fade_start + now_.fade) now_.fade = 0;
}

// Takes up what the transport says at f: stays on the path, or changes to another with a cross-fade.
void DeckReader::follow(const Transport& t, std::int64_t f, const music::TempoMap& map, bool broke,
                        bool jumped) TACTUS_RT {
  Layer next;
  std::int64_t fade = 0;
  if (told_) {
    if (take_told(f, next, fade)) change(next, f, fade);
  } else {
    next = choose(t, f, map, broke, jumped);
    const bool same = next.source == now_.source && next.ring == now_.ring && next.generation == now_.generation;
    // A voice runs through a loop wrap: its feeder unrolled the loop into the stretcher.
    const bool through = same && !jumped && (!broke || next.source != DeckSource::direct);
    if (!through && !(same && next.source == DeckSource::silent)) {
      const bool elsewhere = jumped || (broke && t.last_break() != Transport::Break::turn);
      fade = fade_in(next, t, f, map, elsewhere);
      change(next, f, fade);
      tell(f, fade);
    }
  }
  now_.track = t.track();
  now_.law = t.law();
  epoch_ = t.epoch();
}

void DeckReader::follow_level(const msg::TrackRef* track, bool other, std::int64_t f) TACTUS_RT {
  if (!track) return;
  if (other) {
    level_ = track->gain;
    level_step_ = 0;
    level_frame_ = f;
  } else if (f % kGrid == 0) {
    level_ += level_step_ * static_cast<float>(f - level_frame_);
    const float away = track->gain - level_, most = max_level_step_ * static_cast<float>(kGrid);
    if (std::fabs(away) < 1e-6f) {
      level_ = track->gain;
      level_step_ = 0;
    } else {
      level_step_ = std::fmin(std::fmax(away, -most), most) / static_cast<float>(kGrid);
    }
    level_frame_ = f;
  }
}

void DeckReader::anchor(Layer& layer, std::int64_t f, const music::TempoMap& map) TACTUS_RT {
  if (layer.source != DeckSource::direct) return;
  const std::int64_t end = (f / kGrid + 1) * kGrid;
  const double a = layer.law.position(static_cast<double>(f), map, layer.track->grid);
  const double b = layer.law.position(static_cast<double>(end), map, layer.track->grid);
  const double slope = (b - a) / static_cast<double>(end - f);
  layer.line_frame = f;
  layer.line_at = a;
  layer.line_slope = slope > kMaxSpeed ? kMaxSpeed : slope < -kMaxSpeed ? -kMaxSpeed : slope;
}

DeckReader::Layer DeckReader::choose(const Transport& t, std::int64_t f, const music::TempoMap& map, bool broke,
                                     bool jumped) TACTUS_RT {
  Layer next;
  if (!t.track() || !t.moving()) return next;
  if (t.wants_stretch(f, map)) {
    const int ring = best_voice(t, f, map, broke, jumped);
    if (ring >= 0) {
      next.source = DeckSource::voice;
      next.ring = ring;
      next.generation = rings_[ring]->read_slot()->generation;
      return next;
    }
    if (now_.source == DeckSource::voice && !jumped) ++fallbacks_;
  }
  const double p = t.position(static_cast<double>(f), map);
  const double v = t.speed(static_cast<double>(f), map);
  // Far enough ahead that a fade-out still has audio to fade.
  const double ahead = p + v * static_cast<double>(fade_frames_ + 2 * kGrid);
  if (decoded(*t.track()->pcm, std::fmin(p, ahead) - kGrid, std::fmax(p, ahead) + kGrid)) {
    next.source = DeckSource::direct;
  } else {
    ++late_;
  }
  return next;
}

int DeckReader::best_voice(const Transport& t, std::int64_t f, const music::TempoMap& map, bool broke,
                           bool jumped) TACTUS_RT {
  const double p = t.position(static_cast<double>(f), map);
  int best = -1;
  std::uint32_t youngest = 0;
  for (int i = 0; i < 2; ++i) {
    const VoicePacket* packet = rings_[i] ? rings_[i]->read_slot() : nullptr;
    if (!packet || packet->frame > f || packet->track_id != t.track()->id) continue;
    const bool current = now_.source == DeckSource::voice && now_.ring == i && now_.generation == packet->generation;
    const VoicePacket* last = rings_[i]->peek(static_cast<std::size_t>(current ? kStayPackets : kJoinPackets) - 1);
    // The next voice may be in the ring already: a tail can't fade out over that.
    if (!last || last->generation != packet->generation) continue;
    const double there = packet->source + packet->speed * static_cast<double>(f - packet->frame);
    // Inside a packet that was right at its start only a jump can make it wrong, or a wrap that its feeder had not
    // heard of.
    bool right = current && !broke && f != packet->frame;
    right = right || std::fabs(there - p) <= tolerance_;
    if (!right && !jumped && t.loop_active()) right = runs_through(i, t, f, map);
    if (!right) continue;
    if (best >= 0 && packet->generation <= youngest) continue;
    best = i;
    youngest = packet->generation;
  }
  return best;
}

// At a loop's edge a packet and the playhead may be on different sides of the fold. Whether the voice is folded there
// shows in its next packet.
bool DeckReader::runs_through(int ring, const Transport& t, std::int64_t f, const music::TempoMap& map) TACTUS_RT {
  const VoicePacket* packet = rings_[ring]->peek(0);
  const VoicePacket* next = rings_[ring]->peek(1);
  if (!packet || !next || next->generation != packet->generation) return false;
  const double d = static_cast<double>(f);
  double p = t.position(d, map) + t.speed(d, map) * static_cast<double>(next->frame - f);
  if (p >= t.loop_end()) p -= t.loop_length();
  if (p < t.loop_start()) p += t.loop_length();
  return std::fabs(next->source - p) <= tolerance_;
}

// A replay: what was chosen at f, if that was another than before.
bool DeckReader::take_told(std::int64_t f, Layer& next, std::int64_t& fade) TACTUS_RT {
  bool any = false;
  for (const msg::EngineOutcome* o = told_->read_slot(); o && o->frame <= f; o = told_->read_slot()) {
    next.source = o->source;
    next.ring = o->ring;
    next.generation = o->generation;
    fade = o->fade;
    any = true;
    told_->release();
  }
  return any;
}

void DeckReader::tell(std::int64_t f, std::int64_t fade) TACTUS_RT {
  if (!tap_) return;
  msg::EngineOutcome o;
  o.kind = msg::EngineOutcome::Kind::source;
  o.deck = deck_;
  o.source = now_.source;
  o.ring = static_cast<std::uint8_t>(now_.ring);
  o.generation = now_.generation;
  o.frame = f;
  o.fade = fade;
  tap_->put(o);
}

// How long what comes next takes to come in, in frames.
std::int64_t DeckReader::fade_in(const Layer& next, const Transport& t, std::int64_t f, const music::TempoMap& map,
                                 bool jump) TACTUS_RT {
  if (next.source == DeckSource::silent) return 0;
  if (!jump && now_.source != DeckSource::silent) return fade_frames_;
  return quiet_before(t, f, map) ? 0 : attack_frames_;
}

void DeckReader::change(const Layer& next, std::int64_t f, std::int64_t fade) TACTUS_RT {
  if (now_.source != DeckSource::silent) {
    Layer* slot = &tails_[0];
    for (Layer& tail : tails_) {
      if (tail.source == DeckSource::silent) {
        slot = &tail;
        break;
      }
      if (gain_at(tail, f) < gain_at(*slot, f)) slot = &tail;  // the one that is nearest to silence gives way
    }
    const float gain = gain_at(now_, f);
    *slot = now_;
    slot->gain = gain;
    slot->level = level_ + level_step_ * static_cast<float>(f - level_frame_);
    slot->fade_start = f;
    slot->fade = fade_frames_;
  }
  const msg::TrackRef* track = now_.track;
  now_ = next;
  now_.track = track;
  now_.fade_start = f;
  now_.fade = fade;
}

// Whether starting at the playhead cuts off nothing that can be heard: the 32 frames before it are silent.
bool DeckReader::quiet_before(const Transport& t, std::int64_t f, const music::TempoMap& map) TACTUS_RT {
  const double p = t.position(static_cast<double>(f), map);
  const bool backwards = t.speed(static_cast<double>(f), map) < 0;
  const std::int64_t first = static_cast<std::int64_t>(std::floor(p)) + (backwards ? 1 : -kGrid);
  if (!gather(*t.track()->pcm, first, static_cast<int>(kGrid), window_)) return false;
  for (int i = 0; i < kGrid * t.track()->pcm->channels(); ++i) {
    if (std::fabs(window_[i]) > kQuiet) return false;
  }
  return true;
}

float DeckReader::gain_at(const Layer& layer, std::int64_t f) const TACTUS_RT {
  if (layer.fade <= 0) return 1;
  const float x = static_cast<float>(f - layer.fade_start + 1) / static_cast<float>(layer.fade + 1);
  return x >= 1 ? 1 : x;
}

// False when a voice has nothing for it.
bool DeckReader::add_layer(const Layer& layer, bool tail, std::int64_t f, int n, DeckBuffers& out) TACTUS_RT {
  const int channels = layer.track->pcm->channels();
  if (layer.source == DeckSource::voice) {
    if (!read_voice(layer, f, n)) {
      tell_missed(layer, f);
      return false;
    }
  } else if (!read_direct(layer, f, n)) {
    tell_missed(layer, f);
  }

  const bool stems = channels == kMaxChannels;
  bool& has = stems ? out.has_stems : out.has_plain;
  float(*to)[kGrid] = stems ? out.stems : out.plain;
  for (int c = 0; c < channels; ++c) {
    if (!has) {
      for (int i = 0; i < n; ++i) to[c][i] = 0;
    }
    if (!tail && layer.fade == 0 && level_step_ == 0) {
      for (int i = 0; i < n; ++i) to[c][i] += scratch_[c][i] * level_;
      continue;
    }
    for (int i = 0; i < n; ++i) {
      const float g = gain_at(layer, f + i);
      const float level = level_ + level_step_ * static_cast<float>(f + i - level_frame_);
      to[c][i] += scratch_[c][i] * (tail ? layer.level * layer.gain * (1 - g) : level * g);
    }
  }
  has = true;
  return true;
}

// The track along the layer's line, n frames from f, into scratch_. False when some of it was silence, not being
// decoded.
bool DeckReader::read_direct(const Layer& layer, std::int64_t f, int n) TACTUS_RT {
  const msg::TrackRef& track = *layer.track;
  const int channels = track.pcm->channels();
  const double v = layer.line_slope;
  const auto at = [&](int i) TACTUS_RT { return layer.line_at + v * static_cast<double>(f + i - layer.line_frame); };
  const double from = at(0), last = at(n - 1);
  const auto low = static_cast<std::int64_t>(std::floor(std::fmin(from, last)));
  const auto high = static_cast<std::int64_t>(std::floor(std::fmax(from, last)));
  const std::int64_t first = low - dsp::SincTables::kBefore;
  const bool there = gather(*track.pcm, first, static_cast<int>(high - low) + dsp::SincTables::kTaps, window_);
  for (int i = 0; i < n; ++i) {
    const double p = at(i);
    const double whole = std::floor(p);
    const float* window = window_ + (static_cast<std::int64_t>(whole) - low) * channels;
    float frame[kMaxChannels];
    if (channels == kMaxChannels) {
      dsp::read_between<8>(*sinc_, window, p - whole, v, frame);
    } else {
      dsp::read_between<2>(*sinc_, window, p - whole, v, frame);
    }
    for (int c = 0; c < channels; ++c) scratch_[c][i] = frame[c];
  }
  return there;
}

bool DeckReader::read_voice(const Layer& layer, std::int64_t f, int n) TACTUS_RT {
  const VoicePacket* packet = rings_[layer.ring]->read_slot();
  if (!packet || packet->generation != layer.generation || packet->frame > f) return false;
  const int offset = static_cast<int>(f - packet->frame);
  for (int c = 0; c < packet->channels; ++c) {
    for (int i = 0; i < n; ++i) scratch_[c][i] = packet->audio[c][offset + i];
  }
  return true;
}

void DeckReader::tell_missed(const Layer& layer, std::int64_t f) TACTUS_RT {
  if (!tap_) return;
  msg::EngineOutcome o;
  o.kind = msg::EngineOutcome::Kind::missed;
  o.deck = deck_;
  o.source = layer.source;
  o.ring = static_cast<std::uint8_t>(layer.ring);
  o.generation = layer.generation;
  o.frame = f;
  tap_->put(o);
}

void DeckReader::drop_old_packets(std::int64_t f) TACTUS_RT {
  for (VoiceRing* ring : rings_) {
    if (!ring) continue;
    for (const VoicePacket* p = ring->read_slot(); p && p->frame + kGrid <= f; p = ring->read_slot()) ring->release();
  }
}

bool DeckReader::uses(const msg::TrackRef* track) const TACTUS_RT {
  if (now_.track == track) return true;
  for (const Layer& tail : tails_) {
    if (tail.source != DeckSource::silent && tail.track == track) return true;
  }
  return false;
}

}  // namespace tactus::rt
