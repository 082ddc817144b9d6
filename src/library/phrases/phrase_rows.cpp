#include "library/phrases/phrase_rows.h"

#include <algorithm>
#include <charconv>

#include "library/store/tracks.h"

namespace tactus::library {

namespace {

// The path of a file that is there goes before that of one that is missing.
constexpr std::string_view kRowColumns =
    "p.id, p.track, p.place, p.start, p.seconds, p.label, p.words, p.bpm, p.vocals, p.key, p.energy, t.title, "
    "t.artist, "
    "(SELECT path FROM file WHERE file.track = t.id ORDER BY missing_since IS NOT NULL, id LIMIT 1) "
    "FROM phrase p JOIN track t ON t.id = p.track ";

PhraseRow row_of(const Statement& s) {
  PhraseRow out;
  out.id = s.integer(0);
  out.track = s.integer(1);
  out.place = static_cast<int>(s.integer(2));
  out.start = s.number(3);
  out.seconds = s.number(4);
  out.label = s.text(5);
  out.words = s.text(6);
  out.bpm = s.number_or_null(7);
  out.vocals = s.number_or_null(8);
  if (!s.null(9)) out.key = static_cast<int>(s.integer(9));
  if (!s.null(10)) out.energy = static_cast<int>(s.integer(10));
  out.title = s.text(11);
  out.artist = s.text(12);
  out.path = s.text(13);
  return out;
}

template <class T>
std::optional<T> number_in(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// At most two: none, the one, or too many.
std::vector<std::int64_t> tracks_where(Database& db, std::string_view where, const std::string& text) {
  std::vector<std::int64_t> out;
  db.statement("SELECT id FROM track WHERE " + std::string(where) + " LIMIT 2").bind(text).each([&](Statement& row) {
    out.push_back(row.integer(0));
  });
  return out;
}

std::optional<std::int64_t> find_any_track(Database& db, const std::string& text, std::string* why) {
  if (const auto by_number_or_path = find_track(db, text)) return by_number_or_path;
  for (const std::string_view where :
       {"title = ?1", "title = ?1 COLLATE NOCASE", "instr(lower(artist || ' - ' || title), lower(?1)) > 0"}) {
    const auto found = tracks_where(db, where, text);
    if (found.size() == 1) return found[0];
    if (found.size() > 1) {
      *why = text + ": more than one track is called so; give its path, or # and its number";
      return std::nullopt;
    }
  }
  *why = text + ": the library has no such track; tactus library scan takes in new ones";
  return std::nullopt;
}

// Where a beat of the track's grid is: each anchor holds until the next.
std::optional<double> seconds_of_beat(Database& db, std::int64_t track, double beat) {
  std::optional<double> out;
  db.statement(
        "SELECT a.value ->> 'seconds', a.value ->> 'beat', a.value ->> 'bpm' FROM grid, json_each(grid.anchors) AS a "
        "WHERE grid.track = ?1 ORDER BY 2")
      .bind(track)
      .each([&](Statement& row) {
        const double at = row.number(1), bpm = row.number(2);
        if (bpm > 0 && (!out || at <= beat)) out = row.number(0) + (beat - at) * 60 / bpm;
      });
  return out;
}

}  // namespace

std::vector<PhraseRow> phrase_rows(Database& db, std::span<const std::int64_t> ids) {
  std::vector<PhraseRow> out;
  Statement& one = db.statement("SELECT " + std::string(kRowColumns) + "WHERE p.id = ?1");
  for (const std::int64_t id : ids) one.bind(id).each([&](Statement& row) { out.push_back(row_of(row)); });
  return out;
}

std::int64_t named_track(Database& db, const std::string& text) {
  std::string why;
  const auto found = find_any_track(db, text, &why);
  if (!found) throw StoreError(StoreError::Kind::refused, why);
  return *found;
}

NamedPhrase find_named_phrase(Database& db, const std::string& text) {
  const std::size_t at = text.rfind('@');
  const auto beat = at == std::string::npos ? std::nullopt : number_in<double>(std::string_view(text).substr(at + 1));
  std::string why;
  if (const auto whole = find_any_track(db, text, &why)) return {*whole, std::nullopt};
  if (!beat) throw StoreError(StoreError::Kind::refused, why);
  return {named_track(db, text.substr(0, at)), beat};
}

PhraseRow phrase_of(Database& db, const NamedPhrase& named) {
  std::optional<PhraseRow> out;
  if (named.beat) {
    const auto seconds = seconds_of_beat(db, named.track, *named.beat);
    if (!seconds) {
      throw StoreError(StoreError::Kind::refused,
                       "the track has no beat grid: name it without a beat, or analyse it (tactus library analyze)");
    }
    // A beat that is a phrase's first belongs to it, whatever rounding says.
    db.statement("SELECT " + std::string(kRowColumns) +
                 "WHERE p.track = ?1 AND p.vector IS NOT NULL ORDER BY p.start > ?2, abs(p.start - ?2) LIMIT 1")
        .bind(named.track, *seconds + 0.05)
        .each([&](Statement& row) { out = row_of(row); });
  } else {
    db.statement(
          "SELECT " + std::string(kRowColumns) +
          "WHERE p.track = ?1 AND p.vector IS NOT NULL ORDER BY p.energy DESC, p.label <> 'drop', p.start LIMIT 1")
        .bind(named.track)
        .each([&](Statement& row) { out = row_of(row); });
  }
  if (!out) {
    throw StoreError(StoreError::Kind::refused,
                     "the track has no phrases yet, or nothing to be heard: tactus library analyze finds them");
  }
  return *out;
}

std::vector<std::int8_t> vector_of(Database& db, std::int64_t phrase) {
  const std::string bytes = db.text("SELECT vector FROM phrase WHERE id = ?1", phrase).value_or(std::string());
  return {bytes.begin(), bytes.end()};
}

PhraseEntry entry_of(const PhraseRow& row) {
  const auto label = std::find(kPhraseLabels.begin(), kPhraseLabels.end(), row.label);
  return {.id = row.id,
          .track = row.track,
          .bpm = row.bpm,
          .key = row.key,
          .energy = row.energy,
          .label = label == kPhraseLabels.end() ? 0 : static_cast<int>(label - kPhraseLabels.begin()),
          .vocals = row.vocals};
}

}  // namespace tactus::library
