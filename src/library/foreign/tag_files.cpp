#include "library/foreign/tag_files.h"

#include <aifffile.h>
#include <fcntl.h>
#include <flacfile.h>
#include <generalencapsulatedobjectframe.h>
#include <id3v2tag.h>
#include <mp4file.h>
#include <mpegfile.h>
#include <opusfile.h>
#include <unistd.h>
#include <vorbisfile.h>
#include <wavfile.h>
#include <xiphcomment.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "library/foreign/bytes.h"
#include "library/foreign/id3_objects.h"
#include "library/foreign/readers.h"
#include "library/foreign/serato.h"
#include "library/foreign/write_files.h"

namespace tactus::library {
namespace tag_files {
namespace {

namespace fs = std::filesystem;
using TagLib::ByteVector;

// The same tag in each kind of file.
struct Name {
  const char *id3, *mp4, *flac, *ogg;
};
constexpr Name kNames[] = {
    {kSeratoMarkers2, "----:com.serato.dj:markersv2", "SERATO_MARKERS_V2", "SERATO_MARKERS2"},
    {kSeratoMarkers, "----:com.serato.dj:markers", nullptr, nullptr},
    {kSeratoBeatGrid, "----:com.serato.dj:beatgrid", "SERATO_BEATGRID", "SERATO_BEATGRID"},
    {kSeratoAutotags, "----:com.serato.dj:autgain", "SERATO_AUTOGAIN", "SERATO_AUTOGAIN"},
};
constexpr std::string_view kEnvelope{"application/octet-stream\0\0", 26};

enum class Kind { mp3, aiff, wav, mp4, flac, vorbis, opus, none };

Kind kind_of(const std::string& path) {
  const std::string end = fs::path(path).extension().string();
  const auto is = [&](std::initializer_list<const char*> ends) {
    return std::any_of(ends.begin(), ends.end(), [&](const char* e) { return same_word(end, e); });
  };
  if (is({".mp3"})) return Kind::mp3;
  if (is({".aif", ".aiff"})) return Kind::aiff;
  if (is({".wav"})) return Kind::wav;
  if (is({".m4a", ".mp4", ".aac", ".alac"})) return Kind::mp4;
  if (is({".flac"})) return Kind::flac;
  if (is({".ogg"})) return Kind::vorbis;
  if (is({".opus"})) return Kind::opus;
  return Kind::none;
}

std::string bytes_of(const ByteVector& v) { return {v.data(), v.size()}; }
ByteVector vector_of(const std::string& s) { return {s.data(), static_cast<unsigned>(s.size())}; }

// FLAC and MP4 wrap a tag with its type and name. Ogg, which has no wrapping, leaves out an outer layer as well.
std::string unwrapped(const std::string& text, const Name& name) {
  const std::string bytes = of_base64(text);
  if (bytes.starts_with(kEnvelope)) {
    const std::size_t end = bytes.find('\0', kEnvelope.size());
    return end == std::string::npos ? std::string() : bytes.substr(end + 1);
  }
  const bool inner = name.id3 == std::string_view(kSeratoMarkers2) && bytes.starts_with("\x01\x01") &&
                     std::string_view(bytes).substr(2, 2) != "AQ";
  return inner ? "\x01\x01" + as_base64(bytes) : bytes;
}

std::string wrapped(const std::string& bytes, const Name& name, bool ogg) {
  if (!ogg) return as_base64(std::string(kEnvelope) + name.id3 + '\0' + bytes);
  if (name.id3 != std::string_view(kSeratoMarkers2)) return as_base64(bytes);
  return as_base64(of_base64(std::string_view(bytes).substr(2)));
}

// One that opened its file, with the kind of tag that it has.
struct Music {
  Kind kind = Kind::none;
  std::unique_ptr<TagLib::File> file;
  TagLib::ID3v2::Tag* id3 = nullptr;
  TagLib::MP4::Tag* mp4 = nullptr;
  TagLib::Ogg::XiphComment* comment = nullptr;

