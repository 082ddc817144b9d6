#include <algorithm>
#include <cstdio>
#include <fstream>

#include "library/foreign/bytes.h"
#include "library/foreign/timeline.h"

namespace tactus::library {
namespace audio_header {
namespace {

using Peek = std::function<std::string(std::uint64_t, std::size_t)>;

// "MPEG audio frame header", ISO/IEC 11172-3, 2.4.1.3.
struct Frame {
  bool mpeg1, mono;
  int rate;
};
std::optional<Frame> frame_at(std::string_view b, std::size_t at) {
  if (at + 4 > b.size()) return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(b[at + i]); };
  constexpr int kRates[] = {44100, 48000, 32000};
  const int version = byte(1) >> 3 & 3, layer = byte(1) >> 1 & 3, rate = byte(2) >> 2 & 3, bits = byte(2) >> 4;
  if (byte(0) != 0xFF || (byte(1) & 0xE0) != 0xE0 || version == 1 || layer != 1 || rate == 3 || bits == 0 || bits == 15)
    return std::nullopt;
  return Frame{version == 3, (byte(3) >> 6) == 3, kRates[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2)};
}

// CRC-16 as of ARC: of the frame up to the checksum itself.
unsigned crc16(std::string_view b) {
  unsigned crc = 0;
  for (const char c : b) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
  }
  return crc;
}

// The header of Xing and LAME's extension of it ("MP3 Info Tag", http://gabriel.mp3-tech.org/mp3infotag.html). What
// our decoder takes away: the delay, and the 528 + 1 frames of a decoder.
AudioHeader of_mp3(std::string_view b, std::size_t at, const Frame& f) {
  constexpr int kDecoderDelay = 529;
  AudioHeader h;
  h.codec = AudioHeader::Codec::mp3;
  h.rate = f.rate;
  h.frame = f.mpeg1 ? 1152 : 576;
  if (b.substr(std::min(b.size(), at + 36), 4) == "VBRI") {
    h.tag = AudioHeader::Tag::vbri;
    return h;
  }
  ByteReader r(b);
  r.seek(std::min(b.size(), at + 4 + (f.mpeg1 ? (f.mono ? 17 : 32) : (f.mono ? 9 : 17))));
  const std::string_view name = r.take(4);
  if (name != "Xing" && name != "Info") return h;
  h.tag = AudioHeader::Tag::xing;
  const std::uint32_t flags = r.u32();
  r.skip((flags & 1) * 4 + (flags >> 1 & 1) * 4 + (flags >> 2 & 1) * 100 + (flags >> 3 & 1) * 4);
  const std::string_view encoder = r.take(4);
  const bool lame = encoder == "LAME", short_one = encoder == "Lavf" || encoder == "Lavc";
  if (!lame && !short_one) return h;
  r.skip(17);
  const std::uint32_t pair = static_cast<std::uint32_t>(r.u8()) << 16 | r.u16();
  r.skip(10);
  const std::size_t end = r.at();
  const unsigned crc = r.u16();
  if (!r.ok()) return h;
  h.delay = static_cast<std::int64_t>(pair >> 12) + kDecoderDelay;
  if (lame)
    h.tag = crc != 0 && crc == crc16(b.substr(at, end - at)) ? AudioHeader::Tag::lame : AudioHeader::Tag::unproved;
  return h;
}

// -- MP4 (ISO/IEC 14496-12)

struct Track {
  bool sound = false;
  double timescale = 0;
  AudioHeader::Codec codec = AudioHeader::Codec::other;
  bool edits = false, odd = false;
  std::int64_t begin = 0;
};

void read_edits(std::string_view b, Track& t) {
  ByteReader r(b);
  const bool wide = r.u32() >> 24 == 1;
  const std::uint32_t count = r.u32();
  if (!r.ok() || count == 0) return;
  wide ? r.u64() : r.u32();
  const auto begin = wide ? static_cast<std::int64_t>(r.u64()) : static_cast<std::int32_t>(r.u32());
  t.edits = r.ok();
  // Silence before the sound, or more than one piece of it.
  t.odd = begin < 0 || count > 1;
  t.begin = std::max<std::int64_t>(begin, 0);
}

void read_box(std::string_view name, std::string_view b, Track& t);

void read_boxes(std::string_view b, const std::function<void(std::string_view, std::string_view)>& box) {
  ByteReader r(b);
  while (r.left() >= 8) {
    const std::size_t from = r.at();
    std::uint64_t size = r.u32();
    const std::string_view name = r.take(4);
    if (size == 1) size = r.u64();
    if (size == 0) size = b.size() - from;
    if (!r.ok() || size < r.at() - from || size > b.size() - from) return;
    box(name, r.take(static_cast<std::size_t>(size - (r.at() - from))));
  }
}

// A track's boxes lie at most five deep.
void read_box(std::string_view name, std::string_view b, Track& t) {
  ByteReader r(b);
  if (name == "edts" || name == "mdia" || name == "minf" || name == "stbl") {
    read_boxes(b, [&](std::string_view n, std::string_view inner) {
      // Each within the one that it belongs in, so that none can be in itself.
      const bool below = (name == "edts" && n == "elst") ||
                         (name == "mdia" && (n == "mdhd" || n == "hdlr" || n == "minf")) ||
                         (name == "minf" && n == "stbl") || (name == "stbl" && n == "stsd");
      if (below) read_box(n, inner, t);
    });
  } else if (name == "elst") {
    read_edits(b, t);
  } else if (name == "mdhd") {
    r.skip(r.u32() >> 24 == 1 ? 16 : 8);
    t.timescale = r.u32();
  } else if (name == "hdlr") {
    r.skip(8);
    t.sound = r.take(4) == "soun";
  } else if (name == "stsd") {
    r.skip(12);
    const std::string_view codec = r.take(4);
    t.codec = codec == "mp4a" ? AudioHeader::Codec::aac : codec == "alac" ? AudioHeader::Codec::alac : t.codec;
  }
}

// iTunes' comment of gapless playing, which counts where there is no edit list: hexadecimal words, the second is the
// delay.
std::int64_t itunes_delay(std::string_view moov) {
  const std::size_t name = moov.find("iTunSMPB");
  if (name == std::string_view::npos) return 0;
  const std::size_t data = moov.find("data", name);
  if (data == std::string_view::npos || data > name + 64) return 0;
  const std::string text(moov.substr(std::min(moov.size(), data + 12), 64));
  unsigned delay = 0;
  return std::sscanf(text.c_str(), " %*x %x", &delay) == 1 ? delay : 0;
}

std::optional<AudioHeader> of_moov(std::string_view moov) {
  Track found;
  read_boxes(moov, [&](std::string_view name, std::string_view b) {
    if (name != "trak" || found.sound) return;
    Track t;
    read_boxes(b, [&](std::string_view n, std::string_view inner) {
      if (n == "edts" || n == "mdia") read_box(n, inner, t);
    });
    if (t.sound) found = t;
  });
  if (!found.sound || found.timescale <= 0 || found.timescale > 1e6) return std::nullopt;
  AudioHeader h;
  h.codec = found.codec;
  h.rate = static_cast<int>(found.timescale);
  h.edit_list = found.edits;
  h.odd = found.odd;
  h.delay = found.edits ? found.begin : itunes_delay(moov);
  return h;
}

std::optional<AudioHeader> of_mp4(const Peek& peek) {
  constexpr std::size_t kMost = 64 << 20;
  std::uint64_t at = 0;
  for (int boxes = 0; boxes < 1000; ++boxes) {
    const std::string head = peek(at, 16);
    ByteReader r(head);
    std::uint64_t size = r.u32();
    const std::string_view name = r.take(4);
    if (!r.ok()) return std::nullopt;
    if (size == 1) size = r.u64();
    if (size < 8) return std::nullopt;
    if (name == "moov") return size > kMost ? std::nullopt : of_moov(peek(at + 8, static_cast<std::size_t>(size - 8)));
    if (at + size < at) return std::nullopt;
    at += size;
  }
  return std::nullopt;
}

std::optional<AudioHeader> of_ogg(std::string_view b) {
  AudioHeader h;
  if (b.find("OpusHead") != std::string_view::npos) {
    h.codec = AudioHeader::Codec::opus;
  } else if (b.find("\x01vorbis") != std::string_view::npos) {
    h.codec = AudioHeader::Codec::vorbis;
  } else {
    return std::nullopt;
  }
  return h;
}

std::uint64_t after_id3(const Peek& peek) {
  std::uint64_t at = 0;
  for (int tags = 0; tags < 4; ++tags) {
    const std::string h = peek(at, 10);
    if (h.size() < 10 || !h.starts_with("ID3")) break;
    std::uint64_t size = 10;
    for (std::size_t i = 6; i < 10; ++i)
      size += static_cast<std::uint64_t>(static_cast<unsigned char>(h[i]) & 0x7F) << (7 * (9 - i));
    at += size + ((h[5] & 0x10) != 0 ? 10 : 0);
  }
  return at;
}

}  // namespace
}  // namespace audio_header

