#include "library/search/rows.h"

namespace tactus::library {

std::vector<TrackRow> read_rows(Database& db, const std::vector<std::int64_t>& ids) {
  Statement& row = db.statement(
      "SELECT title, artist, album, genre, comment, year, key, energy, last_played, duration, bpm, rating, plays, "
      "added,"
      " (SELECT path FROM file WHERE track = ?1 ORDER BY missing_since IS NOT NULL, id LIMIT 1) FROM track WHERE id = "
      "?1");
  std::vector<TrackRow> out;
  for (const std::int64_t id : ids) {
    row.bind(id).each([&](Statement& r) {
      out.push_back({.id = id,
                     .title = r.text(0),
                     .artist = r.text(1),
                     .album = r.text(2),
                     .genre = r.text(3),
                     .comment = r.text(4),
                     .path = r.text(14),
                     .year = r.integer_or_null(5),
                     .key = r.integer_or_null(6),
                     .energy = r.integer_or_null(7),
                     .last_played = r.integer_or_null(8),
                     .length = r.number_or_null(9),
                     .bpm = r.number_or_null(10),
                     .rating = r.integer(11),
                     .plays = r.integer(12),
                     .added = r.integer(13)});
    });
  }
  return out;
}

}  // namespace tactus::library
