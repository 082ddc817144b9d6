// Playlists as text: M3U and M3U8, PLS, CSV, CUE sheets.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/readers.h"

namespace tactus::library {
namespace {

// The next line, without its end; `text` begins after it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
  } else {
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return line;
}

// Adds a track, or finds the one that the playlist had before, and puts it on the list.
class Listed {
 public:
  Listed(std::vector<std::string> path, ForeignLibrary& out) : out_(out), list_{std::move(path), {}} {}
  void name(std::string name) { list_.path.back() = std::move(name); }
  void add(ForeignTrack track) {
    const auto [found, fresh] = places_.emplace(track.path, out_.tracks.size());
    list_.tracks.push_back(found->second);
    if (fresh) out_.tracks.push_back(std::move(track));
  }
  // One that is known by its title alone.
  void add_unnamed(ForeignTrack track) {
    list_.tracks.push_back(out_.tracks.size());
    out_.tracks.push_back(std::move(track));
  }
  void finish() { out_.playlists.push_back(std::move(list_)); }

 private:
  ForeignLibrary& out_;
  ForeignPlaylist list_;
  std::unordered_map<std::string, std::size_t> places_;
};

// "Artist - Title".
void set_names(std::string_view text, ForeignTrack& track) {
  const std::size_t dash = text.find(" - ");
  if (dash == std::string_view::npos) {
    track.title = trimmed(text);
  } else {
    track.artist = trimmed(text.substr(0, dash));
    track.title = trimmed(text.substr(dash + 3));
  }
}

// "#EXTINF:217 logo="a, b",Artist - Title"
void read_extinf(std::string_view rest, ForeignTrack& track) {
  bool quoted = false;
  std::size_t comma = 0;
  for (; comma < rest.size() && (quoted || rest[comma] != ','); ++comma) quoted ^= rest[comma] == '"';
  const std::string_view before = rest.substr(0, comma);
  track.length = std::max(0.0, number_of(before.substr(0, before.find(' '))));
  if (comma < rest.size()) set_names(rest.substr(comma + 1), track);
}

// What follows `word` at the beginning of a line, whatever its case.
bool takes(std::string_view line, std::string_view word, std::string_view* rest) {
  if (line.size() < word.size() || !same_word(line.substr(0, word.size()), word)) return false;
  *rest = line.substr(word.size());
  return true;
}

// -- CSV (RFC 4180), with ',', ';' or tabs

struct Rows {
  std::string_view text;
  char apart;

