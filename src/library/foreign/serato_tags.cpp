#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "library/foreign/bytes.h"
#include "library/foreign/readers.h"
#include "library/foreign/serato.h"

namespace tactus::library {
namespace serato {
namespace {

constexpr int kSlots = 8;    // cues, and as many loops
constexpr int kOldCues = 5;  // in "Serato Markers_", which has 9 places for loops after them
constexpr std::uint32_t kOldMost = 0xFFFFFF;
constexpr const char* kCueColor = "#CC0000";
constexpr const char* kLoopColor = "#27AAE1";
constexpr double kMs = 0.001;

struct Mark {
  std::uint32_t start = 0, end = 0;  // ms
  std::string name, color;
  bool operator==(const Mark&) const = default;
};
// By number; nothing: there is none.
struct Marks {
  std::array<std::optional<Mark>, kSlots> cues, loops;
};

std::string rgb(std::string_view three) {
  return color_of(static_cast<unsigned char>(three[0]), static_cast<unsigned char>(three[1]),
                  static_cast<unsigned char>(three[2]));
}

std::uint32_t number_of_color(const std::string& color, const char* otherwise) {
  const std::string& c = color.size() == 7 ? color : std::string(otherwise);
  return static_cast<std::uint32_t>(std::strtoul(c.c_str() + 1, nullptr, 16)) & 0xFFFFFF;
}

std::string color_of_number(std::uint32_t c) {
  return color_of(static_cast<int>(c >> 16 & 255), static_cast<int>(c >> 8 & 255), static_cast<int>(c & 255));
}

// A bit is left free after each seven, so that no byte looks like the beginning of an MPEG frame.
std::uint32_t of_serato32(std::uint32_t v) {
  return (v & 0x7F) | (v >> 1 & 0x3F80) | (v >> 2 & 0x1FC000) | (v >> 3 & 0xE00000);
}
std::uint32_t as_serato32(std::uint32_t v) {
  return (v & 0x7F) | (v & 0x3F80) << 1 | (v & 0x1FC000) << 2 | (v & 0xE00000) << 3;
}

// The colour that Serato shows for the one that it stores, and the other way round; white: none.
std::string shown_track_color(std::uint32_t stored) {
  if (stored == 0xFFFFFF) return {};
  return color_of_number(stored < 0x666666 ? stored + 0x99999A : stored - 0x666666);
}
std::uint32_t stored_track_color(const std::string& shown) {
  if (shown.size() != 7) return 0xFFFFFF;
  const std::uint32_t c = number_of_color(shown, "#FFFFFF");
  return (c < 0x99999A ? c + 0x666666 : c - 0x99999A) & 0xFFFFFF;
}

const std::string* tag_of(const std::vector<ForeignKept>& kept, std::string_view name) {
  for (const ForeignKept& k : kept) {
    if (k.name == name) return &k.bytes;
  }
  return nullptr;
}

// -- Markers2: base64 of named entries

struct Entry {
  std::string name, data;
};

struct Markers2 {
  std::vector<Entry> entries;
  bool ok = false;
};

Markers2 parse_markers2(std::string_view bytes) {
  Markers2 out;
  if (!bytes.starts_with("\x01\x01")) return out;
  bytes.remove_prefix(2);
  const std::string text = of_base64(bytes.substr(0, bytes.find('\0')));
  if (!text.starts_with("\x01\x01")) return out;
  ByteReader r(std::string_view(text).substr(2));
  while (!r.at_end()) {
    const std::string name(r.text());
    if (name.empty()) break;
    const std::uint32_t size = r.u32();
    const std::string data(r.take(size));
    if (!r.ok()) return out;
    out.entries.push_back({name, data});
  }
  out.ok = true;
  return out;
}

std::string write_markers2(const std::vector<Entry>& entries, std::size_t room) {
  std::string inner = "\x01\x01";
  for (const Entry& e : entries) {
    inner += e.name;
    inner += '\0';
    put_big(inner, e.data.size(), 4);
    inner += e.data;
  }
  inner += '\0';
  std::string out = "\x01\x01" + as_base64(inner);
  // With a NUL at least; Serato leaves room to grow.
  constexpr std::size_t kRoom = 470;
  out.resize(std::max({out.size() + 1, kRoom, room}), '\0');
  return out;
}

bool read_entry(const Entry& e, Marks& marks, std::string* track_color) {
  ByteReader r(e.data);
  r.skip(1);
  if (e.name == "COLOR") {
    const std::string_view c = r.take(3);
    if (r.ok()) *track_color = shown_track_color(number_of_color(rgb(c), "#FFFFFF"));
  } else if (e.name == "CUE") {
    const int number = r.u8();
    Mark m{r.u32(), 0, {}, {}};
    r.skip(1);
    const std::string_view c = r.take(3);
    r.skip(2);
    m.name = as_utf8(r.text());
    if (!r.ok() || number >= kSlots) return false;
    m.color = rgb(c);
    marks.cues[static_cast<std::size_t>(number)] = m;
  } else if (e.name == "LOOP") {
    const int number = r.u8();
    Mark m{r.u32(), 0, {}, {}};
    m.end = r.u32();
    r.skip(5);
    const std::string_view c = r.take(3);
    r.skip(2);
    m.name = as_utf8(r.text());
    if (!r.ok() || number >= kSlots) return false;
    m.color = rgb(c);
    marks.loops[static_cast<std::size_t>(number)] = m;
  }
  return r.ok();
}

// -- Markers_: 14 places of one size

struct Layout {
  std::size_t size, color, type;  // of an entry, and where in it
  bool mp4;
};
constexpr Layout kId3{22, 16, 20, false}, kMp4{19, 14, 17, true};
constexpr std::size_t kHead = 6;

struct Place {
  bool set = false;
  std::uint32_t start = 0, end = 0, color = 0;
};

Place read_place(std::string_view bytes, const Layout& l, bool loop) {
  ByteReader r(bytes);
  Place p;
  const auto position = [&](std::uint32_t* at) {
    const bool given = l.mp4 || r.u8() == 0;
    const std::uint32_t v = r.u32();
    *at = l.mp4 ? v : of_serato32(v);
    return given && v != 0xFFFFFFFF;
  };
  const bool start = position(&p.start), end = position(&p.end);
  r.seek(l.color);
  p.color = l.mp4 ? number_of_color(rgb(r.take(3)), kCueColor) : of_serato32(r.u32());
  // In MP4 a cue that isn't set has type 0 and any position.
  p.set = start && (loop ? end && p.end > p.start : r.u8() == 1);
  return p;
}

void write_place(std::string& bytes, const Layout& l, bool loop, const std::optional<Mark>& m) {
  std::string out;
  const auto position = [&](bool given, std::uint32_t at) {
    if (!l.mp4) put_big(out, given ? 0 : 0x7F, 1);
    put_big(out, !given ? (l.mp4 ? 0xFFFFFFFF : 0x7F7F7F7F) : l.mp4 ? at : as_serato32(at), 4);
  };
  position(m.has_value(), m ? m->start : 0);
  position(m && loop, m ? m->end : 0);
  const std::uint32_t color = m ? number_of_color(m->color, loop ? kLoopColor : kCueColor) : loop ? 0x27AAE1 : 0;
  const std::string rest = bytes.substr(out.size());
  out += rest.substr(0, l.color - out.size());
  l.mp4 ? put_big(out, color, 3) : put_big(out, as_serato32(color), 4);
  put_big(out, loop ? 3 : m ? 1 : 0, 1);
  out += bytes.substr(l.type + 1);
  bytes = out;
}

bool has_places(std::string_view tag, const Layout& l) {
  ByteReader r(tag);
  return r.u16() == 0x0205 && r.u32() == 14 && r.left() >= 14 * l.size;
}

// Positions and colours of those that are set; names are known to Markers2 alone.
void read_markers(std::string_view tag, const Layout& l, Marks& marks) {
  for (std::size_t i = 0; i < kOldCues + kSlots; ++i) {
    const bool loop = i >= kOldCues;
    const Place p = read_place(tag.substr(kHead + i * l.size, l.size), l, loop);
    if (!p.set) continue;
    std::optional<Mark>& m = loop ? marks.loops[i - kOldCues] : marks.cues[i];
    if (!m) m.emplace();
    m->start = p.start;
    m->end = loop ? p.end : 0;
    m->color = color_of_number(p.color);
  }
}

std::string empty_markers(const Layout& l) {
  std::string out;
  put_big(out, 0x0205, 2);
  put_big(out, 14, 4);
  for (std::size_t i = 0; i < 14; ++i) {
    std::string place(l.size, '\0');
    const char fill = l.mp4 ? '\xFF' : '\x7F';
    const std::size_t from = l.mp4 ? 9 : 11;
    std::fill_n(place.begin() + static_cast<std::ptrdiff_t>(from), l.mp4 ? 4 : 5, fill);
    write_place(place, l, i >= kOldCues, std::nullopt);
    out += place;
  }
  put_big(out, l.mp4 ? 0xFFFFFF : as_serato32(0xFFFFFF), 4);
  return out;
}

// -- BeatGrid

bool read_beatgrid(std::string_view tag, std::vector<ForeignAnchor>& grid) {
  ByteReader r(tag);
  if (r.u16() != 0x0100) return false;
  const std::uint32_t count = r.u32();
  if (count > r.left() / 8) return false;
  std::vector<double> at;
  std::vector<std::uint32_t> beats;
  double last_bpm = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    at.push_back(r.f32());
    i + 1 < count ? void(beats.push_back(r.u32())) : void(last_bpm = r.f32());
  }
  if (!r.ok()) return false;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const bool last = i + 1 == at.size();
    if (!last && at[i + 1] <= at[i]) return false;
    grid.push_back({at[i], last ? last_bpm : beats[i] * 60 / (at[i + 1] - at[i]), 1, 4});
  }
  return true;
}

std::string write_beatgrid(const std::vector<ForeignAnchor>& grid, std::string_view before,
                           std::vector<std::string>& cant) {
  std::string out;
  put_big(out, 0x0100, 2);
  put_big(out, grid.size(), 4);
  bool uneven = false;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    put_big(out, std::bit_cast<std::uint32_t>(static_cast<float>(grid[i].seconds)), 4);
    if (i + 1 == grid.size()) {
      put_big(out, std::bit_cast<std::uint32_t>(static_cast<float>(grid[i].bpm)), 4);
    } else {
      const double beats = (grid[i + 1].seconds - grid[i].seconds) * grid[i].bpm / 60;
      const double whole = std::clamp(std::round(beats), 1.0, 1e9);
      uneven |= std::abs(beats - whole) > 0.01;
      put_big(out, static_cast<std::uint32_t>(whole), 4);
    }
  }
  if (uneven) cant.emplace_back("a grid whose tempo changes between two beats changes at the next beat");
  out += before.empty() ? '\0' : before.back();
  return out;
}