  explicit Music(const std::string& path, Kind k) : kind(k) {
    const char* p = path.c_str();
    const auto keep = [&](auto* f) {
      file.reset(f);
      return f;
    };
    switch (kind) {
      case Kind::mp3:
        id3 = keep(new TagLib::MPEG::File(p, false))->ID3v2Tag(true);
        break;
      case Kind::aiff:
        id3 = keep(new TagLib::RIFF::AIFF::File(p, false))->tag();
        break;
      case Kind::wav:
        id3 = keep(new TagLib::RIFF::WAV::File(p, false))->ID3v2Tag();
        break;
      case Kind::mp4:
        mp4 = keep(new TagLib::MP4::File(p, false))->tag();
        break;
      case Kind::flac:
        comment = keep(new TagLib::FLAC::File(p, false))->xiphComment(true);
        break;
      case Kind::vorbis:
        comment = keep(new TagLib::Ogg::Vorbis::File(p, false))->tag();
        break;
      case Kind::opus:
        comment = keep(new TagLib::Ogg::Opus::File(p, false))->tag();
        break;
      case Kind::none:
        break;
    }
  }
  bool ok() const { return file && file->isValid() && (id3 || mp4 || comment); }
  bool save() const {
    // As it was: neither another version of ID3, nor an ID3v1 or APE tag made or taken away.
    if (auto* mpeg = dynamic_cast<TagLib::MPEG::File*>(file.get())) {
      const bool v3 = id3->header()->majorVersion() == 3;
      return mpeg->save(TagLib::MPEG::File::ID3v2, TagLib::File::StripNone, v3 ? TagLib::ID3v2::v3 : TagLib::ID3v2::v4,
                        TagLib::File::DoNotDuplicate);
    }
    return file->save();
  }
};

std::vector<ForeignKept> of_id3(const TagLib::ID3v2::Tag& tag) {
  std::vector<ForeignKept> out;
  for (const auto* frame : tag.frameList("GEOB")) {
    const auto* object = dynamic_cast<const TagLib::ID3v2::GeneralEncapsulatedObjectFrame*>(frame);
    if (object == nullptr) continue;
    const std::string name = object->description().to8Bit(true);
    if (name.starts_with("Serato ")) out.push_back({name, bytes_of(object->object())});
  }
  return out;
}

std::vector<ForeignKept> of_mp4(const TagLib::MP4::Tag& tag) {
  std::vector<ForeignKept> out;
  for (const Name& n : kNames) {
    if (!tag.contains(n.mp4)) continue;
    const TagLib::StringList texts = tag.item(n.mp4).toStringList();
    if (texts.isEmpty()) continue;
    const bool markers = n.id3 == std::string_view(kSeratoMarkers);
    out.push_back({markers ? kSeratoMarkersMp4 : n.id3, unwrapped(texts.front().to8Bit(true), n)});
  }
  return out;
}

std::vector<ForeignKept> of_comment(const TagLib::Ogg::XiphComment& tag, bool flac) {
  std::vector<ForeignKept> out;
  const auto& fields = tag.fieldListMap();
  for (const Name& n : kNames) {
    const char* field = flac ? n.flac : n.ogg;
    if (field == nullptr || !fields.contains(field) || fields[field].isEmpty()) continue;
    out.push_back({n.id3, unwrapped(fields[field].front().to8Bit(true), n)});
  }
  return out;
}

std::vector<ForeignKept> tags_of(const Music& m) {
  return m.id3 ? of_id3(*m.id3) : m.mp4 ? of_mp4(*m.mp4) : of_comment(*m.comment, m.kind == Kind::flac);
}

void put_id3(TagLib::ID3v2::Tag& tag, const ForeignKept& kept) {
  using Frame = TagLib::ID3v2::GeneralEncapsulatedObjectFrame;
  Frame* frame = nullptr;
  for (auto* f : tag.frameList("GEOB")) {
    auto* object = dynamic_cast<Frame*>(f);
    if (object != nullptr && object->description().to8Bit(true) == kept.name) frame = object;
  }
  if (frame == nullptr) {
    frame = new Frame;
    frame->setMimeType("application/octet-stream");
    frame->setDescription(kept.name);
    tag.addFrame(frame);
  }
  frame->setObject(vector_of(kept.bytes));
}

void put(Music& m, const ForeignKept& kept) {
  if (m.id3) return put_id3(*m.id3, kept);
  for (const Name& n : kNames) {
    const bool markers = n.id3 == std::string_view(kSeratoMarkers);
    if (kept.name != (markers && m.mp4 ? kSeratoMarkersMp4 : n.id3)) continue;
    if (m.mp4) {
      m.mp4->setItem(n.mp4, TagLib::StringList(TagLib::String(wrapped(kept.bytes, n, false))));
    } else if (const char* field = m.kind == Kind::flac ? n.flac : n.ogg) {
      m.comment->addField(field, wrapped(kept.bytes, n, m.kind != Kind::flac), true);
    }
  }
}

// -- the audio within a file, to compare it

struct Span {
  std::size_t from, size;
};
using Spans = std::vector<Span>;

// Boxes or chunks: a name and a size, in either order, to the file's end.
Spans chunks(std::string_view b, bool mp4, bool big, std::string_view wanted) {
  Spans out;
  ByteReader r(b, big);
  r.seek(mp4 ? 0 : std::min<std::size_t>(12, b.size()));
  while (r.ok() && r.left() >= 8) {
    const std::size_t from = r.at();
    std::uint64_t size = 0;
    std::string_view name;
    if (mp4) {
      size = r.u32();
      name = r.take(4);
      if (size == 1) size = r.u64();
      if (size == 0) size = b.size() - from;
      if (size < r.at() - from) break;
      size -= r.at() - from;
    } else {
      name = r.take(4);
      size = r.u32();
    }
    size = std::min<std::uint64_t>(size, r.left());
    if (name == wanted) out.push_back({r.at(), static_cast<std::size_t>(size)});
    r.skip(static_cast<std::size_t>(std::min<std::uint64_t>(size + (mp4 ? 0 : size % 2), r.left())));
  }
  return out;
}

// Between the tags: ID3v2 at the beginning; APE and ID3v1 at the end are left as they are, so they may be compared too.
Spans mp3_audio(std::string_view b) {
  std::size_t from = 0;
  while (b.size() - from >= 10 && b.substr(from, 3) == "ID3") {
    std::size_t size = 10;
    for (std::size_t i = 6, bits = 21; i < 10; ++i, bits -= 7)
      size += static_cast<std::size_t>(static_cast<unsigned char>(b[from + i]) & 0x7F) << bits;
    from = std::min(b.size(), from + size);
  }
  return {{from, b.size() - from}};
}

Spans flac_audio(std::string_view b) {
  ByteReader r(b);
  if (r.take(4) != "fLaC") return {};
  for (bool last = false; !last && r.ok();) {
    const std::uint32_t head = r.u32();
    last = head >> 31 != 0;
    r.skip(head & 0xFFFFFF);
  }
  return {{r.at(), r.left()}};
}

// Pages are numbered anew when the comments before them need more; what they hold isn't changed.
Spans ogg_audio(std::string_view b) {
  Spans out;
  ByteReader r(b, false);
  while (r.ok() && r.take(4) == "OggS") {
    r.skip(2);
    const std::uint64_t position = r.u64();
    r.skip(12);
    std::size_t size = 0;
    const std::string_view lacing = r.take(r.u8());
    for (const char c : lacing) size += static_cast<unsigned char>(c);
    if (position != 0) out.push_back({r.at(), std::min(size, r.left())});
    r.skip(size);
  }
  return out;
}

Spans audio_of(std::string_view b, Kind kind) {
  switch (kind) {
    case Kind::mp3:
      return mp3_audio(b);
    case Kind::aiff:
      return chunks(b, false, true, "SSND");
    case Kind::wav:
      return chunks(b, false, false, "data");
    case Kind::mp4:
      return chunks(b, true, true, "mdat");
    case Kind::flac:
      return flac_audio(b);
    case Kind::vorbis:
    case Kind::opus:
      return ogg_audio(b);
    case Kind::none:
      break;
  }
  return {};
}

bool same_audio(std::string_view a, std::string_view b, Kind kind) {
  const Spans in_a = audio_of(a, kind), in_b = audio_of(b, kind);
  return !in_a.empty() && std::equal(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), [&](Span x, Span y) {
    return a.substr(x.from, x.size) == b.substr(y.from, y.size);
  });
}

// The names of an MP4's tags, as the atoms of "moov/udta/meta/ilst" are called; of freeform ones all of the name.
std::vector<std::string> mp4_tags(std::string_view b) {
  for (const char* name : {"moov", "udta", "meta", "ilst"}) {
    const Spans found = chunks(b, true, true, name);
    if (found.empty()) return {};
    // "meta" has a version before what it holds.
    const std::size_t head = name == std::string_view("meta") && found[0].size >= 4 ? 4 : 0;
    b = b.substr(found[0].from + head, found[0].size - head);
  }
  std::vector<std::string> out;
  ByteReader r(b);
  while (r.left() >= 8) {
    const std::size_t size = r.u32();
    const std::string name(r.take(4));
    const std::string_view data = r.take(std::max<std::size_t>(size, 8) - 8);
    const Spans mean = chunks(data, true, true, "mean"), word = chunks(data, true, true, "name");
    std::string whole = name;
    for (const Spans& part : {mean, word})
      if (!part.empty() && part[0].size >= 4)
        whole += ":" + std::string(data.substr(part[0].from + 4, part[0].size - 4));
    out.push_back(whole);
  }
  return out;
}

// The first tag that TagLib, which writes them all anew, didn't understand; empty: none. A genre by its number is
// written as its name.
std::string lost_mp4_tag(std::string_view before, std::string_view after) {
  const auto left = mp4_tags(after);
  for (std::string name : mp4_tags(before)) {
    if (name == "gnre") name = "\xA9gen";
    if (std::find(left.begin(), left.end(), name) == left.end()) return name;
  }
  return {};
}

bool reach_disk(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = ::fsync(fd) == 0;
  ::close(fd);
  return ok;
}

bool has_id3(Kind kind) { return kind == Kind::mp3 || kind == Kind::aiff || kind == Kind::wav; }

// Empty: it went well.
std::string put_tags(const std::string& before, const std::string& copy, const std::vector<ForeignKept>& tags,
                     Kind kind) {
  if (has_id3(kind)) {
    std::string error;
    if (const auto whole = music_with_objects(before, tags))
      return write_whole(copy, *whole, &error) ? std::string() : error;
    if (holds_id3(before)) return "its ID3 tag is damaged, or wrapped such that writing it would lose something";
  }
  Music music(copy, kind);
  if (!music.ok()) return "its tags can't be read";
  for (const ForeignKept& t : tags) put(music, t);
  return music.save() ? std::string() : "its tags can't be written";
}

// Empty: it went well.
std::string write_copy(const std::string& path, const std::string& copy, const std::vector<ForeignKept>& tags) {
  const Kind kind = kind_of(path);
  std::string error;
  const auto before = bytes_of_file(path, &error);
  if (!before) return error;
  error = put_tags(*before, copy, tags, kind);
  if (!error.empty()) return error;
  const auto after = bytes_of_file(copy, &error);
  if (!after) return error;
  if (!same_audio(*before, *after, kind)) return "writing its tags would have changed its audio";
  if (kind == Kind::mp4) {
    const std::string lost = lost_mp4_tag(*before, *after);
    if (!lost.empty()) return "writing its tags would lose the one that is called \"" + as_utf8(lost) + "\"";
  }
  const auto found = serato_tags_in(copy);
  for (const ForeignKept& t : tags) {
    if (!has_id3(kind) && t.name == kSeratoMarkers) continue;
    const auto same = [&](const ForeignKept& f) {
      return f.name == t.name && f.bytes.starts_with(t.bytes.substr(0, t.bytes.find_last_not_of('\0') + 1));
    };
    if (!found || std::none_of(found->begin(), found->end(), same)) return "the tag \"" + t.name + "\" isn't read back";
  }
  return reach_disk(copy) ? std::string() : "it can't be written to the disk";
}

}  // namespace
}  // namespace tag_files

