#include "library/store/scan_writer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <utility>

#include "library/store/fields.h"
#include "library/store/one_track.h"

namespace tactus::library {

namespace {

constexpr auto kCommitEvery = std::chrono::milliseconds(500);

std::string by_hand_bit(std::string_view field) { return std::to_string(std::int64_t{1} << find_field(field)->bit); }

// Sets what a person hasn't set, and nothing where nothing changes: no trigger runs in vain.
const std::string& tags_statement() {
  static const std::string sql = [] {
    std::string set, differs;
    int i = 1;
    for (const char* f : {"title", "artist", "album", "genre", "comment", "label", "composer", "remixer", "year"}) {
      const std::string value = "iif(by_hand & " + by_hand_bit(f) + ", " + f + ", ?" + std::to_string(++i) + ")";
      set += std::string(f) + " = " + value + ", ";
      differs += std::string(f) + " IS NOT " + value + " OR ";
    }
    // What an analysis found is better than a tag.
    for (const char* f : {"bpm", "key"}) {
      const std::string value =
          "iif(by_hand & " + by_hand_bit(f) + " OR analysed IS NOT NULL, " + f + ", ?" + std::to_string(++i) + ")";
      set += std::string(f) + " = " + value + ", ";
      differs += std::string(f) + " IS NOT " + value + " OR ";
    }
    const std::string duration = "iif(analysed IS NOT NULL, duration, ?" + std::to_string(++i) + ")";
    set += "duration = " + duration;
    differs += "duration IS NOT " + duration;
    for (const char* f : {"codec", "rate", "bitrate", "art"}) {
      const std::string value = "?" + std::to_string(++i);
      set += std::string(", ") + f + " = " + value;
      differs += std::string(" OR ") + f + " IS NOT " + value;
    }
    return "UPDATE track SET " + set + " WHERE id = ?1 AND (" + differs + ")";
  }();
  return sql;
}

template <class T>
std::optional<T> stated(T value, bool known) {
  return known ? std::optional(value) : std::nullopt;
}

bool is_there(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

ScanWriter::ScanWriter(Database& db, ScanReport& report, std::function<void(Database&)> committed)
    : db_(db), report_(report), committed_(std::move(committed)), now_(static_cast<std::int64_t>(std::time(nullptr))) {}

void ScanWriter::begin() {
  if (transaction_ && std::chrono::steady_clock::now() - begun_ > kCommitEvery) commit();
  if (transaction_) return;
  transaction_.emplace(db_);
  begun_ = std::chrono::steady_clock::now();
}

void ScanWriter::commit() {
  if (!transaction_) return;
  transaction_->commit();
  transaction_.reset();
  if (committed_) committed_(db_);
}

std::optional<ScanWriter::Known> ScanWriter::find(const std::string& path) {
  std::optional<Known> out;
  db_.statement("SELECT id, size, mtime, track, missing_since IS NOT NULL FROM file WHERE path = ?1")
      .bind(Bytes{path})
      .each([&](const Statement& s) {
        out = {s.integer(0), s.integer(1), s.integer(2), s.integer_or_null(3), s.integer(4) != 0};
      });
  return out;
}

bool ScanWriter::know(const FoundFile& file) {
  const std::optional<Known> known = find(file.path);
  if (!known || known->size != file.size || known->mtime != file.mtime) return false;
  seen_.insert(known->id);
  if (known->missing) {
    begin();
    db_.run("UPDATE file SET missing_since = NULL WHERE id = ?1", known->id);
    ++report_.back;
  }
  return true;
}

std::optional<std::int64_t> ScanWriter::track_of(const AudioIdentity& identity) {
  return db_.integer("SELECT id FROM track WHERE audio_hash = ?1 AND audio_length = ?2", identity.hash,
                     identity.length);
}

std::int64_t ScanWriter::new_track(const MusicFile& read) {
  db_.run(
      "INSERT INTO track(audio_length, audio_hash, title, artist, album, genre, comment, label, composer, remixer, "
      "year, bpm, key, duration, codec, rate, bitrate, art, added) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
      read.identity.length, read.identity.hash, read.title, read.artist, read.album, read.genre, read.comment,
      read.label, read.composer, read.remixer, stated(read.year, read.year > 0), stated(read.bpm, read.bpm > 0),
      stated(read.key, read.key >= 0), stated(read.duration, read.duration > 0), read.codec,
      stated(read.rate, read.rate > 0), stated(read.bitrate, read.bitrate > 0), read.art, now_);
  ++report_.added;
  return db_.last_id();
}

void ScanWriter::set_tags(std::int64_t track, const MusicFile& read) {
  db_.run(tags_statement(), track, read.title, read.artist, read.album, read.genre, read.comment, read.label,
          read.composer, read.remixer, stated(read.year, read.year > 0), stated(read.bpm, read.bpm > 0),
          stated(read.key, read.key >= 0), stated(read.duration, read.duration > 0), read.codec,
          stated(read.rate, read.rate > 0), stated(read.bitrate, read.bitrate > 0), read.art);
}

// It is to be analysed anew.
void ScanWriter::set_identity(std::int64_t track, const MusicFile& read) {
  db_.run("UPDATE track SET audio_hash = ?2, audio_length = ?3, content = NULL, analysed = NULL WHERE id = ?1", track,
          read.identity.hash, read.identity.length);
}

void ScanWriter::set_file(std::int64_t id, std::optional<std::int64_t> track, const FoundFile& file,
                          const std::string& error) {
  db_.run(
      "UPDATE file SET track = ?2, root = ?3, path = ?4, size = ?5, mtime = ?6, missing_since = NULL, error = ?7 "
      "WHERE id = ?1",
      id, track, file.root, Bytes{file.path}, file.size, file.mtime, stated(error, !error.empty()));
  seen_.insert(id);
}

bool ScanWriter::has_other_file(std::int64_t track, std::int64_t file) {
  return db_.integer("SELECT 1 FROM file WHERE track = ?1 AND id <> ?2", track, file).has_value();
}

void ScanWriter::problem(const std::string& text) {
  if (report_.problems.size() < kMostProblems) report_.problems.push_back(text);
}

void ScanWriter::put(const FoundFile& found, const MusicFile& read) {
  begin();
  FoundFile file = found;
  // Of no time, so that the next scan reads it again.
  if (read.passing) file.mtime = 0;
  if (!read.error.empty()) {
    ++report_.broken;
    problem(shown_path(file.path) + ": " + read.error);
  }
  if (const std::optional<Known> known = find(file.path)) {
    put_known(*known, file, read);
  } else {
    put_new(file, read);
  }
}

void ScanWriter::put_known(const Known& known, const FoundFile& file, const MusicFile& read) {
  if (known.missing) ++report_.back;
  ++report_.changed;
  // A file that was whole before keeps its track: it may be whole again tomorrow.
  if (!read.error.empty()) return set_file(known.id, known.track, file, read.error);
  const std::optional<std::int64_t> track = track_of(read.identity);
  if (known.track && known.track != track && never_read(db_, *known.track)) {
    if (track) {
      become(db_, *known.track, *track);
    } else {
      set_identity(*known.track, read);
      set_tags(*known.track, read);
    }
    return set_file(known.id, track ? track : known.track, file, {});
  }
  if (!track && known.track && !has_other_file(*known.track, known.id)) {
    // Its old music may yet be found under another name.
    seen_.insert(known.id);
    replaced_.push_back({known.id, *known.track, file, read});
    return;
  }
  const std::int64_t now = track ? *track : new_track(read);
  if (track && known.track == track) set_tags(now, read);
  set_file(known.id, now, file, {});
}

void ScanWriter::put_new(const FoundFile& file, const MusicFile& read) {
  std::optional<std::int64_t> track;
  if (read.error.empty()) {
    track = track_of(read.identity);
    if (track && take_over(*track, file)) {
      set_tags(*track, read);
      ++report_.moved;
      return;
    }
    if (track) ++report_.duplicates;
    if (!track) track = new_track(read);
  }
  db_.run("INSERT INTO file(track, root, path, size, mtime, error) VALUES(?1, ?2, ?3, ?4, ?5, ?6)", track, file.root,
          Bytes{file.path}, file.size, file.mtime, stated(read.error, !read.error.empty()));
  seen_.insert(db_.last_id());
}

// Gives a file of the track that has gone from its place the new path. One on a drive that isn't there may still be on
// it, unless the drive is now found elsewhere: then it lies there as it lay before.
bool ScanWriter::take_over(std::int64_t track, const FoundFile& file) {
  struct Place {
    std::int64_t id;
    std::string path, root;
  };
  std::vector<Place> places;
  db_.statement("SELECT f.id, f.path, r.path FROM file f JOIN root r ON r.id = f.root WHERE f.track = ?1 ORDER BY f.id")
      .bind(track)
      .each([&](const Statement& s) {
        places.push_back({s.integer(0), s.text(1), s.text(2)});
      });
  for (const Place& p : places) {
    if (is_there(p.path)) continue;
    const bool same_below = p.path.starts_with(p.root) && file.path.ends_with(p.path.substr(p.root.size()));
    if (!is_there(p.root) && !same_below) continue;
    set_file(p.id, track, file, {});
    return true;
  }
  return false;
}

double ScanWriter::duration_of(std::int64_t track) {
  double out = 0;
  db_.statement("SELECT duration FROM track WHERE id = ?1").bind(track).each([&](const Statement& s) {
    out = s.number(0);
  });
  return out;
}

void ScanWriter::finish() {
  for (const Replaced& r : replaced_) {
    begin();
    std::optional<std::int64_t> track = track_of(r.read.identity);
    const bool lives_on = has_other_file(r.track, r.file);
    const double before = duration_of(r.track);
    if (!track && !lives_on && std::abs(before - r.read.duration) <= 1) {
      // As long as before: the same piece in another coding. Crates and cues stay, it is analysed anew.
      set_identity(r.track, r.read);
      set_tags(r.track, r.read);
      track = r.track;
    }
    if (!track) track = new_track(r.read);
    set_file(r.file, track, r.found, {});
  }
  replaced_.clear();
}

void ScanWriter::mark_missing(const std::string& folder, const std::vector<std::string>& except) {
  struct Place {
    std::int64_t id;
    std::string path;
  };
  const std::string first = folder == "/" ? folder : folder + "/";
  std::string after = first;
  after.back() = '0';  // what comes after '/'
  std::string from = first;
  for (;;) {
    std::vector<Place> page;
    db_.statement(
           "SELECT id, path FROM file WHERE path >= ?1 AND path < ?2 AND missing_since IS NULL "
           "ORDER BY path LIMIT 1000")
        .bind(Bytes{from}, Bytes{after})
        .each([&](const Statement& s) {
          page.push_back({s.integer(0), s.text(1)});
        });
    for (const Place& p : page) {
      const bool unknown =
          std::any_of(except.begin(), except.end(), [&](const std::string& e) { return p.path.starts_with(e + "/"); });
      if (unknown || seen_.contains(p.id)) continue;
      begin();
      db_.run("UPDATE file SET missing_since = ?2 WHERE id = ?1", p.id, now_);
      ++report_.missing;
    }
    if (page.size() < 1000) return;
    from = page.back().path + '\0';  // the next path after it
  }
}

}  // namespace tactus::library
