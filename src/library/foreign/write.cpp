#include "library/foreign/write.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "library/foreign/serato.h"
#include "library/foreign/tag_files.h"
#include "library/foreign/timeline.h"
#include "library/foreign/write_files.h"
#include "library/foreign/write_xml.h"

namespace tactus::library {
namespace writing_files {
namespace {

namespace fs = std::filesystem;

struct Named {
  ForeignFormat format;
  const char *name, *read, *ending;
};
constexpr Named kFormats[] = {{ForeignFormat::rekordbox, "rekordbox", "rekordbox XML", ".xml"},
                              {ForeignFormat::traktor, "traktor", "Traktor NML", ".nml"},
                              {ForeignFormat::virtualdj, "virtualdj", "VirtualDJ database", ".xml"},
                              {ForeignFormat::serato, "serato", "Serato", ""},
                              {ForeignFormat::m3u8, "m3u8", "M3U playlist", ".m3u8"},
                              {ForeignFormat::pls, "pls", "PLS playlist", ".pls"},
                              {ForeignFormat::csv, "csv", "CSV table", ".csv"},
                              {ForeignFormat::cue, "cue", "CUE sheet", ".cue"}};

const Named& named(ForeignFormat format) {
  return *std::find_if(std::begin(kFormats), std::end(kFormats), [&](const Named& n) { return n.format == format; });
}

// Playlists as files: folders as folders.
bool write_lists(const ForeignLibrary& library, ForeignFormat format, const fs::path& folder, Cant& cant,
                 std::string* error) {
  std::map<fs::path, int> used;
  for (std::size_t i = 0; i < library.playlists.size(); ++i) {
    fs::path at = folder;
    const auto& path = library.playlists[i].path;
    for (const std::string& part : path) at /= file_name_of(part, cant);
    const int again = used[at]++;
    if (again > 0) at += " (" + std::to_string(again + 1) + ")";
    at += named(format).ending;
    std::error_code failed;
    fs::create_directories(at.parent_path(), failed);
    if (!write_whole(at.string(), foreign_text(library, format, cant, i), error)) return false;
  }
  return true;
}

}  // namespace
}  // namespace writing_files

std::optional<ForeignFormat> foreign_format(std::string_view name) {
  for (const auto& f : writing_files::kFormats) {
    if (f.name == name) return f.format;
  }
  return std::nullopt;
}

const std::vector<std::string>& foreign_format_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const auto& f : writing_files::kFormats) out.emplace_back(f.name);
    return out;
  }();
  return names;
}

const char* read_name(ForeignFormat format) { return writing_files::named(format).read; }

std::string file_name_of(std::string name, Cant& cant) {
  const std::string was = name;
  for (char& c : name) {
    if (c == '/' || c == '\\' || c == ':' || static_cast<unsigned char>(c) < 32) c = '_';
  }
  if (name.empty() || name == "." || name == "..") name = "_";
  constexpr std::size_t kMost = 200;
  if (name.size() > kMost) {
    name.resize(kMost);
    while (!name.empty() && (static_cast<unsigned char>(name.back()) & 0xC0) == 0x80) name.pop_back();
    if (!name.empty() && static_cast<unsigned char>(name.back()) >= 0xC0) name.pop_back();
  }
  if (name != was) cant.add("names of playlists are changed where a file can't be called so");
  return name;
}

bool write_whole(const std::string& path, const std::string& bytes, std::string* error) {
  const std::string copy = path + ".tactus-" + std::to_string(::getpid());
  const int fd = ::open(copy.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    *error = path + ": " + std::strerror(errno);
    return false;
  }
  std::size_t done = 0;
  int why = 0;
  while (why == 0 && done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno != EINTR) why = errno;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  if (why == 0 && ::fsync(fd) != 0) why = errno;
  ::close(fd);
  if (why == 0 && ::rename(copy.c_str(), path.c_str()) != 0) why = errno;
  if (why == 0) return true;
  ::unlink(copy.c_str());
  *error = path + ": " + std::strerror(why);
  return false;
}

std::string foreign_text(const ForeignLibrary& library, ForeignFormat format, Cant& cant, std::size_t playlist) {
  switch (format) {
    case ForeignFormat::rekordbox:
      return xml_text(library, kRekordboxFormat, read_name(format), cant);
    case ForeignFormat::traktor:
      return xml_text(library, kTraktorFormat, read_name(format), cant);
    case ForeignFormat::virtualdj:
      return xml_text(library, kVirtualDjFormat, read_name(format), cant);
    case ForeignFormat::m3u8:
      return m3u_text(library, playlist, cant);
    case ForeignFormat::pls:
      return pls_text(library, playlist, cant);
    case ForeignFormat::csv:
      return csv_text(library, cant);
    case ForeignFormat::cue:
      return cue_text(library, cant);
    case ForeignFormat::serato:
      break;
  }
  return {};
}

std::optional<std::vector<std::string>> write_foreign(const ForeignLibrary& library, ForeignFormat format,
                                                      const std::string& path, std::string* error, bool music_too) {
  using namespace writing_files;
  Cant cant;
  bool done = false;
  if (format == ForeignFormat::serato) {
    done = write_serato(library, path, music_too, cant, error);
  } else if ((format == ForeignFormat::m3u8 || format == ForeignFormat::pls) && library.playlists.size() > 1) {
    done = write_lists(library, format, path, cant, error);
  } else {
    done = write_whole(path, foreign_text(library, format, cant), error);
  }
  if (!done) return std::nullopt;
  return cant.all();
}

ForeignLibrary retimed(ForeignLibrary library, ForeignFormat format, Cant& cant) {
  if (library.format == read_name(format)) return library;
  std::size_t unknown = 0;
  for (ForeignTrack& t : library.tracks) {
    if (t.cues.empty() && t.loops.empty() && t.grid.empty()) continue;
    const Timeline from = timeline_of(library.format, t.path), to = timeline_of(read_name(format), t.path);
    if (!from.offset || !to.offset) {
      ++unknown;
      continue;
    }
    const double move = *from.offset - *to.offset;
    if (move == 0) continue;
    for (ForeignCue& c : t.cues) c.seconds += move;
    for (ForeignLoop& l : t.loops) l.start += move, l.end += move;
    for (ForeignAnchor& a : t.grid) a.seconds += move;
  }
  cant.count(unknown, "tracks' positions stay as they are: how the two programs' times differ isn't known for them");
  return library;
}

std::vector<std::string> write_serato_music(const ForeignLibrary& library) {
  std::vector<std::string> out;
  for (const ForeignTrack& t : library.tracks) {
    const auto before = serato_tags_in(t.path);
    if (!before) {
      const bool has_marks = !t.cues.empty() || !t.loops.empty() || !t.grid.empty();
      if (has_marks) out.push_back(t.path + ": its cues, loops and grid aren't written, as its tags can't be read");
      continue;
    }
    std::vector<std::string> cant;
    const auto tags = serato_tags_of(t, *before, is_mp4(t.path), cant);
    for (const std::string& c : cant) out.push_back(t.path + ": " + c);
    std::vector<ForeignKept> changed;
    for (const ForeignKept& k : tags) {
      if (std::find(before->begin(), before->end(), k) == before->end()) changed.push_back(k);
    }
    std::string error;
    if (!changed.empty() && !write_serato_tags(t.path, changed, &error)) out.push_back(t.path + ": " + error);
  }
  return out;
}

}  // namespace tactus::library
