// Engine DJ's database (schema 2 and 3: Engine DJ 2 to 4), as the project libdjinterop describes it
// (https://github.com/xsco/libdjinterop).
#include <sqlite3.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "library/foreign/bytes.h"
#include "library/foreign/readers.h"

namespace tactus::library {
namespace engine_dj {
namespace {

constexpr std::array<const char*, 24> kKeys = {"C",  "Am",  "G",  "Em",  "D",  "Bm",  "A",  "F#m",
                                               "E",  "Dbm", "B",  "Abm", "F#", "Ebm", "Db", "Bbm",
                                               "Ab", "Fm",  "Eb", "Cm",  "Bb", "Gm",  "F",  "Dm"};

// The size, then zlib's. Nothing that says more than 16 MiB is looked at.
std::optional<std::string> unpacked(std::string_view blob) {
  constexpr std::uint32_t kMost = 16 << 20;
  ByteReader r(blob);
  const std::uint32_t size = r.u32();
  if (!r.ok() || size > kMost) return std::nullopt;
  std::string out(size, '\0');
  uLongf got = size;
  const std::string_view packed = r.take(r.left());
  if (size == 0) return out;
  if (uncompress(reinterpret_cast<Bytef*>(out.data()), &got, reinterpret_cast<const Bytef*>(packed.data()),
                 static_cast<uLong>(packed.size())) != Z_OK)
    return std::nullopt;
  out.resize(got);
  return out;
}

struct Marker {
  double sample;
  std::int64_t beat;
};

bool read_markers(ByteReader& head, std::string_view all, std::vector<Marker>& out) {
  const std::uint64_t count = head.u64();
  if (count > head.left() / 24) return false;
  ByteReader r(all, false);
  r.seek(head.at());
  for (std::uint64_t i = 0; i < count; ++i) {
    const double sample = r.f64();
    out.push_back({sample, static_cast<std::int64_t>(r.u64())});
    r.skip(8);
  }
  head.seek(r.at());
  return r.ok();
}

// The grid that somebody adjusted, which without adjusting is the one that was found.
bool read_grid(std::string_view blob, std::vector<ForeignAnchor>& grid) {
  if (blob.empty()) return true;
  const auto data = unpacked(blob);
  if (!data) return false;
  if (data->empty()) return true;
  ByteReader r(*data);
  const double rate = r.f64();
  r.skip(9);
  std::vector<Marker> found, adjusted;
  if (!read_markers(r, *data, found) || !read_markers(r, *data, adjusted) || !r.ok()) return false;
  const std::vector<Marker>& m = adjusted.empty() ? found : adjusted;
  if (m.size() < 2) return true;
  if (rate < 1000 || rate > 1e6) return false;
  // The last one only says where the tempo before it leads to.
  for (std::size_t i = 0; i + 1 < m.size(); ++i) {
    const double seconds = (m[i + 1].sample - m[i].sample) / rate;
    const double beats = static_cast<double>(m[i + 1].beat) - static_cast<double>(m[i].beat);
    if (seconds <= 0 || beats <= 0) return false;
    const auto bar = static_cast<int>(((m[i].beat % 4) + 4) % 4);
    grid.push_back({m[i].sample / rate, 60 * beats / seconds, bar + 1, 4});
  }
  return true;
}

double rate_of(std::string_view beat_data) {
  const auto data = unpacked(beat_data);
  if (!data) return 0;
  ByteReader r(*data);
  const double rate = r.f64();
  return r.ok() ? rate : 0;
}

bool read_cues(std::string_view blob, double rate, std::vector<ForeignCue>& cues) {
  if (blob.empty()) return true;
  const auto data = unpacked(blob);
  if (!data) return false;
  if (data->empty()) return true;
  ByteReader r(*data);
  const std::uint64_t count = r.u64();
  for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
    const std::string name = as_utf8(r.take(r.u8()));
    const double sample = r.f64();
    r.skip(1);
    const int red = r.u8(), green = r.u8(), blue = r.u8();
    if (r.ok() && sample >= 0 && i < 1000)
      cues.push_back({sample / rate, static_cast<int>(i), name, color_of(red, green, blue)});
  }
  const double main = r.f64();
  if (r.ok() && main > 0) cues.push_back({main / rate, -1, {}, {}});
  return r.ok();
}

bool read_loops(std::string_view blob, double rate, std::vector<ForeignLoop>& loops) {
  if (blob.empty()) return true;
  ByteReader r(blob, false);
  const std::uint64_t count = r.u64();
  for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
    const std::string name = as_utf8(r.take(r.u8()));
    const double start = r.f64(), end = r.f64();
    const bool set = r.u8() != 0 && r.u8() != 0;
    r.skip(1);
    const int red = r.u8(), green = r.u8(), blue = r.u8();
    if (r.ok() && set && i < 1000)
      loops.push_back({start / rate, end / rate, static_cast<int>(i), name, color_of(red, green, blue)});
  }
  return r.ok();
}

// -- SQLite

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Db = std::unique_ptr<sqlite3, Close>;

class Query {
 public:
  Query(sqlite3* db, const std::string& sql) : db_(db) {
    sqlite3_stmt* s = nullptr;
    if (sqlite3_prepare_v2(db, sql.c_str(), -1, &s, nullptr) != SQLITE_OK) failed_ = true;
    s_.reset(s);
  }
  bool next() {
    if (failed_ || s_ == nullptr) return false;
    const int code = sqlite3_step(s_.get());
    failed_ = code != SQLITE_ROW && code != SQLITE_DONE;
    return code == SQLITE_ROW;
  }
  bool failed() const { return failed_; }
  std::int64_t number(int column) const { return sqlite3_column_int64(s_.get(), column); }
  double real(int column) const {
    const double v = sqlite3_column_double(s_.get(), column);
    return std::isfinite(v) ? v : 0;
  }
  bool null(int column) const { return sqlite3_column_type(s_.get(), column) == SQLITE_NULL; }
  std::string_view bytes(int column) const {
    const void* p = sqlite3_column_blob(s_.get(), column);
    return {static_cast<const char*>(p),
            p == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(s_.get(), column))};
  }
  std::string text(int column) const { return as_utf8(bytes(column)); }

