#include "library/store/schema.h"

#include <array>
#include <string>

#include "library/store/schema_phrases.h"
#include "library/store/schema_search.h"

namespace tactus::library {

namespace {

// Text columns are never NULL, so that no query has to ask. Numbers are NULL while they aren't known.
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE root(
  id INTEGER PRIMARY KEY,
  path BLOB NOT NULL UNIQUE,
  volume TEXT NOT NULL DEFAULT '',
  added INTEGER NOT NULL) STRICT;

CREATE TABLE track(
  id INTEGER PRIMARY KEY,
  audio_length INTEGER, audio_hash INTEGER,
  content TEXT UNIQUE,
  title TEXT NOT NULL DEFAULT '', artist TEXT NOT NULL DEFAULT '', album TEXT NOT NULL DEFAULT '',
  genre TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL DEFAULT '', label TEXT NOT NULL DEFAULT '',
  composer TEXT NOT NULL DEFAULT '', remixer TEXT NOT NULL DEFAULT '',
  year INTEGER, duration REAL, bpm REAL, key INTEGER, energy INTEGER,
  lufs REAL, true_peak REAL, gain REAL, vocals REAL,
  codec TEXT NOT NULL DEFAULT '', rate INTEGER, bitrate INTEGER,
  rating INTEGER NOT NULL DEFAULT 0, color INTEGER,
  plays INTEGER NOT NULL DEFAULT 0, last_played INTEGER, added INTEGER NOT NULL,
  art INTEGER NOT NULL DEFAULT 0, analysed INTEGER, by_hand INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX track_audio ON track(audio_hash, audio_length);

CREATE TABLE file(
  id INTEGER PRIMARY KEY,
  track INTEGER REFERENCES track(id) ON DELETE CASCADE,
  root INTEGER NOT NULL REFERENCES root(id) ON DELETE CASCADE,
  path BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL, mtime INTEGER NOT NULL,
  missing_since INTEGER, error TEXT) STRICT;
CREATE INDEX file_track ON file(track);
CREATE INDEX file_root ON file(root);

CREATE TABLE mark(
  id INTEGER PRIMARY KEY,
  track INTEGER NOT NULL REFERENCES track(id) ON DELETE CASCADE,
  kind INTEGER NOT NULL, number INTEGER NOT NULL,
  start REAL NOT NULL, stop REAL,
  name TEXT NOT NULL DEFAULT '', color INTEGER, origin TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX mark_track ON mark(track);

CREATE TABLE grid(
  track INTEGER PRIMARY KEY REFERENCES track(id) ON DELETE CASCADE,
  origin TEXT NOT NULL, anchors TEXT NOT NULL, by_hand INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE crate(
  id INTEGER PRIMARY KEY,
  parent INTEGER REFERENCES crate(id) ON DELETE CASCADE,
  name TEXT NOT NULL, place INTEGER NOT NULL, kind INTEGER NOT NULL,
  rule TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX crate_parent ON crate(parent);
CREATE TABLE crate_track(
  crate INTEGER NOT NULL REFERENCES crate(id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  track INTEGER NOT NULL REFERENCES track(id) ON DELETE CASCADE,
  PRIMARY KEY(crate, place)) STRICT, WITHOUT ROWID;
CREATE INDEX crate_track_track ON crate_track(track);

CREATE TABLE play(
  id INTEGER PRIMARY KEY,
  track INTEGER NOT NULL REFERENCES track(id) ON DELETE CASCADE,
  session TEXT NOT NULL, started INTEGER NOT NULL, seconds REAL NOT NULL, deck INTEGER NOT NULL,
  UNIQUE(session, started, deck, track)) STRICT;
CREATE INDEX play_track ON play(track);

CREATE TABLE prepare(
  place INTEGER PRIMARY KEY,
  track INTEGER NOT NULL REFERENCES track(id) ON DELETE CASCADE) STRICT;
CREATE INDEX prepare_track ON prepare(track);

CREATE TABLE phrase(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  track INTEGER NOT NULL REFERENCES track(id) ON DELETE CASCADE,
  place INTEGER NOT NULL, start REAL NOT NULL, seconds REAL NOT NULL,
  label TEXT NOT NULL DEFAULT '', energy INTEGER, bpm REAL, key INTEGER, vocals REAL,
  embedder TEXT NOT NULL DEFAULT '', vector BLOB) STRICT;
CREATE INDEX phrase_track ON phrase(track);

CREATE TABLE source(
  id INTEGER PRIMARY KEY,
  format TEXT NOT NULL, program TEXT NOT NULL DEFAULT '', path BLOB NOT NULL,
  imported INTEGER NOT NULL, whole BLOB) STRICT;
CREATE TABLE source_item(
  source INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE,
  track INTEGER REFERENCES track(id) ON DELETE CASCADE,
  what TEXT NOT NULL, raw BLOB NOT NULL) STRICT;
CREATE INDEX source_item_source ON source_item(source);
CREATE INDEX source_item_track ON source_item(track);

CREATE TABLE change(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
  changeset BLOB NOT NULL, undone INTEGER NOT NULL DEFAULT 0) STRICT;
)sql";

const std::array kSteps = {SchemaStep{1, kVersion1}, SchemaStep{2, kSearchSchema}, SchemaStep{3, kPhraseSchema}};

}  // namespace

std::span<const SchemaStep> schema_steps() { return kSteps; }
int schema_version() { return kSteps.back().version; }

int check_version(Database& db, std::span<const SchemaStep> steps) {
  const int version = static_cast<int>(db.integer("PRAGMA user_version").value_or(0));
  const std::int64_t owner = db.integer("PRAGMA application_id").value_or(0);
  const bool empty = db.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (empty && version == 0 && owner == 0) return 0;
  if (owner != kApplicationId)
    throw StoreError(StoreError::Kind::corrupt, db.path() + ": it is a database, but no Tactus library");
  if (version > steps.back().version) {
    throw StoreError(StoreError::Kind::newer, db.path() + ": it was made by a newer Tactus (layout " +
                                                  std::to_string(version) + ", this one knows " +
                                                  std::to_string(steps.back().version) + "); nothing was changed");
  }
  return version;
}

void migrate(Database& db, std::span<const SchemaStep> steps) {
  const int before = check_version(db, steps);
  for (const SchemaStep& step : steps) {
    if (step.version <= before) continue;
    Transaction transaction(db);
    db.execute(std::string(step.sql));
    db.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
    db.execute("PRAGMA user_version = " + std::to_string(step.version));
    transaction.commit();
  }
}

}  // namespace tactus::library
