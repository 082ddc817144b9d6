// Serato's folder: "database V2", crates. serato.h names their descriptions.
#include <algorithm>
#include <filesystem>
#include <map>

#include "library/foreign/bytes.h"
#include "library/foreign/readers.h"
#include "library/foreign/serato.h"
#include "library/foreign/tag_files.h"
#include "library/foreign/write_files.h"
#include "library/foreign/write_xml.h"

namespace tactus::library {
namespace serato_out {
namespace {

namespace fs = std::filesystem;

using Chunks = std::vector<SeratoChunk>;

SeratoChunk text_chunk(const char* tag, const char* text) { return {tag, utf16_of(text), {}}; }

Chunks kept_chunks(const ForeignLibrary& library, const std::string& name, const char* version) {
  if (library.format == "Serato") {
    for (const ForeignKept& k : library.kept) {
      if (k.name != name) continue;
      if (auto chunks = serato_chunks(k.bytes)) return *chunks;
    }
  }
  return {text_chunk("vrsn", version)};
}

// From the drive's root on: what lies beneath the folder of "_Serato_" from there, else without '/' or "C:/".
std::string name_of(const ForeignTrack& t, const ForeignLibrary& library, const fs::path& root) {
  if (library.format == "Serato" && !t.id.empty()) return t.id;
  const std::string below = root.string() + "/";
  if (t.path.starts_with(below)) return t.path.substr(below.size());
  const bool drive = t.path.size() > 2 && t.path[1] == ':';
  const std::string path = drive ? t.path.substr(2) : t.path;
  return path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

void change_track(SeratoChunk& c, const ForeignTrack& t) {
  const std::pair<const char*, const std::string*> texts[] = {
      {"tsng", &t.title}, {"tart", &t.artist}, {"talb", &t.album},    {"tgen", &t.genre},  {"tcom", &t.comment},
      {"tkey", &t.key},   {"tlbl", &t.label},  {"tcmp", &t.composer}, {"trmx", &t.remixer}};
  for (const auto& [tag, value] : texts) {
    if (c.text(tag) != *value) c.set_text(tag, *value);
  }
  if (number_of(c.text("tbpm")) != t.bpm) c.set_text("tbpm", t.bpm > 0 ? decimal(t.bpm, 2) : "");
  if (whole_number_of(c.text("ttyr")) != t.year) c.set_text("ttyr", t.year > 0 ? std::to_string(t.year) : "");
  if (c.part("tlen") == nullptr && t.length > 0) {
    const int whole = static_cast<int>(std::min(t.length, 1e8));
    const std::string rest = decimal(t.length - 60 * (whole / 60), 2);
    c.set_text("tlen", std::string(whole / 60 < 10 ? "0" : "") + std::to_string(whole / 60) + ":" +
                           (rest.find('.') < 2 ? "0" : "") + rest);
  }
  if (t.plays >= 0 &&
      (c.part("utpc") == nullptr || ByteReader(c.part("utpc")->data).u32() != static_cast<std::uint32_t>(t.plays))) {
    std::string plays;
    put_big(plays, static_cast<std::uint32_t>(t.plays), 4);
    c.set("utpc", plays);
  }
}

std::string database(const ForeignLibrary& library, const std::vector<std::string>& names) {
  Chunks chunks = kept_chunks(library, "database V2", "2.0/Serato Scratch LIVE Database");
  std::map<std::string, std::size_t> tracks;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i].tag == "otrk") tracks.emplace(chunks[i].text("pfil"), i);
  }
  const bool same = library.format == "Serato";
  std::map<std::string, bool> wanted;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ForeignTrack& t = library.tracks[i];
    wanted[names[i]] = true;
    const auto found = tracks.find(names[i]);
    if (found != tracks.end()) {
      change_track(chunks[found->second], t);
      continue;
    }
    // A crate's track that the database doesn't know, and that says nothing.
    ForeignTrack nothing;
    nothing.id = t.id;
    nothing.path = t.path;
    nothing.kept = t.kept;
    nothing.cues = t.cues;
    nothing.loops = t.loops;
    nothing.grid = t.grid;
    nothing.color = t.color;
    if (same && t == nothing) continue;
    SeratoChunk c{"otrk", {}, {}};
    std::string kind = fs::path(names[i]).extension().string();
    if (!kind.empty()) c.set_text("ttyp", kind.substr(1));
    c.set_text("pfil", names[i]);
    change_track(c, t);
    chunks.push_back(std::move(c));
  }
  std::erase_if(chunks, [&](const SeratoChunk& c) { return c.tag == "otrk" && !wanted.contains(c.text("pfil")); });
  return serato_bytes(chunks);
}

