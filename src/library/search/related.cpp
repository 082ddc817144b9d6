#include "library/search/related.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unordered_map>

#include "library/search/rows.h"
#include "music/key.h"

namespace tactus::library {

namespace {

// The latest sets that a track was heard in, and tracks that are looked at for their key and tempo: the first by plays,
// rating and date.
constexpr int kSetsLookedAt = 200;
constexpr std::size_t kCompatible = 500;

using ByTrack = std::unordered_map<std::int64_t, Related>;

// Counts who stood where in the sets of a track.
void heard_together(Database& db, std::int64_t track, ByTrack& out) {
  std::vector<std::string> sets;
  db.statement(
        "SELECT session, max(started) AS last FROM play WHERE track = ?1 GROUP BY session ORDER BY last DESC LIMIT ?2")
      .bind(track, kSetsLookedAt)
      .each([&](Statement& row) { sets.push_back(row.text(0)); });
  for (const std::string& set : sets) {
    std::vector<std::int64_t> order;
    db.statement("SELECT track FROM play WHERE session = ?1 ORDER BY started, id").bind(set).each([&](Statement& row) {
      // Loaded anew, it is no other track.
      if (order.empty() || order.back() != row.integer(0)) order.push_back(row.integer(0));
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i] != track) continue;
      if (i > 0) ++out[order[i - 1]].before;
      if (i + 1 < order.size()) ++out[order[i + 1]].after;
    }
    std::sort(order.begin(), order.end());
    order.erase(std::unique(order.begin(), order.end()), order.end());
    for (const std::int64_t other : order) ++out[other].sets;
  }
}

// Those that the key and the tempo allow, half and double tempo not counted as the same.
void compatible(Searcher& searcher, const TrackRow& track, ByTrack& out) {
  Rule rule;
  if (track.bpm && *track.bpm > 0) {
    rule.parts.push_back({.kind = Rule::Kind::number,
                          .field = field_place("bpm"),
                          .low = *track.bpm / (1 + kTempoReach),
                          .high = *track.bpm * (1 + kTempoReach)});
  }
  if (track.key && *track.key >= 0 && *track.key < 24) {
    Rule keys{.kind = Rule::Kind::key, .field = field_place("key")};
    for (int i = 0; i < 24; ++i) {
      const auto key = music::Key::of_index(static_cast<int>(*track.key));
      if (music::key_distance(key, music::Key::of_index(i)) <= 1) keys.keys |= 1U << i;
    }
    rule.parts.push_back(keys);
  }
  if (rule.parts.empty()) return;
  // Its own kind first.
  Rule of_genre = rule;
  of_genre.parts.push_back({.kind = Rule::Kind::is, .field = field_place("genre"), .text = track.genre});
  for (const Rule& one : {of_genre, rule})
    for (const std::int64_t id : searcher.search(one, {.limit = kCompatible}).tracks) out[id];
}

void judge(const TrackRow& track, const TrackRow& other, Related& r) {
  r.track = other.id;
  r.points = 3 * std::log2(1.0 + r.after) + 2 * std::log2(1.0 + r.before) + std::log2(1.0 + r.sets);
  const auto is_key = [](const std::optional<std::int64_t>& key) { return key && *key >= 0 && *key < 24; };
  if (is_key(track.key) && is_key(other.key)) {
    r.key_distance = music::key_distance(music::Key::of_index(static_cast<int>(*track.key)),
                                         music::Key::of_index(static_cast<int>(*other.key)));
    r.points += std::max(0.0, 1.5 - 0.5 * *r.key_distance);
  }
  if (track.bpm && other.bpm && *track.bpm > 0 && *other.bpm > 0) {
    r.tempo = (*track.bpm / *other.bpm - 1) * 100;
    r.points += std::max(0.0, 1.5 * (1 - std::abs(*r.tempo) / (100 * kTempoReach)));
  }
  if (track.energy && other.energy)
    r.points += std::max(0.0, 0.5 - 0.2 * std::abs(static_cast<double>(*track.energy - *other.energy)));
  r.same_genre = !track.genre.empty() && track.genre == other.genre;
  r.same_artist = !track.artist.empty() && track.artist == other.artist;
  r.points += 0.5 * r.same_genre + 0.25 * r.same_artist + 0.1 * static_cast<double>(other.rating);
}

std::string times(int n) { return n == 1 ? "once" : n == 2 ? "twice" : std::to_string(n) + " times"; }

}  // namespace

std::vector<std::string> Related::reasons() const {
  std::vector<std::string> out;
  if (after > 0) out.push_back("played right after it " + times(after));
  if (before > 0) out.push_back("played right before it " + times(before));
  if (sets > std::max(after, before)) out.push_back("in a set with it " + times(sets));
  if (key_distance && *key_distance <= 1)
    out.emplace_back(*key_distance == 0 ? "the same key" : "a key that goes with it");
  if (tempo && std::abs(*tempo) <= 100 * kTempoReach) {
    char text[32];
    std::snprintf(text, sizeof text, "tempo %+.1f %%", *tempo == 0 ? 0.0 : *tempo);
    out.emplace_back(text);
  }
  if (same_artist) out.emplace_back("the same artist");
  if (same_genre) out.emplace_back("the same genre");
  return out;
}

std::vector<Related> related_tracks(Database& db, Searcher& searcher, std::int64_t track, std::size_t limit) {
  const auto rows = read_rows(db, {track});
  if (rows.empty()) throw StoreError(StoreError::Kind::refused, "there is no track " + std::to_string(track));
  ByTrack found;
  heard_together(db, track, found);
  compatible(searcher, rows[0], found);
  found.erase(track);
  std::vector<std::int64_t> ids;
  for (const auto& [id, r] : found) ids.push_back(id);
  std::vector<Related> out;
  for (const TrackRow& other : read_rows(db, ids)) {
    judge(rows[0], other, found[other.id]);
    out.push_back(found[other.id]);
  }
  std::sort(out.begin(), out.end(), [](const Related& a, const Related& b) {
    return a.points != b.points ? a.points > b.points : a.track < b.track;
  });
  out.resize(std::min(out.size(), limit));
  return out;
}

}  // namespace tactus::library