// -- what a track says, in places

std::uint32_t whole_ms(double seconds, bool& rounded) {
  const double ms = std::clamp(seconds / kMs, 0.0, 4294967294.0), whole = std::round(ms);
  rounded |= std::abs(ms - whole) > 0.001;
  return static_cast<std::uint32_t>(whole);
}

// Those with a number first, the others where there is room.
template <typename Item, typename Put>
std::size_t place_all(const std::vector<Item>& items, std::array<std::optional<Mark>, kSlots>& places, Put make,
                      std::size_t* moved) {
  std::size_t left_out = 0;
  std::vector<const Item*> later;
  for (const Item& i : items) {
    if (i.number >= 0 && i.number < kSlots && !places[static_cast<std::size_t>(i.number)]) {
      places[static_cast<std::size_t>(i.number)] = make(i);
    } else {
      later.push_back(&i);
    }
  }
  for (const Item* i : later) {
    const auto free = std::find(places.begin(), places.end(), std::nullopt);
    if (free == places.end()) {
      ++left_out;
    } else {
      *free = make(*i);
      ++*moved;
    }
  }
  return left_out;
}

Marks marks_of(const ForeignTrack& t, std::vector<std::string>& cant) {
  Marks out;
  bool rounded = false;
  std::size_t moved = 0;
  const auto named = [](const std::string& name) { return name.substr(0, name.find('\0')); };
  const std::size_t cues = place_all(
      t.cues, out.cues,
      [&](const ForeignCue& c) {
        return Mark{whole_ms(c.seconds, rounded), 0, named(c.name), c.color.empty() ? kCueColor : c.color};
      },
      &moved);
  const std::size_t loops = place_all(
      t.loops, out.loops,
      [&](const ForeignLoop& l) {
        return Mark{whole_ms(l.start, rounded), whole_ms(l.end, rounded), named(l.name),
                    l.color.empty() ? kLoopColor : l.color};
      },
      &moved);
  if (rounded) cant.emplace_back("cues and loops are rounded to whole milliseconds");
  if (cues > 0) cant.push_back(std::to_string(cues) + " cues beyond the 8 that Serato has are left out");
  if (loops > 0) cant.push_back(std::to_string(loops) + " loops beyond the 8 that Serato has are left out");
  if (moved > 0)
    cant.push_back(std::to_string(moved) + " marks without a number of Serato's are given one that was free");
  return out;
}

