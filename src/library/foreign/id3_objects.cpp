#include "library/foreign/id3_objects.h"

#include <algorithm>

#include "library/foreign/bytes.h"

namespace tactus::library {
namespace id3 {
namespace {

constexpr std::size_t kTagHead = 10, kFrameHead = 10;
constexpr std::size_t kMostTag = (std::size_t{1} << 28) - 1;
constexpr std::size_t kRoom = 1024;  // for the next change, where there was none

// Seven bits a byte.
std::size_t of_sevens(std::uint32_t v) {
  return (v & 0x7F) | (v >> 1 & 0x3F80) | (v >> 2 & 0x1FC000) | (v >> 3 & 0xFE00000);
}
void put_sevens(std::string& out, std::size_t v) {
  for (int bits = 21; bits >= 0; bits -= 7) out += static_cast<char>(v >> bits & 0x7F);
}

struct Frame {
  std::string_view head, data;
};

// Nothing where they don't fill the tag, but for zeros at its end.
std::optional<std::vector<Frame>> frames_of(std::string_view tag, bool sevens) {
  std::vector<Frame> out;
  ByteReader r(tag);
  while (r.left() >= kFrameHead && tag[r.at()] != '\0') {
    const std::string_view head = r.take(kFrameHead);
    const auto named = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    if (!std::all_of(head.begin(), head.begin() + 4, named)) return std::nullopt;
    const std::uint32_t size = ByteReader(head.substr(4)).u32();
    const std::string_view data = r.take(sevens ? of_sevens(size) : size);
    if (!r.ok() || (sevens && (size & 0x80808080) != 0)) return std::nullopt;
    out.push_back({head, data});
  }
  const std::string_view rest = tag.substr(r.at());
  if (rest.find_first_not_of('\0') != std::string_view::npos) return std::nullopt;
  return out;
}

// How much of a GEOB frame lies before its object, and what that is called.
struct Object {
  std::size_t before = 0;
  std::string name;
};
std::optional<Object> object_of(std::string_view data) {
  ByteReader r(data);
  const int encoding = r.u8();
  r.text();  // its type
  Object out;
  for (int i = 0; i < 2; ++i) {  // a file's name, then its own
    if (encoding == 0 || encoding == 3) {
      out.name = r.text();
      continue;
    }
    std::string wide;
    for (std::string_view c = r.take(2); r.ok() && c != std::string_view("\0", 2); c = r.take(2)) wide += c;
    const bool little = wide.starts_with("\xFF\xFE");
    out.name = utf8_of(std::string_view(wide).substr(little || wide.starts_with("\xFE\xFF") ? 2 : 0), !little);
  }
  out.before = r.at();
  return r.ok() ? std::optional(out) : std::nullopt;
}

std::string frame_bytes(std::string_view name, std::string_view flags, std::string_view data, bool sevens) {
  std::string out(name);
  sevens ? put_sevens(out, data.size()) : put_big(out, data.size(), 4);
  return out.append(flags).append(data);
}

// What lies where in a file: its tag, and the chunk around it.
struct Place {
  std::size_t tag = 0, size = 0;  // with its head
  std::size_t chunk = 0;          // where the chunk's data begin; 0: it lies in none
  bool big = true;
};

std::optional<Place> place_of(std::string_view b) {
  if (b.starts_with("ID3") && b.size() >= kTagHead)
    return Place{0, kTagHead + of_sevens(ByteReader(b.substr(6)).u32()), 0, true};
  const bool aiff = b.starts_with("FORM"), wav = b.starts_with("RIFF");
  if (!aiff && !wav) return std::nullopt;
  ByteReader r(b, aiff);
  r.seek(std::min<std::size_t>(12, b.size()));
  std::optional<Place> found;
  while (r.ok() && r.left() >= 8) {
    const std::string_view name = r.take(4);
    const std::uint32_t size = r.u32();
    if (name == "ID3 " || name == "id3 ") {
      if (found || size > r.left()) return std::nullopt;
      found = Place{r.at(), size, r.at(), aiff};
    }
    r.skip(std::min<std::size_t>(std::size_t{size} + size % 2, r.left()));
  }
  return found;
}

std::string number(std::size_t v, bool big) {
  std::string out;
  put_big(out, v, 4);
  if (!big) std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace
}  // namespace id3

std::optional<std::string> id3_with_objects(std::string_view tag, const std::vector<ForeignKept>& objects) {
  using namespace id3;
  if (tag.size() < kTagHead || !tag.starts_with("ID3") || (tag[3] != 3 && tag[3] != 4) || tag[5] != 0)
    return std::nullopt;
  const std::size_t size = of_sevens(ByteReader(tag.substr(6)).u32());
  if (size > tag.size() - kTagHead) return std::nullopt;
  const bool sevens = tag[3] == 4;
  const auto frames = frames_of(tag.substr(kTagHead, size), sevens);
  if (!frames) return std::nullopt;
  std::vector<bool> put(objects.size());
  std::string out;
  for (const Frame& f : *frames) {
    const auto object = f.head.starts_with("GEOB") && f.head[9] == 0 ? object_of(f.data) : std::nullopt;
    const auto same = [&](const ForeignKept& k) { return object && k.name == object->name; };
    const auto found = std::find_if(objects.begin(), objects.end(), same);
    if (found == objects.end()) {
      out.append(f.head).append(f.data);
      continue;
    }
    put[static_cast<std::size_t>(found - objects.begin())] = true;
    out += frame_bytes("GEOB", f.head.substr(8), std::string(f.data.substr(0, object->before)) + found->bytes, sevens);
  }
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::string head = std::string("\0application/octet-stream\0\0", 27) + objects[i].name + '\0';
    if (!put[i]) out += frame_bytes("GEOB", std::string_view("\0\0", 2), head + objects[i].bytes, sevens);
  }
  out.resize(out.size() <= size ? size : out.size() + kRoom, '\0');
  if (out.size() > kMostTag) return std::nullopt;
  std::string head(tag.substr(0, 6));
  put_sevens(head, out.size());
  return head + out;
}

std::optional<std::string> music_with_objects(std::string_view file, const std::vector<ForeignKept>& objects) {
  using namespace id3;
  const auto at = place_of(file);
  if (!at || at->size > file.size() - at->tag) return std::nullopt;
  auto tag = id3_with_objects(file.substr(at->tag, at->size), objects);
  if (!tag) return std::nullopt;
  std::string out(file.substr(0, at->tag));
  std::size_t after = at->tag + at->size;
  if (at->chunk != 0) {
    out.replace(at->chunk - 4, 4, number(tag->size(), at->big));
    tag->append(tag->size() % 2, '\0');
    after = std::min(file.size(), after + at->size % 2);
  }
  out += *tag;
  out += file.substr(after);
  if (at->chunk != 0) out.replace(4, 4, number(out.size() - 8, at->big));
  return out.size() <= 0xFFFFFFFF ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace tactus::library
