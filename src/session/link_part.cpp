#include "session/link_part.h"

#include <cmath>
#include <cstdio>

namespace tactus::session {

LinkPart::LinkPart(const LinkOptions& options, Session& session)
    : host_(session.host()), rate_(session.options().rate), clock_(session.options().tempo) {
  clock_.set_offset_ms(options.offset_ms);
  clock_.set_engine_latency({rt::Engine::latency(rate_)});
  clock_.enable(true);
}

io::BlockHook LinkPart::hook() {
  return {[](void* context, const msg::BlockClock& clock) noexcept {
            auto* self = static_cast<LinkPart*>(context);
            self->clock_.capture(self->host_.frame(), clock, self->rate_);
          },
          this};
}

void LinkPart::before_tick(Session& session) {
  const double bar = session.world().metre.bar.value();
  if (bar > 0 && bar != quantum_) clock_.set_quantum(quantum_ = bar);
  reading_ = clock_.reading();
  session.set_link({reading_.frame, reading_.beat, reading_.bpm, reading_.peers, reading_.enabled});
}

void LinkPart::after_tick(Session& session, const std::function<void(const std::string&)>& notice) {
  if (const auto tell = session.take_link_tell()) {
    const auto later = static_cast<double>(tell->frame.v - reading_.frame) * 1e9 / rate_.hz;
    const std::int64_t heard_ns = reading_.heard_ns + static_cast<std::int64_t>(std::llround(later));
    if (tell->what == schedule::LinkTell::What::tempo) {
      clock_.commit_tempo({tell->value}, heard_ns);
    } else {
      clock_.set_beat_when_alone(tell->value, heard_ns);
    }
  }
  if (reading_.peers == peers_) return;
  peers_ = reading_.peers;
  char text[96];
  std::snprintf(text, sizeof text, "Ableton Link: %zu other%s, %.1f BPM.", peers_, peers_ == 1 ? "" : "s",
                reading_.bpm);
  notice(peers_ > 0 ? text : "Ableton Link: nobody else is there; the set goes on at its tempo.");
}

}  // namespace tactus::session
