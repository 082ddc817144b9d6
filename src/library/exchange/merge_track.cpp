#include "library/exchange/merge_track.h"

#include <cmath>

#include "library/exchange/convert.h"
#include "music/key.h"

namespace tactus::library {

namespace {

const std::string* foreign_text_of(const ForeignTrack& t, std::string_view field) {
  if (field == "title") return &t.title;
  if (field == "artist") return &t.artist;
  if (field == "album") return &t.album;
  if (field == "genre") return &t.genre;
  if (field == "comment") return &t.comment;
  if (field == "label") return &t.label;
  if (field == "composer") return &t.composer;
  if (field == "remixer") return &t.remixer;
  return nullptr;
}

bool same_value(const FieldValue& a, const FieldValue& b) {
  const double* x = std::get_if<double>(&a);
  const double* y = std::get_if<double>(&b);
  return x && y ? std::abs(*x - *y) < 1e-6 : a == b;
}

class Merge {
 public:
  Merge(Edit& edit, const ImportOptions& options, ImportReport& report)
      : edit_(edit), options_(options), report_(report) {}

  void fields(const Track& mine, const SourceItem* before, const SourceItem& now) {
    for (const std::string_view name : foreign_fields()) {
      const Field& field = *find_field(name);
      const FieldValue value = foreign_field(now.track, name);
      const FieldValue& have = mine.field(name);
      if (std::holds_alternative<std::monostate>(value)) continue;
      const bool by_hand = (mine.by_hand >> field.bit & 1) != 0;
      // A tempo and a key are a person's now, also where a tag said the same.
      const bool of_grid = before && name == "bpm" && same_value(value, foreign_field(before->track, name)) &&
                           tempo_is_of_grid(mine, *before);
      if (of_grid) continue;
      if (same_value(value, have) && (by_hand || field.kind == FieldKind::text)) continue;
      const bool ours = by_hand && !(before && same_value(foreign_field(before->track, name), have));
      if (ours && !options_.overwrite) {
        ++report_.kept;
        continue;
      }
      set_field(edit_, mine.id, field, value);
      ++report_.fields;
    }
  }

  void marks(const Track& mine, const std::vector<Mark>& before, const std::vector<Mark>& now) {
    for (const Mark& m : now) {
      const Mark* have = find(mine.marks, m);
      if (have && same_mark(*have, m)) continue;
      const Mark* old = find(before, m);
      // As at the last import, or not there then and now: nobody has touched it in Tactus.
      const bool untouched = have ? old && same_mark(*old, *have) : !old;
      if (!untouched && !options_.overwrite) {
        if (!old || !same_mark(*old, m)) ++report_.kept;
        continue;
      }
      put_mark(edit_, mine.id, m);
      ++report_.marks;
    }
    for (const Mark& m : before) {
      const Mark* have = find(mine.marks, m);
      if (find(now, m) || !have || !same_mark(m, *have)) continue;
      remove_mark(edit_, mine.id, m.kind, m.number);
      ++report_.marks;
    }
  }

  void grid(const Track& mine, const std::vector<AnchorFact>& before, const std::vector<AnchorFact>& now) {
    if (now.empty() || (mine.grid_by_hand && same_grid(mine.grid, now))) return;
    if (mine.grid_by_hand && !same_grid(mine.grid, before) && !options_.overwrite) {
      if (!same_grid(before, now)) ++report_.kept;
      return;
    }
    set_grid(edit_, mine.id, now);
    ++report_.grids;
  }

 private:
  static const Mark* find(const std::vector<Mark>& marks, const Mark& like) {
    for (const Mark& m : marks)
      if (m.kind == like.kind && m.number == like.number) return &m;
    return nullptr;
  }

  Edit& edit_;
  const ImportOptions& options_;
  ImportReport& report_;
};

}  // namespace

const std::vector<std::string_view>& foreign_fields() {
  static const std::vector<std::string_view> names = {"title", "artist",   "album",   "genre", "comment",
                                                      "label", "composer", "remixer", "year",  "bpm",
                                                      "key",   "rating",   "color"};
  return names;
}

FieldValue foreign_field(const ForeignTrack& t, std::string_view field) {
  if (const std::string* text = foreign_text_of(t, field)) return text->empty() ? FieldValue{} : FieldValue{*text};
  if (field == "year" && t.year >= 1000 && t.year <= 9999) return std::int64_t{t.year};
  if (field == "bpm" && t.bpm >= 20 && t.bpm <= 300) return t.bpm;
  if (field == "rating" && t.rating > 0) return std::int64_t{t.rating};
  if (field == "key") {
    if (const auto key = music::parse_key(t.key)) return std::int64_t{key->index()};
  }
  if (field == "color") {
    if (const auto color = color_number(t.color)) return std::int64_t{*color};
  }
  return {};
}

bool tempo_is_of_grid(const Track& mine, const SourceItem& item) {
  if (!item.offset || !mine.grid_by_hand) return false;
  const std::vector<AnchorFact> grid = grid_of(item.track, *item.offset);
  return !grid.empty() && same_grid(mine.grid, grid) && same_value(mine.field("bpm"), grid.front().bpm);
}

void merge_track(Edit& edit, const std::string& format, const SourceItem* before, const SourceItem& now,
                 const ImportOptions& options, ImportReport& report) {
  const auto mine = read_track(edit.db(), *now.id);
  if (!mine) return;
  Merge merge(edit, options, report);
  merge.fields(*mine, before, now);
  if (now.track.plays > 0) {
    edit.db().run("UPDATE track SET plays = ?2 WHERE id = ?1 AND plays < ?2", *now.id, now.track.plays);
    report.fields += edit.db().changed() > 0;
  }
  if (!now.offset) return;
  std::vector<Mark> old_marks;
  std::vector<AnchorFact> old_grid;
  if (before && before->offset) {
    old_marks = marks_of(before->track, *before->offset, format);
    old_grid = grid_of(before->track, *before->offset);
  }
  merge.marks(*mine, old_marks, marks_of(now.track, *now.offset, format));
  merge.grid(*mine, old_grid, grid_of(now.track, *now.offset));
}

}  // namespace tactus::library
