#include "library/store/plays.h"

#include <algorithm>

namespace tactus::library {

std::size_t record_plays(Store& store, const std::vector<Play>& plays) {
  Database& db = store.db();
  Transaction transaction(db);
  std::size_t fresh = 0;
  for (const Play& p : plays) {
    db.run("INSERT INTO play(track, session, started, seconds, deck) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
           p.track, p.session, p.started, p.seconds, p.deck);
    if (db.changed() == 0) {
      db.run(
          "UPDATE play SET seconds = ?5 WHERE session = ?2 AND started = ?3 AND deck = ?4 AND track = ?1 AND seconds < "
          "?5",
          p.track, p.session, p.started, p.deck, p.seconds);
      continue;
    }
    ++fresh;
    db.run("UPDATE track SET plays = plays + 1, last_played = max(coalesce(last_played, 0), ?2) WHERE id = ?1", p.track,
           p.started);
  }
  transaction.commit();
  return fresh;
}

std::vector<PlayedSession> sessions(Database& db, int most) {
  std::vector<PlayedSession> out;
  db.statement(
        "SELECT session, min(started), count(*), sum(seconds) FROM play GROUP BY session ORDER BY 2 DESC LIMIT ?1")
      .bind(std::min(most, kMostRows))
      .each([&](const Statement& s) {
        out.push_back({s.text(0), s.integer(1), s.integer(2), s.number(3)});
      });
  return out;
}

std::vector<Play> plays_of(Database& db, const std::string& session) {
  std::vector<Play> out;
  db.statement("SELECT track, session, started, seconds, deck FROM play WHERE session = ?1 ORDER BY started, id")
      .bind(session)
      .each([&](const Statement& s) {
        out.push_back({s.integer(0), s.text(1), s.integer(2), s.number(3), static_cast<int>(s.integer(4))});
      });
  return out;
}

}  // namespace tactus::library
