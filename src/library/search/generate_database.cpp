// A generated library as rows of the database.
#include <algorithm>
#include <optional>

#include "library/search/generate.h"
#include "library/search/merge.h"
#include "library/search/query.h"

namespace tactus::library {

namespace {

// A chunk of the index at a time.
constexpr std::size_t kBatch = 65536;

class GeneratedRows {
 public:
  GeneratedRows(Database& db, std::int64_t now)
      : db_(db),
        track_(db,
               "INSERT INTO track(id, audio_length, audio_hash, title, artist, album, genre, comment, label, remixer,"
               " year, duration, bpm, key, energy, lufs, gain, codec, rate, bitrate, rating, color, plays,"
               " last_played, added) VALUES(?1, ?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
               " 'mp3', 44100, 320, ?16, ?17, ?18, ?19, ?20)"),
        file_(db, "INSERT INTO file(track, root, path, size, mtime) VALUES(?1, ?2, ?3, ?4, ?5)"),
        mark_(db, "INSERT INTO mark(track, kind, number, start) VALUES(?1, ?2, ?3, ?4)"),
        play_(db, "INSERT INTO play(track, session, started, seconds, deck) VALUES(?1, ?2, ?3, 240, ?4)") {
    db_.run("INSERT INTO root(path, added) VALUES(?1, ?2)", Bytes{"/generated"}, now);
    root_ = db_.last_id();
  }

  void put(std::int64_t id, const GeneratedTrack& t) {
    const double lufs = -8 - static_cast<double>(id % 70) / 10;
    track_
        .bind(id, t.title, t.artist, t.album, t.genre, t.comment, t.label, t.remixer, t.year, t.length, t.bpm, t.key,
              t.energy, lufs, -14 - lufs, t.rating, t.color < 0 ? std::nullopt : std::optional(t.color), t.plays,
              t.played ? std::optional(t.played) : std::nullopt, t.added)
        .run();
    const std::string path =
        "/generated/" + t.artist + "/" + t.album + "/" + std::to_string(id) + " " + t.title + ".mp3";
    file_.bind(id, root_, Bytes{path}, id, t.added).run();
    if (id % 5 == 0) mark_.bind(id, 0, 0, 0.5).run();
    if (id % 9 == 0) mark_.bind(id, 2, 0, 30.5).run();
    if (t.plays > 0 && id % 3 == 0) heard(id, t);
  }

 private:
  // Sets of 20, of tracks that came about together.
  void heard(std::int64_t id, const GeneratedTrack& t) {
    const std::int64_t set = plays_++ / 20;
    play_.bind(id, "generated " + std::to_string(set), t.played + plays_, plays_ % 2).run();
  }

  Database& db_;
  Statement track_, file_, mark_, play_;
  std::int64_t root_ = 0, plays_ = 0;
};

void put_crates(Database& db, std::size_t tracks) {
  constexpr const char* kNames[] = {"Warm up", "Peak time", "Closing", "Festival 2025", "Wedding", "Été", "Vinyl rips"};
  Statement crate(db, "INSERT INTO crate(parent, name, place, kind, rule) VALUES(?1, ?2, ?3, ?4, ?5)");
  Statement entry(db, "INSERT INTO crate_track(crate, place, track) VALUES(?1, ?2, ?3)");
  std::optional<std::int64_t> folder;
  for (std::size_t i = 0; i < std::min<std::size_t>(200, 2 + tracks / 50); ++i) {
    const std::string name =
        std::string(kNames[i % std::size(kNames)]) + (i < std::size(kNames) ? "" : " " + std::to_string(i));
    if (i % 10 == 0) {
      crate.bind(nullptr, "Folder " + std::to_string(i / 10), i, 0, "").run();
      folder = db.last_id();
    }
    crate.bind(folder, name, i, 1, "").run();
    const std::int64_t id = db.last_id();
    for (std::size_t k = 0; k < std::min<std::size_t>(tracks / 4, 20 + 37 * i % 480); ++k)
      entry.bind(id, k, 1 + (k * 7919 + i * 104729) % tracks).run();
  }
  for (const char* query :
       {"genre:house bpm:120-126 rating:>=3", "added:<90d -genre:pop", "played:>1y plays:>5 energy:>6"}) {
    crate.bind(nullptr, std::string("Smart: ") + query, 1000, 2, rule_json(parse_query(query, Typing::no).rule)).run();
  }
}

}  // namespace

void generate_library(Database& db, std::size_t tracks, std::uint64_t seed, std::int64_t now,
                      const std::function<void(std::size_t)>& progress) {
  if (db.integer("SELECT EXISTS(SELECT 1 FROM track)") != 0)
    throw StoreError(StoreError::Kind::refused, "there are tracks in this library; generate one in an empty folder");
  LibraryGenerator generator(tracks, seed, now);
  std::optional<GeneratedRows> rows;
  for (std::size_t done = 0; done < tracks || done == 0;) {
    Transaction transaction(db);
    if (!rows) rows.emplace(db, now);
    // To the end of a chunk: ids begin at 1.
    const std::size_t end = std::min(tracks, (done + 1) / kBatch * kBatch + kBatch - 1);
    for (; done < end; ++done) rows->put(static_cast<std::int64_t>(done) + 1, generator.next());
    if (done == tracks) put_crates(db, std::max<std::size_t>(tracks, 1));
    merge_all(db);
    transaction.commit();
    if (progress) progress(done);
    if (tracks == 0) break;
  }
}

}  // namespace tactus::library
