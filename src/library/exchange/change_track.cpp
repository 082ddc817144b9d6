#include "library/exchange/change_track.h"

#include <algorithm>

#include "library/exchange/convert.h"
#include "library/exchange/merge_track.h"
#include "music/key.h"

namespace tactus::library {

namespace {

std::int64_t whole(const FieldValue& value, std::int64_t otherwise) {
  const std::int64_t* found = std::get_if<std::int64_t>(&value);
  return found ? *found : otherwise;
}

double number(const FieldValue& value) {
  const double* found = std::get_if<double>(&value);
  return found ? *found : 0;
}

std::string text(const FieldValue& value) {
  const std::string* found = std::get_if<std::string>(&value);
  return found ? *found : std::string();
}

void put_field(ForeignTrack& t, std::string_view field, const FieldValue& value) {
  if (field == "title") t.title = text(value);
  if (field == "artist") t.artist = text(value);
  if (field == "album") t.album = text(value);
  if (field == "genre") t.genre = text(value);
  if (field == "comment") t.comment = text(value);
  if (field == "label") t.label = text(value);
  if (field == "composer") t.composer = text(value);
  if (field == "remixer") t.remixer = text(value);
  if (field == "year") t.year = static_cast<int>(whole(value, 0));
  if (field == "bpm") t.bpm = number(value);
  if (field == "rating") t.rating = static_cast<int>(whole(value, 0));
  if (field == "color") {
    const std::int64_t color = whole(value, -1);
    t.color = color < 0 ? std::string() : color_name(static_cast<int>(color));
  }
  if (field == "key") {
    const std::int64_t key = whole(value, -1);
    t.key = key < 0 || key >= 24 ? std::string() : std::string(music::Key::of_index(static_cast<int>(key)).tag());
  }
}

ForeignCue foreign_cue(const Mark& m, double offset) {
  return {m.start - offset, m.kind == MarkKind::hot_cue ? m.number : -1, m.name, color_name(m.color)};
}

ForeignLoop foreign_loop(const Mark& m, double offset) {
  return {m.start - offset, m.stop.value_or(m.start) - offset, -1, m.name, color_name(m.color)};
}

// A cue or loop that the library has changed; what stayed of it stays to its last digit.
void change(ForeignCue& c, const Mark& was, const Mark& now, double offset) {
  if (now.start != was.start) c.seconds = now.start - offset;
  c.name = now.name;
  if (now.color != was.color) c.color = color_name(now.color);
}
void change(ForeignLoop& l, const Mark& was, const Mark& now, double offset) {
  if (now.start != was.start) l.start = now.start - offset;
  if (now.stop != was.stop) l.end = now.stop.value_or(now.start) - offset;
  l.name = now.name;
  if (now.color != was.color) l.color = color_name(now.color);
}

class Marks {
 public:
  Marks(const std::vector<Mark>& mine, double offset) : mine_(mine), used_(mine.size()), offset_(offset) {}

  // `was`: what each of `items` was in the library; those that were deleted there are taken out.
  template <class Item>
  void keep(std::vector<Item>& items, const MarkSlots& was) {
    std::vector<Item> out;
    for (std::size_t i = 0; i < items.size(); ++i) {
      // What has no place in the library is the source's own.
      if (was[i]) {
        const std::size_t found = find(*was[i]);
        if (found == mine_.size()) continue;
        used_[found] = true;
        if (!same_mark(mine_[found], *was[i])) change(items[i], *was[i], mine_[found], offset_);
      }
      out.push_back(items[i]);
    }
    items = std::move(out);
  }

  void add_new(ForeignTrack& t) const {
    for (std::size_t i = 0; i < mine_.size(); ++i) {
      if (used_[i]) continue;
      if (mine_[i].kind == MarkKind::loop) {
        t.loops.push_back(foreign_loop(mine_[i], offset_));
      } else {
        t.cues.push_back(foreign_cue(mine_[i], offset_));
      }
    }
  }

 private:
  std::size_t find(const Mark& like) const {
    std::size_t i = 0;
    while (i < mine_.size() && !(mine_[i].kind == like.kind && mine_[i].number == like.number)) ++i;
    return i;
  }

  const std::vector<Mark>& mine_;
  std::vector<bool> used_;
  double offset_;
};

void change_positions(ForeignTrack& t, const SourceItem& item, const Track& mine, const std::string& format) {
  Marks marks(mine.marks, *item.offset);
  marks.keep(t.cues, cue_slots(item.track, *item.offset, format));
  marks.keep(t.loops, loop_slots(item.track, *item.offset, format));
  marks.add_new(t);
  if (mine.grid_by_hand && !same_grid(mine.grid, grid_of(item.track, *item.offset)))
    t.grid = foreign_grid(mine.grid, *item.offset);
}

}  // namespace

std::string path_of(const Track& mine) { return mine.files.empty() ? std::string() : mine.files.front().path; }

ForeignTrack changed_track(const SourceItem& item, const Track& mine, const std::string& format) {
  ForeignTrack t = item.track;
  for (const std::string_view name : foreign_fields()) {
    const FieldValue& have = mine.field(name);
    // What a tag or an analysis says isn't news for a program that has read the file itself.
    const bool by_hand = (mine.by_hand >> find_field(name)->bit & 1) != 0;
    const bool of_grid = name == "bpm" && tempo_is_of_grid(mine, item);
    if (by_hand && !of_grid && have != foreign_field(item.track, name)) put_field(t, name, have);
  }
  const auto plays = static_cast<int>(whole(mine.field("plays"), 0));
  if (plays > std::max(t.plays, 0)) t.plays = plays;
  const bool there =
      std::any_of(mine.files.begin(), mine.files.end(), [&](const TrackFile& f) { return f.path == t.path; });
  if (!there && !mine.files.empty()) t.path = path_of(mine);
  if (item.offset) change_positions(t, item, mine, format);
  return t;
}

ForeignTrack new_track(const Track& mine, double offset) {
  ForeignTrack t;
  t.path = path_of(mine);
  for (const std::string_view name : foreign_fields()) put_field(t, name, mine.field(name));
  t.length = number(mine.field("length"));
  t.plays = static_cast<int>(whole(mine.field("plays"), 0));
  Marks(mine.marks, offset).add_new(t);
  t.grid = foreign_grid(mine.grid, offset);
  return t;
}

}  // namespace tactus::library
