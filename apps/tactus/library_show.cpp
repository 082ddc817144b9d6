#include "library_show.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "library/store/music_file.h"
#include "library_option.h"
#include "progress.h"

namespace tactus::app {

namespace {

using ShowJson = nlohmann::ordered_json;

ShowJson field_json(const library::Field& field, const library::FieldValue& value) {
  if (std::holds_alternative<std::monostate>(value))
    return field.kind == library::FieldKind::flag ? ShowJson(false) : ShowJson(nullptr);
  switch (field.kind) {
    case library::FieldKind::key:
    case library::FieldKind::color:
      return library::field_text(field, value);
    case library::FieldKind::flag:
      return std::get<std::int64_t>(value) != 0;
    default:
      return std::visit(
          [](const auto& v) -> ShowJson {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>) {
              return nullptr;
            } else {
              return v;
            }
          },
          value);
  }
}

const char* mark_name(library::MarkKind kind) {
  switch (kind) {
    case library::MarkKind::hot_cue:
      return "hot cue";
    case library::MarkKind::memory_cue:
      return "memory cue";
    default:
      return "loop";
  }
}

ShowJson mark_json(const library::Mark& m) {
  return {{"kind", mark_name(m.kind)},
          {"number", m.number + 1},
          {"start", m.start},
          {"stop", m.stop ? ShowJson(*m.stop) : ShowJson(nullptr)},
          {"name", m.name},
          {"color", m.color ? ShowJson(fmt::format("#{:06X}", *m.color)) : ShowJson(nullptr)},
          {"origin", m.origin}};
}

std::string shown_value(const library::Field& f, const library::FieldValue& value) {
  const auto* number = std::get_if<double>(&value);
  const auto* whole = std::get_if<std::int64_t>(&value);
  if (f.kind == library::FieldKind::date) return whole ? date_text(*whole) : "";
  if (f.kind == library::FieldKind::flag) return whole && *whole != 0 ? "yes" : "";
  if (f.name == "length" && number) return clock_text(*number);
  std::string text = number ? fmt::format("{:.6g}", *number) : library::field_text(f, value);
  if (!text.empty() && !f.unit.empty()) text += " " + std::string(f.unit);
  return text;
}

}  // namespace

std::string date_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm local{};
  ::localtime_r(&time, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return text;
}

nlohmann::ordered_json library_track_json(const library::Track& t) {
  ShowJson out = {{"id", t.id}};
  ShowJson by_hand = ShowJson::array();
  for (std::size_t i = 0; i < library::kFields.size(); ++i) {
    const library::Field& f = library::kFields[i];
    out[std::string(f.name)] = field_json(f, t.fields[i]);
    if (f.editable() && (t.by_hand >> f.bit & 1) != 0) by_hand.push_back(f.name);
  }
  out["by_hand"] = std::move(by_hand);
  out["content"] = t.content.empty() ? ShowJson(nullptr) : ShowJson(t.content);
  ShowJson files = ShowJson::array(), marks = ShowJson::array(), grid = ShowJson::array();
  for (const library::TrackFile& f : t.files) {
    files.push_back({{"path", library::shown_path(f.path)},
                     {"size", f.size},
                     {"missing_since", f.missing_since ? ShowJson(*f.missing_since) : ShowJson(nullptr)},
                     {"error", f.error.empty() ? ShowJson(nullptr) : ShowJson(f.error)}});
  }
  for (const library::Mark& m : t.marks) marks.push_back(mark_json(m));
  for (const library::AnchorFact& a : t.grid)
    grid.push_back({{"seconds", a.seconds}, {"beat", a.beat}, {"bpm", a.bpm}});
  out["files"] = std::move(files);
  out["marks"] = std::move(marks);
  out["grid"] = std::move(grid);
  return out;
}

std::string track_words(const library::Track& t) {
  const auto text = [&](const char* name) { return shown_value(*library::find_field(name), t.field(name)); };
  const auto* bpm = std::get_if<double>(&t.field("bpm"));
  const std::string artist = text("artist");
  return fmt::format("#{:<6} {}{}  {}  {}  {}", t.id, artist.empty() ? "" : artist + " - ", text("title"),
                     bpm ? fmt::format("{:.1f}", *bpm) : "-", text("key").empty() ? "-" : text("key"), text("length"));
}

std::string track_page(const library::Track& t) {
  std::string out = fmt::format("#{}\n", t.id);
  for (std::size_t i = 0; i < library::kFields.size(); ++i) {
    const library::Field& f = library::kFields[i];
    const std::string text = shown_value(f, t.fields[i]);
    const bool by_hand = f.editable() && (t.by_hand >> f.bit & 1) != 0;
    if (!text.empty()) out += fmt::format("  {:<10} {}{}\n", f.name, text, by_hand ? "  (by hand)" : "");
  }
  for (const library::Mark& m : t.marks) {
    out += fmt::format("  {} {}  {:.3f} s{}  {}\n", mark_name(m.kind), m.number + 1, m.start,
                       m.stop ? fmt::format(" to {:.3f} s", *m.stop) : "", m.name);
  }
  if (!t.grid.empty()) {
    out += fmt::format("  grid       beat {:g} at {:.3f} s, {} tempo{}{}\n", t.grid[0].beat, t.grid[0].seconds,
                       t.grid.size(), t.grid.size() > 1 ? "s" : "", t.grid_by_hand ? "  (by hand)" : "");
  }
  for (const library::TrackFile& f : t.files) {
    out += fmt::format("  {}{}{}\n", library::shown_path(f.path),
                       f.missing_since ? "  (missing since " + date_text(*f.missing_since) + ")" : "",
                       f.error.empty() ? "" : "  (" + f.error + ")");
  }
  return out;
}

std::vector<library::TrackId> tracks_named(library::Database& db, const std::vector<std::string>& names) {
  std::vector<library::TrackId> out;
  for (const std::string& name : names) {
    const auto id = library::find_track(db, name);
    if (!id) throw library::StoreError(library::StoreError::Kind::refused, "the library has no track " + name);
    out.push_back(*id);
  }
  return out;
}

void print_tracks(library::Database& db, const std::vector<library::TrackId>& tracks, bool as_json) {
  for (const library::TrackId id : tracks) {
    const auto track = library::read_track(db, id);
    if (track) fmt::print("{}\n", as_json ? json_line(library_track_json(*track)) : track_words(*track));
  }
}

}  // namespace tactus::app