std::string cue_entry(std::size_t number, const Mark& m) {
  std::string d(1, '\0');
  put_big(d, number, 1);
  put_big(d, m.start, 4);
  put_big(d, number_of_color(m.color, kCueColor), 4);
  return d + std::string(2, '\0') + m.name + '\0';
}

// What stands between the end and the name (a lock among it) stays.
std::string loop_entry(std::size_t number, const Mark& m, const std::string& before) {
  std::string d(1, '\0');
  put_big(d, number, 1);
  put_big(d, m.start, 4);
  put_big(d, m.end, 4);
  d += before.size() >= 14 ? before.substr(10, 4) : std::string(4, '\xFF');
  put_big(d, number_of_color(m.color, kLoopColor), 4);
  d += before.size() >= 20 ? before.substr(18, 2) : std::string(2, '\0');
  return d + m.name + '\0';
}

// Puts `now` in the place of what `entries` say of it; the rest stays where it is.
void change_entries(std::vector<Entry>& entries, const Marks& now, const std::string& color) {
  Marks left = now;
  bool colored = false;
  std::erase_if(entries, [&](Entry& e) {
    Marks said;
    std::string said_color;
    if ((e.name != "CUE" && e.name != "LOOP" && e.name != "COLOR") || !read_entry(e, said, &said_color)) return false;
    if (e.name == "COLOR") {
      colored = true;
      if (said_color != color) put_big(e.data = std::string(), stored_track_color(color), 4);
      return false;
    }
    const bool loop = e.name == "LOOP";
    const auto number = static_cast<std::size_t>(static_cast<unsigned char>(e.data[1]));
    std::optional<Mark>& m = (loop ? left.loops : left.cues)[number];
    if (!m) return true;
    if (*m != (loop ? said.loops : said.cues)[number])
      e.data = loop ? loop_entry(number, *m, e.data) : cue_entry(number, *m);
    m.reset();
    return false;
  });
  if (!colored && !color.empty()) {
    Entry e{"COLOR", {}};
    put_big(e.data, stored_track_color(color), 4);
    entries.insert(entries.begin(), e);
  }
  for (std::size_t i = 0; i < kSlots; ++i) {
    if (left.cues[i]) entries.push_back({"CUE", cue_entry(i, *left.cues[i])});
  }
  for (std::size_t i = 0; i < kSlots; ++i) {
    if (left.loops[i]) entries.push_back({"LOOP", loop_entry(i, *left.loops[i], {})});
  }
}

