#include "library/store/music_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <taglib/aifffile.h>
#include <taglib/fileref.h>
#include <taglib/flacfile.h>
#include <taglib/mp4file.h>
#include <taglib/mpegfile.h>
#include <taglib/oggflacfile.h>
#include <taglib/opusfile.h>
#include <taglib/tpropertymap.h>
#include <taglib/vorbisfile.h>
#include <taglib/wavfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/unique_fd.h"
#include "library/store/art.h"
#include "music/key.h"

namespace tactus::library {

namespace {

// Bytes of the UTF-8 character that begins here, 1 to 4; 0: none does.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first >= 0xf5 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate_or_beyond = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || surrogate_or_beyond ? 0 : length;
}

std::string tidy(const TagLib::String& tag, std::size_t most) {
  const std::string text = tag.to8Bit(true);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = utf8_length(std::string_view(text).substr(i));
    if (out.size() + n > most) break;
    if (n == 0 || static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7f) {
      if (n != 0 && !out.empty() && out.back() != ' ') out += ' ';  // lines of a comment stay apart
      ++i;
      continue;
    }
    out.append(text, i, n);
    i += n;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string first_of(const TagLib::PropertyMap& tags, const char* name, std::size_t most = 1000) {
  const auto found = tags.find(name);
  return found == tags.end() || found->second.isEmpty() ? std::string() : tidy(found->second.toString(", "), most);
}

std::string codec_of(TagLib::File* file) {
  if (dynamic_cast<TagLib::MPEG::File*>(file)) return "mp3";
  if (dynamic_cast<TagLib::FLAC::File*>(file) || dynamic_cast<TagLib::Ogg::FLAC::File*>(file)) return "flac";
  if (auto* mp4 = dynamic_cast<TagLib::MP4::File*>(file)) {
    const auto* p = mp4->audioProperties();
    return p && p->codec() == TagLib::MP4::Properties::ALAC ? "alac" : "aac";
  }
  if (dynamic_cast<TagLib::RIFF::WAV::File*>(file)) return "wav";
  if (dynamic_cast<TagLib::RIFF::AIFF::File*>(file)) return "aiff";
  if (dynamic_cast<TagLib::Ogg::Vorbis::File*>(file)) return "vorbis";
  if (dynamic_cast<TagLib::Ogg::Opus::File*>(file)) return "opus";
  return {};
}

std::string ending_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  std::string out = dot == std::string::npos ? std::string() : name.substr(dot);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// Of a path, without folders and ending: what a track without a title is called.
std::string stem_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  return shown_path(dot == std::string::npos || dot == 0 ? name : name.substr(0, dot));
}

void read_tags(const std::string& path, MusicFile& out) {
  const TagLib::FileRef ref(path.c_str(), true, TagLib::AudioProperties::Fast);
  TagLib::File* file = ref.file();
  if (ref.isNull() || !file->isValid()) {
    // Sound that TagLib doesn't know is no fault of the file: its name is all that is known of it.
    if (ending_of(path) == ".aac" || ending_of(path) == ".caf") return;
    out.error = "no music of a known kind is in it";
    return;
  }
  const TagLib::AudioProperties* sound = file->audioProperties();
  if (!sound || sound->sampleRate() <= 0 || sound->lengthInMilliseconds() <= 0) {
    out.error = "no sound is in it";
    return;
  }
  out.duration = sound->lengthInMilliseconds() / 1000.0;
  out.rate = sound->sampleRate();
  out.bitrate = sound->bitrate();
  out.codec = codec_of(file);
  out.art = has_art(file);
  const TagLib::PropertyMap tags = file->properties();
  out.title = first_of(tags, "TITLE");
  out.artist = first_of(tags, "ARTIST");
  out.album = first_of(tags, "ALBUM");
  out.genre = first_of(tags, "GENRE");
  out.comment = first_of(tags, "COMMENT", 4000);
  out.label = first_of(tags, "LABEL");
  out.composer = first_of(tags, "COMPOSER");
  out.remixer = first_of(tags, "REMIXER");
  const int year = std::atoi(first_of(tags, "DATE").c_str());
  out.year = year >= 1000 && year <= 9999 ? year : 0;
  const double bpm = std::strtod(first_of(tags, "BPM").c_str(), nullptr);
  out.bpm = bpm >= 20 && bpm <= 300 ? bpm : 0;
  if (const auto key = music::parse_key(first_of(tags, "INITIALKEY"))) out.key = key->index();
}

}  // namespace

MusicFile read_music_file(const std::string& path) {
  MusicFile out;
  // A FIFO would hang whoever opens it to read.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    out.error = std::string("it can't be opened: ") + std::strerror(errno);
  } else if (!S_ISREG(status.st_mode)) {
    out.error = "it is no file";
  } else if (status.st_size == 0) {
    out.error = "it is empty";
  } else if (const auto identity = audio_identity(fd.get())) {
    out.identity = *identity;
    read_tags(path, out);
    if (out.title.empty()) out.title = stem_of(path);
  } else {
    out.error = "no sound is in it";
  }
  // A drive that is pulled out looks like a file that ends.
  out.passing = !fd || (!out.error.empty() && ::stat(path.c_str(), &status) != 0);
  return out;
}

bool is_music_name(const std::string& name) {
  // In step with session::find_music.
  static constexpr std::array<std::string_view, 14> kEndings = {".mp3", ".m4a",  ".mp4",  ".aac", ".flac",
                                                                ".wav", ".wave", ".aiff", ".aif", ".ogg",
                                                                ".oga", ".opus", ".alac", ".caf"};
  return !name.starts_with('.') && std::find(kEndings.begin(), kEndings.end(), ending_of(name)) != kEndings.end();
}

std::string shown_path(const std::string& path) {
  std::string out;
  for (std::size_t i = 0; i < path.size();) {
    const std::size_t n = utf8_length(std::string_view(path).substr(i));
    if (n > 1 || (n == 1 && static_cast<unsigned char>(path[i]) >= 0x20 && path[i] != 0x7f)) {
      out.append(path, i, n);
      i += n;
      continue;
    }
    static constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(path[i++]);
    out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

}  // namespace tactus::library
