#include "session/mix_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "music/tempo_map.h"
#include "schedule/tokens.h"

namespace tactus::session {

using analysis::TrackAnalysis;

namespace {

constexpr double kPhrase = 16;     // session beats: transitions begin on multiples of this from the first track's start
constexpr double kLoadAhead = 64;  // session beats before its start at which a track is loaded
constexpr double kSoon = 4;        // session beats from what is handed on to the first start that can be met
constexpr double kFree = 4;        // beats after a transition at which the old deck is emptied
constexpr double kSameTempo = 1.02;  // ratio up to which two tempos are about the same
constexpr double kFold = 0.15;       // what half or double time weighs, in octaves of tempo
constexpr double kTrusted = 0.3;     // grid confidence below which a track is played without sync

bool gridded(const TrackAnalysis& a) { return a.has_grid() && a.confidence >= kTrusted && a.bpm > 0; }

// `bpm` moved by octaves to the nearest of `to`.
double folded(double bpm, double to) { return bpm * std::exp2(std::round(std::log2(to / bpm))); }

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", v);
  return text;
}

std::string precise(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9f", v);
  return text;
}

// For which a track stays at least: until its coming in is over and the other deck is free for the next.
double least_phrases(const MixEntry& e) { return std::ceil((e.beats + kFree) / kPhrase); }

std::string name_of(const MixTrack& t) {
  if (t.analysis.title.empty()) return std::filesystem::path(t.path).stem().string();
  return t.analysis.artist.empty() ? t.analysis.title : t.analysis.artist + " - " + t.analysis.title;
}

}  // namespace

const char* transition_name(Transition kind) {
  switch (kind) {
    case Transition::start:
      return "start";
    case Transition::blend:
      return "blend";
    case Transition::cut:
      return "cut";
    case Transition::fade:
      return "fade";
  }
  return "";
}

void MixPlanner::add(std::vector<MixTrack> tracks) {
  for (MixTrack& t : tracks) waiting_.push_back(std::move(t));
}

namespace {

// How much faster b is than a, in octaves of tempo, half and double time folded.
double faster(double a, double b) {
  const double octaves = std::log2(b / a), fold = std::round(octaves);
  return octaves - fold + std::copysign(kFold * std::fabs(fold), octaves - fold);
}

}  // namespace

std::size_t MixPlanner::best_next() const {
  if (options_.keep_order) return 0;
  const TrackAnalysis* last = nullptr;
  for (const MixEntry& e : entries_) last = gridded(e.track.analysis) ? &e.track.analysis : last;
  std::vector<std::pair<double, std::size_t>> steps;  // of tempo, to each that has one
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const TrackAnalysis& a = waiting_[i].analysis;
    if (gridded(a)) steps.emplace_back(last ? faster(last->bpm, a.bpm) : std::log2(a.bpm), i);
  }
  if (steps.empty()) return 0;
  std::sort(steps.begin(), steps.end());
  if (!last) return steps.front().second;
  const double band = std::log2(kSameTempo);
  const auto nearest = std::min_element(
      steps.begin(), steps.end(), [](const auto& a, const auto& b) { return std::fabs(a.first) < std::fabs(b.first); });
  // Upwards as long as that is near, and there from the one that was passed over, if one was.
  double from = nearest->first - band;
  if (nearest->first >= -band) {
    from = std::find_if(steps.begin(), steps.end(), [&](const auto& s) { return s.first >= -band; })->first;
  }
  std::size_t best = nearest->second;
  std::pair<int, double> least{100, 0};
  for (const auto& [step, i] : steps) {
    if (step < from || step > from + band) continue;
    const std::pair<int, double> c{music::key_distance(last->key, waiting_[i].analysis.key), std::fabs(step)};
    if (c < least) least = c, best = i;
  }
  return best;
}

std::vector<ScriptEvent> MixPlanner::plan(double settled, double from) {
  for (MixEntry& e : entries_) e.is_ready = e.is_ready || Beat::of(e.ready).micro < Beat::of(from).micro;
  while (entries_.size() > 1 && !entries_.back().is_ready && entries_.back().ready >= settled) {
    waiting_.insert(waiting_.begin(), entries_.back().track);
    entries_.pop_back();
  }
  while (!waiting_.empty()) {
    const std::size_t i = best_next();
    MixTrack next = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    // Known too late for the place where the last one ends: on the next phrase that can still be met.
    if (!entries_.empty() && entries_.back().out < from + kSoon) {
      MixEntry& last = entries_.back();
      last.out = last.start + std::ceil((from + kSoon - last.start) / kPhrase) * kPhrase;
    }
    place(std::move(next));
  }
  std::vector<ScriptEvent> events;
  for (std::size_t i = 0; i < entries_.size(); ++i) emit(i, from, events);
  std::stable_sort(events.begin(), events.end(),
                   [](const ScriptEvent& a, const ScriptEvent& b) { return a.at.value < b.at.value; });
  std::erase_if(events, [from](const ScriptEvent& e) { return e.at.value < Beat::of(from).micro; });
  return events;
}

