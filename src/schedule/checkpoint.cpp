#include "schedule/checkpoint.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "schedule/intent_table.h"

namespace tactus::schedule {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kLongest = 1e6;  // seconds of a track, and of anything else here

Json deck_json(const DeckPoint& d, double rate) {
  Json j = {{"deck", d.deck + 1},   {"path", d.path},           {"position", d.law.position / rate},
            {"speed", d.law.speed}, {"playing", d.law.playing}, {"age", d.age_seconds}};
  if (d.loop_end > d.loop_start) {
    j["loop"] = {d.loop_start / rate, d.loop_end / rate};
    j["looping"] = d.looping;
  }
  if (!d.set.empty()) j["set"] = d.set;
  if (!d.then.empty()) j["then"] = d.then;
  return j;
}

const Json& member(const Json& j, const char* key) {
  static const Json kNone;
  const auto at = j.find(key);
  return at == j.end() ? kNone : *at;
}
double number(const Json& j, const char* key, double least = -kLongest, double most = kLongest) {
  const Json& v = member(j, key);
  const double d = v.is_number() ? v.get<double>() : NAN;
  return d >= least && d <= most ? d : NAN;
}
std::int64_t whole(const Json& j, const char* key) {
  const Json& v = member(j, key);
  return v.is_number_integer() ? v.get<std::int64_t>() : 0;
}
bool truth(const Json& j, const char* key) {
  const Json& v = member(j, key);
  return v.is_boolean() && v.get<bool>();
}
std::string text(const Json& j, const char* key) {
  const Json& v = member(j, key);
  return v.is_string() ? v.get<std::string>() : std::string();
}
std::vector<std::string> texts(const Json& j, const char* key) {
  std::vector<std::string> list;
  for (const Json& v : member(j, key)) {
    if (v.is_string()) list.push_back(v.get<std::string>());
  }
  return list;
}

bool read_deck(const Json& j, double rate, Frame frame, DeckPoint* d) {
  if (!j.is_object()) return false;
  d->deck = static_cast<int>(whole(j, "deck")) - 1;
  d->path = text(j, "path");
  d->law.position = number(j, "position") * rate;
  d->law.speed = number(j, "speed", -100, 100);
  d->law.frame = frame.v;
  d->law.playing = truth(j, "playing");
  d->age_seconds = number(j, "age", 0, 1e9);
  d->set = texts(j, "set");
  d->then = texts(j, "then");
  const Json& loop = member(j, "loop");
  if (loop.is_array() && loop.size() == 2 && loop[0].is_number() && loop[1].is_number()) {
    d->loop_start = loop[0].get<double>() * rate;
    d->loop_end = loop[1].get<double>() * rate;
    d->looping = truth(j, "looping");
    if (d->looping) d->law.loop_start = d->loop_start, d->law.loop_end = d->loop_end;
  }
  return d->deck >= 0 && d->deck < kDecks && !d->path.empty() && std::isfinite(d->law.position) &&
         std::isfinite(d->law.speed) && std::isfinite(d->age_seconds);
}

std::optional<TempoRamp> read_ramp(const Json& j) {
  if (!j.is_array() || j.size() != 2 || !j[0].is_number() || !j[1].is_number()) return {};
  const TempoRamp ramp{Bpm{j[0].get<double>()}, j[1].get<double>()};
  const bool sane = ramp.to.v >= 1 && ramp.to.v <= 1000 && ramp.beats > 0 && ramp.beats <= kLongest;
  return sane ? std::optional(ramp) : std::nullopt;
}

}  // namespace

std::string to_line(const Checkpoint& c) {
  Json decks = Json::array(), pending = Json::array();
  for (const DeckPoint& d : c.decks) decks.push_back(deck_json(d, c.rate.hz));
  for (const PendingPoint& p : c.pending) {
    pending.push_back({{"beat", p.beat.value()}, {"do", p.text}, {"from", p.from}});
  }
  Json state = {{"frame", c.frame.v}, {"beat", c.beat.value()}, {"bpm", c.bpm.v}, {"rate", c.rate.hz},
                {"ns", c.ns},         {"boot", c.boot},         {"set", c.set},   {"decks", decks}};
  if (!c.opening.empty()) state["opening"] = c.opening;
  if (!c.pending.empty()) state["pending"] = pending;
  if (c.held) state["held"] = true;
  if (c.ramp) state["ramp"] = {c.ramp->to.v, c.ramp->beats};
  return Json{{"state", state}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Checkpoint::settled() const {
  Checkpoint rest = *this;
  rest.frame = {};
  rest.beat = {};
  rest.ns = 0;
  if (rest.ramp) rest.bpm = rest.ramp->to, rest.ramp->beats = 1;
  // A ramp under way is where it stands and, next, where it goes: only that is settled.
  std::vector<std::string> settings;
  for (std::string& text : rest.set) {
    const std::size_t over = text.find(" over ");
    if (over != std::string::npos) {
      text.erase(over);
      if (!settings.empty()) settings.pop_back();
    }
    settings.push_back(std::move(text));
  }
  rest.set = std::move(settings);
  for (DeckPoint& d : rest.decks) d.law.position = d.law.speed = d.age_seconds = 0;
  return to_line(rest);
}

std::optional<Checkpoint> read_checkpoint(std::string_view line) {
  if (!line.starts_with("{\"state\"")) return {};
  const Json j = Json::parse(line, nullptr, false);
  const Json& state = j.is_object() ? member(j, "state") : j;
  if (!state.is_object()) return {};
  Checkpoint c;
  c.rate = SampleRate{number(state, "rate", 8000, 192000)};
  c.frame = Frame{whole(state, "frame")};
  c.bpm = Bpm{number(state, "bpm", 1, 1000)};
  const double beat = number(state, "beat", 0, 1e9);
  if (!std::isfinite(c.rate.hz) || !std::isfinite(c.bpm.v) || !std::isfinite(beat)) return {};
  c.beat = Beat::of(beat);
  c.ns = whole(state, "ns");
  c.boot = text(state, "boot");
  c.held = truth(state, "held");
  c.ramp = read_ramp(member(state, "ramp"));
  c.set = texts(state, "set");
  c.opening = texts(state, "opening");
  for (const Json& d : member(state, "decks")) {
    DeckPoint point;
    if (read_deck(d, c.rate.hz, c.frame, &point)) c.decks.push_back(std::move(point));
  }
  for (const Json& p : member(state, "pending")) {
    const double due = p.is_object() ? number(p, "beat", 0, 1e9) : NAN;
    if (std::isfinite(due)) c.pending.push_back({Beat::of(due), text(p, "do"), text(p, "from")});
  }
  return c;
}

}  // namespace tactus::schedule