  // The next row; empty at the end. A quote that is never closed goes to the end.
  std::vector<std::string> next() {
    std::vector<std::string> row;
    if (text.empty()) return row;
    std::string field;
    bool quoted = false;
    std::size_t i = 0;
    for (; i < text.size(); ++i) {
      const char c = text[i];
      if (quoted) {
        if (c != '"') {
          field += c;
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          field += '"';
          ++i;
        } else {
          quoted = false;
        }
      } else if (c == '"' && field.empty()) {
        quoted = true;
      } else if (c == apart) {
        row.push_back(std::move(field));
        field.clear();
      } else if (c == '\r' || c == '\n') {
        i += text.substr(i, 2) == "\r\n";
        ++i;
        break;
      } else {
        field += c;
      }
    }
    text.remove_prefix(std::min(i, text.size()));
    row.push_back(std::move(field));
    return row;
  }
};

enum class Column { none, path, title, artist, album, genre, comment, bpm, key, rating, year, plays, length };

// By the names that programs' exports give them.
Column column_of(std::string_view name) {
  struct Name {
    std::string_view name;
    Column column;
  };
  constexpr std::array kNames = {
      Name{"path", Column::path},        Name{"location", Column::path},     Name{"file", Column::path},
      Name{"filename", Column::path},    Name{"file path", Column::path},    Name{"file name", Column::path},
      Name{"title", Column::title},      Name{"track title", Column::title}, Name{"name", Column::title},
      Name{"song", Column::title},       Name{"artist", Column::artist},     Name{"album", Column::album},
      Name{"genre", Column::genre},      Name{"comment", Column::comment},   Name{"comments", Column::comment},
      Name{"bpm", Column::bpm},          Name{"tempo", Column::bpm},         Name{"key", Column::key},
      Name{"rating", Column::rating},    Name{"year", Column::year},         Name{"plays", Column::plays},
      Name{"play count", Column::plays}, Name{"playcount", Column::plays},   Name{"length", Column::length},
      Name{"duration", Column::length},  Name{"time", Column::length}};
  for (const Name& n : kNames) {
    if (same_word(n.name, name)) return n.column;
  }
  return Column::none;
}

// "3:25", "1:03:25" or seconds.
double seconds_of(std::string_view text) {
  double seconds = 0;
  for (;;) {
    const std::size_t colon = text.find(':');
    seconds = 60 * seconds + number_of(text.substr(0, colon));
    if (colon == std::string_view::npos) return seconds;
    text.remove_prefix(colon + 1);
  }
}

// "128,5" as "128.5".
std::string with_point(std::string text) {
  std::replace(text.begin(), text.end(), ',', '.');
  return text;
}

void set(ForeignTrack& t, Column column, const std::string& value, const std::string& folder) {
  switch (column) {
    case Column::path:
      t.path = path_of_entry(value, folder);
      break;
    case Column::title:
      t.title = value;
      break;
    case Column::artist:
      t.artist = value;
      break;
    case Column::album:
      t.album = value;
      break;
    case Column::genre:
      t.genre = value;
      break;
    case Column::comment:
      t.comment = value;
      break;
    case Column::bpm:
      t.bpm = number_of(with_point(value));
      break;
    case Column::key:
      t.key = value;
      break;
    case Column::rating: {
      // As a number, or as so many stars.
      const auto stars = std::count(value.begin(), value.end(), '*');
      t.rating = stars > 0 ? static_cast<int>(std::min<std::ptrdiff_t>(stars, 5)) : whole_number_of(value, -1);
      if (t.rating > 5) t.rating = -1;
      break;
    }
    case Column::year:
      t.year = whole_number_of(value);
      break;
    case Column::plays:
      t.plays = whole_number_of(value, -1);
      break;
    case Column::length:
      t.length = seconds_of(value);
      break;
    case Column::none:
      break;
  }
}

// What the first line has most of.
char separator_of(std::string_view text) {
  const std::string_view header = take_line(text);
  char best = ',';
  for (const char c : {';', '\t'}) {
    if (std::count(header.begin(), header.end(), c) > std::count(header.begin(), header.end(), best)) best = c;
  }
  return best;
}

// -- CUE sheets (CDRWIN's)

// The rest of a command, without quotes.
std::string unquoted(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('"')) return std::string(text);
  text.remove_prefix(1);
  return std::string(text.substr(0, text.find('"')));
}

// `"a.wav" WAVE`
std::string file_name(std::string_view rest) {
  rest = trimmed(rest);
  if (rest.starts_with('"')) return unquoted(rest);
  return std::string(trimmed(rest.substr(0, rest.find_last_of(' '))));
}

// Minutes, seconds and frames of a CD, of which a second has 75.
double index_seconds(std::string_view text) {
  std::array<double, 3> part{};
  for (double& p : part) {
    const std::size_t colon = text.find(':');
    p = number_of(text.substr(0, colon), -1);
    if (p < 0) return -1;
    text = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  }
  return 60 * part[0] + part[1] + part[2] / 75;
}

class CueSheet {
 public:
  CueSheet(std::string folder, ForeignLibrary& out) : folder_(std::move(folder)), out_(out) {}

  void read(std::string_view line) {
    std::string_view rest;
    if (takes(line, "FILE ", &rest)) {
      finish_file();
      file_.emplace();
      file_->path = path_of_entry(file_name(rest), folder_);
    } else if (takes(line, "TRACK ", &rest)) {
      pieces_.push_back({{}, {}, -1});
    } else if (takes(line, "TITLE ", &rest)) {
      (pieces_.empty() ? title_ : pieces_.back().title) = unquoted(rest);
    } else if (takes(line, "PERFORMER ", &rest)) {
      (pieces_.empty() ? performer_ : pieces_.back().performer) = unquoted(rest);
    } else if (takes(line, "INDEX 01 ", &rest) || takes(line, "INDEX 1 ", &rest)) {
      if (!pieces_.empty()) pieces_.back().seconds = index_seconds(trimmed(rest));
    } else if (takes(line, "REM GENRE ", &rest)) {
      genre_ = unquoted(rest);
    } else if (takes(line, "REM DATE ", &rest)) {
      year_ = whole_number_of(unquoted(rest));
    }
  }

