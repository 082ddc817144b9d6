#include "schedule/journal_outcomes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/msg/callback.h"
#include "engine/msg/plan.h"

namespace tactus::schedule {

namespace {

using Json = nlohmann::ordered_json;
using msg::Op;
using msg::Param;
using msg::VoiceOutcome;

// By the order of msg::Op, msg::Param and so on: names last, places may not.
constexpr std::array kOps = {
    "set_param",   "load", "unload",  "play",  "pause",   "cue",   "cue_set",   "hotcue", "hotcue_set", "hotcue_clear",
    "hotcue_jump", "seek", "jump",    "loop",  "scratch", "jog",   "censor",    "nudge",  "keylock",    "stretch",
    "sync",        "slip", "reverse", "brake", "double",  "panic", "swap_plan", "regrid"};
static_assert(kOps.size() == static_cast<std::size_t>(Op::regrid) + 1);
constexpr std::array kParams = {"trim",    "eq_low",    "eq_mid",    "eq_high",    "filter",     "fader",
                                "cue_bus", "xf_assign", "stem_gain", "stem_mute",  "stem_solo",  "tempo",
                                "key",     "fx_on",     "fx_wet",    "fx_param",   "crossfader", "xf_curve",
                                "master",  "cue_mix",   "split",     "headphones", "booth"};
static_assert(kParams.size() == static_cast<std::size_t>(Param::count));
constexpr std::array kCurveNames = {"linear", "equal_power", "exponential", "s_curve"};
constexpr std::array kLoops = {"in",   "out",  "beats",  "roll",      "halve",      "twice",
                               "move", "exit", "reloop", "slot_save", "slot_recall"};
static_assert(kLoops.size() == static_cast<std::size_t>(msg::LoopOp::slot_recall) + 1);
constexpr std::array kModes = {"r3", "r3long", "r2", "direct"};
constexpr std::array kSources = {"silence", "direct", "voice"};

std::string outcome_line(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

// --- Reading: what isn't there, or is of another kind, throws inside and is a damaged line outside.
// --------------------

struct Damaged {};

const Json& at(const Json& j, const char* key) {
  const auto found = j.find(key);
  if (found == j.end()) throw Damaged{};
  return *found;
}
double real(const Json& j) {
  if (!j.is_number()) throw Damaged{};
  return j.get<double>();
}
std::int64_t whole(const Json& j) {
  if (!j.is_number_integer()) throw Damaged{};
  return j.get<std::int64_t>();
}
std::int64_t within(const Json& j, std::int64_t low, std::int64_t high) {
  const std::int64_t v = whole(j);
  if (v < low || v > high) throw Damaged{};
  return v;
}
std::int64_t whole_or(const Json& j, const char* key, std::int64_t otherwise) {
  return j.contains(key) ? whole(at(j, key)) : otherwise;
}
double real_or(const Json& j, const char* key, double otherwise) {
  return j.contains(key) ? real(at(j, key)) : otherwise;
}
std::string text(const Json& j) {
  if (!j.is_string()) throw Damaged{};
  return j.get<std::string>();
}
template <typename T, std::size_t N>
T named(const Json& j, const std::array<const char*, N>& names) {
  const std::string name = text(j);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Damaged{};
  return static_cast<T>(found - names.begin());
}
const Json& list(const Json& j, std::size_t least, std::size_t most) {
  if (!j.is_array() || j.size() < least || j.size() > most) throw Damaged{};
  return j;
}
std::uint8_t deck_of(const Json& j) { return static_cast<std::uint8_t>(within(at(j, "deck"), 1, msg::kMaxDecks) - 1); }
Frame frame_of(const Json& j) { return Frame{within(j, 0, std::int64_t{1} << 53)}; }
std::uint32_t generation_of(const Json& j) { return static_cast<std::uint32_t>(within(j, 0, UINT32_MAX)); }

// --- Maps, tracks, plans
// -----------------------------------------------------------------------------------------------

// Under "map" the segments; under "metre", unless it is the usual one throughout, bar, phrase and phase, then what
// changes it: from which beat on, bar and phrase. In micro-beats.
void put_map(const music::TempoMap& map, Json& j) {
  Json& segments = j["map"] = Json::array();
  for (const music::TempoSegment& s : map.segments()) segments.push_back({s.frame0, s.beat0, s.bpm0, s.bpm1, s.beats});
  const music::Metre& first = map.first_metre();
  if (first == music::Metre{} && map.metre_steps().empty()) return;
  Json& metre = j["metre"] = Json::array();
  metre.push_back({first.bar.micro, first.phrase.micro, first.phase.micro});
  for (const music::MetreStep& s : map.metre_steps()) metre.push_back({s.from.micro, s.bar.micro, s.phrase.micro});
}

void read_metre(const Json& j, music::TempoMap& map) {
  list(j, 1, music::TempoMap::kMaxSteps + 1);
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  const auto beats = [](const Json& micro) { return Beats{within(micro, 0, kMost)}; };
  for (const Json& m : j) list(m, 3, 3);
  const music::Metre first{beats(j[0][0]), beats(j[0][1]), Beat{within(j[0][2], -kMost, kMost)}};
  if (first.bar.micro == 0 || first.phrase.micro == 0) throw Damaged{};
  map.start_metre(first);
  for (std::size_t i = 1; i < j.size(); ++i) {
    map.change_metre({Beat{within(j[i][0], -kMost, kMost)}, beats(j[i][1]), beats(j[i][2])});
  }
}

// Of a line.
music::TempoMap read_map(const Json& line, double rate) {
  const Json& j = at(line, "map");
  FixedVector<music::TempoSegment, music::TempoMap::kMaxSegments> segments;
  for (const Json& s : list(j, 1, music::TempoMap::kMaxSegments)) {
    list(s, 5, 5);
    const music::TempoSegment segment{real(s[0]), real(s[1]), real(s[2]), real(s[3]), real(s[4])};
    if (segment.bpm0 <= 0 || segment.bpm1 <= 0) throw Damaged{};
    segments.push_back(segment);
  }
  music::TempoMap map{SampleRate{rate}, segments};
  if (line.contains("metre")) read_metre(at(line, "metre"), map);
  return map;
}

msg::LoopSpan read_span(const Json& j) { return {real(j[0]), real(j[1])}; }

void read_loops(const Json& j, msg::TrackMarks& marks) {
  const Json& slots = list(at(j, "slots"), msg::kLoopSlots, msg::kLoopSlots);
  for (std::size_t k = 0; k < msg::kLoopSlots; ++k) marks.slots[k] = read_span(list(slots[k], 2, 2));
  const Json& loop = list(at(j, "loop"), 3, 3);
  marks.loop = read_span(loop);
  marks.looping = whole(loop[2]) != 0;
}

TrackPoint read_track(const Json& j) {
  TrackPoint t;
  t.ref = static_cast<std::uint64_t>(whole(at(j, "track")));
  t.id = static_cast<std::uint64_t>(whole(at(j, "id")));
  t.path = text(at(j, "path"));
  t.frames = whole(at(j, "frames"));
  t.channels = static_cast<int>(within(at(j, "channels"), 2, 8));
  t.gain = real(at(j, "gain"));
  t.first_sound = real(at(j, "first"));
  if (j.contains("bars_sure")) t.bars_sure = whole(j.at("bars_sure")) != 0;
  t.marks.cue = real(at(j, "cue"));
  const Json& hotcues = list(at(j, "hotcues"), msg::kHotcues, msg::kHotcues);
  for (std::size_t k = 0; k < msg::kHotcues; ++k) t.marks.hotcues[k] = real(hotcues[k]);
  if (j.contains("loop")) read_loops(j, t.marks);
  for (const Json& a : list(at(j, "grid"), 0, 1 << 20)) {
    list(a, 3, 3);
    t.grid.push_back({real(a[0]), real(a[1]), real(a[2])});
  }
  return t;
}

// --- Commands
// ------------------------------------------------------------------------------------------------------------

TookCommand read_command(const Json& j) {
  TookCommand took;
  took.at = frame_of(at(j, "took"));
  msg::Command& c = took.command;
  c.op = named<Op>(at(j, "op"), kOps);
  if (j.contains("deck")) c.deck = deck_of(j);
  if (j.contains("param")) c.param = named<Param>(at(j, "param"), kParams);
  if (j.contains("of")) took.fx_param = text(at(j, "of"));
  if (j.contains("loop")) c.index = named<std::uint8_t>(at(j, "loop"), kLoops);
  if (j.contains("mode")) c.index = named<std::uint8_t>(at(j, "mode"), kModes);
  if (j.contains("index")) c.index = static_cast<std::uint8_t>(within(at(j, "index"), 0, 255));
  c.flags = static_cast<std::uint8_t>(whole_or(j, "flags", 0));
  if (j.contains("frame")) c.when = msg::When::at(Frame{whole(at(j, "frame"))});
  if (j.contains("beat")) c.when = msg::When::at(Beat{whole(at(j, "beat"))});
  c.a = real_or(j, "to", 0);
  if (j.contains("over")) {
    const Json& over = list(at(j, "over"), 3, 3);
    c.ramp = {whole(over[0]), whole(over[1]), named<msg::Curve>(over[2], kCurveNames)};
  }
  took.track = static_cast<std::uint64_t>(whole_or(j, "track", 0));
  if (c.op != Op::swap_plan) return took;
  for (const Json& s : list(at(j, "fx"), 0, msg::Plan::kMaxSteps)) {
    list(s, 5, 5);
    PlanSlot slot{static_cast<int>(within(s[0], 1, msg::kMaxDecks)) - 1, static_cast<int>(within(s[1], 0, 255)),
                  within(s[2], 0, 1) != 0, text(s[3]), static_cast<std::uint64_t>(whole(s[4]))};
    took.slots.push_back(std::move(slot));
  }
  return took;
}

// --- What was heard
// --------------------------------------------------------------------------------------------------------

msg::EngineOutcome read_heard(const Json& j) {
  msg::EngineOutcome o;
  o.deck = deck_of(j);
  o.ring = static_cast<std::uint8_t>(j.contains("ring") ? within(at(j, "ring"), 0, 1) : 0);
  if (j.contains("voice")) o.generation = generation_of(at(j, "voice"));
  if (j.contains("missed")) {
    o.kind = msg::EngineOutcome::Kind::missed;
    o.frame = frame_of(at(j, "missed")).v;
    o.source = j.contains("voice") ? msg::DeckSource::voice : msg::DeckSource::direct;
    return o;
  }
  o.kind = msg::EngineOutcome::Kind::source;
  o.source = named<msg::DeckSource>(at(j, "plays"), kSources);
  o.frame = frame_of(at(j, "frame")).v;
  o.fade = within(at(j, "fade"), 0, 1 << 20);
  return o;
}

msg::Reading read_reading(const Json& j) {
  msg::Reading r;
  r.first = whole(at(j, "read"));
  r.back = whole(at(j, "back"));
  r.silent = j.contains("silent");
  if (j.contains("edges")) {
    for (const Json& e : list(at(j, "edges"), 0, msg::Reading::kMost)) {
      list(e, 2, 2);
      r.edges.push_back({whole(e[0]), whole(e[1])});
    }
  }
  if (j.contains("fades")) {
    for (const Json& f : list(at(j, "fades"), 0, msg::Reading::kMost)) {
      list(f, 3, 3);
      r.fades.push_back({whole(f[0]), whole(f[1]), whole(f[2]) != 0});
    }
  }
  // A chunk's edges lie inside it, one after the other.
  std::int64_t last = r.first;
  for (const msg::Reading::Edge& e : r.edges) {
    if (e.at <= last || e.at >= r.first + 128) throw Damaged{};
    last = e.at;
  }
  return r;
}

void read_hops(const Json& j, const DeckVoice& voice, std::vector<DeckVoice>* voices) {
  auto k = static_cast<std::int64_t>(msg::kRatioSteps);
  double pitch = 1;
  std::size_t next = 0;
  static const Json kNone = Json::array();
  const Json& pitches = j.contains("pitch") ? list(at(j, "pitch"), 0, 4096) : kNone;
  std::vector<DeckVoice> hops;
  for (const Json& step : list(at(j, "hops"), 1, 4096)) {
    k += whole(step);
    if (next < pitches.size() && whole(list(pitches[next], 2, 2)[0]) == static_cast<std::int64_t>(hops.size())) {
      pitch = real(pitches[next++][1]);
    }
    DeckVoice hop = voice;
    hop.outcome.kind = VoiceOutcome::Kind::hop;
    hop.outcome.ratio = static_cast<double>(k) / msg::kRatioSteps;
    hop.outcome.pitch = pitch;
    hops.push_back(hop);
  }
  voices->insert(voices->end(), hops.begin(), hops.end());
}

void read_voice(const Json& j, std::vector<DeckVoice>* voices) {
  DeckVoice v;
  v.deck = deck_of(j);
  VoiceOutcome& o = v.outcome;
  o.generation = generation_of(at(j, "voice"));
  if (j.contains("hops")) {
    read_hops(j, v, voices);
    return;
  }
  if (j.contains("read")) {
    o.kind = VoiceOutcome::Kind::reading;
    o.reading = read_reading(j);
  } else if (j.contains("whole")) {
    o.kind = VoiceOutcome::Kind::whole;
    o.whole = whole(at(j, "whole")) != 0;
    o.frame = frame_of(at(j, "frame")).v;
  } else {
    o.frame = frame_of(at(j, "begin")).v;
    o.ring = static_cast<std::uint8_t>(within(at(j, "ring"), 0, 1));
    o.mode = named<msg::StretchMode>(at(j, "mode"), kModes);
    o.pitched = whole(at(j, "pitched")) != 0;
    o.urgent = whole(at(j, "urgent")) != 0;
    o.track_id = static_cast<std::uint64_t>(whole(at(j, "id")));
    const Json& line = list(at(j, "line"), 2, 2);
    o.from = real(line[0]);
    o.to = real(line[1]);
    o.pitch = real(at(j, "pitch"));
  }
  voices->push_back(v);
}

void read_took(const Json& j, Outcomes* o) {
  if (j.contains("map")) {
    o->maps.push_back({frame_of(at(j, "took")), read_map(j, o->map.rate())});
  } else {
    o->commands.push_back(read_command(j));
  }
}

// `rate`: of the run's header, which the caller has put into the map.
void read_line(const Json& j, Outcomes* o) {
  if (j.contains("outcomes")) {
    if (whole(at(j, "outcomes")) != 1) throw Damaged{};
    o->map = read_map(j, o->map.rate());
    o->decks = static_cast<int>(within(at(j, "decks"), 1, msg::kMaxDecks));
  } else if (j.contains("took")) {
    read_took(j, o);
  } else if (j.contains("track")) {
    o->tracks.push_back(read_track(j));
  } else if (j.contains("content")) {
    for (TrackPoint& t : o->tracks) {
      if (t.path == text(at(j, "path"))) t.content = text(at(j, "content"));
    }
  } else if (j.contains("block")) {
    msg::EngineOutcome block;
    block.kind = msg::EngineOutcome::Kind::block;
    block.count = static_cast<std::uint64_t>(within(at(j, "block"), 1, msg::kMaxBlock));
    block.frame = frame_of(at(j, "frame")).v;
    o->blocks.push_back(block);
  } else if (j.contains("plays") || j.contains("missed")) {
    o->heard.push_back(read_heard(j));
  } else if (j.contains("voice")) {
    read_voice(j, &o->voices);
  } else {
    o->exact = frame_of(at(j, "exact"));
  }
}

}  // namespace

std::string to_line(int decks, const music::TempoMap& map) {
  Json j = {{"outcomes", 1}, {"decks", decks}};
  put_map(map, j);
  return outcome_line(j);
}

namespace {
bool has_loops(const msg::TrackMarks& marks) {
  return marks.loop.start >= 0 || std::any_of(std::begin(marks.slots), std::end(marks.slots),
                                              [](const msg::LoopSpan& slot) { return slot.start >= 0; });
}
}  // namespace

std::string to_line(const TrackPoint& t) {
  Json j = {{"track", t.ref},         {"id", t.id},     {"path", t.path},         {"frames", t.frames},
            {"channels", t.channels}, {"gain", t.gain}, {"first", t.first_sound}, {"cue", t.marks.cue}};
  j["hotcues"] = t.marks.hotcues;
  if (!t.bars_sure) j["bars_sure"] = 0;
  if (has_loops(t.marks)) {
    for (const msg::LoopSpan& slot : t.marks.slots) j["slots"].push_back({slot.start, slot.end});
    j["loop"] = {t.marks.loop.start, t.marks.loop.end, t.marks.looping ? 1 : 0};
  }
  j["grid"] = Json::array();
  for (const music::GridAnchor& a : t.grid) j["grid"].push_back({a.frame, a.beat, a.bpm});
  return outcome_line(j);
}

std::string content_line(const std::string& path, const std::string& content) {
  return outcome_line({{"content", content}, {"path", path}});
}

std::string to_line(const TookCommand& took) {
  const msg::Command& c = took.command;
  Json j = {{"took", took.at.v}, {"op", kOps[static_cast<std::size_t>(c.op)]}, {"deck", c.deck + 1}};
  if (c.op == Op::set_param) j["param"] = kParams[static_cast<std::size_t>(c.param)];
  if (!took.fx_param.empty()) j["of"] = took.fx_param;
  if (c.op == Op::loop) {
    j["loop"] = kLoops[c.index];
  } else if (c.op == Op::stretch) {
    j["mode"] = kModes[c.index];
  } else if (c.index != 0) {
    j["index"] = c.index;
  }
  if (c.flags != 0) j["flags"] = c.flags;
  if (c.when.kind == msg::When::Kind::frame) j["frame"] = c.when.value;
  if (c.when.kind == msg::When::Kind::beat) j["beat"] = c.when.value;
  if (c.a != 0) j["to"] = c.a;
  if (c.ramp.frames != 0 || c.ramp.micro_beats != 0 || c.ramp.curve != msg::Curve::linear) {
    j["over"] = {c.ramp.frames, c.ramp.micro_beats, kCurveNames[static_cast<std::size_t>(c.ramp.curve)]};
  }
  if (took.track != 0) j["track"] = took.track;
  if (c.op == Op::swap_plan) {
    j["fx"] = Json::array();
    for (const PlanSlot& s : took.slots) {
      j["fx"].push_back({s.deck + 1, s.slot, s.leaving ? 1 : 0, s.effect, s.instance});
    }
  }
  return outcome_line(j);
}

std::string to_line(const TookMap& took) {
  Json j = {{"took", took.at.v}};
  put_map(took.map, j);
  return outcome_line(j);
}

std::string to_line(const msg::EngineOutcome& o) {
  if (o.kind == msg::EngineOutcome::Kind::block) return outcome_line({{"block", o.count}, {"frame", o.frame}});
  Json j;
  const bool missed = o.kind == msg::EngineOutcome::Kind::missed;
  if (missed) {
    j["missed"] = o.frame;
  } else {
    j["plays"] = kSources[static_cast<std::size_t>(o.source)];
  }
  j["deck"] = o.deck + 1;
  if (!missed) j["frame"] = o.frame;
  if (o.source == msg::DeckSource::voice) {
    j["ring"] = o.ring;
    j["voice"] = o.generation;
  }
  if (!missed) j["fade"] = o.fade;
  return outcome_line(j);
}

std::string to_line(const DeckVoice& v) {
  const VoiceOutcome& o = v.outcome;
  Json j = {{"voice", o.generation}, {"deck", v.deck + 1}};
  if (o.kind == VoiceOutcome::Kind::begin) {
    j["begin"] = o.frame;
    j["ring"] = o.ring;
    j["mode"] = kModes[static_cast<std::size_t>(o.mode)];
    j["pitched"] = o.pitched ? 1 : 0;
    j["urgent"] = o.urgent ? 1 : 0;
    j["id"] = o.track_id;
    j["line"] = {o.from, o.to};
    j["pitch"] = o.pitch;
  } else if (o.kind == VoiceOutcome::Kind::whole) {
    j["whole"] = o.whole ? 1 : 0;
    j["frame"] = o.frame;
  } else {
    j["read"] = o.reading.first;
    j["back"] = o.reading.back;
    for (const msg::Reading::Edge& e : o.reading.edges) j["edges"].push_back({e.at, e.back});
    for (const msg::Reading::Fade& f : o.reading.fades) j["fades"].push_back({f.from, f.back, f.forwards ? 1 : 0});
    if (o.reading.silent) j["silent"] = 1;
  }
  return outcome_line(j);
}

// Ratios as what they differ by, in steps, the first from 1; pitches where they change.
std::string hops_line(const std::vector<DeckVoice>& hops) {
  Json j = {{"voice", hops.front().outcome.generation}, {"deck", hops.front().deck + 1}, {"hops", Json::array()}};
  auto last = static_cast<std::int64_t>(msg::kRatioSteps);
  double pitch = 1;
  Json pitches = Json::array();
  for (std::size_t i = 0; i < hops.size(); ++i) {
    const VoiceOutcome& o = hops[i].outcome;
    const auto k = static_cast<std::int64_t>(std::llround(o.ratio * msg::kRatioSteps));
    j["hops"].push_back(k - last);
    last = k;
    if (o.pitch != pitch) pitches.push_back({i, o.pitch});
    pitch = o.pitch;
  }
  if (!pitches.empty()) j["pitch"] = std::move(pitches);
  return outcome_line(j);
}

std::string exact_line(Frame frame) { return outcome_line({{"exact", frame.v}}); }

bool is_outcome(std::string_view line) {
  for (const char* first : {"{\"took\"", "{\"voice\"", "{\"exact\"", "{\"plays\"", "{\"track\"", "{\"missed\"",
                            "{\"content\"", "{\"block\"", "{\"outcomes\""}) {
    if (line.starts_with(first)) return true;
  }
  return false;
}

bool read_outcome(std::string_view line, Outcomes* outcomes) {
  const Json j = Json::parse(line, nullptr, false);
  if (!j.is_object()) return false;
  try {
    read_line(j, outcomes);
    return true;
  } catch (const Damaged&) {
    return false;
  }
}

}  // namespace tactus::schedule
