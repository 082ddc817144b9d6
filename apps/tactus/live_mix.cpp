#include "live_mix.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>

#include "command.h"
#include "keys.h"
#include "progress.h"
#include "session/script_player.h"
#include "session/track_sources.h"

namespace tactus::app {

namespace {

constexpr double kAheadSeconds = 1.5;  // how far ahead the script is handed to the scheduler
constexpr int kFirst = 2;              // tracks that are analysed next, before the rest at idle priority
constexpr double kLoadSeconds = 8;     // after which a track that isn't on its deck won't come
constexpr double kKnownSeconds = 1;    // for looking up what has been analysed before

class LiveMix {
 public:
  LiveMix(Analyses& analyses, session::MediaStack& media, const LiveMixOptions& options)
      : analyses_(analyses),
        options_(options),
        source_(media.cache(), media.analyses()),
        media_(media),
        planner_(options.mix),
        player_({}, {"mix", schedule::Source::Kind::script, 1}) {}

  int run(bool* opened, std::string* error) {
    install_stop_signals();
    if (!first_handful()) {
      *opened = true;  // the device is not what is wrong
      return stop_asked() ? kStopped : kFailed;
    }
    options_.live.master_db = options_.level_db;
    options_.live.session.tempo = Bpm{planner_.first_tempo()};
    live_ = session::Live::start(
        options_.live, source_, [this](const std::string& text) { say(text); },
        [this](session::Session& s) { on_tick(s); }, error);
    if (!live_) return kFailed;
    media_.set_grace([this] { return live_->grace(); });
    *opened = true;
    const io::AudioStatus status = live_->audio_status();
    say(fmt::format("Playing on {}. Keys: n next track, space pause, + and - level, l track list, q quit.",
                    status.device.device.empty() ? "the audio device" : status.device.device));
    list();
    analyses_.start(kFirst, media::Lane::normal);
    analyses_.start(-1, media::Lane::idle);
    listen();
    media_.set_grace({});
    live_.reset();
    line("");
    return kOk;
  }

 private:
  // Takes up what is known, or analyses until at least one track can be planned; false when none of all can. One at a
  // time: two at once would share the cores, and the first sound would wait for both.
  bool first_handful() {
    analyses_.start_known(kKnownSeconds);
    std::vector<session::MixTrack> ready = analyses_.take();
    Progress progress("analysing");
    while (ready.empty() && !stop_asked() && analyses_.done() < analyses_.total()) {
      const auto before = static_cast<double>(analyses_.done());
      analyses_.start(1, media::Lane::normal);
      analyses_.wait(static_cast<int>(before) + 1, [&](double share, const std::string&) {
        progress.show(share * (before + 1) - before);  // of the one that is waited for
      });
      ready = analyses_.take();
    }
    progress.done();
    for (const std::string& p : analyses_.take_problems()) say(p);
    if (stop_asked()) return false;
    if (ready.empty()) {
      fmt::print(stderr, "tactus: none of the files could be analysed\n");
      return false;
    }
    planner_.add(std::move(ready));
    player_.replace_rest(planner_.plan(0, -1));
    return true;
  }

  // Control thread.
  void on_tick(session::Session& s) {
    if (s.world().now.v >= replanned_ + static_cast<std::int64_t>(s.options().rate.hz * 2)) replan(s);
    hand_on(s);
    const msg::Snapshot& snapshot = s.world().snapshot;
    bool moving = false;
    for (int d = 0; d < s.options().decks; ++d) moving = moving || snapshot.decks[d].speed != 0;
    started_ = started_ || moving;
    if (started_ && !moving && player_.done() && s.idle() && analyses_.done() == analyses_.total()) ended_.store(true);
    beat_.store(snapshot.beat);
    bpm_.store(snapshot.bpm);
  }

  void hand_on(session::Session& s) {
    player_.play(s, kAheadSeconds, [this](const session::Refused& r) { say(r.text + ": " + r.why); });
  }

  void replan(session::Session& s) {
    replanned_ = s.world().now.v;
    std::vector<session::MixTrack> more = analyses_.take();
    for (const std::string& p : analyses_.take_problems()) say(p);
    const std::size_t missing = missing_next(s);
    if (more.empty() && !skip_asked_ && missing == 0) return;
    hand_on(s);  // the new plan has nothing of what is due before `from`
    const auto until = static_cast<double>(s.world().now.v) + kAheadSeconds * s.options().rate.hz;
    const double from = s.world().map.beat_of(until) + 1e-6;
    const std::lock_guard lock(mutex_);
    if (missing != 0 && planner_.entries()[missing].start > from) {
      planner_.drop(missing);
      planner_.plan(from, from);  // so that there is a next one to skip to
    }
    if (skip_asked_) {
      // Time to load, and to be heard coming.
      if (!planner_.skip(from + 4)) say("There is no next track.");
      skip_asked_ = false;
    }
    planner_.add(std::move(more));
    player_.replace_rest(planner_.plan(from, from));
  }

