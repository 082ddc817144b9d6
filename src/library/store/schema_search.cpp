// What search keeps (src/library/search), and the triggers that keep it true: whatever changes a track notes it in
// search_pending, in the same transaction. Readers look at those tracks themselves; the writer takes them into the
// index when it has the time (merge.h), and until then nothing that search says is wrong.
#include "library/store/schema_search.h"

namespace tactus::library {

// An upsert, not INSERT OR IGNORE: what a statement says of conflicts rules in the triggers that it sets off.
const std::string_view kSearchSchema = R"sql(
CREATE TABLE search_pending(track INTEGER PRIMARY KEY) STRICT;
CREATE TABLE search_term(term TEXT PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE search_posting(key INTEGER PRIMARY KEY, tracks BLOB NOT NULL) STRICT;  -- term << 16 | chunk
CREATE TABLE search_column(key INTEGER PRIMARY KEY, codes BLOB NOT NULL) STRICT;    -- column << 32 | block
CREATE TABLE search_doc(track INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE search_vocabulary(place INTEGER PRIMARY KEY, words TEXT NOT NULL) STRICT;
CREATE TABLE search_state(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO search_pending SELECT id FROM track;

CREATE TRIGGER search_track_new AFTER INSERT ON track BEGIN
  INSERT INTO search_pending VALUES(new.id) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER search_track_edit AFTER UPDATE ON track BEGIN
  INSERT INTO search_pending VALUES(new.id) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER search_track_gone AFTER DELETE ON track BEGIN
  INSERT INTO search_pending VALUES(old.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER search_mark_new AFTER INSERT ON mark BEGIN
  INSERT INTO search_pending VALUES(new.track) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER search_mark_edit AFTER UPDATE OF track, kind ON mark BEGIN
  INSERT INTO search_pending VALUES(old.track), (new.track) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER search_mark_gone AFTER DELETE ON mark BEGIN
  INSERT INTO search_pending VALUES(old.track) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER search_grid_new AFTER INSERT ON grid BEGIN
  INSERT INTO search_pending VALUES(new.track) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER search_grid_gone AFTER DELETE ON grid BEGIN
  INSERT INTO search_pending VALUES(old.track) ON CONFLICT DO NOTHING; END;

-- A file without a track is one that couldn't be read.
CREATE TRIGGER search_file_new AFTER INSERT ON file WHEN new.track NOT NULL BEGIN
  INSERT INTO search_pending VALUES(new.track) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER search_file_edit AFTER UPDATE OF track, missing_since ON file BEGIN
  INSERT INTO search_pending SELECT t.track FROM (SELECT old.track UNION SELECT new.track) AS t
    WHERE t.track NOT NULL ON CONFLICT DO NOTHING; END;
CREATE TRIGGER search_file_gone AFTER DELETE ON file WHEN old.track NOT NULL BEGIN
  INSERT INTO search_pending VALUES(old.track) ON CONFLICT DO NOTHING; END;
)sql";

}  // namespace tactus::library
