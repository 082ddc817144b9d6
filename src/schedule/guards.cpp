#include "schedule/guards.h"

#include <algorithm>

namespace tactus::schedule {

bool RateLimiter::take(const Source& source, Frame now, double rate_hz) {
  const Rate& rate = kRates[static_cast<std::size_t>(source.kind)];
  auto bucket = std::find_if(buckets_.begin(), buckets_.end(),
                             [&](const Bucket& b) { return b.kind == source.kind && b.name == source.name; });
  if (bucket == buckets_.end()) {
    if (buckets_.size() == kSources) {
      buckets_.erase(std::min_element(buckets_.begin(), buckets_.end(),
                                      [](const Bucket& a, const Bucket& b) { return a.at < b.at; }));
    }
    bucket = buckets_.insert(buckets_.end(), {source.name, source.kind, rate.burst, now});
  }
  const double elapsed = std::max(0.0, static_cast<double>((now - bucket->at).v) / rate_hz);
  bucket->tokens = std::min(rate.burst, bucket->tokens + elapsed * rate.per_second);
  bucket->at = now;
  if (bucket->tokens < 1) return false;
  bucket->tokens -= 1;
  return true;
}

const Source::Kind* Touches::held_against(Source::Kind kind, const std::string& control, Frame now, Frames hold) const {
  const auto touch = touches_.find(control);
  if (touch == touches_.end() || touch->second.kind >= kind || touch->second.at + hold <= now) return nullptr;
  return &touch->second.kind;
}

void Touches::touch(const std::string& control, Source::Kind kind, Frame now, Frames hold) {
  // Only a source that isn't held back gets here; it becomes the one whose hold counts.
  if (held_against(kind, control, now, hold)) return;
  touches_[control] = {kind, now};
}

void Touches::forget_before(Frame f) {
  std::erase_if(touches_, [&](const auto& entry) { return entry.second.at < f; });
}

}  // namespace tactus::schedule
