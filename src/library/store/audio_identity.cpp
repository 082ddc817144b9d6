#include "library/store/audio_identity.h"

#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tactus::library {

namespace {

constexpr std::int64_t kPiece = 16384;

struct Extent {
  std::int64_t start = 0, end = 0;
  std::int64_t size() const { return end - start; }
};

// Fewer bytes than asked for only at the file's end, or where it can't be read.
std::string read_bytes(int fd, std::int64_t at, std::int64_t count) {
  std::string out(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)), '\0');
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t n = ::pread(fd, out.data() + have, out.size() - have, at + static_cast<std::int64_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}
std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[i]);
  return out;
}

// Moves the start behind ID3v2 tags (id3.org: the size is 28 bits, 7 a byte, without header and footer).
void skip_front_tags(int fd, Extent& e) {
  for (int i = 0; i < 8; ++i) {
    const std::string head = read_bytes(fd, e.start, 10);
    if (head.size() < 10 || !head.starts_with("ID3")) return;
    std::int64_t size = 0;
    for (int k = 6; k < 10; ++k) size = size << 7 | (head[k] & 0x7f);
    e.start += 10 + size + ((head[5] & 0x10) != 0 ? 10 : 0);
  }
}

// Moves the end before ID3v1, APEv2 (its footer states the size of items and footer, and whether there is a header of
// 32 bytes) and Lyrics3v2 (six digits before its end mark state its size without both).
void skip_end_tags(int fd, Extent& e) {
  for (int i = 0; i < 8; ++i) {
    const std::string tail = read_bytes(fd, std::max(e.start, e.end - 128), std::min<std::int64_t>(128, e.size()));
    if (tail.size() == 128 && tail.starts_with("TAG")) {
      e.end -= 128;
      continue;
    }
    if (tail.size() >= 32 && std::string_view(tail).substr(tail.size() - 32).starts_with("APETAGEX")) {
      const std::string_view footer = std::string_view(tail).substr(tail.size() - 32);
      e.end -= static_cast<std::int64_t>(little_endian(footer.substr(12, 4)));
      if ((little_endian(footer.substr(20, 4)) >> 31) != 0) e.end -= 32;
      continue;
    }
    if (tail.size() >= 15 && tail.ends_with("LYRICS200")) {
      std::int64_t size = 0;
      for (std::size_t k = tail.size() - 15; k < tail.size() - 9; ++k)
        size = size * 10 + std::clamp(tail[k] - '0', 0, 9);
      e.end -= size + 15;
      continue;
    }
    return;
  }
}

// Chunks of RIFF (little endian), AIFF and CAF: a name of four letters, a size, and its bytes, which `pad` rounds up to
// an even count. The named chunk's extent, or `whole` where there is none.
Extent find_chunk(int fd, const Extent& whole, std::int64_t first, std::string_view name, int size_bytes, bool big) {
  const bool pad = size_bytes == 4;
  std::int64_t at = first;
  for (int i = 0; i < 10000 && at + 4 + size_bytes <= whole.end; ++i) {
    const std::string head = read_bytes(fd, at, 4 + size_bytes);
    if (static_cast<int>(head.size()) < 4 + size_bytes) break;
    const std::string_view stated = std::string_view(head).substr(4);
    const auto size = static_cast<std::int64_t>(big ? big_endian(stated) : little_endian(stated));
    const std::int64_t start = at + 4 + size_bytes;
    const bool to_the_end = size < 0 || size > whole.end - start;  // -1 of a stream, or RF64's real size elsewhere
    if (head.starts_with(name)) return {start, to_the_end ? whole.end : start + size};
    if (to_the_end) break;
    at = start + size + (pad ? size & 1 : 0);
  }
  return whole;
}

// Boxes of ISO 14496-12: size (32 bits; 1: 64 bits follow the type; 0: to the end) and type.
Extent find_mdat(int fd, const Extent& whole) {
  Extent found;
  std::int64_t at = whole.start;
  for (int i = 0; i < 100000 && at + 8 <= whole.end; ++i) {
    const std::string head = read_bytes(fd, at, 16);
    if (head.size() < 8) break;
    auto size = static_cast<std::int64_t>(big_endian(std::string_view(head).substr(0, 4)));
    std::int64_t start = at + 8;
    if (size == 1 && head.size() == 16) {
      size = static_cast<std::int64_t>(big_endian(std::string_view(head).substr(8, 8)));
      start += 8;
    }
    const std::int64_t end = size == 0 || size > whole.end - at || size < 8 ? whole.end : at + size;
    if (std::string_view(head).substr(4, 4) == "mdat" && end - start > found.size()) found = {start, end};
    at = end;
  }
  return found.size() > 0 ? found : whole;
}

// FLAC: after its mark, blocks with a byte of kind (bit 7: the last) and 24 bits of size.
Extent after_flac_metadata(int fd, Extent e) {
  std::int64_t at = e.start + 4;
  for (int i = 0; i < 10000; ++i) {
    const std::string head = read_bytes(fd, at, 4);
    if (head.size() < 4) return e;
    at += 4 + static_cast<std::int64_t>(big_endian(std::string_view(head).substr(1)));
    if ((head[0] & 0x80) != 0) break;
  }
  if (at < e.end) e.start = at;
  return e;
}

