#include "library/parts/part.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/json_number.h"
#include "library/parts/part_text.h"

namespace tactus::library {
namespace {

using PartJson = nlohmann::ordered_json;

constexpr std::string_view kCheck = ",\"check\":\"";
constexpr std::string_view kAnalysis = ",\"analysis\":";
constexpr std::size_t kDigits = 16;
constexpr std::size_t kMostProblems = 100;

std::string hex_of(std::uint64_t number) {
  std::array<char, kDigits + 1> out;
  std::snprintf(out.data(), out.size(), "%016llx", static_cast<unsigned long long>(number));
  return out.data();
}

std::string check_of(std::string_view text) { return hex_of(XXH3_64bits(text.data(), text.size())); }

// Text as it is, if it is UTF-8; of other bytes only a hash can be trusted to come through.
bool is_utf8(const std::string& text) {
  try {
    (void)PartJson(text).dump();
    return true;
  } catch (const PartJson::exception&) {
    return false;
  }
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string text_of(const PartJson& j, const char* name) {
  const auto at = j.find(name);
  return at != j.end() ? at->get<std::string>() : std::string();
}

template <class Int>
Int number_of(const PartJson& j, const char* name, Int otherwise) {
  const auto at = j.find(name);
  return at != j.end() ? json_whole<Int>(*at) : otherwise;
}

// Parts come from other machines: nothing in them may lead out of the catalogue.
bool is_below(const std::string& path) {
  const std::filesystem::path parts(path);
  return !path.empty() && parts.is_relative() && std::find(parts.begin(), parts.end(), "..") == parts.end() &&
         path.find('\0') == std::string::npos;
}

struct TextTag {
  const char* name;
  std::string MusicFile::*text;
};
constexpr std::array kTextTags = {TextTag{"title", &MusicFile::title},       TextTag{"artist", &MusicFile::artist},
                                  TextTag{"album", &MusicFile::album},       TextTag{"genre", &MusicFile::genre},
                                  TextTag{"comment", &MusicFile::comment},   TextTag{"label", &MusicFile::label},
                                  TextTag{"composer", &MusicFile::composer}, TextTag{"remixer", &MusicFile::remixer},
                                  TextTag{"codec", &MusicFile::codec}};

// What isn't stated is left out. The hash as text: not every reader of JSON has 64 bits.
PartJson scanned_json(const MusicFile& m) {
  if (!m.error.empty()) return {{"error", m.error}};
  const auto hash = static_cast<std::uint64_t>(m.identity.hash);
  PartJson out = {{"length", m.identity.length}, {"hash", hex_of(hash)}};
  for (const TextTag& tag : kTextTags) {
    if (!(m.*tag.text).empty()) out[tag.name] = m.*tag.text;
  }
  if (m.year != 0) out["year"] = m.year;
  if (m.duration > 0) out["duration"] = m.duration;
  if (m.bpm > 0) out["bpm"] = m.bpm;
  if (m.key >= 0) out["key"] = m.key;
  if (m.rate > 0) out["rate"] = m.rate;
  if (m.bitrate > 0) out["bitrate"] = m.bitrate;
  if (m.art) out["art"] = true;
  return out;
}

// Throws for a hash that is none.
std::int64_t hash_of(const std::string& text) {
  std::uint64_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (text.size() != kDigits || read.ec != std::errc() || read.ptr != text.data() + text.size())
    throw PartJson::other_error::create(501, "no hash", nullptr);
  return static_cast<std::int64_t>(out);
}

MusicFile scanned_of(const PartJson& j) {
  MusicFile out;
  out.error = text_of(j, "error");
  if (!out.error.empty()) return out;
  out.identity = {json_whole<std::int64_t>(j.at("length")), hash_of(j.at("hash").get<std::string>())};
  for (const TextTag& tag : kTextTags) out.*tag.text = text_of(j, tag.name);
  out.year = number_of(j, "year", 0);
  out.duration = std::clamp(j.value("duration", 0.0), 0.0, 1e7);
  out.bpm = std::clamp(j.value("bpm", 0.0), 0.0, 1000.0);
  out.key = number_of(j, "key", -1);
  if (out.key < 0 || out.key > 23) out.key = -1;
  out.rate = std::max(number_of(j, "rate", 0), 0);
  out.bitrate = std::max(number_of(j, "bitrate", 0), 0);
  out.art = j.value("art", false);
  return out;
}

// A path as text where it is text, else its bytes in hexadecimal as NAME_hex.
void put_path(PartJson& to, const std::string& name, const std::string& path) {
  if (is_utf8(path)) {
    to[name] = path;
  } else {
    to[name + "_hex"] = to_hex(path);
  }
}

// Throws for what is neither.
std::string path_of(const PartJson& j, const std::string& name) {
  const auto hex = j.find(name + "_hex");
  if (hex == j.end()) return text_of(j, name.c_str());
  const std::optional<std::string> path = from_hex(hex->get<std::string>());
  if (!path) throw PartJson::other_error::create(501, "no path", nullptr);
  return *path;
}

std::optional<PartEntry> entry_of(std::string_view object) {
  PartEntry out;
  std::string head(object);
  // The only place outside of texts where this can stand: what is before it is an object once it is closed.
  if (const std::size_t at = head.find(kAnalysis); at != std::string::npos) {
    out.analysis = head.substr(at + kAnalysis.size(), head.size() - at - kAnalysis.size() - 1);
    head.resize(at);
    head += '}';
  }
  const PartJson j = PartJson::parse(head);
  out.path = path_of(j, "path");
  out.size = number_of(j, "size", std::int64_t{0});
  out.error = text_of(j, "error");
  out.content = text_of(j, "content");
  if (out.error.empty()) out.scanned = scanned_of(j.at("scanned"));
  if (j.contains("words")) out.words = j.at("words").get<std::vector<std::string>>();
  const bool found = !out.content.empty() && out.analysis.starts_with('{');
  if (!is_below(out.path) || out.size < 0 || out.error.empty() != found) return std::nullopt;
  return out;
}

// Lines of a file whose lines nobody vouches for. False: there is none any more. `cut`: it has no end, or none in
// sight.
bool next_line(std::istream& in, std::string& line, bool* cut) {
  line.clear();
  *cut = false;
  std::streambuf& from = *in.rdbuf();
  for (;;) {
    const int c = from.sbumpc();
    if (c == std::char_traits<char>::eof()) {
      *cut = true;
      return !line.empty();
    }
    if (c == '\n') return true;
    if (line.size() == part_text::kLongestLine) *cut = true;
    if (!*cut) line += static_cast<char>(c);
  }
}

class Reading {
 public:
  Reading(PartSummary& out, const TakeEntry& take) : out_(out), take_(take) {}

  void line(std::size_t number, std::string_view text, bool cut) {
    const std::optional<std::string> object = cut ? std::nullopt : part_text::unsealed(text);
    if (!object) {
      problem(number, cut ? "it is cut" : "it is damaged: it is not what its check says");
      return;
    }
    try {
      if (object->starts_with("{\"tactus_part\"")) {
        header(number, *object);
      } else if (object->starts_with("{\"end\"")) {
        end(number, *object);
      } else {
        entry(number, text, *object);
      }
    } catch (const PartJson::exception&) {
      problem(number, "it is no line of a part");
    }
  }
  bool ended() const { return ended_; }

 private:
  void problem(std::size_t number, std::string what) {
    if (out_.problems.size() < kMostProblems) out_.problems.push_back({number, std::move(what)});
  }
  void header(std::size_t number, const std::string& object) {
    const PartJson j = PartJson::parse(object);
    if (json_whole<int>(j.at("tactus_part")) != part_text::kFormat) {
      problem(number, "it is a part of another Tactus, whose format this one doesn't read");
      ended_ = true;
      return;
    }
    const std::optional<Shard> shard = parse_shard(j.at("shard").get<std::string>());
    if (!shard) return problem(number, "its shard makes no sense");
    out_.header = {*shard, path_of(j, "catalogue")};
  }
  void end(std::size_t number, const std::string& object) {
    const std::size_t stated = json_whole<std::size_t>(PartJson::parse(object).at("end").at("files"));
    out_.ended = stated == out_.entries;
    if (!out_.ended)
      problem(number, "it counts " + std::to_string(stated) + " files, and there are " + std::to_string(out_.entries));
  }
  void entry(std::size_t number, std::string_view text, const std::string& object) {
    const std::optional<PartEntry> found = entry_of(object);
    if (!found) {
      problem(number, "it is no line of a part");
      return;
    }
    ++out_.entries;
    out_.ended = false;
    ended_ = !take_(*found, text);
  }

  PartSummary& out_;
  const TakeEntry& take_;
  bool ended_ = false;  // nothing more is to be read
};

}  // namespace

namespace part_text {

std::string sealed(std::string object) {
  object.pop_back();
  const std::string check = check_of(object);
  return object.append(kCheck).append(check).append("\"}");
}

std::optional<std::string> unsealed(std::string_view line) {
  const std::size_t tail = kCheck.size() + kDigits + 2;
  if (line.size() <= tail || !line.starts_with('{')) return std::nullopt;
  const std::string_view object = line.substr(0, line.size() - tail), end = line.substr(object.size());
  if (!end.starts_with(kCheck) || end.substr(kCheck.size()) != check_of(object) + "\"}") return std::nullopt;
  return std::string(object) + "}";
}

std::string header(const PartHeader& header) {
  PartJson out = {{"tactus_part", kFormat}, {"shard", to_text(header.shard)}};
  put_path(out, "catalogue", header.catalogue);
  return sealed(out.dump());
}

std::string footer(std::size_t entries, std::size_t failed) {
  return sealed(PartJson{{"end", {{"files", entries}, {"failed", failed}}}}.dump());
}

}  // namespace part_text

std::string part_line(const PartEntry& entry) {
  PartJson out;
  put_path(out, "path", entry.path);
  out["size"] = entry.size;
  if (!entry.error.empty()) {
    out["error"] = entry.error;
  } else {
    out["content"] = entry.content;
    out["scanned"] = scanned_json(entry.scanned);
    if (!entry.words.empty()) out["words"] = entry.words;
  }
  // Tags and errors may hold anything; a broken byte must not cost the line.
  std::string object = out.dump(-1, ' ', false, PartJson::error_handler_t::replace);
  if (entry.error.empty()) {
    object.pop_back();
    object.append(kAnalysis).append(entry.analysis).append("}");
  }
  return part_text::sealed(std::move(object));
}

PartSummary read_part(std::istream& in, const TakeEntry& take) {
  PartSummary out;
  Reading reading(out, take);
  std::string line;
  bool cut = false;
  for (std::size_t number = 1; next_line(in, line, &cut); ++number) {
    reading.line(number, line, cut);
    if (reading.ended()) break;
  }
  return out;
}

std::optional<PartSummary> read_part(const std::string& path, const TakeEntry& take, std::string* error) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    *error = path + ": it can't be read: " + std::strerror(errno);
    return std::nullopt;
  }
  try {
    return read_part(in, take);
  } catch (const std::ios_base::failure& failure) {  // what a file's buffer throws: a disk that fails, a folder
    *error = path + ": it can't be read: " + failure.code().message();
    return std::nullopt;
  }
}

std::optional<PartHeader> read_part_header(const std::string& path) {
  std::string ignored;
  const auto found = read_part(
      path, [](const PartEntry&, std::string_view) { return false; }, &ignored);
  return found ? found->header : std::nullopt;
}

}  // namespace tactus::library
