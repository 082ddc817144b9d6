#include "library/store/facts.h"

#include <nlohmann/json.hpp>

#include "library/store/fields.h"
#include "library/store/store.h"

namespace tactus::library {

namespace {

// Sets a column of the track unless a person did.
template <class T>
void set_found(Database& db, std::int64_t track, std::int64_t by_hand, std::string_view field, const T& value) {
  const Field* f = find_field(field);
  if (!value || (f->bit >= 0 && (by_hand >> f->bit & 1) != 0)) return;
  db.run("UPDATE track SET " + std::string(f->column) + " = ?2 WHERE id = ?1", track, value);
}

}  // namespace

std::string anchors_json(const std::vector<AnchorFact>& grid) {
  nlohmann::json out = nlohmann::json::array();
  for (const AnchorFact& a : grid) out.push_back({{"seconds", a.seconds}, {"beat", a.beat}, {"bpm", a.bpm}});
  return out.dump();
}

void put_analysis(Store& store, std::int64_t track, const Facts& facts) {
  Database& db = store.db();
  Transaction transaction(db);
  const auto by_hand = db.integer("SELECT by_hand FROM track WHERE id = ?1", track);
  if (!by_hand) throw StoreError(StoreError::Kind::refused, "there is no track " + std::to_string(track));
  // Content is unique: a track that was known by it before has become this one's duplicate.
  db.run("UPDATE track SET content = NULL WHERE content = ?1 AND id <> ?2", facts.content, track);
  db.run("UPDATE track SET content = ?2, duration = ?3, analysed = ?4 WHERE id = ?1", track, facts.content,
         facts.duration, facts.versions);
  set_found(db, track, *by_hand, "bpm", facts.bpm);
  set_found(db, track, *by_hand, "key", facts.key);
  set_found(db, track, *by_hand, "energy", facts.energy);
  set_found(db, track, *by_hand, "lufs", facts.lufs);
  set_found(db, track, *by_hand, "peak", facts.true_peak);
  set_found(db, track, *by_hand, "gain", facts.gain);
  set_found(db, track, *by_hand, "vocals", facts.vocals);
  if (!facts.grid.empty()) {
    db.run(
        "INSERT INTO grid(track, origin, anchors) VALUES(?1, 'analysis', ?2) ON CONFLICT(track) DO UPDATE SET "
        "origin = excluded.origin, anchors = excluded.anchors WHERE NOT by_hand",
        track, anchors_json(facts.grid));
  }
  db.run("DELETE FROM phrase WHERE track = ?1", track);
  int place = 0;
  for (const PhraseFact& p : facts.phrases) {
    std::optional<Bytes> vector;
    if (!p.vector.empty()) vector = Bytes{{reinterpret_cast<const char*>(p.vector.data()), p.vector.size()}};
    db.run(
        "INSERT INTO phrase(track, place, start, seconds, label, energy, bpm, key, vocals, embedder, vector, words) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        track, place++, p.start, p.seconds, p.label, p.energy, p.bpm, p.key, p.vocals, facts.embedder, vector, p.words);
  }
  transaction.commit();
}

}  // namespace tactus::library
