#include "library/foreign/id3_objects.h"

#include <algorithm>

#include "library/foreign/bytes.h"

namespace tactus::library {
namespace id3 {
namespace {

constexpr std::size_t kTagHead = 10;
constexpr std::size_t kMostTag = (std::size_t{1} << 28) - 1;
constexpr std::size_t kMostTagOf22 = (std::size_t{1} << 24) - 1;  // so that any frame's size fits
constexpr std::size_t kRoom = 1024;                               // for the next change, where there was none

// Seven bits a byte.
std::size_t of_sevens(std::uint32_t v) {
  return (v & 0x7F) | (v >> 1 & 0x3F80) | (v >> 2 & 0x1FC000) | (v >> 3 & 0xFE00000);
}
void put_sevens(std::string& out, std::size_t v) {
  for (int bits = 21; bits >= 0; bits -= 7) out += static_cast<char>(v >> bits & 0x7F);
}

// How a version's frames begin.
struct Layout {
  std::size_t name = 4, size = 4, flags = 2;
  bool sevens = false;  // sizes, of seven bits a byte
  const char* object = "GEOB";
  std::size_t head() const { return name + size + flags; }
};
std::optional<Layout> layout_of(int version) {
  if (version == 2) return Layout{3, 3, 0, false, "GEO"};
  if (version == 3) return Layout{};
  if (version == 4) return Layout{.sevens = true};
  return std::nullopt;
}

// Flags of a tag, and of frames in 2.4.
constexpr int kUnsynchronised = 0x80, kExtended = 0x40, kExperimental = 0x20;
constexpr int kFrameUnsynchronised = 0x02, kFrameLength = 0x01;

// Without the zeros that keep what follows 0xFF from looking like MPEG.
std::string synchronised(std::string_view data) {
  std::string out;
  for (std::size_t i = 0; i < data.size(); ++i) {
    out += data[i];
    if (data[i] == '\xFF' && i + 1 < data.size() && data[i + 1] == '\0') ++i;
  }
  return out;
}

std::string frame_bytes(std::string_view name, std::string_view flags, std::string_view data, const Layout& l) {
  std::string out(name);
  if (l.sevens) {
    put_sevens(out, data.size());
  } else {
    put_big(out, data.size(), static_cast<int>(l.size));
  }
  return out.append(flags).append(data);
}

struct Frame {
  std::string_view head, data;
};

// Nothing where they don't fill the tag, but for zeros at its end.
std::optional<std::vector<Frame>> frames_of(std::string_view tag, const Layout& l) {
  std::vector<Frame> out;
  ByteReader r(tag);
  while (r.left() >= l.head() && tag[r.at()] != '\0') {
    const std::string_view head = r.take(l.head());
    const auto named = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    if (!std::all_of(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(l.name), named)) return std::nullopt;
    std::uint32_t size = 0;
    for (const char c : head.substr(l.name, l.size)) size = size << 8 | static_cast<unsigned char>(c);
    const std::string_view data = r.take(l.sevens ? of_sevens(size) : size);
    if (!r.ok() || (l.sevens && (size & 0x80808080) != 0)) return std::nullopt;
    out.push_back({head, data});
  }
  const std::string_view rest = tag.substr(r.at());
  if (rest.find_first_not_of('\0') != std::string_view::npos) return std::nullopt;
  return out;
}

// The frames' bytes, as if nothing had been done to all of the tag: what an extended header says (padding, a checksum)
// is of the tag as it was. Nothing: it doesn't hold together.
std::optional<std::string> body_of(std::string_view tag, const Layout& l, int flags) {
  const int known = kUnsynchronised | (l.flags == 0 ? 0 : kExtended | kExperimental);
  if ((flags & ~known) != 0) return std::nullopt;
  const bool whole = (flags & kUnsynchronised) != 0 && !l.sevens;
  std::string out = whole ? synchronised(tag) : std::string(tag);
  if ((flags & kExtended) == 0) return out;
  const std::uint32_t size = ByteReader(out).u32();
  const std::size_t all = l.sevens ? of_sevens(size) : std::size_t{size} + 4;
  if (all < 6 || all > out.size()) return std::nullopt;
  return out.substr(all);
}

// What a frame says, whatever it is wrapped in. Nothing: it is compressed, encrypted or one of a group.
std::optional<std::string> opened(const Frame& f, const Layout& l) {
  const int flags = l.flags == 0 ? 0 : static_cast<unsigned char>(f.head.back());
  if (flags == 0) return std::string(f.data);
  if (!l.sevens || (flags & ~(kFrameUnsynchronised | kFrameLength)) != 0) return std::nullopt;
  std::string_view data = f.data;
  if ((flags & kFrameLength) != 0) data.remove_prefix(std::min<std::size_t>(4, data.size()));
  return (flags & kFrameUnsynchronised) != 0 ? synchronised(data) : std::string(data);
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

// What lies where in a file: its tag, and the chunk around it.
struct Place {
  std::size_t tag = 0, size = 0;  // with its head
  std::size_t chunk = 0;          // where the chunk's data begin; 0: it lies in none
  bool big = true;
};

std::vector<Place> places_of(std::string_view b) {
  if (b.starts_with("ID3") && b.size() >= kTagHead)
    return {{0, kTagHead + of_sevens(ByteReader(b.substr(6)).u32()), 0, true}};
  const bool aiff = b.starts_with("FORM"), wav = b.starts_with("RIFF");
  std::vector<Place> found;
  if (!aiff && !wav) return found;
  ByteReader r(b, aiff);
  r.seek(std::min<std::size_t>(12, b.size()));
  while (r.ok() && r.left() >= 8) {
    const std::string_view name = r.take(4);
    const std::uint32_t size = r.u32();
    if (name == "ID3 " || name == "id3 ") found.push_back({r.at(), size, r.at(), aiff});
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
  if (tag.size() < kTagHead || !tag.starts_with("ID3")) return std::nullopt;
  const auto layout = layout_of(tag[3]);
  const std::size_t size = of_sevens(ByteReader(tag.substr(6)).u32());
  if (!layout || size > tag.size() - kTagHead) return std::nullopt;
  const Layout& l = *layout;
  const int flags = static_cast<unsigned char>(tag[5]);
  const auto body = body_of(tag.substr(kTagHead, size), l, flags);
  const auto frames = body ? frames_of(*body, l) : std::nullopt;
  if (!frames) return std::nullopt;
  std::vector<bool> put(objects.size());
  std::string out;
  for (const Frame& f : *frames) {
    const bool is_object = f.head.starts_with(l.object);
    // In 2.4 a tag's flag speaks for frames that say nothing of their own.
    const bool by_tag = l.sevens && (flags & kUnsynchronised) != 0 && (f.head.back() & kFrameUnsynchronised) == 0;
    std::string mended;
    if (by_tag) mended = synchronised(f.data);
    const Frame frame{f.head, by_tag ? std::string_view(mended) : f.data};
    const auto data = is_object ? opened(frame, l) : std::nullopt;
    if (is_object && !data) return std::nullopt;  // it might be one of these
    const auto object = data ? object_of(*data) : std::nullopt;
    const auto same = [&](const ForeignKept& k) { return object && k.name == object->name; };
    const auto found = std::find_if(objects.begin(), objects.end(), same);
    const std::string_view name = f.head.substr(0, l.name), own = f.head.substr(l.name + l.size);
    if (found == objects.end()) {
      out += frame_bytes(name, own, frame.data, l);
      continue;
    }
    put[static_cast<std::size_t>(found - objects.begin())] = true;
    const std::string plain = own.empty() ? std::string() : std::string(own.substr(0, 1)) + '\0';
    out += frame_bytes(name, plain, data->substr(0, object->before) + found->bytes, l);
  }
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::string head = std::string("\0application/octet-stream\0\0", 27) + objects[i].name + '\0';
    if (!put[i]) out += frame_bytes(l.object, std::string_view("\0\0", l.flags), head + objects[i].bytes, l);
  }
  out.resize(out.size() <= size ? size : out.size() + kRoom, '\0');
  if (out.size() > kMostTag || (l.size == 3 && out.size() > kMostTagOf22)) return std::nullopt;
  std::string head(tag.substr(0, 5));
  head += static_cast<char>(flags & kExperimental);
  put_sevens(head, out.size());
  return head + out;
}

bool holds_id3(std::string_view file) { return !id3::places_of(file).empty(); }

std::optional<std::string> music_with_objects(std::string_view file, const std::vector<ForeignKept>& objects) {
  using namespace id3;
  const std::vector<Place> places = places_of(file);
  if (places.size() != 1 || places[0].size > file.size() - places[0].tag) return std::nullopt;
  const Place* const at = places.data();
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
