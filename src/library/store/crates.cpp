#include "library/store/crates.h"

#include <algorithm>

namespace tactus::library {

namespace {

[[noreturn]] void refuse_crate(const std::string& why) { throw StoreError(StoreError::Kind::refused, why); }

std::vector<std::string> names_of(const std::string& path) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '/') {
      out.emplace_back();
    } else {
      if (path[i] == '\\' && i + 1 < path.size()) ++i;
      out.back() += path[i];
    }
  }
  return out;
}

std::string escaped_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c == '/' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::optional<CrateId> child(Database& db, std::optional<CrateId> parent, const std::string& name) {
  return db.integer("SELECT id FROM crate WHERE parent IS ?1 AND name = ?2", parent, name);
}

void check_name(Database& db, std::optional<CrateId> parent, const std::string& name) {
  if (name.empty()) refuse_crate("a crate needs a name");
  if (child(db, parent, name)) refuse_crate("there is a crate of that name already: " + name);
}

int next_place(Database& db, std::optional<CrateId> parent) {
  return static_cast<int>(
      db.integer("SELECT coalesce(max(place) + 1, 0) FROM crate WHERE parent IS ?1", parent).value_or(0));
}

CrateId insert_crate(Edit& edit, std::optional<CrateId> parent, const std::string& name, CrateKind kind,
                     const std::string& rule) {
  edit.db().run("INSERT INTO crate(parent, name, place, kind, rule) VALUES(?1, ?2, ?3, ?4, ?5)", parent, name,
                next_place(edit.db(), parent), static_cast<int>(kind), rule);
  return edit.db().last_id();
}

Crate known_crate(Database& db, CrateId id) {
  const auto crate = read_crate(db, id);
  if (!crate) refuse_crate("there is no such crate");
  return *crate;
}

void check_list(Database& db, CrateId id) {
  const Crate crate = known_crate(db, id);
  if (crate.kind == CrateKind::folder) refuse_crate(crate.name + " is a folder: tracks go into the crates in it");
  if (crate.kind == CrateKind::smart) refuse_crate(crate.name + " is a smart crate: its rule says what is in it");
}

Crate crate_row(const Statement& s) {
  return {s.integer(0),
          s.integer_or_null(1),
          s.text(2),
          static_cast<int>(s.integer(3)),
          static_cast<CrateKind>(s.integer(4)),
          s.text(5),
          s.integer(6)};
}
constexpr const char* kCrateColumns =
    "SELECT id, parent, name, place, kind, rule, (SELECT count(*) FROM crate_track WHERE crate = crate.id) FROM crate ";

std::vector<TrackId> all_tracks(Database& db, CrateId crate) {
  std::vector<TrackId> out;
  db.statement("SELECT track FROM crate_track WHERE crate = ?1 ORDER BY place")
      .bind(crate)
      .each([&](const Statement& s) { out.push_back(s.integer(0)); });
  return out;
}

}  // namespace

std::string crate_path(Database& db, CrateId id) {
  std::string out;
  // A damaged database may have a circle.
  for (int depth = 0; depth < 1000; ++depth) {
    const auto crate = read_crate(db, id);
    if (!crate) break;
    out = escaped_name(crate->name) + (out.empty() ? "" : "/" + out);
    if (!crate->parent) break;
    id = *crate->parent;
  }
  return out;
}

std::optional<CrateId> find_crate(Database& db, const std::string& path) {
  std::optional<CrateId> at;
  for (const std::string& name : names_of(path)) {
    at = child(db, at, name);
    if (!at) return std::nullopt;
  }
  return at;
}

std::optional<Crate> read_crate(Database& db, CrateId id) {
  std::optional<Crate> out;
  db.statement(std::string(kCrateColumns) + "WHERE id = ?1").bind(id).each([&](const Statement& s) {
    out = crate_row(s);
  });
  return out;
}

std::vector<Crate> crates_in(Database& db, std::optional<CrateId> folder) {
  std::vector<Crate> out;
  db.statement(std::string(kCrateColumns) + "WHERE parent IS ?1 ORDER BY place, id")
      .bind(folder)
      .each([&](const Statement& s) { out.push_back(crate_row(s)); });
  return out;
}

std::vector<TrackId> crate_tracks(Database& db, CrateId crate, std::int64_t from, int most) {
  std::vector<TrackId> out;
  db.statement("SELECT track FROM crate_track WHERE crate = ?1 ORDER BY place LIMIT ?2 OFFSET ?3")
      .bind(crate, std::min(most, kMostRows), from)
      .each([&](const Statement& s) { out.push_back(s.integer(0)); });
  return out;
}