// Only places that say something else are written anew.
bool change_markers(std::string& tag, const Layout& l, const Marks& now) {
  bool fits = true;
  for (std::size_t i = 0; i < kOldCues + kSlots; ++i) {
    const bool loop = i >= kOldCues;
    std::optional<Mark> m = loop ? now.loops[i - kOldCues] : now.cues[i];
    if (m && std::max(m->start, m->end) > kOldMost) {
      fits = false;
      m.reset();
    }
    std::string place = tag.substr(kHead + i * l.size, l.size);
    const Place said = read_place(place, l, loop);
    const bool same =
        said.set == m.has_value() && (!m || (said.start == m->start && (!loop || said.end == m->end) &&
                                             said.color == number_of_color(m->color, loop ? kLoopColor : kCueColor)));
    if (same) continue;
    write_place(place, l, loop, m);
    tag.replace(kHead + i * l.size, l.size, place);
  }
  return fits;
}

}  // namespace
}  // namespace serato

void read_serato_tags(ForeignTrack& t, std::vector<std::string>& notes) {
  using namespace serato;
  Marks marks;
  const auto damaged = [&](const char* tag) { notes.push_back(t.path + ": its tag \"" + tag + "\" isn't understood"); };
  if (const std::string* tag = tag_of(t.kept, kSeratoMarkers2)) {
    const Markers2 markers = parse_markers2(*tag);
    bool ok = markers.ok;
    for (const Entry& e : markers.entries) ok &= read_entry(e, marks, &t.color);
    if (!ok) damaged(kSeratoMarkers2);
  }
  for (const auto& [name, layout] : {std::pair{kSeratoMarkers, kId3}, std::pair{kSeratoMarkersMp4, kMp4}}) {
    const std::string* tag = tag_of(t.kept, name);
    if (tag == nullptr) continue;
    has_places(*tag, layout) ? read_markers(*tag, layout, marks) : damaged(kSeratoMarkers);
  }
  t.cues.clear();
  t.loops.clear();
  for (int i = 0; i < kSlots; ++i) {
    if (const auto& m = marks.cues[static_cast<std::size_t>(i)])
      t.cues.push_back({kMs * m->start, i, m->name, m->color});
    if (const auto& m = marks.loops[static_cast<std::size_t>(i)])
      t.loops.push_back({kMs * m->start, kMs * m->end, i, m->name, m->color == kLoopColor ? std::string() : m->color});
  }
  if (const std::string* tag = tag_of(t.kept, kSeratoBeatGrid)) {
    t.grid.clear();
    if (!read_beatgrid(*tag, t.grid)) {
      t.grid.clear();
      damaged(kSeratoBeatGrid);
    }
  }
  if (const std::string* tag = tag_of(t.kept, kSeratoAutotags); tag != nullptr && tag->starts_with("\x01\x01")) {
    ByteReader r(std::string_view(*tag).substr(2));
    if (const double bpm = number_of(r.text()); bpm > 0 && t.bpm == 0) t.bpm = bpm;
  }
}

