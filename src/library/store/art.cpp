#include "library/store/art.h"

#include <taglib/aifffile.h>
#include <taglib/attachedpictureframe.h>
#include <taglib/fileref.h>
#include <taglib/flacfile.h>
#include <taglib/id3v2tag.h>
#include <taglib/mp4file.h>
#include <taglib/mpegfile.h>
#include <taglib/wavfile.h>
#include <taglib/xiphcomment.h>

#include <filesystem>
#include <string_view>
#include <vector>

namespace tactus::library {

namespace {

// Its bytes are shared with the tag's, not copied.
struct Embedded {
  TagLib::ByteVector bytes;
  bool front;
};
using Pictures = std::vector<Embedded>;

// Numbered as in ID3v2's APIC (4.14), which FLAC and Vorbis comments took over.
constexpr int kFrontCover = 3;

void add(const TagLib::ID3v2::Tag* tag, Pictures& out) {
  if (tag == nullptr) return;
  for (const TagLib::ID3v2::Frame* frame : tag->frameList("APIC")) {
    const auto* picture = dynamic_cast<const TagLib::ID3v2::AttachedPictureFrame*>(frame);
    if (picture) out.push_back({picture->picture(), picture->type() == kFrontCover});
  }
}

void add(const TagLib::List<TagLib::FLAC::Picture*>& pictures, Pictures& out) {
  for (const TagLib::FLAC::Picture* p : pictures) out.push_back({p->data(), p->type() == kFrontCover});
}

Pictures pictures_of(TagLib::File* file) {
  Pictures out;
  if (auto* mpeg = dynamic_cast<TagLib::MPEG::File*>(file)) {
    if (mpeg->hasID3v2Tag()) add(mpeg->ID3v2Tag(), out);
  } else if (auto* flac = dynamic_cast<TagLib::FLAC::File*>(file)) {
    add(flac->pictureList(), out);
  } else if (auto* mp4 = dynamic_cast<TagLib::MP4::File*>(file)) {
    if (!mp4->hasMP4Tag()) return out;
    for (const TagLib::MP4::CoverArt& c : mp4->tag()->item("covr").toCoverArtList()) out.push_back({c.data(), true});
  } else if (auto* wav = dynamic_cast<TagLib::RIFF::WAV::File*>(file)) {
    if (wav->hasID3v2Tag()) add(wav->ID3v2Tag(), out);
  } else if (auto* aiff = dynamic_cast<TagLib::RIFF::AIFF::File*>(file)) {
    if (aiff->hasID3v2Tag()) add(aiff->tag(), out);
  } else if (file != nullptr) {
    if (auto* ogg = dynamic_cast<TagLib::Ogg::XiphComment*>(file->tag())) add(ogg->pictureList(), out);
  }
  std::erase_if(out, [](const Embedded& e) { return e.bytes.isEmpty(); });
  return out;
}

std::string type_of(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xff\xd8\xff"sv)) return "image/jpeg";
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return "image/png";
  if (bytes.starts_with("GIF8"sv)) return "image/gif";
  if (bytes.starts_with("RIFF"sv) && bytes.substr(0, 12).ends_with("WEBP"sv)) return "image/webp";
  if (bytes.starts_with("BM"sv)) return "image/bmp";
  return {};
}

}  // namespace

bool has_art(TagLib::File* file) { return !pictures_of(file).empty(); }

std::optional<Art> embedded_art(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return std::nullopt;  // a FIFO would hang whoever opens it
  const TagLib::FileRef ref(path.c_str(), false);
  const Pictures pictures = pictures_of(ref.file());
  if (pictures.empty()) return std::nullopt;
  const Embedded* best = &pictures.front();
  for (const Embedded& e : pictures) {
    if (!best->front && e.front) best = &e;
  }
  std::string bytes(best->bytes.data(), best->bytes.size());
  std::string type = type_of(bytes);
  return Art{std::move(type), std::move(bytes)};
}

}  // namespace tactus::library