struct OggPage {
  std::int64_t body = 0, next = 0;
  std::int64_t position = 0;  // granule position; 0 and -1 of header pages
};

std::optional<OggPage> ogg_page(int fd, std::int64_t at) {
  const std::string head = read_bytes(fd, at, 27 + 255);
  if (head.size() < 27 || !head.starts_with("OggS")) return std::nullopt;
  const std::size_t segments = static_cast<unsigned char>(head[26]);
  if (head.size() < 27 + segments) return std::nullopt;
  OggPage page;
  page.position = static_cast<std::int64_t>(little_endian(std::string_view(head).substr(6, 8)));
  page.body = at + 27 + static_cast<std::int64_t>(segments);
  page.next = page.body;
  for (std::size_t i = 0; i < segments; ++i) page.next += static_cast<unsigned char>(head[27 + i]);
  return page;
}

Extent after_ogg_headers(int fd, Extent e) {
  std::int64_t at = e.start;
  for (int i = 0; i < 100000 && at < e.end; ++i) {
    const auto page = ogg_page(fd, at);
    if (!page) break;
    if (page->position > 0) {
      e.start = at;
      return e;
    }
    at = page->next;
  }
  return e;
}

// From the first page at or after `at` on.
std::string ogg_piece(int fd, std::int64_t at, const Extent& e) {
  const std::string near = read_bytes(fd, at, std::min<std::int64_t>(2 * 65536, e.end - at));
  const std::size_t mark = near.find("OggS");
  std::string out;
  if (mark == std::string::npos) return out;
  at += static_cast<std::int64_t>(mark);
  while (static_cast<std::int64_t>(out.size()) < kPiece && at < e.end) {
    const auto page = ogg_page(fd, at);
    if (!page) break;
    const std::int64_t wanted = kPiece - static_cast<std::int64_t>(out.size());
    out += read_bytes(fd, page->body, std::min(page->next - page->body, wanted));
    at = page->next;
  }
  return out;
}

struct Payload {
  Extent extent;
  bool ogg = false;
};

Payload find_payload(int fd, std::int64_t size) {
  Extent e{0, size};
  skip_front_tags(fd, e);
  if (e.size() <= 0) return {e};
  const std::string head = read_bytes(fd, e.start, 12);
  const std::string_view kind = std::string_view(head).substr(0, std::min<std::size_t>(4, head.size()));
  if (kind == "RIFF" || kind == "RF64" || kind == "BW64") return {find_chunk(fd, e, e.start + 12, "data", 4, false)};
  if (kind == "FORM") return {find_chunk(fd, e, e.start + 12, "SSND", 4, true)};
  if (kind == "caff") return {find_chunk(fd, e, e.start + 8, "data", 8, true)};
  if (head.size() == 12 && head.compare(4, 4, "ftyp") == 0) return {find_mdat(fd, e)};
  skip_end_tags(fd, e);
  if (kind == "fLaC") return {after_flac_metadata(fd, e)};
  if (kind == "OggS") return {after_ogg_headers(fd, e), true};
  return {e};
}

bool one_byte(const std::string& piece) {
  return piece.find_first_not_of(piece.empty() ? '\0' : piece[0]) == std::string::npos;
}

std::int64_t hash_of_whole(int fd, const Extent& e) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  for (std::int64_t at = e.start; at < e.end;) {
    const std::string bytes = read_bytes(fd, at, std::min<std::int64_t>(1 << 20, e.end - at));
    if (bytes.empty()) break;
    XXH3_64bits_update(state.get(), bytes.data(), bytes.size());
    at += static_cast<std::int64_t>(bytes.size());
  }
  return static_cast<std::int64_t>(XXH3_64bits_digest(state.get()));
}

}  // namespace

std::optional<AudioIdentity> audio_identity(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return std::nullopt;
  const Payload payload = find_payload(fd, status.st_size);
  const Extent& e = payload.extent;
  if (e.size() <= 0) return std::nullopt;
  if (e.size() <= 3 * kPiece && !payload.ogg) return AudioIdentity{e.size(), hash_of_whole(fd, e)};
  std::string pieces;
  bool silence = true;
  // Ogg's last piece begins early enough to hold a whole page, which has at most 65,307 bytes.
  const std::int64_t before_end = payload.ogg ? kPiece + 65536 : kPiece;
  for (const std::int64_t at : {e.start, e.start + (e.size() - kPiece) / 2, e.end - before_end}) {
    const std::int64_t from = std::max(at, e.start);
    const std::string piece = payload.ogg ? ogg_piece(fd, from, e) : read_bytes(fd, from, kPiece);
    silence = silence && one_byte(piece);
    pieces += piece;
  }
  if (silence) return AudioIdentity{e.size(), hash_of_whole(fd, e)};
  return AudioIdentity{e.size(), static_cast<std::int64_t>(XXH3_64bits(pieces.data(), pieces.size()))};
}

}  // namespace tactus::library