  // The entry that comes next, if its deck should have held it for long and doesn't: its file has gone, or is broken.
  // Else 0.
  std::size_t missing_next(session::Session& s) const {
    const double late = s.world().now.v - kLoadSeconds * s.options().rate.hz;
    const double now = s.world().map.beat_of(static_cast<double>(s.world().now.v));
    const auto& entries = planner_.entries();  // only this thread changes them
    for (std::size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].start <= now) continue;
      const session::LoadedTrack* held = s.track_on(entries[i].deck);
      const bool there = held && held->path == entries[i].track.path;
      return there || entries[i].ready > s.world().map.beat_of(late) ? 0 : i;
    }
    return 0;
  }

  void listen() {
    Keys keys;
    while (!stop_asked() && !ended_.load()) {
      const int key = keys.wait(200);
      if (key == 'q' || key == 4 || key == -1) break;
      if (key == 'n') skip();
      if (key == ' ') pause();
      if (key == '+' || key == '=') level(1);
      if (key == '-') level(-1);
      if (key == 'l') list();
      show_position();
    }
  }

  void skip() {
    live_->post([this](session::Session& s) {
      skip_asked_ = true;
      replan(s);
    });
  }
  void pause() {
    paused_ = !paused_;
    const bool on = paused_;
    const std::string text = on ? "/silence" : fmt::format("/mixer/master {:.1f}", options_.level_db);
    if (!on) live_->post([](session::Session& s) { s.host().freeze(false); });
    live_->post([this, text](session::Session& s) {
      const auto fate = s.submit(text, {"keys", schedule::Source::Kind::hand, 1});
      if (fate.verdict == schedule::Fate::Verdict::refused) say(fate.reason);
    });
    if (on) {
      usleep(150'000);  // for the fade
      live_->post([](session::Session& s) { s.host().freeze(true); });
    }
  }
  void level(double by) {
    options_.level_db = std::clamp(options_.level_db + by, -60.0, 6.0);
    live_->post([this, text = fmt::format("/mixer/master {:.1f}", options_.level_db)](session::Session& s) {
      const auto fate = s.submit(text, {"keys", schedule::Source::Kind::hand, 1});
      if (fate.verdict == schedule::Fate::Verdict::refused) say(fate.reason);
    });
  }
  void list() {
    const std::lock_guard lock(mutex_);
    line("");
    fmt::print("{}", planner_.track_list());
    std::fflush(stdout);
  }

  void show_position() {
    if (!isatty(STDERR_FILENO)) return;
    const std::lock_guard lock(mutex_);
    const double beat = beat_.load();
    std::string now = "-", next;
    for (const session::MixEntry& e : planner_.entries()) {
      if (e.start <= beat) {
        now = track_name(e.track);
      } else if (next.empty()) {
        next = fmt::format("   next in {}: {}", clock_text((e.start - beat) * 60 / bpm_.load()), track_name(e.track));
      }
    }
    line(fmt::format("{}{:6.2f} BPM  {}{}  {:.0f} dB", paused_ ? "paused  " : "", bpm_.load(), now, next,
                     options_.level_db));
  }
  static void line(const std::string& text) {
    std::fprintf(stderr, isatty(STDERR_FILENO) ? "\r\033[K%s" : "%s", text.c_str());
  }
  void say(const std::string& text) {
    line("");
    fmt::print(stderr, "{}\n", text);
  }

  Analyses& analyses_;
  LiveMixOptions options_;
  session::LiveSource source_;
  session::MediaStack& media_;
  std::mutex mutex_;  // the plan, between control thread and keyboard
  session::MixPlanner planner_;
  session::ScriptPlayer player_;
  std::int64_t replanned_ = INT64_MIN / 2;
  bool skip_asked_ = false;  // control thread
  bool started_ = false, paused_ = false;
  std::atomic<bool> ended_{false};
  std::atomic<double> beat_{0}, bpm_{120};
  std::unique_ptr<session::Live> live_;
};

}  // namespace

int live_mix(Analyses& analyses, session::MediaStack& media, const LiveMixOptions& options, bool* opened,
             std::string* error) {
  *opened = false;
  return LiveMix(analyses, media, options).run(opened, error);
}

}  // namespace tactus::app
