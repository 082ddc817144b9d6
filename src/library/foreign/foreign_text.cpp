#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "library/foreign/bytes.h"
#include "library/foreign/readers.h"

namespace tactus::library {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr unsigned kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(kLead[more] | (c >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3F));
}

std::string utf8_of_utf16(std::string_view bytes, bool big) {
  constexpr std::uint32_t kUnknown = 0xFFFD;
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(bytes[i]), b = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<std::uint32_t>(big ? a << 8 | b : b << 8 | a);
  };
  std::string out;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t c = unit(i);
    const bool high = c >= 0xD800 && c < 0xDC00;
    if (high && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (c >= 0xD800 && c < 0xE000) {
      c = kUnknown;
    }
    append_utf8(out, c);
  }
  return out;
}

// By RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int more = lead < 0x80                   ? 0
                     : lead >= 0xC2 && lead < 0xE0 ? 1
                     : lead >= 0xE0 && lead < 0xF0 ? 2
                     : lead >= 0xF0 && lead < 0xF5 ? 3
                                                   : -1;
    if (more < 0 || i + static_cast<std::size_t>(more) >= text.size()) return false;
    for (int k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 0xC0) != 0x80) return false;
    }
    const auto next = more > 0 ? static_cast<unsigned char>(text[i + 1]) : 0;
    if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) || (lead == 0xF0 && next < 0x90) ||
        (lead == 0xF4 && next > 0x8F))
      return false;
    i += static_cast<std::size_t>(more) + 1;
  }
  return true;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c; }
bool letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
// "C:/..."
bool has_drive(std::string_view path) { return path.size() >= 2 && letter(path[0]) && path[1] == ':'; }

}  // namespace

std::string utf8_of(std::string_view utf16, bool big) { return utf8_of_utf16(utf16, big); }

// Of UTF-8 that as_utf8() let through or made.
std::string utf16_of(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    std::uint32_t c = more == 0 ? lead : lead & (0x3Fu >> more);
    for (std::size_t k = 1; k <= more && i + k < utf8.size(); ++k)
      c = c << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3F);
    i += more + 1;
    if (c >= 0x10000) {
      put_big(out, 0xD800 + ((c - 0x10000) >> 10), 2);
      c = 0xDC00 + ((c - 0x10000) & 0x3FF);
    }
    put_big(out, c, 2);
  }
  return out;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string of_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const std::size_t six = kBase64.find(c);
    if (six == std::string_view::npos) continue;
    bits = (bits << 6 | static_cast<std::uint32_t>(six)) & 0xFFFFFF;
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have & 0xFF);
    }
  }
  return out;
}

std::string as_base64(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  std::size_t letters = 0;
  const auto put = [&](std::uint32_t six) {
    if (letters > 0 && letters % 72 == 0) out += '\n';
    out += kBase64[six & 0x3F];
    ++letters;
  };
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFFFF;
    for (have += 8; have >= 6;) {
      have -= 6;
      put(bits >> have);
    }
  }
  if (have > 0) put(bits << (6 - have));
  return out;
}

std::string as_utf8(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (bytes.starts_with("\xFF\xFE")) return utf8_of_utf16(bytes.substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) return utf8_of_utf16(bytes.substr(2), true);
  if (is_utf8(bytes)) return std::string(bytes);
  std::string out;
  for (const char c : bytes) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

std::string path_of_url(std::string_view url) {
  constexpr std::string_view kScheme = "file://";
  if (url.size() < kScheme.size() || !same_word(url.substr(0, kScheme.size()), kScheme)) return std::string(url);
  url.remove_prefix(kScheme.size());
  // The host, "localhost" or none, goes up to the path's '/'.
  url.remove_prefix(std::min(url.find('/'), url.size()));
  std::string out;
  for (std::size_t i = 0; i < url.size(); ++i) {
    const int high = url[i] == '%' && i + 2 < url.size() ? hex(url[i + 1]) : -1;
    const int low = high >= 0 ? hex(url[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += url[i];
    }
  }
  if (out.size() > 1 && has_drive(std::string_view(out).substr(1))) out.erase(0, 1);
  return out;
}

std::string path_of_entry(std::string_view entry, const std::string& folder) {
  std::string path = path_of_url(entry);
  // A name may hold a backslash where folders are told apart by '/'.
  if (has_drive(path) || path.find('/') == std::string::npos) std::replace(path.begin(), path.end(), '\\', '/');
  if (path.empty() || path[0] == '/' || has_drive(path) || folder.empty()) return path;
  while (path.starts_with("./")) path.erase(0, 2);
  return folder + (folder.ends_with('/') ? "" : "/") + path;
}

std::string mapped_path(const std::string& path, const PathMap& map) {
  for (const auto& [from, to] : map) {
    std::string_view begin = from;
    while (begin.size() > 1 && begin.ends_with('/')) begin.remove_suffix(1);
    if (begin.empty() || path.size() < begin.size()) continue;
    const bool drive = has_drive(begin) && has_drive(path) && lower(begin[0]) == lower(path[0]);
    if (path.compare(drive, begin.size() - drive, begin.substr(drive)) != 0) continue;
    std::string_view rest = std::string_view(path).substr(begin.size());
    const bool whole = rest.empty() || rest[0] == '/' || begin.ends_with('/');
    if (!whole) continue;
    while (rest.starts_with('/')) rest.remove_prefix(1);
    return rest.empty() ? to : to + (to.ends_with('/') ? "" : "/") + std::string(rest);
  }
  return path;
}

double number_of(std::string_view text, double otherwise) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value) ? value : otherwise;
}

double clock_seconds(std::string_view text) {
  double seconds = 0;
  for (;;) {
    const std::size_t colon = text.find(':');
    seconds = 60 * seconds + number_of(text.substr(0, colon));
    if (colon == std::string_view::npos) return seconds;
    text.remove_prefix(colon + 1);
  }
}

int whole_number_of(std::string_view text, int otherwise) {
  constexpr double kMost = 1e9;
  return static_cast<int>(std::clamp(number_of(text, otherwise), -kMost, kMost));
}

int stars_of(std::string_view rating) {
  return static_cast<int>(std::lround(std::clamp(number_of(rating) / 51, 0.0, 5.0)));
}

std::string color_of(int red, int green, int blue) {
  for (const int c : {red, green, blue}) {
    if (c < 0 || c > 255) return {};
  }
  char text[8];
  std::snprintf(text, sizeof text, "#%02X%02X%02X", red, green, blue);
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  text.remove_suffix(text.size() - std::min(text.find_last_not_of(kBlank) + 1, text.size()));
  return text;
}

void note_left_out(std::size_t count, const char* what, ForeignLibrary& out) {
  if (count > 0) out.notes.push_back(std::to_string(count) + " " + what + " are left out");
}

void put_in_order(std::vector<ForeignAnchor>& grid) {
  std::stable_sort(grid.begin(), grid.end(), [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

void TrackNames::put(const std::string& name, ForeignPlaylist& list) {
  const auto found = places_.find(name);
  if (found == places_.end()) {
    ++unknown_;
  } else {
    list.tracks.push_back(found->second);
  }
}

void TrackNames::report(ForeignLibrary& out) const {
  if (unknown_ > 0)
    out.notes.push_back(std::to_string(unknown_) + " entries of playlists name a track that the collection lacks");
}

}  // namespace tactus::library
