#include "media/stated_length.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string_view>

extern "C" {
#include <libavformat/avformat.h>
}

namespace tactus::media {
namespace {

// A damaged tail shorter than this is played as it is: tag editors leave a few kilobytes of difference behind.
constexpr std::int64_t kSlackBytes = 8192;

using Bytes = std::vector<unsigned char>;

std::uint64_t big_endian(const unsigned char* p, int n) {
  std::uint64_t v = 0;
  for (int i = 0; i < n; ++i) v = v << 8 | p[i];
  return v;
}

std::uint64_t little_endian(const unsigned char* p, int n) {
  std::uint64_t v = 0;
  for (int i = n - 1; i >= 0; --i) v = v << 8 | p[i];
  return v;
}

bool is(const unsigned char* p, std::string_view text) { return std::memcmp(p, text.data(), text.size()) == 0; }

std::string missing_text(std::int64_t missing) {
  return "the file is cut short: " + std::to_string((missing + 1023) / 1024) + " KiB are missing at its end";
}

// Where the ID3v2 tags at the head of a file end (id3.org, ID3v2.4 structure, section 3.1: "synchsafe" sizes).
std::int64_t after_id3(const SourceFile& file) {
  std::int64_t at = 0;
  for (int tags = 0; tags < 4; ++tags) {
    const Bytes h = file.peek(at, 10);
    if (h.size() < 10 || !is(h.data(), "ID3")) break;
    std::int64_t size = 0;
    for (int i = 6; i < 10; ++i) size = size << 7 | (h[static_cast<std::size_t>(i)] & 0x7F);
    at += 10 + size + ((h[5] & 0x10) != 0 ? 10 : 0);
  }
  return at;
}

// The header frame of Xing (frames, bytes) and its extension by LAME (delay, padding): "MP3 Info Tag revision 1",
// gabriel.mp3-tech.org/mp3infotag.html. A decoder of its own delays by 528 + 1 frames.
StatedLength mp3_length(const SourceFile& file) {
  constexpr std::int64_t kDecoderDelay = 529;
  const std::int64_t start = after_id3(file);
  const Bytes b = file.peek(start, 512);
  if (b.size() < 512) return {};
  // libavformat skips junk before the first frame; do so too, within reason.
  std::size_t at = 0;
  while (at < 64 && !(b[at] == 0xFF && (b[at + 1] & 0xE0) == 0xE0)) ++at;
  if (at == 64) return {};
  const bool mpeg1 = (b[at + 1] & 0x18) == 0x18;
  const bool mono = (b[at + 3] & 0xC0) == 0xC0;
  const std::size_t tag = at + 4 + (mpeg1 ? (mono ? 17 : 32) : (mono ? 9 : 17));
  if (!is(&b[tag], "Xing") && !is(&b[tag], "Info")) return {};
  const std::uint64_t flags = big_endian(&b[tag + 4], 4);
  std::size_t p = tag + 8;
  std::int64_t frames = -1, bytes = -1;
  if ((flags & 1) != 0) frames = static_cast<std::int64_t>(big_endian(&b[p], 4)), p += 4;
  if ((flags & 2) != 0) bytes = static_cast<std::int64_t>(big_endian(&b[p], 4)), p += 4;
  if ((flags & 4) != 0) p += 100;
  if ((flags & 8) != 0) p += 4;

  StatedLength out;
  const std::int64_t missing = start + bytes - file.bytes();
  if (bytes > 0 && missing > kSlackBytes) out.cut_short = missing_text(missing);
  if (frames <= 0) return out;
  out.frames = frames * (mpeg1 ? 1152 : 576);
  // The same encoders' names as libavformat accepts, since it is what removes the delay.
  if (is(&b[p], "LAME") || is(&b[p], "Lavf") || is(&b[p], "Lavc")) {
    const std::uint64_t pair = big_endian(&b[p + 21], 3);
    const auto delay = static_cast<std::int64_t>(pair >> 12), padding = static_cast<std::int64_t>(pair & 0xFFF);
    if (delay != 0 || padding != 0)
      out.frames -= delay + kDecoderDelay + std::max<std::int64_t>(0, padding - kDecoderDelay);
  }
  return out;
}

// iTunSMPB: hexadecimal words: flags, priming, padding, frames.
std::int64_t itunes_frames(const SourceFile& file) {
  unsigned priming = 0, padding = 0;
  unsigned long long frames = 0;
  const std::string tag = file.tag("iTunSMPB");
  if (std::sscanf(tag.c_str(), "%*x %x %x %llx", &priming, &padding, &frames) != 3) return -1;
  return frames < (1ull << 40) ? static_cast<std::int64_t>(frames) : -1;
}

StatedLength mp4_length(const SourceFile& file, int rate) {
  StatedLength out;
  AVStream* s = file.stream();
  const int count = avformat_index_get_entries_count(s);
  const AVIndexEntry* last = count > 0 ? avformat_index_get_entry(s, count - 1) : nullptr;
  if (last != nullptr && last->pos + last->size > file.bytes())
    out.cut_short = missing_text(last->pos + last->size - file.bytes());
  out.frames = itunes_frames(file);
  if (out.frames < 0 && s->duration != AV_NOPTS_VALUE) out.frames = av_rescale_q(s->duration, s->time_base, {1, rate});
  return out;
}

// RFC 3533, section 6: a page states its own size in its segment table.
std::string ogg_cut_short(const SourceFile& file) {
  constexpr std::int64_t kLargestPage = 27 + 255 + 255 * 255;
  const std::int64_t from = std::max<std::int64_t>(0, file.bytes() - kLargestPage - kSlackBytes);
  const Bytes b = file.peek(from, static_cast<std::size_t>(file.bytes() - from));
  const std::string_view text(reinterpret_cast<const char*>(b.data()), b.size());
  const std::size_t page = text.rfind("OggS");
  if (page == std::string_view::npos) return {};
  if (page + 27 > b.size() || page + 27 + b[page + 26] > b.size()) return missing_text(1);
  std::int64_t size = 27 + b[page + 26];
  for (std::size_t i = 0; i < b[page + 26]; ++i) size += b[page + 27 + i];
  const std::int64_t missing = static_cast<std::int64_t>(page) + size - static_cast<std::int64_t>(b.size());
  return missing > 0 ? missing_text(missing) : std::string();
}

// The stated size of RIFF's 'data' chunk; libavformat clips it to the file without a word.
std::string wav_cut_short(const SourceFile& file) {
  std::int64_t at = 12;
  std::int64_t size64 = -1;  // RF64, EBU Tech 3306
  for (int chunks = 0; chunks < 64; ++chunks) {
    const Bytes h = file.peek(at, 32);
    if (h.size() < 8) return {};
    const auto size = static_cast<std::int64_t>(little_endian(&h[4], 4));
    if (is(h.data(), "ds64") && h.size() >= 24) size64 = static_cast<std::int64_t>(little_endian(&h[16], 8));
    if (is(h.data(), "data")) {
      const bool unknown = size == 0 || size == std::numeric_limits<std::uint32_t>::max();
      const std::int64_t stated = unknown ? size64 : size;
      const std::int64_t missing = at + 8 + stated - file.bytes();
      return stated > 0 && missing > kSlackBytes ? missing_text(missing) : std::string();
    }
    at += 8 + size + size % 2;
  }
  return {};
}

std::int64_t duration_frames(const SourceFile& file, int rate) {
  const AVFormatContext* c = file.context();
  const AVStream* s = file.stream();
  if (s->duration == AV_NOPTS_VALUE || s->duration <= 0) return -1;
  if (c->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return -1;
  return av_rescale_q(s->duration, s->time_base, {1, rate});
}

}  // namespace

StatedLength stated_length(const SourceFile& file, int rate) {
  const std::string_view format = file.context()->iformat->name;
  if (format == "mp3") return mp3_length(file);
  if (format.starts_with("mov")) return mp4_length(file, rate);
  StatedLength out;
  out.frames = duration_frames(file, rate);
  if (format == "ogg") {
    out.cut_short = ogg_cut_short(file);
    // Opus counts its pre-skip into the granule position (RFC 7845, section 4).
    if (file.stream()->codecpar->codec_id == AV_CODEC_ID_OPUS && out.frames > 0)
      out.frames = std::max<std::int64_t>(0, out.frames - file.stream()->codecpar->initial_padding);
  } else if (format == "wav") {
    out.cut_short = wav_cut_short(file);
  } else if (format == "aiff" && file.stream()->codecpar->block_align > 0) {
    const std::int64_t missing = out.frames * file.stream()->codecpar->block_align - file.bytes();
    if (missing > kSlackBytes) out.cut_short = missing_text(missing);
  }
  return out;
}

}  // namespace tactus::media
