#include "live_mix.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <thread>

#include "client/start.h"
#include "command.h"
#include "consideration.h"
#include "keys.h"
#include "paths.h"
#include "progress.h"
#include "schedule/numbers.h"
#include "schedule/parse.h"
#include "session/script.h"

namespace tactus::app {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr double kAheadSeconds = 2;  // how far ahead the plan is handed to the engine: longer than this may be stuck
constexpr int kFirst = 2;            // tracks that are analysed next, before the rest at idle priority
constexpr double kLoadSeconds = 8;   // after which a track that isn't on its deck won't come
constexpr double kKnownSeconds = 1;  // for looking up what has been analysed before
constexpr int kLookMs = 50;          // between looks at the engine
constexpr std::chrono::milliseconds kReplan = 2s, kShow = 200ms;
constexpr auto kRestart = 5s;  // within which a supervisor has brought a crashed engine back
constexpr auto kReload = 10s;  // within which that engine has its tracks on its decks again
constexpr int kDecks = 2;      // the plan's

class LiveMix {
 public:
  LiveMix(Analyses& analyses, media::WorkerPool& workers, const LiveMixOptions& options)
      : analyses_(analyses), consideration_(workers), options_(options) {}
  ~LiveMix() {
    if (engine_.client) client::end(engine_);
  }

  int run(bool* began, std::string* error) {
    install_stop_signals();
    std::vector<session::MixTrack> first = first_handful();
    *began = first.empty();  // an engine is not what is wrong
    if (first.empty()) return stop_asked() ? kStopped : kFailed;
    if (!start()) {
      *error = engine_.error;
      return engine_.exit_code;
    }
    *began = true;
    if (!on_free_decks()) return kFailed;
    plan(std::move(first));
    say(fmt::format("Playing on {}. Keys: n next track, space pause, + and - level, l track list, q quit{}.",
                    state_.device[0] ? state_.device : "the audio device",
                    ours() ? "" : " (the engine ran before, and plays on)"));
    list();
    analyses_.start(kFirst, media::Lane::normal);
    analyses_.start(-1, media::Lane::idle);
    listen();
    line("");
    return lost_ ? kFailed : kOk;
  }

 private:
  client::ConnectOptions who(const char* name, const char* kind) const {
    return {.session = options_.session, .name = name, .kind = kind};
  }
  bool ours() const { return engine_.supervisor != 0; }

  // Two clients: the plan is a script, whose moves give way to anybody's hand, and the keys are a hand.
  bool start() {
    engine_ = client::connect_or_start(who("keys", "hand"), own_program(), options_.words, client::Stderr::kept);
    return engine_.client && join();
  }
  bool join() {
    plan_ = client::Client::connect(who("mix", "script"), &engine_.error);
    if (!plan_) return false;
    plan_->post(osc::Message{"/subscribe", {std::string("events")}});
    look();
    return true;
  }

  bool on_free_decks() {
    for (int d = 0; d < kDecks; ++d) {
      if (!state_.decks[d].audible && !state_.decks[d].playing) continue;
      fmt::print(
          stderr,
          "tactus: an engine runs, and deck {} plays; a mix needs decks 1 and 2. Stop them, or say --session DIR "
          "for an engine beside it.\n",
          d + 1);
      return false;
    }
    return true;
  }

  // Takes up what is known, or analyses until at least one track can be planned; empty when none of all can. One at a
  // time: two at once would share the cores, and the first sound would wait for both.
  std::vector<session::MixTrack> first_handful() {
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
    if (stop_asked()) return {};
    if (ready.empty()) fmt::print(stderr, "tactus: none of the files could be analysed\n");
    return ready;
  }

  void plan(std::vector<session::MixTrack> first) {
    look();
    const double bar = state_.bar > 0 ? state_.bar : 4;
    options_.mix.start_beat = std::ceil(state_.beat / bar + 0.25) * bar;
    planner_ = session::MixPlanner(options_.mix);
    planner_.add(std::move(first));
    events_ = planner_.plan(options_.mix.start_beat, -1);
    plan_->post("/clock/source internal");
    plan_->post("/clock/tempo " + schedule::number_text(planner_.first_tempo()));
  }

  void listen() {
    Keys keys;
    auto shown = Clock::now();
    while (!stop_asked() && !ended_ && !lost_) {
      const int key = keys.wait(kLookMs);
      if (key == 'q' || key == 4 || key == -1) break;
      if (key == 'n') replan(true);
      if (key == ' ') press(state_.held ? "/hold 0" : "/hold 1");
      if (key == '+' || key == '=') level(1);
      if (key == '-') level(-1);
      if (key == 'l') list();
      look();
      hear();
      if (Clock::now() - replanned_ >= kReplan) replan(false);
      hand_on();
      if (Clock::now() - shown < kShow) continue;
      shown = Clock::now();
      show_position();
    }
  }

  void look() {
    if (const auto state = plan_->board().read(); state && state->version != 0) state_ = *state;
    consideration_.look(state_);
    bool moving = false;
    for (int d = 0; d < kDecks; ++d) moving = moving || state_.decks[d].speed != 0;
    started_ = started_ || moving;
    ended_ = started_ && !moving && Clock::now() >= reloaded_ && next_ == events_.size() && state_.pending_count == 0 &&
             analyses_.done() == analyses_.total();
  }

