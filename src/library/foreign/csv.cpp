// Tables (RFC 4180), read and written.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/playlist_text.h"
#include "library/foreign/write_files.h"
#include "library/foreign/write_text.h"
#include "library/foreign/write_xml.h"

namespace tactus::library {
namespace csv {
namespace {

// With ',', ';' or tabs between cells.
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

struct ColumnName {
  std::string_view name;
  Column column;
};
// As programs' exports name them; of two of a kind the one that comes first here says more.
constexpr std::array kColumnNames = {ColumnName{"path", Column::path},        ColumnName{"location", Column::path},
                                     ColumnName{"file path", Column::path},   ColumnName{"file", Column::path},
                                     ColumnName{"filename", Column::path},    ColumnName{"file name", Column::path},
                                     ColumnName{"title", Column::title},      ColumnName{"track title", Column::title},
                                     ColumnName{"name", Column::title},       ColumnName{"song", Column::title},
                                     ColumnName{"artist", Column::artist},    ColumnName{"album", Column::album},
                                     ColumnName{"genre", Column::genre},      ColumnName{"comment", Column::comment},
                                     ColumnName{"comments", Column::comment}, ColumnName{"bpm", Column::bpm},
                                     ColumnName{"tempo", Column::bpm},        ColumnName{"key", Column::key},
                                     ColumnName{"rating", Column::rating},    ColumnName{"year", Column::year},
                                     ColumnName{"plays", Column::plays},      ColumnName{"play count", Column::plays},
                                     ColumnName{"playcount", Column::plays},  ColumnName{"length", Column::length},
                                     ColumnName{"duration", Column::length},  ColumnName{"time", Column::length}};

// The columns that the first row names, one of a kind.
std::vector<Column> columns_of(const std::vector<std::string>& header) {
  std::vector<Column> out(header.size(), Column::none);
  for (const ColumnName& n : kColumnNames) {
    if (std::find(out.begin(), out.end(), n.column) != out.end()) continue;
    const auto at = std::find_if(header.begin(), header.end(),
                                 [&n](const std::string& h) { return same_word(n.name, trimmed(h)); });
    if (at != header.end()) out[static_cast<std::size_t>(at - header.begin())] = n.column;
  }
  return out;
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
      t.length = clock_seconds(value);
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

std::string text_of(const ForeignTrack& t, Column column) {
  switch (column) {
    case Column::path:
      return t.path;
    case Column::title:
      return t.title;
    case Column::artist:
      return t.artist;
    case Column::album:
      return t.album;
    case Column::genre:
      return t.genre;
    case Column::comment:
      return t.comment;
    case Column::bpm:
      return t.bpm > 0 ? decimal(t.bpm, 6, true) : "";
    case Column::key:
      return t.key;
    case Column::rating:
      return t.rating >= 0 ? std::to_string(t.rating) : "";
    case Column::year:
      return t.year > 0 ? std::to_string(t.year) : "";
    case Column::plays:
      return t.plays >= 0 ? std::to_string(t.plays) : "";
    case Column::length:
      return t.length > 0 ? decimal(t.length, 3, true) : "";
    case Column::none:
      break;
  }
  return {};
}

std::string as_cell(const std::string& text, char apart) {
  if (text.find_first_of(std::string("\"\r\n") + apart) == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string as_row(const std::vector<std::string>& cells, char apart, const std::string& end = "\n") {
  std::string out;
  for (const std::string& c : cells) out += (&c == cells.data() ? "" : std::string(1, apart)) + as_cell(c, apart);
  return out + end;
}

// A row with those above it that name no track, and the track that it was.
struct Row {
  std::string above, raw;
  std::vector<std::string> cells;
  const ForeignTrack* track;
};

// What names a row: its path, else its title, as it stands there.
std::string id_of(const std::vector<std::string>& row, const std::vector<Column>& columns) {
  std::string title;
  for (std::size_t i = 0; i < std::min(row.size(), columns.size()); ++i) {
    if (columns[i] == Column::path && !row[i].empty()) return row[i];
    if (columns[i] == Column::title) title = row[i];
  }
  return title;
}

// The row with the cells that say something else by now; its path is another's way of saying it.
std::string changed(const Row& row, const std::vector<Column>& columns, const ForeignTrack& now, char apart) {
  std::vector<std::string> cells = row.cells;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == Column::none || columns[i] == Column::path) continue;
    const std::string text = text_of(now, columns[i]), was = text_of(*row.track, columns[i]);
    // What another row of the same track says, this one need not.
    const bool elsewhere = !was.empty() && (i >= cells.size() || cells[i].empty());
    if (text == was || elsewhere) continue;
    cells.resize(std::max(cells.size(), i + 1));
    cells[i] = text;
  }
  return row.above + (cells == row.cells ? row.raw : as_row(cells, apart, line_end(row.raw)));
}

// What the track says, or says by now, for which the table has no column.
std::size_t without_column(const std::vector<Column>& columns, const ForeignTrack& was, const ForeignTrack& now) {
  std::size_t out = 0;
  for (const Column c : {Column::title, Column::artist, Column::album, Column::genre, Column::comment, Column::bpm,
                         Column::key, Column::rating, Column::year, Column::plays})
    out += std::find(columns.begin(), columns.end(), c) == columns.end() && text_of(now, c) != text_of(was, c);
  return out;
}

// A table's text, apart.
struct Table {
  char apart = ',';
  std::string head, tail, end = "\n";
  std::vector<Column> columns;
  ForeignLibrary before;
  std::multimap<std::string, Row> rows;  // by what names them
};

void take_apart(const std::string& text, const ForeignLibrary& now, const std::vector<std::size_t>& tracks, Table& t) {
  std::string ignored;
  read_csv(text, kNoFolder, {}, t.before, &ignored);
  const KeptEntries entries(now, tracks, t.before);
  t.end = line_end(text);
  t.apart = separator_of(text);
  Rows rows{text, t.apart};
  t.columns = columns_of(rows.next());
  t.head = text.substr(0, text.size() - rows.text.size());
  for (std::size_t place = 0; !rows.text.empty();) {
    const std::string_view from = rows.text;
    Row row;
    row.cells = rows.next();
    row.raw = from.substr(0, from.size() - rows.text.size());
    if (!row.raw.ends_with('\n') && !row.raw.ends_with('\r')) row.raw += t.end;
    const std::string named = id_of(row.cells, t.columns);
    if (named.empty()) {
      t.tail += row.raw;
      continue;
    }
    row.above = std::move(t.tail);
    t.tail.clear();
    // Without a path two rows of one title are two tracks.
    const std::vector<std::size_t>& listed = t.before.playlists[0].tracks;
    const ForeignTrack* own = place < listed.size() ? &t.before.tracks[listed[place]] : nullptr;
    const std::string& id = entries.id(named, place++);
    row.track = own != nullptr && own->id == named ? own : &entries.was(id);
    t.rows.emplace(id, std::move(row));
  }
}

}  // namespace
}  // namespace csv

bool read_csv(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out,
              std::string* error) {
  using namespace csv;
  out.format = "CSV table";
  Rows rows{text, separator_of(text)};
  const std::vector<Column> columns = columns_of(rows.next());
  const auto has = [&](Column c) { return std::find(columns.begin(), columns.end(), c) != columns.end(); };
  if (!has(Column::path) && !has(Column::title)) {
    *error = "its first line names no column for the files (path, location) or the titles (title, name)";
    return false;
  }
  Listed list({playlist}, out);
  for (std::vector<std::string> row = rows.next(); !row.empty(); row = rows.next()) {
    ForeignTrack track;
    track.id = id_of(row, columns);
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

std::string csv_text(const ForeignLibrary& library, Cant& cant) {
  using namespace csv;
  const auto tracks = tracks_of(library, library.playlists.size() == 1 ? 0 : library.playlists.size());
  list_losses(library, tracks, true, false, cant);
  if (library.playlists.size() > 1) cant.count(library.playlists.size(), "playlists are left out");
  Table table;
  const std::string* text = kept_text(library, "CSV table", 0);
  if (text != nullptr) {
    take_apart(*text, library, tracks, table);
  } else {
    const std::vector<std::string> names = {"path", "title", "artist", "album", "genre", "comment",
                                            "bpm",  "key",   "rating", "year",  "plays", "length"};
    table.columns = columns_of(names);
    table.head = as_row(names, table.apart);
  }
  std::string out = table.head;
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    const auto found = t.id.empty() ? table.rows.end() : table.rows.find(t.id);
    const bool known = found != table.rows.end();
    cant.count(without_column(table.columns, known ? *found->second.track : ForeignTrack{}, t),
               "values are left out, as the table has no column for them");
    if (known) {
      out += changed(found->second, table.columns, t, table.apart);
      table.rows.erase(found);
      continue;
    }
    std::vector<std::string> cells;
    for (const Column column : table.columns) cells.push_back(text_of(t, column));
    out += as_row(cells, table.apart, table.end);
  }
  return text != nullptr ? ended_like(out + table.tail, *text) : out;
}

}  // namespace tactus::library
