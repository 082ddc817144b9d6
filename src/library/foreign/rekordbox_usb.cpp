// What rekordbox writes on USB sticks: export.pdb (a DeviceSQL database) and ANLZ files (of each track), as the project
// Crate Digger describes them (https://djl-analysis.deepsymmetry.org/rekordbox-export-analysis/exports.html and
// .../anlz.html).
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "library/foreign/bytes.h"
#include "library/foreign/readers.h"

namespace tactus::library {
namespace usb {
namespace {

enum Table : std::uint32_t {
  tracks = 0,
  genres = 1,
  artists = 2,
  albums = 3,
  labels = 4,
  keys = 5,
  playlist_tree = 7,
  playlist_entries = 8,
  history_lists = 11,
  history_entries = 12
};

constexpr std::array<const char*, 9> kColors = {"",        "#FF007F", "#FF0000", "#FFA500", "#FFFF00",
                                                "#00FF00", "#25FDE9", "#0000FF", "#660099"};

// A row begins somewhere in its page and may reach to the page's end.
using Row = std::string_view;

ByteReader little(std::string_view bytes, std::size_t at = 0) {
  ByteReader r(bytes, false);
  r.seek(at);
  return r;
}

// Short ones count their own first byte, doubled, and one; long ones say how they are written.
std::string text_at(Row row, std::size_t at) {
  ByteReader r = little(row, at);
  const unsigned kind = r.u8();
  if (kind % 2 == 1) return as_utf8(r.take(kind / 2 > 0 ? kind / 2 - 1 : 0));
  const std::size_t size = r.u16();
  r.skip(1);
  if (!r.ok() || size < 4) return {};
  const std::string_view bytes = r.take(size - 4);
  if (kind == 0x90) return utf8_of(bytes, false);
  return kind == 0x40 ? as_utf8(bytes) : std::string();
}

// Goes through the chain of a table's pages; a page is in one chain only, so no chain is endless.
class Pages {
 public:
  explicit Pages(std::string_view file) : file_(file) {}

  bool open() {
    ByteReader r = little(file_, 4);
    page_ = r.u32();
    const std::uint32_t tables = r.u32();
    r.skip(16);
    if (!r.ok() || page_ < 512 || page_ > 65536 || tables > 64) return false;
    for (std::uint32_t i = 0; i < tables; ++i) {
      const std::uint32_t type = r.u32();
      r.skip(4);
      const std::uint32_t first = r.u32();
      chains_[type] = {first, r.u32()};
    }
    return r.ok();
  }

  void each(Table table, const std::function<void(Row)>& row) {
    const auto chain = chains_.find(table);
    if (chain == chains_.end()) return;
    std::uint32_t at = chain->second.first;
    for (;;) {
      const std::uint64_t from = std::uint64_t{at} * page_;
      if (from + page_ > file_.size() || !seen_.insert(at).second) return;
      const std::string_view page = file_.substr(from, page_);
      ByteReader r = little(page, 8);
      if (r.u32() != table) return;
      const std::uint32_t next = r.u32();
      rows(page, row);
      if (at == chain->second.second) return;
      at = next;
    }
  }

 private:
  // The index grows from the page's end: sixteen offsets for each two bytes of flags.
  void rows(std::string_view page, const std::function<void(Row)>& row) const {
    constexpr std::size_t kHeap = 0x28, kGroup = 0x24;
    ByteReader r = little(page, 0x18);
    const std::uint32_t count = (r.u8() | std::uint32_t{r.u8()} << 8) & 0x1FFF;
    r.skip(1);
    if ((r.u8() & 0x40) != 0) return;  // no rows of data
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::size_t below = i / 16 * kGroup + 6 + i % 16 * 2;
      if (below + kHeap > page.size()) return;
      const std::size_t flags = page.size() - i / 16 * kGroup - 4;
      const bool there = (little(page, flags).u16() >> (i % 16) & 1) != 0;
      const std::size_t at = kHeap + little(page, page.size() - below).u16();
      if (there && at < page.size()) row(page.substr(at));
    }
  }

