#include "library/parts/merge.h"

#include <sys/stat.h>

#include <ctime>
#include <filesystem>

namespace tactus::library {
namespace {

std::int64_t unix_now() { return static_cast<std::int64_t>(std::time(nullptr)); }

// The innermost root that the folder is, or lies in; else it becomes one, of no known drive until a scan sees it.
std::int64_t root_for(Database& db, const std::string& folder) {
  std::optional<std::int64_t> out;
  std::size_t longest = 0;
  db.statement("SELECT id, path FROM root").bind().each([&](const Statement& s) {
    const std::string_view root = s.view(1);
    const bool inside = folder == root || folder.starts_with(std::string(root) + (root == "/" ? "" : "/"));
    if (!inside || root.size() < longest) return;
    longest = root.size();
    out = s.integer(0);
  });
  if (out) return *out;
  db.run("INSERT INTO root(path, added) VALUES(?1, ?2)", Bytes{folder}, unix_now());
  return db.last_id();
}

struct Place {
  std::int64_t size = -1, mtime = 0;  // bytes, ns; -1: there is no file
};

Place place_at(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return {};
  return {s.st_size, s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec};
}

}  // namespace

Merger::Merger(Store& store, const std::string& catalogue)
    : store_(store), catalogue_(catalogue), root_(root_for(store.db(), catalogue)), writer_(store.db(), report_) {}

// By all of its bytes, else by its sound.
std::optional<std::int64_t> Merger::track_of(const PartEntry& entry) {
  Database& db = store_.db();
  auto out = db.integer("SELECT id FROM track WHERE content = ?1", entry.content);
  if (!out && entry.scanned.error.empty()) {
    out = db.integer("SELECT id FROM track WHERE audio_hash = ?1 AND audio_length = ?2", entry.scanned.identity.hash,
                     entry.scanned.identity.length);
  }
  return out;
}

// Its file, where the library has none at its path. The track, a new one if need be.
std::optional<std::int64_t> Merger::place(const PartEntry& entry, const std::string& path,
                                          std::optional<std::int64_t> track) {
  Database& db = store_.db();
  const Place there = place_at(path);
  // One that is another by now is for the scan.
  if (db.integer("SELECT 1 FROM file WHERE path = ?1", Bytes{path}) || (there.size >= 0 && there.size != entry.size))
    return track;
  const bool missing = there.size < 0;
  if (missing && track) {
    db.run("INSERT INTO file(track, root, path, size, mtime, missing_since) VALUES(?1, ?2, ?3, ?4, 0, ?5)", *track,
           root_, Bytes{path}, entry.size, unix_now());
    return track;
  }
  writer_.put({path, root_, entry.size, there.mtime}, entry.scanned);
  if (missing) db.run("UPDATE file SET missing_since = ?2 WHERE path = ?1", Bytes{path}, unix_now());
  writer_.commit();
  return track_of(entry);
}

Merged Merger::put(const PartEntry& entry, const Facts& facts) {
  const std::string path = (std::filesystem::path(catalogue_) / entry.path).string();
  const std::optional<std::int64_t> before = track_of(entry);
  if (!before && !entry.scanned.error.empty()) return Merged::unknown;
  const std::optional<std::int64_t> track = place(entry, path, before);
  if (!track) return Merged::changed;
  // Of two files of the same sound the one that is known stays.
  const auto analysed =
      store_.db().integer("SELECT analysed FROM track WHERE id = ?1 AND content IS NOT NULL", *track).value_or(0);
  if (analysed >= facts.versions) return Merged::known;
  put_analysis(store_, *track, facts);
  return before ? Merged::renewed : Merged::added;
}

}  // namespace tactus::library
