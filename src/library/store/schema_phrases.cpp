// Triggers number each change of a phrase, so that an index file needs to be told only what is newer than itself, and
// keep the full text of phrases true: in the same transaction, whoever writes.
#include "library/store/schema_phrases.h"

namespace tactus::library {

// The text is that of two views, not stored a second time: what is taken out of it must be said as it was put in. So a
// track's phrases go while their track is still there.
const std::string_view kPhraseSchema = R"sql(
ALTER TABLE phrase ADD COLUMN words TEXT NOT NULL DEFAULT '';

CREATE TABLE phrase_change(seq INTEGER PRIMARY KEY AUTOINCREMENT, phrase INTEGER NOT NULL) STRICT;
CREATE TRIGGER phrase_change_new AFTER INSERT ON phrase BEGIN
  INSERT INTO phrase_change(phrase) VALUES(new.id); END;
CREATE TRIGGER phrase_change_edit AFTER UPDATE ON phrase BEGIN
  INSERT INTO phrase_change(phrase) VALUES(new.id); END;
CREATE TRIGGER phrase_change_gone AFTER DELETE ON phrase BEGIN
  INSERT INTO phrase_change(phrase) VALUES(old.id); END;
INSERT INTO phrase_change(phrase) SELECT id FROM phrase;

CREATE VIEW phrase_tags AS
  SELECT id AS track,
    title || ' ' || artist || ' ' || album || ' ' || genre || ' ' || comment || ' ' || label || ' ' || remixer AS tags
  FROM track;
CREATE VIEW phrase_document AS
  SELECT phrase.id AS id, phrase.label || ' ' || phrase.words AS words, phrase_tags.tags AS tags
  FROM phrase JOIN phrase_tags ON phrase_tags.track = phrase.track;
CREATE VIRTUAL TABLE phrase_text USING fts5(words, tags, content='phrase_document', content_rowid='id',
  tokenize='porter unicode61 remove_diacritics 2', detail=column, columnsize=0);
INSERT INTO phrase_text(rowid, words, tags) SELECT id, words, tags FROM phrase_document;

CREATE TRIGGER phrase_text_new AFTER INSERT ON phrase BEGIN
  INSERT INTO phrase_text(rowid, words, tags)
    SELECT new.id, new.label || ' ' || new.words, tags FROM phrase_tags WHERE track = new.track; END;
CREATE TRIGGER phrase_text_edit AFTER UPDATE OF track, label, words ON phrase BEGIN
  INSERT INTO phrase_text(phrase_text, rowid, words, tags)
    SELECT 'delete', old.id, old.label || ' ' || old.words, tags FROM phrase_tags WHERE track = old.track;
  INSERT INTO phrase_text(rowid, words, tags)
    SELECT new.id, new.label || ' ' || new.words, tags FROM phrase_tags WHERE track = new.track; END;
CREATE TRIGGER phrase_text_gone AFTER DELETE ON phrase BEGIN
  INSERT INTO phrase_text(phrase_text, rowid, words, tags)
    SELECT 'delete', old.id, old.label || ' ' || old.words, tags FROM phrase_tags WHERE track = old.track; END;
CREATE TRIGGER phrase_track_gone BEFORE DELETE ON track BEGIN
  DELETE FROM phrase WHERE track = old.id; END;
CREATE TRIGGER phrase_track_edit AFTER UPDATE OF title, artist, album, genre, comment, label, remixer ON track BEGIN
  INSERT INTO phrase_text(phrase_text, rowid, words, tags)
    SELECT 'delete', id, phrase.label || ' ' || words,
      old.title || ' ' || old.artist || ' ' || old.album || ' ' || old.genre || ' ' || old.comment || ' ' || old.label
        || ' ' || old.remixer
    FROM phrase WHERE track = old.id;
  INSERT INTO phrase_text(rowid, words, tags)
    SELECT id, phrase.label || ' ' || words, tags FROM phrase JOIN phrase_tags USING(track) WHERE track = new.id; END;
)sql";

}  // namespace tactus::library
