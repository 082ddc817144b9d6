// CUE sheets (CDRWIN's), read and written.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/playlist_text.h"
#include "library/foreign/write_files.h"
#include "library/foreign/write_text.h"

namespace tactus::library {
namespace cue_sheets {
namespace {

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
      file_->id = file_name(rest);
      file_->path = path_of_entry(file_->id, folder_);
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

std::string quoted(std::string text) {
  std::replace(text.begin(), text.end(), '"', '\'');
  return "\"" + one_line(text) + "\"";
}

// Minutes, seconds and frames of 1/75 s.
std::string index_of(double seconds, bool& rounded) {
  const double frames = std::clamp(seconds, 0.0, 359999.0) * 75, whole = std::round(frames);
  rounded |= std::abs(frames - whole) > 1e-6;
  const long f = std::lround(whole);
  char text[32];
  std::snprintf(text, sizeof text, "%02ld:%02ld:%02ld", f / 75 / 60, f / 75 % 60, f % 75);
  return text;
}

// A command in the place of a line's, whose blanks before it and whose end stay.
std::string instead(const std::string& line, const std::string& command) {
  const std::size_t from = line.find_first_not_of(" \t"), end = line.find_first_of("\r\n");
  return line.substr(0, from) + command + (end == std::string::npos ? "" : line.substr(end));
}

// Whether it is called as the library has it, and its cues are.
bool same_names(const ForeignTrack& a, const ForeignTrack& b) {
  return a.title == b.title && a.artist == b.artist &&
         std::equal(a.cues.begin(), a.cues.end(), b.cues.begin(), b.cues.end(),
                    [](const ForeignCue& x, const ForeignCue& y) { return x.name == y.name; });
}

// Its lines, where it has the same files with as many cues; those of a cue or a piece that moved or is called otherwise
// say that. Nothing: they can't say it.
std::optional<std::string> same_sheet(const ForeignLibrary& library, const std::string& text, bool& rounded) {
  ForeignLibrary before;
  read_cue_sheet(text, {}, before);
  const auto same = [](const ForeignTrack& b, const ForeignTrack& n) {
    return b.id == n.id && b.cues.size() == n.cues.size();
  };
  if (!std::equal(before.tracks.begin(), before.tracks.end(), library.tracks.begin(), library.tracks.end(), same))
    return std::nullopt;
  const auto lines = lines_of(text);
  // Of files with one piece, none is a cue; of others each has to be one.
  std::vector<std::size_t> pieces;
  std::string_view rest;
  for (const std::string& line : lines) {
    if (takes(trimmed(line), "FILE ", &rest)) pieces.push_back(0);
    if (takes(trimmed(line), "TRACK ", &rest) && !pieces.empty()) ++pieces.back();
  }
  if (pieces.size() != before.tracks.size()) return std::nullopt;
  for (std::size_t f = 0; f < pieces.size(); ++f) {
    if (pieces[f] > 1 && pieces[f] != before.tracks[f].cues.size()) return std::nullopt;
  }
  std::string out;
  std::size_t file = 0, piece = 0;  // counted from 1
  for (const std::string& line : lines) {
    const std::string_view said = trimmed(line);
    if (takes(said, "FILE ", &rest)) ++file, piece = 0;
    if (takes(said, "TRACK ", &rest)) ++piece;
    if (file == 0 || piece == 0) {
      out += line;
      continue;
    }
    if (pieces[file - 1] == 1) {
      const ForeignTrack &b = before.tracks[file - 1], &n = library.tracks[file - 1];
      const bool title = takes(said, "TITLE ", &rest) && b.title != n.title;
      const bool artist = takes(said, "PERFORMER ", &rest) && b.artist != n.artist;
      out += title    ? instead(line, "TITLE " + quoted(n.title))
             : artist ? instead(line, "PERFORMER " + quoted(n.artist))
                      : line;
      continue;
    }
    const ForeignCue &b = before.tracks[file - 1].cues[piece - 1], &n = library.tracks[file - 1].cues[piece - 1];
    if (takes(said, "INDEX 01 ", &rest) && b.seconds != n.seconds) {
      out += instead(line, "INDEX 01 " + index_of(n.seconds, rounded));
    } else if (takes(said, "TITLE ", &rest) && b.name != n.name) {
      out += instead(line, "TITLE " + quoted(n.name));
    } else {
      out += line;
    }
  }
  ForeignLibrary again;
  read_cue_sheet(out, {}, again);
  if (!std::equal(again.tracks.begin(), again.tracks.end(), library.tracks.begin(), library.tracks.end(), same_names))
    return std::nullopt;
  return out;
}

}  // namespace
}  // namespace cue_sheets

void read_cue_sheet(std::string_view text, const std::string& folder, ForeignLibrary& out) {
  using namespace cue_sheets;
  out.format = "CUE sheet";
  CueSheet sheet(folder, out);
  while (!text.empty()) sheet.read(trimmed(take_line(text)));
  sheet.finish();
}

std::string cue_text(const ForeignLibrary& library, Cant& cant) {
  using namespace cue_sheets;
  const auto tracks = tracks_of(library, library.playlists.size() == 1 ? 0 : library.playlists.size());
  list_losses(library, tracks, false, true, cant);
  bool rounded = false;
  const auto say_rounded = [&] {
    if (rounded) cant.add("cues are rounded to frames of a CD, 1/75 s");
  };
  if (const std::string* text = kept_text(library, "CUE sheet", 0)) {
    if (auto out = same_sheet(library, *text, rounded)) {
      say_rounded();
      return *out;
    }
    cant.add("lines that aren't understood are left out");
  }
  std::string out;
  if (library.playlists.size() == 1 && !library.playlists[0].path.empty())
    out += "TITLE " + quoted(library.playlists[0].path.back()) + "\n";
  int number = 0;
  const auto piece = [&](const std::string& title, const std::string& artist, double at) {
    char head[32];
    std::snprintf(head, sizeof head, "  TRACK %02d AUDIO\n", ++number);
    out += head;
    if (!title.empty()) out += "    TITLE " + quoted(title) + "\n";
    if (!artist.empty()) out += "    PERFORMER " + quoted(artist) + "\n";
    out += "    INDEX 01 " + index_of(at, rounded) + "\n";
  };
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    const std::string_view path = t.path;
    out += "FILE " + quoted(t.path) +
           (path.ends_with(".mp3")    ? " MP3\n"
            : path.ends_with(".aiff") ? " AIFF\n"
                                      : " WAVE\n");
    if (t.cues.empty()) piece(t.title, t.artist, 0);
    for (const ForeignCue& c : t.cues) piece(c.name, {}, c.seconds);
  }
  say_rounded();
  if (number > 99) cant.add("a CUE sheet has 99 pieces; some programs won't read more");
  return out;
}

}  // namespace tactus::library