bool same_audio_bytes(std::string_view a, std::string_view b, const std::string& path) {
  return tag_files::same_audio(a, b, tag_files::kind_of(path));
}

bool is_mp4(const std::string& path) { return tag_files::kind_of(path) == tag_files::Kind::mp4; }

std::optional<std::vector<ForeignKept>> serato_tags_in(const std::string& path) {
  using namespace tag_files;
  const Kind kind = kind_of(path);
  std::error_code failed;
  if (kind == Kind::none || !fs::is_regular_file(path, failed)) return std::nullopt;
  const Music music(path, kind);
  if (!music.ok()) return std::nullopt;
  return tags_of(music);
}

bool write_serato_tags(const std::string& path, const std::vector<ForeignKept>& tags, std::string* error) {
  using namespace tag_files;
  if (kind_of(path) == Kind::none) {
    *error = "Serato has no tags in files of this kind";
    return false;
  }
  // Of the same ending, by which its kind is known.
  const fs::path target(path);
  const std::string copy =
      (target.parent_path() / (".tactus-" + std::to_string(::getpid()) + "-" + target.filename().string())).string();
  std::error_code failed;
  fs::copy_file(path, copy, fs::copy_options::overwrite_existing, failed);
  if (!failed) {
    *error = write_copy(path, copy, tags);
    if (error->empty()) fs::rename(copy, path, failed);
  }
  if (failed) *error = failed.message();
  if (error->empty()) return true;
  fs::remove(copy, failed);
  return false;
}

}  // namespace tactus::library
