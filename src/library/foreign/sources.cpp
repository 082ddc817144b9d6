// What is read from the disk: files, and libraries that are folders (of rekordbox and Engine DJ on USB sticks, and
// Serato's).
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "library/foreign/readers.h"
#include "library/foreign/serato.h"
#include "library/foreign/tag_files.h"

namespace tactus::library {
namespace sources {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& p) {
  std::error_code none;
  return fs::is_regular_file(p, none);
}
bool is_folder(const fs::path& p) {
  std::error_code none;
  return fs::is_directory(p, none);
}

// A path within the stick; nothing that leads out of it.
std::optional<fs::path> beneath(const fs::path& root, const std::string& path) {
  const fs::path relative = fs::path(path).relative_path();
  if (relative.empty() || std::find(relative.begin(), relative.end(), "..") != relative.end()) return std::nullopt;
  return root / relative;
}

std::optional<ForeignLibrary> read_stick(const fs::path& root, std::string* error) {
  const auto bytes = bytes_of_file((root / "PIONEER/rekordbox/export.pdb").string(), error);
  if (!bytes) return std::nullopt;
  ForeignLibrary out;
  std::vector<std::string> analyses;
  if (!read_pdb(*bytes, root.string(), out, analyses, error)) return std::nullopt;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < analyses.size(); ++i) {
    auto file = beneath(root, analyses[i]);
    std::string why;
    const auto data = file ? bytes_of_file(file->string(), &why) : std::nullopt;
    if (!data || !read_anlz(*data, out.tracks[i])) {
      missing += !analyses[i].empty();
      continue;
    }
    // Names and colours of cues came with later players.
    if (const auto more = bytes_of_file(file->replace_extension(".EXT").string(), &why))
      read_anlz(*more, out.tracks[i]);
  }
  if (missing > 0) out.notes.push_back(std::to_string(missing) + " tracks' files of cues and grids can't be read");
  return out;
}

// Tracks are named from the drive's root on: the folder that "_Serato_" lies in, or one above it, on the system's own
// drive; by where the first ones are.
std::string serato_base(const fs::path& serato, std::string_view database) {
  const auto chunks = serato_chunks(database);
  constexpr std::size_t kLook = 50;
  const fs::path parent = serato.parent_path();
  std::size_t looked = 0;
  for (const SeratoChunk& c : chunks.value_or(std::vector<SeratoChunk>{})) {
    if (c.tag != "otrk" || ++looked > kLook) continue;
    const std::string track = c.text("pfil");
    for (fs::path base = parent; !track.empty(); base = base.parent_path()) {
      if (is_file(base / track)) return base.string();
      if (base == base.parent_path()) break;
    }
    // Without the files: on the system's drive its own folder is part of the names.
    if (track.starts_with(parent.relative_path().string() + "/")) return parent.root_path().string();
  }
  return parent.string();
}

