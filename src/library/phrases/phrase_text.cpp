#include "library/phrases/phrase_text.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "library/phrases/entry_bits.h"

namespace tactus::library {

namespace {

constexpr std::int64_t kMostRanked = 5000;
constexpr std::size_t kMostWords = 16, kOfOneTrack = 2;

// Quoted for FTS5, so that none of its operators is one. Bytes above 127 are letters of some script.
std::vector<std::string> quoted_words(std::string_view query) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : std::string(query) + ' ') {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 128 || (u >= '0' && u <= '9') || (u >= 'A' && u <= 'Z') || (u >= 'a' && u <= 'z')) {
      word += c;
    } else if (!word.empty()) {
      if (out.size() < kMostWords) out.push_back('"' + word + '"');
      word.clear();
    }
  }
  return out;
}

std::vector<std::int64_t> matches(Database& db, const std::string& query) {
  std::vector<std::int64_t> out;
  db.statement("SELECT rowid FROM phrase_text WHERE phrase_text MATCH ?1 ORDER BY rowid DESC LIMIT ?2")
      .bind(query, kMostRanked)
      .each([&](Statement& row) { out.push_back(row.integer(0)); });
  return out;
}

struct Ranked {
  std::int64_t id = 0;
  int sounds_so = 0;  // words of the query among its own
  std::int64_t plays = 0;
};

std::vector<Ranked> rank(Database& db, const std::vector<std::int64_t>& ids, const std::vector<std::string>& words) {
  std::unordered_map<std::int64_t, int> sounds_so;
  for (const std::string& word : words)
    for (const std::int64_t id : matches(db, "words : " + word)) ++sounds_so[id];
  std::vector<Ranked> out;
  Statement& plays = db.statement("SELECT t.plays FROM phrase p JOIN track t ON t.id = p.track WHERE p.id = ?1");
  for (const std::int64_t id : ids) {
    const auto own = sounds_so.find(id);
    Ranked r{id, own == sounds_so.end() ? 0 : own->second, 0};
    plays.bind(id).each([&](Statement& row) { r.plays = row.integer(0); });
    out.push_back(r);
  }
  std::stable_sort(out.begin(), out.end(), [](const Ranked& a, const Ranked& b) {
    return a.sounds_so != b.sounds_so ? a.sounds_so > b.sounds_so : a.plays > b.plays;
  });
  return out;
}

// Those that have the most of the words.
std::vector<std::int64_t> best_of_any(Database& db, const std::vector<std::string>& words, int* matched) {
  std::map<std::int64_t, int> counts;
  for (const std::string& word : words)
    for (const std::int64_t id : matches(db, word)) *matched = std::max(*matched, ++counts[id]);
  std::vector<std::int64_t> out;
  for (const auto& [id, count] : counts)
    if (count == *matched) out.push_back(id);
  return out;
}

}  // namespace

PhraseTextHits search_phrase_text(Database& db, std::string_view query, std::size_t limit, const PhraseFilter& filter) {
  PhraseTextHits out;
  const std::vector<std::string> words = quoted_words(query);
  out.words = static_cast<int>(words.size());
  if (words.empty()) return out;
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : " AND ") + word;
  std::vector<std::int64_t> ids = matches(db, all);
  out.matched = ids.empty() ? 0 : out.words;
  if (ids.empty() && words.size() > 1) ids = best_of_any(db, words, &out.matched);
  const ReadyFilter ready(filter);
  std::map<std::int64_t, std::size_t> of_track;
  for (const Ranked& r : rank(db, ids, words)) {
    if (out.rows.size() >= limit) break;
    const std::vector<PhraseRow> rows = phrase_rows(db, std::span(&r.id, 1));
    if (rows.empty() || !ready.lets(pack(entry_of(rows[0]))) || !ready.lets_track(rows[0].track)) continue;
    if (++of_track[rows[0].track] <= kOfOneTrack) out.rows.push_back(rows[0]);
  }
  return out;
}

}  // namespace tactus::library
