#include "library/store/one_track.h"

#include <string>

#include "library/store/fields.h"

namespace tactus::library {

namespace {

void take_by_hand(Database& db, TrackId from, TrackId to) {
  for (const Field& f : kFields) {
    if (!f.editable()) continue;
    const std::string column(f.column);
    db.run("UPDATE track SET " + column + " = (SELECT " + column +
               " FROM track WHERE id = ?1), by_hand = by_hand | ?3 WHERE id = ?2 AND by_hand & ?3 = 0 AND "
               "(SELECT by_hand & ?3 FROM track WHERE id = ?1) <> 0",
           from, to, std::int64_t{1} << f.bit);
  }
  db.run(
      "UPDATE mark SET track = ?2 WHERE track = ?1 AND NOT EXISTS(SELECT 1 FROM mark AS m WHERE m.track = ?2 AND "
      "m.kind = mark.kind AND m.number = mark.number)",
      from, to);
  db.run("UPDATE track SET plays = max(plays, (SELECT plays FROM track WHERE id = ?1)) WHERE id = ?2", from, to);
}

}  // namespace

bool never_read(Database& db, TrackId track) {
  return db.integer("SELECT 1 FROM track WHERE id = ?1 AND audio_hash IS NULL", track).has_value();
}

void become(Database& db, TrackId from, TrackId to) {
  take_by_hand(db, from, to);
  // Of sources: their playlists count their tracks.
  for (const char* table : {"crate_track", "prepare", "play", "source_item"})
    db.run("UPDATE OR IGNORE " + std::string(table) + " SET track = ?2 WHERE track = ?1", from, to);
  db.run("UPDATE file SET track = ?2 WHERE track = ?1", from, to);
  db.run("DELETE FROM track WHERE id = ?1", from);
}

}  // namespace tactus::library
