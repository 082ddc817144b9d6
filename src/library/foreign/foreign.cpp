#include "library/foreign/foreign.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "library/foreign/readers.h"

namespace tactus::library {
namespace {

namespace fs = std::filesystem;

struct XmlKind {
  const char* root;
  void (*read)(const pugi::xml_node&, ForeignLibrary&);
};
constexpr XmlKind kXmlKinds[] = {{"DJ_PLAYLISTS", read_rekordbox},
                                 {"NML", read_traktor},
                                 {"VirtualDJ_Database", read_virtualdj},
                                 {"plist", read_itunes}};

std::string place_in(std::string_view text, std::ptrdiff_t offset) {
  const auto at = std::clamp<std::ptrdiff_t>(offset, 0, std::ssize(text));
  return "line " + std::to_string(1 + std::count(text.begin(), text.begin() + at, '\n'));
}

// pugixml expands no entities of a document's own, so none can grow beyond the file. The text is UTF-8 by now, whatever
// its first line says.
std::optional<ForeignLibrary> read_xml(std::string_view text, std::string* error) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    *error = place_in(text, parsed.offset) + ": " + parsed.description();
    return std::nullopt;
  }
  const pugi::xml_node root = document.document_element();
  for (const XmlKind& kind : kXmlKinds) {
    if (std::strcmp(root.name(), kind.root) != 0) continue;
    ForeignLibrary out;
    kind.read(root, out);
    return out;
  }
  *error = std::string("its XML (<") + std::string(root.name()).substr(0, 40) +
           ">) is no library that is known: rekordbox, Traktor, VirtualDJ, iTunes";
  return std::nullopt;
}

bool looks_like_xml(std::string_view text) { return trimmed(text.substr(0, 4096)).starts_with('<'); }

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 'a' - 'A');
  }
  return text;
}

}  // namespace

std::optional<ForeignLibrary> read_foreign(std::string_view bytes, const std::string& folder, const std::string& name,
                                           std::string* error) {
  const std::string text = as_utf8(bytes);
  if (looks_like_xml(text)) return read_xml(text, error);
  const fs::path file(name);
  const std::string kind = lower_case(file.extension().string()), playlist = file.stem().string();
  ForeignLibrary out;
  if (kind == ".m3u" || kind == ".m3u8" || text.starts_with("#EXTM3U")) {
    read_m3u(text, folder, playlist, out);
  } else if (kind == ".pls" || same_word(std::string_view(text).substr(0, 10), "[playlist]")) {
    read_pls(text, folder, playlist, out);
  } else if (kind == ".cue") {
    read_cue_sheet(text, folder, out);
  } else if (kind == ".csv" || kind == ".tsv" || kind == ".txt") {
    if (!read_csv(text, folder, playlist, out, error)) return std::nullopt;
  } else {
    *error =
        "this is no library or playlist that is known: rekordbox XML, Traktor NML, VirtualDJ database.xml, iTunes XML, "
        "M3U, PLS, CSV, CUE";
    return std::nullopt;
  }
  return out;
}

std::optional<ForeignLibrary> read_foreign(const std::string& path, std::string* error) {
  constexpr std::uintmax_t kMost = std::uintmax_t{1} << 30;
  std::error_code failed;
  if (fs::is_directory(path, failed)) {
    *error = "this is a folder; name the file in it";
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    *error = std::strerror(errno);
    return std::nullopt;
  }
  const auto size = static_cast<std::uintmax_t>(std::max<std::streamoff>(0, file.tellg()));
  if (size == 0 || size > kMost) {
    *error = size == 0 ? "the file is empty" : "it is larger than 1 GiB";
    return std::nullopt;
  }
  std::string bytes(size, '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) {
    *error = "it can't be read to its end";
    return std::nullopt;
  }
  return read_foreign(bytes, fs::absolute(path, failed).lexically_normal().parent_path().string(),
                      fs::path(path).filename().string(), error);
}

}  // namespace tactus::library
