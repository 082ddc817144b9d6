// Hands a script of intents to a session as time comes near: not all at once, since files are opened as soon as they
// are asked for. Control thread only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "session/script.h"
#include "session/session.h"

namespace tactus::session {

struct Refused {
  std::string text, why;
  int line = 0;
};

class ScriptPlayer {
 public:
  using OnRefused = std::function<void(const Refused&)>;

  // Events in the order of their places.
  ScriptPlayer(std::vector<ScriptEvent> events, schedule::Source source)
      : events_(std::move(events)), source_(std::move(source)) {}

  // Submits what is due within `ahead_seconds`; /undo, /panic and /silence, which are about what is set and pending at
  // their moment, only as that comes, and nothing that comes after them before.
  void play(Session& session, double ahead_seconds, const OnRefused& refused) {
    const std::int64_t now = session.world().now.v;
    for (; next_ < events_.size(); ++next_) {
      const ScriptEvent& e = events_[next_];
      const schedule::Parsed parsed = schedule::parse(e.text);
      const bool meta = parsed && parsed.intent->row->meaning.kind == schedule::Meaning::Kind::meta;
      const Frames ahead = meta ? session.world().lead : session.world().frames(ahead_seconds);
      if (due(session, e) > now + ahead.v) return;
      const schedule::Fate fate = session.submit(parsed, e.text, source_, e.at);
      if (fate.verdict == schedule::Fate::Verdict::refused) refused({e.text, fate.reason, e.line});
    }
  }
  // Replaces what hasn't been submitted yet.
  void replace_rest(std::vector<ScriptEvent> rest) {
    events_.resize(next_);
    events_.insert(events_.end(), rest.begin(), rest.end());
  }
  bool done() const { return next_ == events_.size(); }
  // Session frame of the last event as the map is now; 0 without events.
  std::int64_t end(const Session& session) const { return events_.empty() ? 0 : due(session, events_.back()); }

 private:
  static std::int64_t due(const Session& session, const ScriptEvent& e) {
    return e.at.kind == msg::When::Kind::beat ? session.world().map.due(Beat{e.at.value}).v : e.at.value;
  }

  std::vector<ScriptEvent> events_;
  schedule::Source source_;
  std::size_t next_ = 0;
};

}  // namespace tactus::session
