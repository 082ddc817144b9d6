#include "library/phrases/next_track.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "library/phrases/entry_bits.h"
#include "library/phrases/phrase_rows.h"
#include "music/key.h"

namespace tactus::library {

namespace {

using music::Key;

// How far a tempo may be stretched for a mix, and what each side counts for.
constexpr double kTempoReach = 0.08;
constexpr double kSoundWeight = 0.35, kKeyWeight = 0.25, kTempoWeight = 0.2, kEnergyWeight = 0.1, kHistoryWeight = 0.1;
constexpr double kNotKnown = 0.5;
constexpr std::size_t kPhrasesAsked = 6, kNeighbours = 60;
// Likeness from where on two phrases are said to sound alike: unrelated ones seldom have more.
constexpr double kAlike = 0.4;

struct Playable {
  std::string title, artist, path;
  std::optional<double> bpm;
  std::optional<int> key, energy;
};

struct Likeness {
  double similarity = 0;
  std::int64_t mine = 0, its = 0;  // phrases
};

struct Candidate {
  Likeness sound;
  int played_after = 0;
};

// A part of the judgement: 0 to 1, and in words.
struct Verdict {
  double value = kNotKnown;
  std::string words;
};

template <class... Args>
std::string formatted(const char* format, Args... args) {
  char text[160];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

std::string clock_time(double seconds) {
  const int s = static_cast<int>(seconds);
  return formatted("%d:%02d", s / 60, s % 60);
}

std::optional<Playable> track_of(Database& db, std::int64_t id) {
  std::optional<Playable> out;
  db.statement(
        "SELECT title, artist, bpm, key, energy, (SELECT path FROM file WHERE file.track = track.id AND "
        "missing_since IS NULL ORDER BY id LIMIT 1) FROM track WHERE id = ?1")
      .bind(id)
      .each([&](Statement& row) {
        Playable t{row.text(0), row.text(1), row.text(5), row.number_or_null(2), std::nullopt, std::nullopt};
        if (!row.null(3)) t.key = static_cast<int>(row.integer(3));
        if (!row.null(4)) t.energy = static_cast<int>(row.integer(4));
        out = std::move(t);
      });
  return out;
}

// By how much one tempo must be stretched to be the other, its half or its double; `octave` is which.
double tempo_change(double from, double to, double* octave) {
  double best = 1e9;
  for (const double o : {1.0, 0.5, 2.0}) {
    const double change = o * to / from - 1;
    if (std::fabs(change) < std::fabs(best) - 1e-9) {
      best = change;
      *octave = o;
    }
  }
  return best;
}

Verdict judge_key(std::optional<int> from, std::optional<int> to) {
  if (!from || !to || *from < 0 || *from > 23 || *to < 0 || *to > 23) return {kNotKnown, "key not known"};
  const Key a = Key::of_index(*from), b = Key::of_index(*to);
  const std::string move = std::string(a.camelot()) + " to " + std::string(b.camelot());
  const int distance = music::key_distance(a, b), up = (b.fifths() - a.fifths() + 12) % 12;
  if (distance == 0) return {1, "same key, " + std::string(a.camelot())};
  if (a.relative() == b) return {0.9, move + ", the relative " + (b.minor ? "minor" : "major")};
  if (distance == 1) return {0.9, move + (up == 1 ? ", a fifth up" : ", a fifth down")};
  if (b == a.shifted(2)) return {0.6, move + ", a whole tone up"};
  if (distance == 2) return {0.5, move + ", two steps around the wheel"};
  return {std::max(0.0, 0.3 - 0.05 * distance), move + ", the keys clash"};
}

Verdict judge_tempo(std::optional<double> from, std::optional<double> to) {
  if (!from || !to || *from <= 0 || *to <= 0) return {kNotKnown, "tempo not known"};
  double octave = 1;
  const double change = tempo_change(*from, *to, &octave);
  const double value = std::max(0.0, 1 - std::fabs(change) / kTempoReach);
  const std::string tempo = formatted("%.1f BPM", *to);
  if (octave != 1) return {0.8 * value, tempo + (octave > 1 ? ", half of it" : ", double of it")};
  if (std::fabs(change) < 0.0005) return {value, "the same tempo, " + tempo};
  return {value, tempo + formatted(", %+.1f %%", 100 * change)};
}

Verdict judge_energy(std::optional<int> from, std::optional<int> to) {
  if (!from || !to) return {};
  const double value = std::max(0.0, 1 - std::fabs(*to - *from - 0.5) / 4);
  return {value, *from == *to ? formatted("energy stays at %d", *from) : formatted("energy %d to %d", *from, *to)};
}

Verdict judge_sound(Database& db, const Likeness& sound) {
  if (sound.its == 0) return {0.3, ""};
  const std::vector<std::int64_t> ids = {sound.mine, sound.its};
  const std::vector<PhraseRow> rows = phrase_rows(db, ids);
  if (rows.size() != 2 || sound.similarity < kAlike) return {std::max(0.0, sound.similarity), ""};
  const auto named = [](const PhraseRow& r) {
    return (r.label.empty() ? "phrase" : r.label) + " at " + clock_time(r.start);
  };
  return {sound.similarity,
          "its " + named(rows[1]) + " sounds like the " + named(rows[0]) + formatted(" (%.2f)", sound.similarity)};
}

using Candidates = std::map<std::int64_t, Candidate>;

// Phrases that one would mix out of: the last third's, the most energetic and the last.
std::vector<std::int64_t> phrases_to_ask(Database& db, std::int64_t track) {
  std::vector<std::int64_t> out;
  db.statement(
        "SELECT id FROM phrase WHERE track = ?1 AND vector IS NOT NULL AND "
        "start >= (SELECT max(start) FROM phrase WHERE track = ?1) * 2 / 3 ORDER BY energy DESC, start DESC LIMIT ?2")
      .bind(track, static_cast<std::int64_t>(kPhrasesAsked))
      .each([&](Statement& row) { out.push_back(row.integer(0)); });
  return out;
}

void add_by_sound(Database& db, const PhraseIndex& index, std::int64_t track, const PhraseFilter& filter,
                  Candidates& out) {
  for (const std::int64_t mine : phrases_to_ask(db, track)) {
    for (const PhraseHit& hit : index.search(vector_of(db, mine), kNeighbours, filter)) {
      Likeness& sound = out[hit.track].sound;
      if (sound.its == 0 || hit.similarity > sound.similarity) sound = {hit.similarity, mine, hit.id};
    }
  }
}

void add_by_history(Database& db, std::int64_t track, Candidates& out) {
  db.statement(
        "SELECT (SELECT n.track FROM play n WHERE n.session = p.session AND n.started > p.started ORDER BY n.started "
        "LIMIT 1) AS after, count(*) FROM play p WHERE p.track = ?1 GROUP BY after HAVING after IS NOT NULL LIMIT 200")
      .bind(track)
      .each([&](Statement& row) { out[row.integer(0)].played_after = static_cast<int>(row.integer(1)); });
}

void add_by_tempo_and_key(Database& db, const Playable& now, Candidates& out) {
  if (!now.bpm || !now.key || *now.key < 0 || *now.key > 23) return;
  std::string keys;
  for (int i = 0; i < 24; ++i)
    if (music::key_distance(Key::of_index(*now.key), Key::of_index(i)) <= 1)
      keys += (keys.empty() ? "" : ",") + std::to_string(i);
  db.statement("SELECT id FROM track WHERE bpm BETWEEN ?1 AND ?2 AND key IN (" + keys +
               ") ORDER BY plays DESC, id LIMIT 200")
      .bind(*now.bpm * (1 - kTempoReach / 2), *now.bpm * (1 + kTempoReach / 2))
      .each([&](Statement& row) { out[row.integer(0)]; });
}

NextTrack judge(Database& db, const Playable& now, std::int64_t id, const Playable& then, const Candidate& candidate) {
  NextTrack out{id, then.title, then.artist, then.path, then.bpm, then.key, then.energy, 0, {}};
  std::vector<std::pair<double, Verdict>> sides = {
      {kSoundWeight, judge_sound(db, candidate.sound)},
      {kKeyWeight, judge_key(now.key, then.key)},
      {kTempoWeight, judge_tempo(now.bpm, then.bpm)},
      {kEnergyWeight, judge_energy(now.energy, then.energy)},
  };
  const int after = candidate.played_after;
  sides.push_back({kHistoryWeight,
                   {std::min(1.0, after / 3.0), after == 0   ? ""
                                                : after == 1 ? "played after it once"
                                                             : formatted("played after it %d times", after)}});
  for (const auto& [weight, verdict] : sides) out.score += weight * verdict.value;
  std::stable_sort(sides.begin(), sides.end(),
                   [](const auto& a, const auto& b) { return a.first * a.second.value > b.first * b.second.value; });
  for (const auto& [weight, verdict] : sides)
    if (!verdict.words.empty()) out.reasons.push_back(verdict.words);
  return out;
}

}  // namespace

std::vector<NextTrack> next_tracks(Database& db, const PhraseIndex& index, std::span<const std::int64_t> played,
                                   const NextOptions& options) {
  const auto now = played.empty() ? std::nullopt : track_of(db, played.back());
  if (!now) throw StoreError(StoreError::Kind::refused, "there is no such track in the library");
  PhraseFilter alike = options.filter;
  alike.but_track = played.back();
  if (!alike.bpm && now->bpm) alike.bpm = NumberRange{*now->bpm * (1 - kTempoReach), *now->bpm * (1 + kTempoReach)};
  Candidates candidates;
  add_by_sound(db, index, played.back(), alike, candidates);
  add_by_history(db, played.back(), candidates);
  add_by_tempo_and_key(db, *now, candidates);
  PhraseFilter of_tracks = options.filter;
  of_tracks.labels = 0;
  of_tracks.vocals.reset();
  const ReadyFilter lets(of_tracks);
  std::vector<NextTrack> out;
  for (const auto& [id, candidate] : candidates) {
    if (std::find(played.begin(), played.end(), id) != played.end()) continue;
    const auto then = track_of(db, id);
    if (!then || then->path.empty()) continue;
    if (!lets.lets(pack({.id = id, .track = id, .bpm = then->bpm, .key = then->key, .energy = then->energy}))) continue;
    out.push_back(judge(db, *now, id, *then, candidate));
  }
  std::sort(out.begin(), out.end(), [](const NextTrack& a, const NextTrack& b) {
    return a.score != b.score ? a.score > b.score : a.track < b.track;
  });
  if (out.size() > options.limit) out.resize(options.limit);
  return out;
}

}  // namespace tactus::library