  std::string_view file_;
  std::uint32_t page_ = 0;
  std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> chains_;
  std::set<std::uint32_t> seen_;
};

using Names = std::unordered_map<std::uint32_t, std::string>;

std::string named(const Names& names, std::uint32_t id) {
  const auto found = names.find(id);
  return found == names.end() ? std::string() : found->second;
}

// Where a name lies is said in a byte, or in two for names that are far.
void add_name(Names& names, Row row, std::size_t id_at, std::size_t near_at) {
  const bool far = (little(row).u16() & 4) != 0;
  const std::size_t at = far ? little(row, near_at + 1).u16() : little(row, near_at).u8();
  names[little(row, id_at).u32()] = text_at(row, at);
}

struct Tables {
  Names genres, artists, albums, labels, keys;

  explicit Tables(Pages& pages) {
    pages.each(Table::genres, [&](Row r) { genres[little(r).u32()] = text_at(r, 4); });
    pages.each(Table::artists, [&](Row r) { add_name(artists, r, 4, 9); });
    pages.each(Table::albums, [&](Row r) { add_name(albums, r, 12, 0x15); });
    pages.each(Table::labels, [&](Row r) { labels[little(r).u32()] = text_at(r, 4); });
    pages.each(Table::keys, [&](Row r) { keys[little(r).u32()] = text_at(r, 8); });
  }
};

ForeignTrack track_of(Row row, const Tables& tables, const std::string& root, std::string* analysis) {
  constexpr std::size_t kStrings = 0x5E;
  enum Text : std::size_t { analysis_path = 14, comment = 16, title = 17, file_path = 20 };
  const auto u32 = [&](std::size_t at) { return little(row, at).u32(); };
  const auto u16 = [&](std::size_t at) { return little(row, at).u16(); };
  const auto text = [&](Text t) {
    const std::size_t at = u16(kStrings + 2 * t);
    return at == 0 ? std::string() : text_at(row, at);
  };
  ForeignTrack t;
  t.id = std::to_string(u32(0x48));
  t.path = root + text(file_path);
  t.title = text(title);
  t.comment = text(comment);
  t.composer = named(tables.artists, u32(0x0C));
  t.key = named(tables.keys, u32(0x20));
  t.label = named(tables.labels, u32(0x28));
  t.remixer = named(tables.artists, u32(0x2C));
  t.bpm = u32(0x38) / 100.0;
  t.genre = named(tables.genres, u32(0x3C));
  t.album = named(tables.albums, u32(0x40));
  t.artist = named(tables.artists, u32(0x44));
  t.plays = u16(0x4E);
  t.year = u16(0x50);
  t.length = u16(0x54);
  const unsigned color = little(row, 0x58).u8(), rating = little(row, 0x59).u8();
  t.color = color < kColors.size() ? kColors[color] : "";
  t.rating = static_cast<int>(std::min(rating, 5u));
  *analysis = text(analysis_path);
  return t;
}

struct Node {
  std::uint32_t parent, order, id;
  bool folder;
  std::string name;
};

using Entries = std::map<std::uint32_t, std::vector<std::pair<std::uint32_t, std::uint32_t>>>;  // place, track

// Goes down from the root, so that a folder within itself is never come to.
class Tree {
 public:
  Tree(const std::map<std::uint32_t, std::vector<Node>>& nodes, const Entries& entries,
       const std::unordered_map<std::uint32_t, std::size_t>& places, ForeignLibrary& out)
      : nodes_(nodes), entries_(entries), places_(places), out_(out) {}

  void read(std::uint32_t folder) {
    const auto below = nodes_.find(folder);
    if (below == nodes_.end() || path_.size() >= kDeepestFolder || !seen_.insert(folder).second) return;
    for (const Node& n : below->second) {
      path_.push_back(n.name);
      ++met_;
      n.folder ? read(n.id) : add(n.id, path_, ForeignList::list);
      path_.pop_back();
    }
  }
  std::size_t met() const { return met_; }

  void add(std::uint32_t id, std::vector<std::string> path, ForeignList kind) {
    ForeignPlaylist list{std::move(path), {}, kind};
    if (const auto found = entries_.find(id); found != entries_.end()) {
      auto sorted = found->second;
      std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (const auto& [place, track] : sorted) {
        const auto at = places_.find(track);
        at == places_.end() ? void(++unknown) : list.tracks.push_back(at->second);
      }
    }
    out_.playlists.push_back(std::move(list));
  }
  std::size_t unknown = 0;