  void finish() {
    finish_file();
    ForeignPlaylist list{{title_}, {}};
    for (std::size_t i = 0; i < out_.tracks.size(); ++i) list.tracks.push_back(i);
    out_.playlists.push_back(std::move(list));
  }

 private:
  struct Piece {
    std::string title, performer;
    double seconds;
  };

  // A file of one piece is that piece; in one of many each piece is a cue.
  void finish_file() {
    if (!file_) {
      pieces_.clear();
      return;
    }
    const bool one = pieces_.size() == 1;
    file_->title = one ? pieces_[0].title : title_;
    file_->artist = one && !pieces_[0].performer.empty() ? pieces_[0].performer : performer_;
    file_->album = title_;
    file_->genre = genre_;
    file_->year = year_;
    for (const Piece& p : pieces_) {
      if (one || p.seconds < 0) continue;
      const bool other = !p.performer.empty() && p.performer != performer_;
      file_->cues.push_back({p.seconds, -1, other ? p.performer + " - " + p.title : p.title, {}});
    }
    out_.tracks.push_back(std::move(*file_));
    file_.reset();
    pieces_.clear();
  }

  std::string folder_, title_, performer_, genre_;
  int year_ = 0;
  ForeignLibrary& out_;
  std::optional<ForeignTrack> file_;
  std::vector<Piece> pieces_;  // of the file
};

}  // namespace

void read_m3u(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out) {
  out.format = "M3U playlist";
  Listed list({playlist}, out);
  ForeignTrack next;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    std::string_view rest;
    if (takes(line, "#EXTINF:", &rest)) {
      read_extinf(rest, next);
    } else if (takes(line, "#PLAYLIST:", &rest)) {
      list.name(std::string(trimmed(rest)));
    } else if (takes(line, "#EXTALB:", &rest)) {
      next.album = trimmed(rest);
    } else if (takes(line, "#EXTGENRE:", &rest)) {
      next.genre = trimmed(rest);
    } else if (!line.empty() && line[0] != '#') {
      next.path = path_of_entry(line, folder);
      next.id = line;
      list.add(std::move(next));
      next = {};
    }
  }
  list.finish();
}

void read_pls(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out) {
  out.format = "PLS playlist";
  std::vector<std::pair<int, ForeignTrack>> entries;  // by their numbers, which need not be in order
  std::unordered_map<int, std::size_t> places;
  const auto entry = [&](std::string_view number) -> ForeignTrack& {
    const int n = whole_number_of(number);
    const auto [found, fresh] = places.emplace(n, entries.size());
    if (fresh) entries.push_back({n, {}});
    return entries[found->second].second;
  };
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, equals)), value = trimmed(line.substr(equals + 1));
    std::string_view number;
    if (takes(name, "File", &number)) {
      entry(number).path = path_of_entry(value, folder);
    } else if (takes(name, "Title", &number)) {
      set_names(value, entry(number));
    } else if (takes(name, "Length", &number)) {
      entry(number).length = std::max(0.0, number_of(value));
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Listed list({playlist}, out);
  for (auto& [number, track] : entries) {
    if (!track.path.empty()) list.add(std::move(track));
  }
  list.finish();
}

bool read_csv(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out,
              std::string* error) {
  out.format = "CSV table";
  Rows rows{text, separator_of(text)};
  std::vector<Column> columns;
  for (const std::string& name : rows.next()) columns.push_back(column_of(trimmed(name)));
  const auto has = [&](Column c) { return std::find(columns.begin(), columns.end(), c) != columns.end(); };
  if (!has(Column::path) && !has(Column::title)) {
    *error = "its first line names no column for the files (path, location) or the titles (title, name)";
    return false;
  }
  Listed list({playlist}, out);
  for (std::vector<std::string> row = rows.next(); !row.empty(); row = rows.next()) {
    ForeignTrack track;
    for (std::size_t i = 0; i < std::min(row.size(), columns.size()); ++i) set(track, columns[i], row[i], folder);
    if (!track.path.empty()) {
      list.add(std::move(track));
    } else if (!track.title.empty()) {
      list.add_unnamed(std::move(track));
    }
  }
  list.finish();
  return true;
}

void read_cue_sheet(std::string_view text, const std::string& folder, ForeignLibrary& out) {
  out.format = "CUE sheet";
  CueSheet sheet(folder, out);
  while (!text.empty()) sheet.read(trimmed(take_line(text)));
  sheet.finish();
}

}  // namespace tactus::library