std::vector<ForeignKept> serato_tags_of(const ForeignTrack& track, const std::vector<ForeignKept>& before, bool mp4,
                                        std::vector<std::string>& cant) {
  using namespace serato;
  std::vector<ForeignKept> out = before;
  const auto tag = [&](const char* name) -> std::string& {
    for (ForeignKept& k : out) {
      if (k.name == name) return k.bytes;
    }
    out.push_back({name, {}});
    return out.back().bytes;
  };
  ForeignTrack was;
  was.kept = before;
  std::vector<std::string> ignored;
  read_serato_tags(was, ignored);
  const bool marks_differ = was.cues != track.cues || was.loops != track.loops || was.color != track.color;
  if (marks_differ) {
    const Marks now = marks_of(track, cant);
    std::string& markers2 = tag(kSeratoMarkers2);
    Markers2 parsed = parse_markers2(markers2);
    change_entries(parsed.entries, now, track.color);
    markers2 = write_markers2(parsed.entries, markers2.size());
    const Layout& layout = mp4 ? kMp4 : kId3;
    std::string& markers = tag(mp4 ? kSeratoMarkersMp4 : kSeratoMarkers);
    if (!has_places(markers, layout)) markers = empty_markers(layout);
    if (was.color != track.color) {
      std::string color;
      put_big(color, layout.mp4 ? stored_track_color(track.color) : as_serato32(stored_track_color(track.color)), 4);
      markers.replace(kHead + 14 * layout.size, 4, color);
    }
    if (!change_markers(markers, layout, now))
      cant.emplace_back("marks after 4 h 39 min are in \"Serato Markers2\" only");
  }
  if (was.grid != track.grid) {
    std::string& grid = tag(kSeratoBeatGrid);
    grid = write_beatgrid(track.grid, grid, cant);
  }
  return out;
}

}  // namespace tactus::library