 private:
  const std::map<std::uint32_t, std::vector<Node>>& nodes_;
  const Entries& entries_;
  const std::unordered_map<std::uint32_t, std::size_t>& places_;
  ForeignLibrary& out_;
  std::vector<std::string> path_;
  std::set<std::uint32_t> seen_;
  std::size_t met_ = 0;
};

void read_playlists(Pages& pages, const std::unordered_map<std::uint32_t, std::size_t>& places, ForeignLibrary& out) {
  std::map<std::uint32_t, std::vector<Node>> nodes;
  std::size_t count = 0;
  pages.each(playlist_tree, [&](Row row) {
    ByteReader r = little(row);
    const std::uint32_t parent = r.u32();
    r.skip(4);
    const std::uint32_t order = r.u32(), id = r.u32(), folder = r.u32();
    if (!r.ok()) return;
    nodes[parent].push_back({parent, order, id, folder != 0, text_at(row, 20)});
    ++count;
  });
  for (auto& [parent, below] : nodes)
    std::stable_sort(below.begin(), below.end(), [](const Node& a, const Node& b) { return a.order < b.order; });
  Entries entries, played;
  pages.each(playlist_entries, [&](Row row) {
    ByteReader r = little(row);
    const std::uint32_t place = r.u32(), track = r.u32(), list = r.u32();
    if (r.ok()) entries[list].push_back({place, track});
  });
  pages.each(history_entries, [&](Row row) {
    ByteReader r = little(row);
    const std::uint32_t track = r.u32(), list = r.u32(), place = r.u32();
    if (r.ok()) played[list].push_back({place, track});
  });
  Tree tree(nodes, entries, places, out);
  tree.read(0);
  note_left_out(count - std::min(count, tree.met()), "playlists and folders that lie in no folder, or in themselves",
                out);
  const std::map<std::uint32_t, std::vector<Node>> none;
  Tree history(none, played, places, out);
  pages.each(history_lists, [&](Row row) {
    history.add(little(row).u32(), {"History", text_at(row, 4)}, ForeignList::history);
  });
  note_left_out(tree.unknown + history.unknown, "entries of playlists that name no track", out);
}

// -- ANLZ

struct Beat {
  int number;
  double bpm, seconds;
};

// Beats of one tempo are one anchor, if they lie within 2 ms of a line; else each half for itself. The line goes
// through the first and the last, since a tempo in hundredths is too coarse for a whole track.
void add_anchors(const std::vector<Beat>& beats, std::size_t from, std::size_t to, std::vector<ForeignAnchor>& grid) {
  constexpr double kNear = 0.002;
  const Beat& first = beats[from];
  const double span = beats[to - 1].seconds - first.seconds;
  const std::size_t steps = to - from - 1;
  const double step = steps > 0 ? span / static_cast<double>(steps) : 0;
  bool even = steps == 0 || step > 0;
  for (std::size_t i = from; i < to && even; ++i)
    even = std::abs(first.seconds + step * static_cast<double>(i - from) - beats[i].seconds) <= kNear;
  if (!even && steps > 0) {
    const std::size_t middle = from + (to - from) / 2;
    add_anchors(beats, from, middle, grid);
    add_anchors(beats, middle, to, grid);
    return;
  }
  // Few beats say less of the tempo than the number that stands beside them.
  constexpr std::size_t kMany = 16;
  grid.push_back({first.seconds, steps >= kMany ? 60 / step : first.bpm, first.number, 4});
}

void read_beats(ByteReader r, ForeignTrack& t) {
  r.skip(8);
  const std::uint32_t count = r.u32();
  std::vector<Beat> beats;
  for (std::uint32_t i = 0; i < count && r.ok() && !r.at_end(); ++i) {
    const int number = r.u16();
    const double bpm = r.u16() / 100.0;
    beats.push_back({number, bpm, r.u32() * 0.001});
  }
  if (!r.ok() || beats.empty()) return;
  t.grid.clear();
  std::size_t from = 0;
  for (std::size_t i = 1; i <= beats.size(); ++i) {
    if (i < beats.size() && beats[i].bpm == beats[from].bpm) continue;
    add_anchors(beats, from, i, t.grid);
    from = i;
  }
  put_in_order(t.grid);
}

void add_cue(ForeignTrack& t, int type, std::uint32_t hot, std::uint32_t start, std::uint32_t end, std::string name,
             std::string color) {
  constexpr int kLoop = 2;
  const int number = static_cast<int>(std::min(hot, 1000u)) - 1;
  if (type == kLoop) {
    t.loops.push_back({start * 0.001, end * 0.001, number, std::move(name), std::move(color)});
  } else {
    t.cues.push_back({start * 0.001, number, std::move(name), std::move(color)});
  }
}

void read_cues(ByteReader r, ForeignTrack& t) {
  r.skip(12);  // which kind, how many: each cue says it, too
  while (!r.at_end()) {
    if (r.take(4) != "PCPT") return;
    r.skip(4);
    const std::uint32_t size = r.u32();
    if (!r.ok() || size < 0x38 || size - 12 > r.left()) return;
    ByteReader c(r.take(size - 12));
    const std::uint32_t hot = c.u32(), status = c.u32();
    c.skip(8);
    const int type = c.u8();
    c.skip(3);
    const std::uint32_t start = c.u32(), end = c.u32();
    // Hot cues that are there may have no status.
    if (status != 0 || hot != 0) add_cue(t, type, hot, start, end, {}, {});
  }
}

// What is said here goes before what .DAT says of the same kind: it has names and colours.
void read_named_cues(ByteReader r, ForeignTrack& t) {
  const bool hot_ones = r.u32() == 1;
  const std::uint32_t count = r.u16();
  r.skip(2);
  if (!r.ok() || count == 0) return;
  const auto same_kind = [&](const auto& c) { return (c.number >= 0) == hot_ones; };
  std::erase_if(t.cues, same_kind);
  std::erase_if(t.loops, same_kind);
  while (!r.at_end()) {
    if (r.take(4) != "PCP2") return;
    r.skip(4);
    const std::uint32_t size = r.u32();
    if (!r.ok() || size < 0x1C || size - 12 > r.left()) return;
    ByteReader c(r.take(size - 12));
    const std::uint32_t hot = c.u32();
    const int type = c.u8();
    c.skip(3);
    const std::uint32_t start = c.u32(), end = c.u32();
    const unsigned color_id = c.u8();
    c.skip(11);
    std::string name = utf8_of(c.take(c.u32()), true);
    name = name.substr(0, name.find('\0'));
    const unsigned code = c.u8();
    const int red = c.u8(), green = c.u8(), blue = c.u8();
    std::string color = hot_ones || color_id >= kColors.size() ? std::string() : kColors[color_id];
    if (hot_ones && c.ok() && (code != 0 || red + green + blue > 0)) color = color_of(red, green, blue);
    add_cue(t, type, hot, start, end, std::move(name), std::move(color));
  }
}

}  // namespace
}  // namespace usb