std::vector<fs::path> files_in(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> out;
  std::error_code failed;
  for (fs::directory_iterator i(folder, failed), end; !failed && i != end; i.increment(failed)) {
    if (i->path().extension() == ending && is_file(i->path())) out.push_back(i->path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

void map_paths(ForeignLibrary& out, const PathMap& map) {
  for (ForeignTrack& t : out.tracks) t.path = mapped_path(t.path, map);
}

void read_tags(ForeignLibrary& out) {
  for (ForeignTrack& t : out.tracks) {
    auto tags = serato_tags_in(t.path);
    if (!tags) continue;
    t.kept = std::move(*tags);
    read_serato_tags(t, out.notes);
  }
}

std::optional<ForeignLibrary> read_serato_folder(const fs::path& serato, const PathMap& map, std::string* error) {
  ForeignLibrary out;
  std::string why;
  const auto database = bytes_of_file((serato / "database V2").string(), &why);
  SeratoReader reader(serato_base(serato, database.value_or("")), out);
  if (database) {
    reader.add(*database, "database V2");
  } else {
    out.notes.push_back("\"database V2\" can't be read (" + why + "): tracks have no titles");
  }
  constexpr std::pair<const char*, const char*> kMore[] = {
      {"Subcrates", ".crate"}, {"SmartCrates", ".scrate"}, {"History/Sessions", ".session"}};
  bool any = database.has_value();
  for (const auto& [folder, ending] : kMore) {
    for (const fs::path& file : files_in(serato / folder, ending)) {
      const auto bytes = bytes_of_file(file.string(), &why);
      if (bytes) reader.add(*bytes, (fs::path(folder) / file.filename()).string());
      any |= bytes.has_value();
    }
  }
  if (!any) {
    *error = "there is neither a \"database V2\" nor a crate in it";
    return std::nullopt;
  }
  map_paths(out, map);
  read_tags(out);
  return out;
}

// Databases that programs are known to have and that aren't read: why, and what to take instead. Empty: it is none.
std::string unread_database(const fs::path& file) {
  const std::string name = file.filename().string();
  if (name == "exportLibrary.db")
    return "exportLibrary.db (rekordbox' Device Library Plus, OneLibrary) is encrypted and isn't read: export the "
           "stick "
           "for older players, too, which adds export.pdb, or export a rekordbox XML";
  if (name == "master.db")
    return name + " (rekordbox' own collection) is encrypted and isn't read: export it from rekordbox as XML";
  if (name == "hm.db")
    return "hm.db has Engine DJ's histories, which aren't read: name the \"Engine Library\" for tracks and playlists";
  const bool old = name == "m.db" && file.parent_path().filename() != "Database2";
  if (old || name == "p.db" || name == "sm.db" || name == "sp.db")
    return name +
           " is of Engine Prime (Engine 1), which isn't read: open the library in Engine DJ 2 or later, which "
           "makes a Database2/m.db of it";
  return {};
}

// The first of those that lies where they do in this folder.
std::string unread_in(const fs::path& here) {
  for (const char* file : {"PIONEER/rekordbox/exportLibrary.db", "exportLibrary.db", "master.db", "Engine Library/m.db",
                           "m.db", "Engine Library/Database2/hm.db"}) {
    if (is_file(here / file)) return unread_database(here / file);
  }
  return {};
}

}  // namespace
}  // namespace sources

std::optional<ForeignLibrary> read_foreign_folder(const std::string& name, const PathMap& map, std::string* error) {
  using namespace sources;
  std::error_code none;
  const fs::path path = fs::absolute(name, none).lexically_normal() / "";
  const fs::path here = path.parent_path();
  if (here.filename() == "_Serato_" || is_file(here / "database V2")) return read_serato_folder(here, map, error);
  const bool stick = is_file(here / "PIONEER/rekordbox/export.pdb");
  const fs::path engine = is_folder(here / "Engine Library") ? here / "Engine Library" : here;
  const bool has_engine = is_file(engine / "Database2/m.db"), has_serato = is_folder(here / "_Serato_");
  std::optional<ForeignLibrary> out;
  if (stick) {
    out = read_stick(here, error);
  } else if (has_engine) {
    out.emplace();
    if (!read_engine((engine / "Database2/m.db").string(), engine.string(), *out, error)) out.reset();
  } else if (has_serato) {
    return read_serato_folder(here / "_Serato_", map, error);
  } else {
    *error = unread_in(here);
    if (!error->empty()) return std::nullopt;
    *error =
        "there is no library in this folder that is known: rekordbox (PIONEER/rekordbox/export.pdb), Engine DJ "
        "(Engine Library/Database2/m.db), Serato (_Serato_)";
  }
  if (!out) return out;
  map_paths(*out, map);
  if (stick && has_engine) out->notes.emplace_back("there is an \"Engine Library\" here, too: name it to read it");
  if (has_serato) out->notes.emplace_back("there is a \"_Serato_\" here, too: name it to read it");
  return out;
}

std::optional<ForeignLibrary> read_foreign_music(const std::string& path, std::string* error) {
  auto tags = serato_tags_in(path);
  if (!tags || tags->empty()) {
    *error = tags ? "there are no tags of Serato's in it" : "its tags can't be read";
    return std::nullopt;
  }
  ForeignLibrary out;
  out.format = "Serato tags";
  ForeignTrack t;
  t.path = path;
  t.kept = std::move(*tags);
  read_serato_tags(t, out.notes);
  out.tracks.push_back(std::move(t));
  return out;
}

std::optional<std::string> bytes_of_file(const std::string& path, std::string* error) {
  namespace fs = std::filesystem;
  constexpr std::uintmax_t kMost = std::uintmax_t{1} << 30;
  std::error_code failed;
  // A pipe would be waited for.
  const bool regular = fs::is_regular_file(path, failed);
  if (failed || !regular) {
    *error = failed ? failed.message() : std::strerror(fs::exists(path) ? EINVAL : ENOENT);
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    *error = std::strerror(errno);
    return std::nullopt;
  }
  const auto size = static_cast<std::uintmax_t>(std::max<std::streamoff>(0, file.tellg()));
  if (size == 0 || size > kMost) {
    *error = size == 0 ? "the file is empty" : "it is larger than 1 GiB";
    return std::nullopt;
  }
  std::string bytes(size, '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) {
    *error = "it can't be read to its end";
    return std::nullopt;
  }
  return bytes;
}

std::optional<ForeignLibrary> read_foreign(const std::string& path, std::string* error, const PathMap& map) {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (fs::is_directory(path, failed)) return read_foreign_folder(path, map, error);
  const fs::path whole = fs::absolute(path, failed).lexically_normal();
  if (whole.filename() == "export.pdb" && whole.parent_path().filename() == "rekordbox")
    return read_foreign_folder(whole.parent_path().parent_path().parent_path().string(), map, error);
  if (*error = sources::unread_database(whole); !error->empty() && sources::is_file(whole)) return std::nullopt;
  if (whole.filename() == "m.db") return read_foreign_folder(whole.parent_path().parent_path().string(), map, error);
  if (whole.filename() == "database V2") return read_foreign_folder(whole.parent_path().string(), map, error);
  const std::string kind = whole.extension().string();
  for (const char* music : {".mp3", ".m4a", ".mp4", ".aif", ".aiff", ".wav", ".flac", ".ogg", ".opus"}) {
    if (same_word(kind, music)) return read_foreign_music(whole.string(), error);
  }
  const auto bytes = bytes_of_file(path, error);
  if (!bytes) return std::nullopt;
  auto out = read_foreign(*bytes, whole.parent_path().string(), whole.filename().string(), error);
  if (out) sources::map_paths(*out, map);
  return out;
}

}  // namespace tactus::library
