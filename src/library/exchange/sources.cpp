#include "library/exchange/sources.h"

#include <cstdlib>
#include <limits>

#include "library/exchange/foreign_json.h"

namespace tactus::library {

namespace {

// A row's name for `kept` pieces: NUL can be in none.
std::string packed(const ForeignKept& k) { return k.name + '\0' + k.bytes; }
ForeignKept unpacked(std::string_view raw) {
  const std::size_t end = std::min(raw.find('\0'), raw.size());
  return {std::string(raw.substr(0, end)), std::string(raw.substr(std::min(end + 1, raw.size())))};
}

// Which change an import was: a row beside what it brought.
std::optional<std::int64_t> change_of(Database& db, std::int64_t source) {
  const auto text = db.text("SELECT raw FROM source_item WHERE source = ?1 AND what = 'change'", source);
  return text ? std::optional(std::atoll(text->c_str())) : std::nullopt;
}

// Taken back, and not only too old to be listed.
bool was_undone(Database& db, const Source& source) {
  const auto id = change_of(db, source.id);
  if (!id) return false;
  const auto undone = db.integer("SELECT undone FROM change WHERE id = ?1", *id);
  if (undone) return *undone != 0;
  return *id > db.integer("SELECT coalesce(max(id), 0) FROM change").value_or(0) - kChangesKept;
}

void read_rows(Database& db, Source& out) {
  db.statement("SELECT what, raw, track FROM source_item WHERE source = ?1 ORDER BY rowid")
      .bind(out.id)
      .each([&](const Statement& s) {
        const std::string_view what = s.view(0);
        if (what == "track") {
          SourceItem item;
          auto track = parse_foreign_track(s.view(1), item.offset);
          item.track = std::move(track).value_or(ForeignTrack{});
          item.id = s.integer_or_null(2);
          out.items.push_back(std::move(item));
        } else if (what == "tag" && !out.items.empty()) {
          out.items.back().track.kept.push_back(unpacked(s.view(1)));
        } else if (what == "playlist") {
          if (auto playlist = parse_foreign_playlist(s.view(1))) out.playlists.push_back(std::move(*playlist));
        } else if (what == "kept") {
          out.kept.push_back(unpacked(s.view(1)));
        } else if (what == "map") {
          ForeignKept pair = unpacked(s.view(1));
          out.map.emplace_back(std::move(pair.name), std::move(pair.bytes));
        }
      });
  for (ForeignPlaylist& p : out.playlists)
    std::erase_if(p.tracks, [&](std::size_t i) { return i >= out.items.size(); });
}

}  // namespace

std::optional<Source> read_source(Database& db, const std::string& format, const std::string& path) {
  std::optional<Source> out;
  db.statement(
        "SELECT id, format, program, path, imported FROM source WHERE format = ?1 AND (?2 = X'' OR path = ?2) "
        "ORDER BY imported DESC, id DESC LIMIT 1")
      .bind(format, Bytes{path})
      .each([&](const Statement& s) {
        out.emplace();
        out->id = s.integer(0);
        out->format = s.text(1);
        out->program = s.text(2);
        out->path = s.text(3);
        out->imported = s.integer(4);
      });
  if (!out) return out;
  read_rows(db, *out);
  out->undone = was_undone(db, *out);
  return out;
}

void write_source(Database& db, Source& source, bool goes_on) {
  // Until it is known which change this was, a first import counts as one that may have been taken back.
  std::int64_t change = std::numeric_limits<std::int64_t>::max();
  if (source.id == 0) {
    db.run("INSERT INTO source(format, program, path, imported) VALUES(?1, ?2, ?3, ?4)", source.format, source.program,
           Bytes{source.path}, source.imported);
    source.id = db.last_id();
  } else {
    if (goes_on) change = change_of(db, source.id).value_or(change);
    db.run("UPDATE source SET program = ?2, imported = ?3 WHERE id = ?1", source.id, source.program, source.imported);
    db.run("DELETE FROM source_item WHERE source = ?1", source.id);
  }
  const auto put = [&](std::optional<TrackId> track, const char* what, const std::string& raw) {
    db.run("INSERT INTO source_item(source, track, what, raw) VALUES(?1, ?2, ?3, ?4)", source.id, track, what,
           Bytes{raw});
  };
  for (const SourceItem& item : source.items) {
    put(item.id, "track", foreign_json(item.track, item.offset));
    for (const ForeignKept& k : item.track.kept) put(item.id, "tag", packed(k));
  }
  for (const ForeignPlaylist& p : source.playlists) put(std::nullopt, "playlist", foreign_json(p));
  for (const ForeignKept& k : source.kept) put(std::nullopt, "kept", packed(k));
  for (const auto& [from, to] : source.map) put(std::nullopt, "map", packed({from, to}));
  put(std::nullopt, "change", std::to_string(change));
}

void remember_change(Database& db, const Source& source) {
  db.run(
      "UPDATE source_item SET raw = CAST((SELECT max(id) FROM change) AS BLOB) WHERE source = ?1 AND what = 'change'",
      source.id);
}

}  // namespace tactus::library
