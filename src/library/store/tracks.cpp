#include "library/store/tracks.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "music/key.h"

namespace tactus::library {

namespace {

constexpr double kLongest = 48 * 3600;  // seconds; no position is behind that

[[noreturn]] void refuse(const std::string& why) { throw StoreError(StoreError::Kind::refused, why); }

template <class T>
std::optional<T> whole_number(std::string_view text, int base = 10) {
  T out{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return code == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

// Numbers that are counted, not measured.
bool is_whole(const Field& f) {
  return f.name == "year" || f.name == "energy" || f.name == "rating" || f.name == "plays" || f.name == "rate" ||
         f.name == "bitrate";
}

std::string number_text(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string range_text(const Field& f) {
  return std::string(f.name) + " is a number from " + number_text(f.low) + " to " + number_text(f.high);
}

FieldValue parse_number(const Field& f, std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = code == std::errc() && end == text.data() + text.size() && std::isfinite(value);
  if (!whole || ((f.low != 0 || f.high != 0) && (value < f.low || value > f.high))) refuse(range_text(f));
  if (!is_whole(f)) return value;
  if (value != std::floor(value)) refuse(range_text(f) + ", without fractions");
  return static_cast<std::int64_t>(value);
}

template <class T>
std::optional<T> if_any(const FieldValue& value) {
  const T* found = std::get_if<T>(&value);
  return found ? std::optional(*found) : std::nullopt;
}

void read_files(Database& db, Track& out) {
  db.statement(
        "SELECT path, size, missing_since, error FROM file WHERE track = ?1 ORDER BY missing_since IS NOT NULL, id")
      .bind(out.id)
      .each([&](const Statement& s) {
        out.files.push_back({s.text(0), s.integer(1), s.integer_or_null(2), s.text(3)});
      });
}

void read_marks(Database& db, Track& out) {
  db.statement(
        "SELECT id, kind, number, start, stop, name, color, origin FROM mark WHERE track = ?1 "
        "ORDER BY kind, number, start")
      .bind(out.id)
      .each([&](const Statement& s) {
        std::optional<int> color;
        if (!s.null(6)) color = static_cast<int>(s.integer(6));
        out.marks.push_back({s.integer(0), static_cast<MarkKind>(s.integer(1)), static_cast<int>(s.integer(2)),
                             s.number(3), s.number_or_null(4), s.text(5), color, s.text(7)});
      });
}

void read_grid(Database& db, Track& out) {
  db.statement("SELECT anchors, by_hand FROM grid WHERE track = ?1").bind(out.id).each([&](const Statement& s) {
    out.grid_by_hand = s.integer(1) != 0;
    const auto anchors = nlohmann::json::parse(s.view(0), nullptr, false);
    if (!anchors.is_array()) return;
    for (const auto& a : anchors) {
      if (a.is_object()) out.grid.push_back({a.value("seconds", 0.0), a.value("beat", 0.0), a.value("bpm", 120.0)});
    }
  });
}

// Of the table of tracks, in the order of kFields.
const std::string& fields_statement() {
  static const std::string sql = [] {
    std::string columns = "SELECT content, by_hand";
    for (const Field& f : kFields) columns += ", " + std::string(f.column);
    return columns + " FROM track WHERE id = ?1";
  }();
  return sql;
}

FieldValue column_value(const Statement& s, int column, const Field& f) {
  if (s.null(column)) return {};
  if (f.kind == FieldKind::text) return s.text(column);
  if (f.kind == FieldKind::number && !is_whole(f)) return s.number(column);
  return s.integer(column);
}

}  // namespace

std::optional<TrackId> find_track(Database& db, const std::string& named) {
  if (const auto number = whole_number<TrackId>(named.starts_with('#') ? std::string_view(named).substr(1) : named))
    return db.integer("SELECT id FROM track WHERE id = ?1", *number);
  std::error_code code;
  const std::string absolute = std::filesystem::absolute(named, code).lexically_normal().string();
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(named.c_str(), nullptr), std::free);
  for (const std::string& path : {absolute, real ? std::string(real.get()) : absolute})
    if (const auto id = db.integer("SELECT track FROM file WHERE path = ?1 AND track IS NOT NULL", Bytes{path}))
      return id;
  return std::nullopt;
}

const FieldValue& Track::field(std::string_view name) const {
  return fields.at(static_cast<std::size_t>(find_field(name) - kFields.data()));
}

std::optional<Track> read_track(Database& db, TrackId id) {
  std::optional<Track> out;
  db.statement(fields_statement()).bind(id).each([&](const Statement& s) {
    out.emplace();
    out->id = id;
    out->content = s.text(0);
    out->by_hand = s.integer(1);
    int column = 2;
    for (const Field& f : kFields) out->fields.push_back(column_value(s, column++, f));
  });
  if (!out) return out;
  read_files(db, *out);
  read_marks(db, *out);
  read_grid(db, *out);
  return out;
}

FieldValue parse_field(const Field& field, std::string_view text) {
  if (text.empty()) return {};
  switch (field.kind) {
    case FieldKind::text:
      return std::string(text);
    case FieldKind::key:
      if (const auto key = music::parse_key(text)) return std::int64_t{key->index()};
      refuse(std::string(field.name) + " is a key: 8A, Am or 1m");
    case FieldKind::color: {
      const auto value =
          text.size() == 7 && text[0] == '#' ? whole_number<std::int64_t>(text.substr(1), 16) : std::nullopt;
      if (!value) refuse(std::string(field.name) + " is a color: #RRGGBB");
      return *value;
    }
    default:
      return parse_number(field, text);
  }
}

std::string field_text(const Field& field, const FieldValue& value) {
  if (const auto text = if_any<std::string>(value)) return *text;
  if (const auto number = if_any<double>(value)) return number_text(*number);
  const auto whole = if_any<std::int64_t>(value);
  if (!whole) return {};
  if (field.kind == FieldKind::key && *whole >= 0 && *whole < 24)
    return std::string(music::Key::of_index(static_cast<int>(*whole)).camelot());
  if (field.kind != FieldKind::color) return std::to_string(*whole);
  char text[16];
  std::snprintf(text, sizeof text, "#%06X", static_cast<unsigned>(*whole & 0xffffff));
  return text;
}

namespace {

// The next scan reads the tags again, the next analysis puts in what it found.
void find_again(Database& db, TrackId track, const Field& field) {
  db.run("UPDATE file SET mtime = 0 WHERE track = ?1", track);
  if (field.kind != FieldKind::text) db.run("UPDATE track SET analysed = NULL WHERE id = ?1", track);
}

}  // namespace

void set_field(Edit& edit, TrackId track, const Field& field, const FieldValue& value) {
  if (!field.editable()) refuse(std::string(field.name) + " can't be set by hand");
  const bool nothing = std::holds_alternative<std::monostate>(value);
  const std::string column(field.column);
  // Some columns are never NULL.
  const bool never_null = field.kind == FieldKind::text || field.name == "rating";
  const std::string empty = !never_null ? "NULL" : field.kind == FieldKind::text ? "''" : "0";
  const std::int64_t bit = std::int64_t{1} << field.bit;
  Statement& s = edit.db().statement("UPDATE track SET " + column + " = " + (nothing ? empty : "?3") +
                                     ", by_hand = iif(?4, by_hand & ~?2, by_hand | ?2) WHERE id = ?1");
  s.bind(track, bit);
  if (const auto whole = if_any<std::int64_t>(value)) s.bind_one(3, *whole);
  if (const auto number = if_any<double>(value)) s.bind_one(3, *number);
  if (const auto text = if_any<std::string>(value)) s.bind_one(3, *text);
  s.bind_one(4, nothing);
  s.run();
  if (edit.db().changed() == 0) refuse("there is no track " + std::to_string(track));
  if (nothing) find_again(edit.db(), track, field);
}

void put_mark(Edit& edit, TrackId track, const Mark& mark) {
  if (!(mark.start >= 0 && mark.start < kLongest)) refuse("a mark lies at 0 seconds or later");
  if (mark.kind == MarkKind::loop && !(mark.stop && *mark.stop > mark.start && *mark.stop < kLongest))
    refuse("a loop ends after it begins");
  if (mark.number < 0 || mark.number > 999) refuse("marks have numbers from 0 to 999");
  remove_mark(edit, track, mark.kind, mark.number);
  edit.db().run(
      "INSERT INTO mark(track, kind, number, start, stop, name, color, origin) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      track, static_cast<int>(mark.kind), mark.number, mark.start, mark.stop, mark.name, mark.color, mark.origin);
}

bool remove_mark(Edit& edit, TrackId track, MarkKind kind, int number) {
  edit.db().run("DELETE FROM mark WHERE track = ?1 AND kind = ?2 AND number = ?3", track, static_cast<int>(kind),
                number);
  return edit.db().changed() > 0;
}

void set_grid(Edit& edit, TrackId track, const std::vector<AnchorFact>& anchors) {
  // The tempo that is shown and searched for is that of the grid.
  const Field& bpm = *find_field("bpm");
  if (anchors.empty()) {
    edit.db().run("UPDATE grid SET by_hand = 0 WHERE track = ?1", track);
    return set_field(edit, track, bpm, {});
  }
  for (const AnchorFact& a : anchors)
    if (!(a.bpm >= 20 && a.bpm <= 300 && std::abs(a.seconds) < kLongest)) refuse("a grid has a tempo from 20 to 300");
  edit.db().run(
      "INSERT INTO grid(track, origin, anchors, by_hand) VALUES(?1, 'hand', ?2, 1) ON CONFLICT(track) DO UPDATE SET "
      "origin = excluded.origin, anchors = excluded.anchors, by_hand = 1",
      track, anchors_json(anchors));
  set_field(edit, track, bpm, anchors.front().bpm);
}

}  // namespace tactus::library
