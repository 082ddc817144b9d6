#include "library/parts/part.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "library/parts/part_text.h"

namespace tactus::library {
namespace {

using PartJson = nlohmann::ordered_json;

constexpr std::string_view kCheck = ",\"check\":\"";
constexpr std::string_view kAnalysis = ",\"analysis\":";
constexpr std::size_t kDigits = 16;
constexpr std::size_t kMostProblems = 100;

std::string check_of(std::string_view text) {
  std::array<char, kDigits + 1> out;
  std::snprintf(out.data(), out.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return out.data();
}

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

// Parts come from other machines: nothing in them may lead out of the catalogue.
bool is_below(const std::string& path) {
  const std::filesystem::path parts(path);
  return !path.empty() && parts.is_relative() && std::find(parts.begin(), parts.end(), "..") == parts.end() &&
         path.find('\0') == std::string::npos;
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
  out.path = text_of(j, "path");
  if (j.contains("path_hex")) {
    const std::optional<std::string> path = from_hex(text_of(j, "path_hex"));
    if (!path) return std::nullopt;
    out.path = *path;
  }
  out.size = j.value("size", std::int64_t{0});
  out.error = text_of(j, "error");
  out.content = text_of(j, "content");
  if (const auto audio = j.find("audio"); audio != j.end()) {
    out.audio_length = audio->at("length").get<std::int64_t>();
    out.audio_hash = audio->at("hash").get<std::string>();
  }
  if (const auto tags = j.find("tags"); tags != j.end()) {
    for (const auto& [name, text] : tags->items()) out.tags[name] = text.get<std::string>();
  }
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
  bool refused() const { return refused_; }

 private:
  void problem(std::size_t number, std::string what) {
    if (out_.problems.size() < kMostProblems) out_.problems.push_back({number, std::move(what)});
  }
  void header(std::size_t number, const std::string& object) {
    const PartJson j = PartJson::parse(object);
    if (j.at("tactus_part").get<int>() != part_text::kFormat) {
      problem(number, "it is a part of another Tactus, whose format this one doesn't read");
      refused_ = true;
      return;
    }
    out_.shard = parse_shard(j.at("shard").get<std::string>());
    if (!out_.shard) problem(number, "its shard makes no sense");
  }
  void end(std::size_t number, const std::string& object) {
    const std::size_t stated = PartJson::parse(object).at("end").at("files").get<std::size_t>();
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
    take_(*found, text);
  }

  PartSummary& out_;
  const TakeEntry& take_;
  bool refused_ = false;
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

std::string header(const Shard& shard) {
  return sealed(PartJson{{"tactus_part", kFormat}, {"shard", to_text(shard)}}.dump());
}

std::string footer(std::size_t entries, std::size_t failed) {
  return sealed(PartJson{{"end", {{"files", entries}, {"failed", failed}}}}.dump());
}

}  // namespace part_text

std::string part_line(const PartEntry& entry) {
  PartJson out;
  if (is_utf8(entry.path)) {
    out["path"] = entry.path;
  } else {
    out["path_hex"] = to_hex(entry.path);
  }
  out["size"] = entry.size;
  if (!entry.error.empty()) {
    out["error"] = entry.error;
  } else {
    out["content"] = entry.content;
    if (!entry.audio_hash.empty()) out["audio"] = {{"length", entry.audio_length}, {"hash", entry.audio_hash}};
    if (!entry.tags.empty()) out["tags"] = entry.tags;
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
    if (reading.refused()) break;
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

}  // namespace tactus::library
