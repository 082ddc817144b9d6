#include "library/foreign/foreign.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
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
  ForeignLibrary out;
  if (is_serato(bytes)) {
    SeratoReader(folder, out).add(bytes, name);
    return out;
  }
  const std::string text = as_utf8(bytes);
  if (looks_like_xml(text)) {
    auto found = read_xml(text, error);
    if (found) found->kept.push_back({name, text});
    return found;
  }
  const fs::path file(name);
  const std::string kind = lower_case(file.extension().string()), playlist = file.stem().string();
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
        "this is no library or playlist that is known: rekordbox XML or USB stick, Serato, Traktor NML, VirtualDJ "
        "database.xml, Engine DJ, iTunes XML, M3U, PLS, CSV, CUE";
    return std::nullopt;
  }
  out.kept.push_back({name, text});
  return out;
}

}  // namespace tactus::library
