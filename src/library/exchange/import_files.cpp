#include "library/exchange/import_files.h"

#include <sys/stat.h>

#include <chrono>
#include <ctime>

#include "library/store/one_track.h"
#include "library/store/scan.h"

namespace tactus::library {

namespace {

std::int64_t now_seconds() { return static_cast<std::int64_t>(std::time(nullptr)); }

struct OnDisk {
  std::int64_t size = -1, mtime = 0;  // bytes, ns; -1: there is no such file
};
OnDisk on_disk(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0 || !S_ISREG(s.st_mode)) return {};
  return {s.st_size, s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec};
}

// `there`: the library has seen the file in its place, and nobody has missed it since.
std::optional<TrackId> track_at(Database& db, const std::string& path, bool there) {
  return db.integer(
      "SELECT track FROM file WHERE path = ?1 AND track IS NOT NULL AND (?2 = 0 OR missing_since IS NULL)", Bytes{path},
      there);
}

// A file with other music has come to where a track's was: it is that track only where nobody has read that one, or as
// a scan has it, by its length and if it has no other file: the same piece in another coding.
bool may_be(Database& db, TrackId track, const std::string& path, const MusicFile& read) {
  return never_read(db, track) ||
         db.integer(
               "SELECT 1 FROM track AS t WHERE id = ?1 AND abs(duration - ?2) <= 1 AND NOT EXISTS(SELECT 1 FROM file "
               "WHERE track = t.id AND path <> ?3)",
               track, read.duration, Bytes{path})
             .has_value();
}

// "/home/me/Music" of "/home/me/Music/a/b.mp3": a folder that is worth scanning, and not the whole machine.
std::string top_folder(const std::string& path) {
  std::size_t end = 0;
  for (int i = 0; i < 3; ++i) {
    const std::size_t next = path.find('/', end + 1);
    if (next == std::string::npos) break;
    end = next;
  }
  return end == 0 ? "/" : path.substr(0, end);
}

}  // namespace

bool ImportFiles::look(Database& db, const ForeignLibrary& library, const ImportOptions& options) {
  using namespace std::chrono_literals;
  TagReaders readers(options.readers, options.read);
  const auto keep = [this](std::uint64_t, const std::string& path, MusicFile file) {
    read_.insert_or_assign(path, std::move(file));
  };
  std::size_t done = 0;
  for (const ForeignTrack& t : library.tracks) {
    if (options.progress && ++done % 64 == 0 &&
        !options.progress(0.5 * static_cast<double>(done) / static_cast<double>(library.tracks.size())))
      return false;
    if (read_.contains(t.path) || track_at(db, t.path, true) || on_disk(t.path).size < 0) continue;
    read_.emplace(t.path, MusicFile{});
    while (readers.full()) readers.collect(100ms, keep);
    readers.ask(0, t.path);
  }
  while (!readers.idle()) readers.collect(100ms, keep);
  return true;
}

std::int64_t ImportFiles::root_for_file(Database& db, const std::string& path) {
  std::optional<std::int64_t> out;
  std::size_t longest = 0;
  db.statement("SELECT id, path FROM root").bind().each([&](const Statement& s) {
    const std::string root = s.text(1);
    if (root.size() < longest || !path.starts_with(root == "/" ? root : root + "/")) return;
    longest = root.size();
    out = s.integer(0);
  });
  if (out) return *out;
  const std::string folder = top_folder(path);
  db.run("INSERT INTO root(path, volume, added) VALUES(?1, ?2, ?3)", Bytes{folder}, volume_of(folder), now_seconds());
  return db.last_id();
}

TrackId ImportFiles::place(Database& db, const ForeignTrack& t, const std::optional<TrackId>& before,
                           ImportReport& report) {
  const OnDisk file = on_disk(t.path);
  const auto read = read_.find(t.path);
  const auto here = track_at(db, t.path, file.size >= 0);
  if (file.size < 0) ++report.missing;
  if (here) return *here;
  std::optional<TrackId> track;
  const bool readable = file.size >= 0 && read != read_.end() && read->second.error.empty();
  if (readable) {
    track = db.integer("SELECT id FROM track WHERE audio_hash = ?1 AND audio_length = ?2", read->second.identity.hash,
                       read->second.identity.length);
  }
  const auto missed = track_at(db, t.path, false);
  if (track && missed && missed != track && never_read(db, *missed)) become(db, *missed, *track);
  const bool heard = track.has_value();
  if (!track) track = missed ? missed : before;
  if (readable && !heard && track && !may_be(db, *track, t.path, read->second)) track.reset();
  if (file.size < 0) return track ? *track : add_missing(db, t, report);
  if (!track) {
    db.run("INSERT INTO track(added) VALUES(?1)", now_seconds());
    track = db.last_id();
    ++report.added;
  }
  if (readable) {
    const MusicFile& m = read->second;
    db.run(
        "UPDATE track SET content = iif(audio_hash IS ?3 AND audio_length IS ?2, content, NULL), "
        "analysed = iif(audio_hash IS ?3 AND audio_length IS ?2, analysed, NULL), audio_length = ?2, audio_hash = ?3, "
        "duration = coalesce(duration, ?4), codec = ?5, rate = ?6, bitrate = ?7, art = ?8 WHERE id = ?1",
        *track, m.identity.length, m.identity.hash, m.duration > 0 ? std::optional(m.duration) : std::nullopt, m.codec,
        m.rate > 0 ? std::optional(m.rate) : std::nullopt, m.bitrate > 0 ? std::optional(m.bitrate) : std::nullopt,
        m.art);
  } else if (read != read_.end()) {
    report.notes.push_back(shown_path(t.path) + ": " + read->second.error);
  }
  // Where the source said that it was at an earlier import, and it never was.
  db.run("DELETE FROM file WHERE track = ?1 AND missing_since IS NOT NULL AND size = 0", *track);
  db.run(
      "INSERT INTO file(track, root, path, size, mtime, error) VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(path) DO "
      "UPDATE SET track = excluded.track, size = excluded.size, mtime = excluded.mtime, error = excluded.error, "
      "missing_since = NULL",
      *track, root_for_file(db, t.path), Bytes{t.path}, file.size, file.mtime,
      readable || read == read_.end() ? std::nullopt : std::optional(read->second.error));
  return *track;
}

// What a person has is kept, also where its file isn't there today.
TrackId ImportFiles::add_missing(Database& db, const ForeignTrack& t, ImportReport& report) {
  db.run("INSERT INTO track(added, duration) VALUES(?1, ?2)", now_seconds(),
         t.length > 0 ? std::optional(t.length) : std::nullopt);
  const TrackId track = db.last_id();
  ++report.added;
  if (!t.path.empty()) {
    db.run("INSERT INTO file(track, root, path, size, mtime, missing_since) VALUES(?1, ?2, ?3, 0, 0, ?4)", track,
           root_for_file(db, t.path), Bytes{t.path}, now_seconds());
  }
  return track;
}

}  // namespace tactus::library