bool MixPlanner::skip(double beat) {
  for (std::size_t i = 0; i + 1 < entries_.size(); ++i) {
    if (entries_[i + 1].start <= beat) continue;
    MixEntry& playing = entries_[i];
    const double phrases = std::ceil((beat - playing.start) / kPhrase);
    playing.out = std::min(playing.out, playing.start + std::max(phrases, least_phrases(playing)) * kPhrase);
    take_back(i + 2);
    const MixEntry next = std::move(entries_.back());
    entries_.pop_back();
    if (!next.is_ready) {
      waiting_.insert(waiting_.begin(), next.track);
      return true;
    }
    place(next.track);
    entries_.back().ready = next.ready;
    entries_.back().is_ready = true;
    return true;
  }
  return false;
}

void MixPlanner::drop(std::size_t i) {
  take_back(i + 1);
  entries_.pop_back();
}

// Entries `from` and up wait to be placed again.
void MixPlanner::take_back(std::size_t from) {
  while (entries_.size() > from) {
    waiting_.insert(waiting_.begin(), entries_.back().track);
    entries_.pop_back();
  }
}

// Where the transition out of `e` begins when nobody hurries: so that it ends with the music, on a phrase.
double MixPlanner::natural_out(const MixEntry& e) const {
  const TrackAnalysis& a = e.track.analysis;
  const double end = a.last_sound > a.first_sound ? a.last_sound : a.duration;
  double length = 0;  // session beats from coming in to the last sound
  if (e.ratio > 0) {
    length = (a.beat_of(end) - e.in_beat) / e.ratio;
  } else {
    length = (end - e.in_seconds) * e.tempo / 60;
  }
  double phrases = std::floor((length + 0.5 - options_.transition_beats) / kPhrase);
  if (phrases * kPhrase < e.beats + kPhrase) phrases = std::floor((length + 0.5 - kPhrase) / kPhrase);
  const double wanted = std::max(phrases, least_phrases(e)) * kPhrase;
  if (wanted <= length + 0.5) return e.start + wanted;
  // A piece that is over before that ends on a bar: better than silence until its phrase is full.
  constexpr double kBar = 4;
  return e.start + std::max(e.beats + 2 * kFree, std::floor((length - kBar) / kBar) * kBar);
}

void MixPlanner::place(MixTrack track) {
  const TrackAnalysis& a = track.analysis;
  MixEntry e;
  const MixEntry* before = entries_.empty() ? nullptr : &entries_.back();
  const double session = before ? before->tempo : a.bpm;
  e.deck = static_cast<int>(entries_.size() % 2);
  e.start = before ? before->out : options_.start_beat;
  e.in_seconds = a.first_sound;
  e.tempo = before ? before->tempo : 120;
  if (gridded(a)) {
    e.in_beat = std::max(0.0, std::ceil((a.beat_of(a.first_sound) - 1) / 4) * 4);
    e.in_seconds = std::max(0.0, a.seconds_of(e.in_beat));
    const double own = before ? folded(a.bpm, session) : a.bpm;
    const bool near = std::fabs(std::log2(own / session)) <= std::log2(1 + options_.most_stretch);
    e.tempo = near || !before ? own : a.bpm;
    e.ratio = std::exp2(std::round(std::log2(a.bpm / e.tempo)));
    e.kind = !before ? Transition::start : near && before->ratio > 0 ? Transition::blend : Transition::cut;
  } else {
    e.ratio = 0;
    e.kind = before ? Transition::fade : Transition::start;
  }
  if (before && e.kind == Transition::cut && before->ratio == 0) e.kind = Transition::fade;
  e.beats = 0;
  if (e.kind == Transition::blend) e.beats = options_.transition_beats;
  if (e.kind == Transition::fade) e.beats = kPhrase;
  if (e.kind == Transition::cut) e.beats = 4;
  e.track = std::move(track);
  // A short track gives its transitions less room.
  const double whole = natural_out(e) - e.start;
  if (e.kind == Transition::blend && whole < 2 * e.beats) e.beats = kPhrase;
  e.out = natural_out(e);
  entries_.push_back(std::move(e));
}

