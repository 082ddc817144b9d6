#include "library/foreign/serato.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>

#include "library/foreign/bytes.h"
#include "library/foreign/readers.h"

namespace tactus::library {
namespace serato {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepestChunk = 8;

bool parse(std::string_view bytes, int depth, std::vector<SeratoChunk>& out) {
  ByteReader r(bytes);
  while (!r.at_end()) {
    SeratoChunk c;
    c.tag = r.take(4);
    const std::uint32_t size = r.u32();
    const std::string_view data = r.take(size);
    if (!r.ok()) return false;
    const bool holds_more = c.tag[0] == 'o' || c.tag[0] == 'r';
    // One whose parts don't fit is kept as it is.
    if (!holds_more || depth >= kDeepestChunk || !parse(data, depth + 1, c.parts) || c.parts.empty()) {
      c.parts.clear();
      c.data = data;
    }
    out.push_back(std::move(c));
  }
  return true;
}

std::uint32_t number_in(const SeratoChunk& c, std::string_view name) {
  const SeratoChunk* p = c.part(name);
  return p == nullptr ? 0 : ByteReader(p->data).u32();
}

std::string track_path(const std::string& base, std::string name) {
  std::replace(name.begin(), name.end(), '\\', '/');
  const bool whole = name.starts_with('/') || (name.size() > 1 && name[1] == ':');
  return whole ? name : base + (base.ends_with('/') ? "" : "/") + name;
}

ForeignTrack track_of(const SeratoChunk& c, const std::string& base) {
  ForeignTrack t;
  t.id = c.text("pfil");
  t.path = track_path(base, t.id);
  t.title = c.text("tsng");
  t.artist = c.text("tart");
  t.album = c.text("talb");
  t.genre = c.text("tgen");
  t.comment = c.text("tcom");
  t.key = c.text("tkey");
  t.label = c.text("tlbl");
  t.composer = c.text("tcmp");
  t.remixer = c.text("trmx");
  t.bpm = number_of(c.text("tbpm"));
  t.length = clock_seconds(c.text("tlen"));
  t.year = whole_number_of(c.text("ttyr"));
  if (c.part("utpc") != nullptr) t.plays = static_cast<int>(std::min(number_in(c, "utpc"), 1000000000u));
  return t;
}

// "House%%Deep.crate": Deep, in House.
std::vector<std::string> crate_path(const std::string& file) {
  std::string name = fs::path(file).stem().string();
  std::vector<std::string> path;
  for (std::size_t at; (at = name.find("%%")) != std::string::npos && path.size() < kDeepestFolder;) {
    path.push_back(name.substr(0, at));
    name.erase(0, at + 2);
  }
  path.push_back(name);
  return path;
}

// A session's fields are numbered: number, length, bytes; texts end with NUL.
std::string session_path(std::string_view adat) {
  constexpr std::uint32_t kPath = 2;
  ByteReader r(adat);
  while (!r.at_end()) {
    const std::uint32_t field = r.u32(), size = r.u32();
    const std::string_view data = r.take(size);
    if (!r.ok()) return {};
    if (field == kPath) {
      const std::string path = utf8_of(data, true);
      return path.substr(0, path.find('\0'));
    }
  }
  return {};
}

}  // namespace
}  // namespace serato

const SeratoChunk* SeratoChunk::part(std::string_view name) const {
  for (const SeratoChunk& p : parts) {
    if (p.tag == name) return &p;
  }
  return nullptr;
}

std::string SeratoChunk::text(std::string_view name) const {
  const SeratoChunk* p = part(name);
  if (p == nullptr) return {};
  const std::string out = utf8_of(p->data, true);
  return out.substr(0, out.find('\0'));
}

void SeratoChunk::set(std::string_view name, std::string bytes) {
  for (SeratoChunk& p : parts) {
    if (p.tag != name) continue;
    p.data = std::move(bytes);
    p.parts.clear();
    return;
  }
  parts.push_back({std::string(name), std::move(bytes), {}});
}

void SeratoChunk::set_text(std::string_view name, std::string_view utf8) { set(name, utf16_of(utf8)); }

std::optional<std::vector<SeratoChunk>> serato_chunks(std::string_view bytes) {
  std::vector<SeratoChunk> out;
  if (!serato::parse(bytes, 0, out)) return std::nullopt;
  return out;
}

std::string serato_bytes(const std::vector<SeratoChunk>& chunks) {
  std::string out;
  for (const SeratoChunk& c : chunks) {
    const std::string inner = c.parts.empty() ? c.data : serato_bytes(c.parts);
    out += c.tag;
    put_big(out, inner.size(), 4);
    out += inner;
  }
  return out;
}

void SeratoReader::add(std::string_view bytes, const std::string& name) {
  using namespace serato;
  const auto chunks = serato_chunks(bytes);
  if (!chunks) {
    out_.notes.push_back("\"" + name + "\" is damaged and left out");
    return;
  }
  out_.kept.push_back({name, std::string(bytes)});
  const std::string kind = fs::path(name).extension().string();
  if (kind.empty()) {
    for (const SeratoChunk& c : *chunks) {
      if (c.tag == "vrsn") out_.program = "Serato, database " + utf8_of(c.data, true).substr(0, 40);
      if (c.tag == "otrk" && c.part("pfil") != nullptr) place_of(track_of(c, base_));
    }
    return;
  }
  ForeignPlaylist list;
  list.kind = kind == ".scrate" ? ForeignList::smart : kind == ".session" ? ForeignList::history : ForeignList::list;
  list.path = crate_path(name);
  if (list.kind == ForeignList::history) list.path.insert(list.path.begin(), "History");
  for (const SeratoChunk& c : *chunks) {
    std::string path;
    if (c.tag == "otrk") path = c.text("ptrk");
    if (const SeratoChunk* adat = c.tag == "oent" ? c.part("adat") : nullptr) path = session_path(adat->data);
    if (path.empty()) continue;
    ForeignTrack t;
    t.id = path;
    t.path = track_path(base_, path);
    list.tracks.push_back(place_of(std::move(t)));
  }
  out_.playlists.push_back(std::move(list));
}

std::size_t SeratoReader::place_of(ForeignTrack track) {
  const auto [found, fresh] = places_.emplace(track.path, out_.tracks.size());
  if (fresh) out_.tracks.push_back(std::move(track));
  return found->second;
}

bool is_serato(std::string_view bytes) {
  return bytes.size() > 8 && bytes.starts_with("vrsn") && bytes[4] == '\0' && bytes[8] == '\0';
}

}  // namespace tactus::library