CrateId make_crate(Edit& edit, const std::string& path, CrateKind kind, const std::string& rule) {
  const std::vector<std::string> names = names_of(path);
  std::optional<CrateId> at;
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    const auto next = child(edit.db(), at, names[i]);
    if (!next && names[i].empty()) refuse_crate("a crate needs a name");
    if (next && known_crate(edit.db(), *next).kind != CrateKind::folder) refuse_crate(names[i] + " is no folder");
    at = next ? *next : insert_crate(edit, at, names[i], CrateKind::folder, {});
  }
  check_name(edit.db(), at, names.back());
  return insert_crate(edit, at, names.back(), kind, rule);
}

void rename_crate(Edit& edit, CrateId crate, const std::string& name) {
  const Crate before = known_crate(edit.db(), crate);
  if (before.name == name) return;
  check_name(edit.db(), before.parent, name);
  edit.db().run("UPDATE crate SET name = ?2 WHERE id = ?1", crate, name);
}

void move_crate(Edit& edit, CrateId crate, std::optional<CrateId> folder, std::optional<int> place) {
  Database& db = edit.db();
  const Crate before = known_crate(db, crate);
  if (folder && known_crate(db, *folder).kind != CrateKind::folder) refuse_crate("crates lie in folders");
  for (std::optional<CrateId> at = folder; at; at = known_crate(db, *at).parent)
    if (*at == crate) refuse_crate("a folder can't be put into itself");
  if (before.parent != folder) check_name(db, folder, before.name);
  db.run("UPDATE crate SET parent = ?2, place = ?3 WHERE id = ?1", crate, folder, next_place(db, folder));
  if (!place) return;
  std::vector<Crate> all = crates_in(db, folder);
  const Crate moved = all.back();
  all.pop_back();
  all.insert(all.begin() + std::clamp(*place, 0, static_cast<int>(all.size())), moved);
  for (std::size_t i = 0; i < all.size(); ++i) db.run("UPDATE crate SET place = ?2 WHERE id = ?1", all[i].id, i);
}

void delete_crate(Edit& edit, CrateId crate) {
  known_crate(edit.db(), crate);
  edit.db().run("DELETE FROM crate WHERE id = ?1", crate);
}

void add_to_crate(Edit& edit, CrateId crate, const std::vector<TrackId>& tracks, std::optional<std::size_t> position) {
  Database& db = edit.db();
  check_list(db, crate);
  if (position) {
    std::vector<TrackId> all = all_tracks(db, crate);
    const std::size_t at = std::min(*position, all.size());
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(at), tracks.begin(), tracks.end());
    return set_crate_tracks(edit, crate, all);
  }
  auto place = db.integer("SELECT coalesce(max(place) + 1, 0) FROM crate_track WHERE crate = ?1", crate).value_or(0);
  for (const TrackId track : tracks)
    db.run("INSERT INTO crate_track(crate, place, track) VALUES(?1, ?2, ?3)", crate, place++, track);
}

void set_crate_tracks(Edit& edit, CrateId crate, const std::vector<TrackId>& tracks) {
  Database& db = edit.db();
  check_list(db, crate);
  db.run("DELETE FROM crate_track WHERE crate = ?1", crate);
  std::int64_t place = 0;
  for (const TrackId track : tracks)
    db.run("INSERT INTO crate_track(crate, place, track) VALUES(?1, ?2, ?3)", crate, place++, track);
}

std::size_t remove_from_crate(Edit& edit, CrateId crate, const std::vector<TrackId>& tracks) {
  check_list(edit.db(), crate);
  std::size_t removed = 0;
  for (const TrackId track : tracks) {
    edit.db().run("DELETE FROM crate_track WHERE crate = ?1 AND track = ?2", crate, track);
    removed += static_cast<std::size_t>(edit.db().changed());
  }
  return removed;
}

std::vector<TrackId> prepared(Database& db) {
  std::vector<TrackId> out;
  db.statement("SELECT track FROM prepare ORDER BY place").bind().each([&](const Statement& s) {
    out.push_back(s.integer(0));
  });
  return out;
}

void set_prepared(Edit& edit, const std::vector<TrackId>& tracks) {
  edit.db().run("DELETE FROM prepare");
  std::int64_t place = 0;
  for (const TrackId track : tracks) edit.db().run("INSERT INTO prepare(place, track) VALUES(?1, ?2)", place++, track);
}

}  // namespace tactus::library