void MixPlanner::emit(std::size_t i, double from, std::vector<ScriptEvent>& events) {
  const MixEntry& in = entries_[i];
  const MixEntry* out = i > 0 ? &entries_[i - 1] : nullptr;
  const std::string a = out ? "/deck/" + std::to_string(out->deck + 1) : "";
  const std::string b = "/deck/" + std::to_string(in.deck + 1);
  const auto at = [&events](double beat, std::string text) {
    events.push_back({msg::When::at(Beat::of(beat)), std::move(text), 0});
  };
  const double start = in.start, end = in.start + in.beats;

  if (!in.is_ready) {
    // Not before the deck is free again, which it is when the transition before the last is over, nor in what has been
    // handed on already: a track that somebody wants early is made ready at once.
    double ready = std::max(start - kLoadAhead, from);
    if (i >= 2) ready = std::max(ready, entries_[i - 1].start + entries_[i - 1].beats + kFree);
    entries_[i].ready = std::min(std::max(ready, options_.start_beat), start);
    if (i == 0) at(in.ready, "/clock/source internal");
    at(in.ready, b + "/load " + schedule::quote_if_needed(in.track.path));
    at(in.ready, b + "/keylock 1");
    at(in.ready, b + (in.ratio > 0 ? "/sync beat" : "/sync off"));
    at(in.ready, b + "/seek " + precise(in.in_seconds));
    at(in.ready, b + "/trim 0");
    at(in.ready, b + "/eq/low " + (in.kind == Transition::blend ? "-inf" : "0"));
    at(in.ready, b + "/fader " + (in.kind == Transition::blend || in.kind == Transition::fade ? "0" : "1"));
  }

  if (in.kind == Transition::cut) {
    at(start, a + "/sync off");
    at(start, "/clock/tempo " + number(in.tempo));
  }
  at(start, b + "/play");
  if (!out) return;
  const std::string half = " over " + number(in.beats / 2) + " beats";
  switch (in.kind) {
    case Transition::blend:
      at(start, b + "/fader 1" + half);
      at(start + in.beats / 2, b + "/eq/low 0 over 1 beats");
      at(start + in.beats / 2, a + "/eq/low -inf over 1 beats");
      at(start + in.beats / 2, a + "/fader 0" + half);
      break;
    case Transition::fade:
      at(start, b + "/fader 1 over " + number(in.beats) + " beats");
      at(start, a + "/fader 0 over " + number(in.beats) + " beats");
      break;
    case Transition::cut:
      at(start, a + "/fader 0 over 2 beats");
      break;
    case Transition::start:
      break;
  }
  at(end, a + "/pause");
  at(end + kFree / 2, a + "/unload");
  if (in.kind == Transition::blend && std::fabs(in.tempo - out->tempo) > 1e-9) {
    at(end, "/clock/tempo " + precise(in.tempo) + " over " + std::to_string(options_.tempo_beats) + " beats");
  }
}

double MixPlanner::seconds_of(double beat) const {
  if (entries_.empty()) return 0;
  double seconds = 0, at = 0, bpm = entries_.front().tempo;
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const MixEntry& e = entries_[i];
    const double change = e.kind == Transition::cut ? e.start : e.start + e.beats;
    if (change >= beat) break;
    seconds += (change - at) * 60 / bpm;
    at = change;
    const double over = e.kind == Transition::blend ? options_.tempo_beats : 0;
    if (over > 0 && e.tempo != bpm) {
      const double length = std::min(over, beat - at);
      seconds += music::TempoSegment{0, 0, bpm, e.tempo, over}.seconds(length);
      at += length;
    }
    bpm = e.tempo;
  }
  return seconds + (beat - at) * 60 / bpm;
}

std::string MixPlanner::track_list() const {
  std::string text;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const MixEntry& e = entries_[i];
    const auto s = static_cast<long>(seconds_of(e.start) - seconds_of(options_.start_beat));
    char line[96];
    std::snprintf(line, sizeof line, "%3zu  %2ld:%02ld:%02ld  %6.2f BPM  %-4s %-6s ", i + 1, s / 3600, s / 60 % 60,
                  s % 60, e.track.analysis.bpm, std::string(e.track.analysis.key.camelot()).c_str(),
                  transition_name(e.kind));
    text += line + name_of(e.track) + "\n";
  }
  return text;
}

}  // namespace tactus::session