 private:
  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Close> s_;
  bool failed_ = false;
};

// Opened so that a file of unknown origin can do nothing but be read; what runs without end is stopped.
Db open(const std::string& file, std::string* error) {
  constexpr int kOpsBetween = 1000000, kMostStops = 20000;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  Db db(raw);
  if (code != SQLITE_OK) {
    *error = raw != nullptr ? sqlite3_errmsg(raw) : "out of memory";
    return nullptr;
  }
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, 64 << 20);
  thread_local int stops;
  stops = 0;
  sqlite3_progress_handler(
      raw, kOpsBetween, [](void* n) { return ++*static_cast<int*>(n) > kMostStops ? 1 : 0; }, &stops);
  return db;
}

bool is_table(sqlite3* db, const char* name) {
  Query q(db, std::string("SELECT sql FROM sqlite_master WHERE type='table' AND name='") + name + "'");
  return q.next() && q.text(0).find("VIRTUAL") == std::string::npos;
}

ForeignTrack track_of(const Query& q, const std::string& folder) {
  ForeignTrack t;
  t.id = std::to_string(q.number(0));
  const std::filesystem::path path(q.text(1));
  t.path = (path.is_absolute() ? path : std::filesystem::path(folder) / path).lexically_normal().string();
  t.title = q.text(2);
  t.artist = q.text(3);
  t.album = q.text(4);
  t.genre = q.text(5);
  t.comment = q.text(6);
  t.label = q.text(7);
  t.composer = q.text(8);
  t.remixer = q.text(9);
  if (const std::int64_t key = q.null(10) ? -1 : q.number(10); key >= 0 && key < std::ssize(kKeys))
    t.key = kKeys[static_cast<std::size_t>(key)];
  t.bpm = q.real(11) > 0 ? q.real(11) : q.real(12);
  t.length = q.real(13);
  t.year = static_cast<int>(std::clamp<std::int64_t>(q.number(14), 0, 9999));
  if (!q.null(15)) t.rating = static_cast<int>(std::clamp<std::int64_t>(q.number(15), 0, 100) / 20);
  return t;
}

// Chains of "next" within a parent, from the one that nothing points at. Rings are left out.
struct Link {
  std::int64_t id, next, value;
  std::string name;
};
std::vector<Link> in_order(const std::vector<Link>& links) {
  std::map<std::int64_t, const Link*> by_id;
  std::set<std::int64_t> pointed;
  for (const Link& l : links) {
    by_id[l.id] = &l;
    pointed.insert(l.next);
  }
  std::vector<Link> out;
  for (const Link& first : links) {
    if (pointed.contains(first.id)) continue;
    for (auto l = by_id.find(first.id); l != by_id.end(); l = by_id.find(out.back().next)) {
      out.push_back(*l->second);
      by_id.erase(l);
    }
  }
  return out;
}

class Playlists {
 public:
  Playlists(sqlite3* db, const std::map<std::int64_t, std::size_t>& places, ForeignLibrary& out)
      : places_(places), out_(out) {
    Query lists(db, "SELECT id, parentListId, nextListId, title FROM Playlist ORDER BY id");
    while (lists.next()) {
      lists_[lists.number(1)].push_back({lists.number(0), lists.number(2), 0, lists.text(3)});
      ++count_;
    }
    Query entries(db, "SELECT id, listId, nextEntityId, trackId FROM PlaylistEntity ORDER BY id");
    while (entries.next())
      entries_[entries.number(1)].push_back({entries.number(0), entries.number(2), entries.number(3), {}});
  }