// Tracks in their order; a chunk that there was stays what it was.
std::string crate(Chunks chunks, const std::vector<std::string>& entries) {
  std::vector<std::string> before;
  std::multimap<std::string, SeratoChunk> there;
  for (const SeratoChunk& c : chunks) {
    if (c.tag != "otrk") continue;
    before.push_back(c.text("ptrk"));
    there.emplace(before.back(), c);
  }
  if (before == entries) return serato_bytes(chunks);
  std::erase_if(chunks, [](const SeratoChunk& c) { return c.tag == "otrk"; });
  for (const std::string& e : entries) {
    SeratoChunk c{"otrk", {}, {}};
    if (const auto found = there.find(e); found != there.end()) {
      c = found->second;
      there.erase(found);
    } else {
      c.set_text("ptrk", e);
    }
    chunks.push_back(std::move(c));
  }
  return serato_bytes(chunks);
}

// Where a playlist's file is, if it was kept, and else goes.
std::string file_of(const ForeignLibrary& library, const ForeignPlaylist& list, Cant& cant) {
  const bool history = list.kind == ForeignList::history;
  std::string name;
  for (std::size_t i = history ? 1 : 0; i < list.path.size(); ++i)
    name += (name.empty() ? "" : "%%") + file_name_of(list.path[i], cant);
  const std::string kept = (history                           ? "History/Sessions/" + name + ".session"
                            : list.kind == ForeignList::smart ? "SmartCrates/" + name + ".scrate"
                                                              : "Subcrates/" + name + ".crate");
  const bool there = library.format == "Serato" && std::any_of(library.kept.begin(), library.kept.end(),
                                                               [&](const auto& k) { return k.name == kept; });
  return there || list.kind == ForeignList::list ? kept : history ? std::string() : "Subcrates/" + name + ".crate";
}

bool put(const fs::path& file, const std::string& bytes, std::string* error) {
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);
  return write_whole(file.string(), bytes, error);
}

// How many tracks' marks the music files don't hold yet.
std::size_t not_in_files(const ForeignLibrary& library) {
  std::size_t out = 0;
  for (const ForeignTrack& t : library.tracks) {
    ForeignTrack said;
    said.kept = t.kept;
    std::vector<std::string> ignored;
    read_serato_tags(said, ignored);
    out += said.cues != t.cues || said.loops != t.loops || said.grid != t.grid;
  }
  return out;
}

}  // namespace
}  // namespace serato_out

bool write_serato(const ForeignLibrary& library, const std::string& folder, bool music_too, Cant& cant,
                  std::string* error) {
  using namespace serato_out;
  std::error_code failed;
  fs::path serato = fs::absolute(folder, failed).lexically_normal();
  if (serato.filename().empty()) serato = serato.parent_path();
  if (serato.filename() != "_Serato_") serato /= "_Serato_";
  std::vector<std::string> names;
  std::size_t ratings = 0;
  for (const ForeignTrack& t : library.tracks) {
    names.push_back(name_of(t, library, serato.parent_path()));
    ratings += t.rating > 0;
  }
  if (!put(serato / "database V2", database(library, names), error)) return false;
  std::size_t histories = 0, smart = 0;
  for (const ForeignPlaylist& list : library.playlists) {
    const std::string file = file_of(library, list, cant);
    if (file.empty()) {
      ++histories;
      continue;
    }
    smart += list.kind == ForeignList::smart && file.ends_with(".crate");
    Chunks chunks = kept_chunks(library, file, "1.0/Serato ScratchLive Crate");
    std::vector<std::string> entries;
    for (const std::size_t i : list.tracks) entries.push_back(names[i]);
    const bool session = list.kind == ForeignList::history;
    if (!put(serato / file, session ? serato_bytes(chunks) : crate(std::move(chunks), entries), error)) return false;
  }
  cant.count(ratings, "tracks' ratings are left out");
  cant.count(histories, "histories are left out");
  cant.count(smart, "smart lists become crates of the tracks that they hold");
  cant.count(music_too ? 0 : not_in_files(library),
             "tracks' cues, loops and grids belong into the music files, which are written only when asked to");
  return true;
}

}  // namespace tactus::library