  // What the engine says. Should it be gone, its supervisor starts it again, and it goes on where it was.
  void hear() {
    for (client::Client* c : {plan_.get(), engine_.client.get()}) {
      while (const auto m = c->next(0ms)) {
        if (m->address == "/fate") {
          const client::Fate fate = client::Client::fate_of(*m);
          if (fate.verdict == "refused") say(fate.reason);
        } else if (m->address == "/notice") {
          say(m->text(0));
        } else if (m->address == "/failed") {
          say(m->text(0) + ": " + m->text(1));
        }
      }
    }
    if (plan_->closed() || engine_.client->closed()) come_back();
  }
  void come_back() {
    std::string error;
    const auto until = Clock::now() + kRestart;
    while (Clock::now() < until && !stop_asked()) {
      if (auto again = client::Client::connect(who("keys", "hand"), &error)) {
        engine_.client = std::move(again);
        if (!join()) continue;
        reloaded_ = Clock::now() + kReload;
        say("The engine had crashed, and was started again.");
        return;
      }
      std::this_thread::sleep_for(20ms);
    }
    lost_ = !stop_asked();
    if (lost_) say("The engine has ended.");
  }

  // From a hand, at once.
  void press(const std::string& text) { engine_.client->post(text); }

  double until() const { return state_.beat + kAheadSeconds * state_.bpm / 60; }
  void hand_on() {
    handed_ = std::max(handed_, until());
    for (; next_ < events_.size() && beat_of(events_[next_]) <= handed_; ++next_) {
      schedule::Parsed parsed = schedule::parse(events_[next_].text);
      parsed.intent->quant = {schedule::Quant::Kind::absolute, 0, Beat{events_[next_].at.value}};
      plan_->post(schedule::to_text(*parsed.intent));
    }
  }
  static double beat_of(const session::ScriptEvent& e) { return Beat{e.at.value}.value(); }

  void replan(bool skip) {
    replanned_ = Clock::now();
    std::vector<session::MixTrack> more = analyses_.take();
    for (const std::string& p : analyses_.take_problems()) say(p);
    const std::size_t missing = missing_next();
    if (more.empty() && !skip && missing == 0) return;
    hand_on();  // the new plan has nothing of what is due before `from`
    const double from = handed_ + 1e-6;
    if (missing != 0 && planner_.entries()[missing].start > from) {
      planner_.drop(missing);
      planner_.plan(from, from);  // so that there is a next one to skip to
    }
    // Time to load, and to be heard coming.
    if (skip && !planner_.skip(from + 4)) say("There is no next track.");
    planner_.add(std::move(more));
    events_ = planner_.plan(from, from);
    next_ = 0;
  }

  // The entry that comes next, if its deck should have held it for long and doesn't: its file has gone, or is broken.
  // Else 0.
  std::size_t missing_next() const {
    if (Clock::now() < reloaded_) return 0;
    const double late = state_.beat - kLoadSeconds * state_.bpm / 60;
    const auto& entries = planner_.entries();
    for (std::size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].start <= state_.beat) continue;
      // The board has room for the beginning of a long path.
      const std::string_view held = state_.decks[entries[i].deck].path;
      const bool there = !held.empty() && std::string_view(entries[i].track.path).starts_with(held);
      return there || entries[i].ready > late ? 0 : i;
    }
    return 0;
  }

  void level(double by) {
    // Pressed quickly, the last may not be on the board yet.
    const bool quick = Clock::now() - levelled_ < 1s;
    level_ = std::clamp(std::round((quick ? level_ : static_cast<double>(state_.master)) + by), -60.0, 6.0);
    levelled_ = Clock::now();
    press("/mixer/master " + schedule::number_text(level_));
  }
  void list() const {
    line("");
    fmt::print("{}", planner_.track_list());
    std::fflush(stdout);
  }

  void show_position() const {
    if (!isatty(STDERR_FILENO)) return;
    std::string now = "-", next;
    for (const session::MixEntry& e : planner_.entries()) {
      if (e.start <= state_.beat) {
        now = track_name(e.track);
      } else if (next.empty()) {
        next = fmt::format("   next in {}: {}", clock_text((e.start - state_.beat) * 60 / state_.bpm),
                           track_name(e.track));
      }
    }
    line(fmt::format("{}{}{:6.2f} BPM  {}{}  {:.0f} dB", plan_->board().alive() ? "" : "the engine does not answer  ",
                     state_.held ? "paused  " : "", state_.bpm, now, next, state_.master));
  }
  static void line(const std::string& text) {
    std::fprintf(stderr, isatty(STDERR_FILENO) ? "\r\033[K%s" : "%s", text.c_str());
  }
  static void say(const std::string& text) {
    line("");
    fmt::print(stderr, "{}\n", text);
  }

  Analyses& analyses_;
  Consideration consideration_;
  LiveMixOptions options_;
  client::Instrument engine_;  // and the keys
  std::unique_ptr<client::Client> plan_;
  sidecar::BoardState state_{};
  session::MixPlanner planner_;
  std::vector<session::ScriptEvent> events_;
  std::size_t next_ = 0;  // of them, not handed on yet
  double handed_ = -1;    // session beat: all before it is with the engine
  double level_ = 0;      // dB, as the keys asked for last
  Clock::time_point levelled_{};
  Clock::time_point replanned_ = Clock::now();
  Clock::time_point reloaded_{};  // until then empty decks tell nothing: a crashed engine is loading them again
  bool started_ = false, ended_ = false, lost_ = false;
};

}  // namespace

int live_mix(Analyses& analyses, media::WorkerPool& workers, const LiveMixOptions& options, bool* began,
             std::string* error) {
  *began = false;
  return LiveMix(analyses, workers, options).run(began, error);
}

}  // namespace tactus::app
