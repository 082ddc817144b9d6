#include "session/link_part.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "session/deck_words.h"

namespace tactus::session {

namespace {

const schedule::Source kLink{"Ableton Link", schedule::Source::Kind::script, 1};
constexpr int kPatience = 100;  // control ticks: far longer than Link takes to show what it was told

bool plays(const Session& session, int deck) {
  const msg::DeckSnapshot& d = session.world().snapshot.decks[deck];
  return d.playing && !d.previewing;
}

}  // namespace

LinkPart::LinkPart(const LinkOptions& options, Session& session)
    : options_(options), host_(session.host()), rate_(session.options().rate) {
  if (options_.on) session.wish_link({true, false});
  obey(session);
}

io::BlockHook LinkPart::hook() {
  return {[](void* context, const msg::BlockClock& clock) noexcept {
            auto* self = static_cast<LinkPart*>(context);
            io::LinkClock* link = self->captured_.load(std::memory_order_acquire);
            if (link) link->capture(self->host_.frame(), clock, self->rate_);
          },
          this};
}

void LinkPart::obey(Session& session) {
  const LinkWish wish = session.link_wish();
  if (wish == wish_) return;
  if (wish.share && !wish_.share) {
    const Bpm ours{session.world().map.bpm_at_frame(static_cast<double>(session.world().now.v))};
    if (!clock_) {
      clock_ = std::make_unique<io::LinkClock>(ours);
      clock_->set_offset_ms(options_.offset_ms);
      clock_->set_engine_latency({rt::Engine::latency(rate_)});
    } else {
      clock_->commit_tempo(ours, reading_.heard_ns);
    }
    clock_->enable(true);
    captured_.store(clock_.get(), std::memory_order_release);
  } else if (!wish.share && wish_.share) {
    captured_.store(nullptr, std::memory_order_release);
    clock_->enable(false);
    reading_ = {};
    session.set_link({});
  }
  if (clock_) clock_->sync_start_stop(wish.share && wish.transport);
  // That somebody stands still, or plays, is no news to who comes.
  they_play_ = reading_.playing;
  patience_ = kPatience;
  we_play_ = false;
  for (int d = 0; d < session.options().decks; ++d) we_play_ = we_play_ || plays(session, d);
  stopped_ = {};
  wish_ = wish;
}

void LinkPart::before_tick(Session& session) {
  obey(session);
  if (!wish_.share) return;
  const double bar = session.world().metre.bar.value();
  if (bar > 0 && bar != quantum_) clock_->set_quantum(quantum_ = bar);
  reading_ = clock_->reading();
  session.set_link({reading_.frame, reading_.beat, reading_.bpm, reading_.peers, reading_.enabled});
}

void LinkPart::after_tick(Session& session, const std::function<void(const std::string&)>& notice) {
  if (!wish_.share) {
    session.take_link_tell();
    return;
  }
  if (const auto what = session.take_link_tell()) tell(*what);
  if (wish_.transport) share_transport(session, notice);
  count_peers(notice);
}

void LinkPart::tell(const schedule::LinkTell& what) {
  const auto later = static_cast<double>(what.frame.v - reading_.frame) * 1e9 / rate_.hz;
  const std::int64_t heard_ns = reading_.heard_ns + static_cast<std::int64_t>(std::llround(later));
  if (what.what == schedule::LinkTell::What::tempo) {
    clock_->commit_tempo({what.value}, heard_ns);
  } else {
    clock_->set_beat_when_alone(what.value, heard_ns);
  }
}

void LinkPart::share_transport(Session& session, const std::function<void(const std::string&)>& notice) {
  bool any = false;
  for (int d = 0; d < session.options().decks; ++d) any = any || plays(session, d);
  const auto ask = [&](int deck, const char* what) {
    const schedule::Fate fate = session.submit(deck_address(deck) + what, kLink);
    if (fate.verdict == schedule::Fate::Verdict::refused) notice(fate.reason);
  };
  if (reading_.playing == they_play_) {
    patience_ = 0;
  } else if (patience_ > 0) {
    --patience_;
  } else {
    they_play_ = reading_.playing;
    for (int d = 0; d < session.options().decks; ++d) {
      const auto at = static_cast<std::size_t>(d);
      if (!they_play_ && plays(session, d)) {
        stopped_[at] = true;
        ask(d, "pause");
      } else if (they_play_ && std::exchange(stopped_[at], false) && session.track_on(d)) {
        ask(d, "play @bar");
      }
    }
  }
  if (any == std::exchange(we_play_, any) || any == they_play_) return;
  they_play_ = any;
  patience_ = kPatience;
  clock_->commit_playing(any, reading_.heard_ns);
}

void LinkPart::count_peers(const std::function<void(const std::string&)>& notice) {
  if (reading_.peers == peers_) return;
  peers_ = reading_.peers;
  char text[96];
  std::snprintf(text, sizeof text, "Ableton Link: %zu other%s, %.1f BPM.", peers_, peers_ == 1 ? "" : "s",
                reading_.bpm);
  notice(peers_ > 0 ? text : "Ableton Link: nobody else is there; the set goes on at its tempo.");
}

}  // namespace tactus::session