std::optional<AudioHeader> read_audio_header(const std::function<std::string(std::uint64_t, std::size_t)>& peek) {
  using namespace audio_header;
  using Codec = AudioHeader::Codec;
  const std::uint64_t start = after_id3(peek);
  const std::string b = peek(start, 4096);
  AudioHeader h;
  if (b.starts_with("RIFF") || b.starts_with("RF64") || b.starts_with("FORM")) {
    h.codec = Codec::pcm;
    return h;
  }
  if (b.starts_with("fLaC")) {
    h.codec = Codec::flac;
    return h;
  }
  if (b.starts_with("OggS")) return of_ogg(b);
  if (b.size() > 8 && b.substr(4, 4) == "ftyp") return of_mp4(peek);
  // ADTS is MPEG's sync word with layer 0.
  if (b.size() > 4 && b[0] == '\xFF' && (b[1] & 0xF6) == 0xF0) {
    h.codec = Codec::aac;
    return h;
  }
  for (std::size_t at = 0; at < std::min<std::size_t>(b.size(), 1024); ++at) {
    if (const auto frame = frame_at(b, at)) return of_mp3(b, at, *frame);
  }
  return std::nullopt;
}

std::optional<AudioHeader> read_audio_header(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return read_audio_header([&](std::uint64_t at, std::size_t size) {
    std::string out(size, '\0');
    file.clear();
    file.seekg(static_cast<std::streamoff>(std::min<std::uint64_t>(at, std::uint64_t{1} << 62)));
    file.read(out.data(), static_cast<std::streamsize>(size));
    out.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
    return out;
  });
}

}  // namespace tactus::library