  void read() {
    std::vector<std::string> path;
    below(0, path);
    note_left_out(count_ - met_, "playlists that lie in themselves or follow themselves", out_);
    note_left_out(unknown_, "entries of playlists that name no track", out_);
  }

 private:
  void below(std::int64_t parent, std::vector<std::string>& path) {
    const auto found = lists_.find(parent);
    if (found == lists_.end() || path.size() >= kDeepestFolder) return;
    const std::vector<Link> lists = in_order(found->second);
    lists_.erase(found);  // met once only
    for (const Link& l : lists) {
      ++met_;
      path.push_back(l.name);
      const auto entries = entries_.find(l.id);
      const bool folder = lists_.contains(l.id) && entries == entries_.end();
      if (!folder) {
        ForeignPlaylist list{path, {}};
        if (entries != entries_.end()) {
          for (const Link& e : in_order(entries->second)) {
            const auto at = places_.find(e.value);
            at == places_.end() ? void(++unknown_) : list.tracks.push_back(at->second);
          }
        }
        out_.playlists.push_back(std::move(list));
      }
      below(l.id, path);
      path.pop_back();
    }
  }

  const std::map<std::int64_t, std::size_t>& places_;
  ForeignLibrary& out_;
  std::map<std::int64_t, std::vector<Link>> lists_, entries_;
  std::size_t count_ = 0, met_ = 0, unknown_ = 0;
};

}  // namespace
}  // namespace engine_dj

bool read_engine_track(std::string_view beat_data, std::string_view quick_cues, std::string_view loops, double rate,
                       ForeignTrack& track) {
  using namespace engine_dj;
  if (rate <= 0) rate = rate_of(beat_data);
  if (rate < 1000 || rate > 1e6) return beat_data.empty() && quick_cues.empty() && loops.empty();
  ForeignTrack t;
  if (!read_grid(beat_data, t.grid) || !read_cues(quick_cues, rate, t.cues) || !read_loops(loops, rate, t.loops))
    return false;
  track.grid = std::move(t.grid);
  track.cues = std::move(t.cues);
  track.loops = std::move(t.loops);
  return true;
}

bool read_engine(const std::string& file, const std::string& folder, ForeignLibrary& out, std::string* error) {
  using namespace engine_dj;
  out.format = "Engine DJ database";
  const Db db = open(file, error);
  if (!db) return false;
  for (const char* table : {"Information", "Track", "Playlist", "PlaylistEntity"}) {
    if (is_table(db.get(), table)) continue;
    *error = std::string("it has no table ") + table + ": only Engine DJ 2 and later are read (Database2/m.db)";
    return false;
  }
  Query version(db.get(), "SELECT schemaVersionMajor, schemaVersionMinor, schemaVersionPatch FROM Information");
  if (!version.next() || version.number(0) < 2) {
    *error = "its schema is older than 2: only Engine DJ 2 and later are read";
    return false;
  }
  out.program = "Engine DJ, schema " + std::to_string(version.number(0)) + "." + std::to_string(version.number(1)) +
                "." + std::to_string(version.number(2));
  // From schema 3 on a table of its own.
  const bool apart = is_table(db.get(), "PerformanceData");
  const std::string from = apart ? "Track AS t LEFT JOIN PerformanceData AS p ON p.trackId = t.id" : "Track AS t";
  const std::string p = apart ? "p." : "t.";
  Query tracks(db.get(),
               "SELECT t.id, t.path, t.title, t.artist, t.album, t.genre, t.comment, t.label, t.composer, t.remixer, "
               "t.key, t.bpmAnalyzed, t.bpm, t.length, t.year, t.rating, " +
                   p + "beatData, " + p + "quickCues, " + p + "loops FROM " + from + " ORDER BY t.id");
  std::map<std::int64_t, std::size_t> places;
  std::size_t damaged = 0;
  while (tracks.next()) {
    if (tracks.null(1)) continue;  // of a streaming service
    ForeignTrack t = track_of(tracks, folder);
    if (!read_engine_track(tracks.bytes(16), tracks.bytes(17), tracks.bytes(18), 0, t)) ++damaged;
    places.emplace(tracks.number(0), out.tracks.size());
    out.tracks.push_back(std::move(t));
  }
  if (tracks.failed()) {
    *error = sqlite3_errmsg(db.get());
    return false;
  }
  note_left_out(damaged, "tracks' cues and grids that are damaged", out);
  Playlists(db.get(), places, out).read();
  return true;
}

}  // namespace tactus::library