bool read_pdb(std::string_view bytes, const std::string& root, ForeignLibrary& out, std::vector<std::string>& analyses,
              std::string* error) {
  using namespace usb;
  out.format = "rekordbox USB stick";
  out.program = "rekordbox";
  Pages pages(bytes);
  if (!pages.open()) {
    *error = "it doesn't begin as rekordbox's export.pdb does";
    return false;
  }
  const Tables tables(pages);
  std::unordered_map<std::uint32_t, std::size_t> places;
  pages.each(tracks, [&](Row row) {
    std::string analysis;
    ForeignTrack t = track_of(row, tables, root, &analysis);
    if (t.path == root) return;
    places.emplace(little(row, 0x48).u32(), out.tracks.size());
    out.tracks.push_back(std::move(t));
    analyses.push_back(std::move(analysis));
  });
  read_playlists(pages, places, out);
  return true;
}

bool read_anlz(std::string_view bytes, ForeignTrack& track) {
  using namespace usb;
  ByteReader r(bytes);
  if (r.take(4) != "PMAI") return false;
  r.seek(r.u32());
  while (r.ok() && r.left() >= 12) {
    const std::size_t from = r.at();
    const std::string_view tag = r.take(4);
    r.skip(4);
    const std::uint32_t size = r.u32();
    if (size < 12 || size > bytes.size() - from) break;
    const ByteReader inner(r.take(size - 12));
    if (tag == "PQTZ") read_beats(inner, track);
    if (tag == "PCOB") read_cues(inner, track);
    if (tag == "PCO2") read_named_cues(inner, track);
  }
  return true;
}

}  // namespace tactus::library
