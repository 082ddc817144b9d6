// Any bytes as another program's library, of each kind that a name tells: nothing, or tracks and lists that hold
// together, and that are there again when it is written with one cue more.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "library/foreign/foreign.h"
#include "library/foreign/write_files.h"
#include "library/foreign/write_xml.h"

namespace {

using namespace tactus::library;

void write_again(ForeignLibrary found) {
  constexpr std::pair<const char*, const XmlFormat*> kFormats[] = {{"rekordbox XML", &kRekordboxFormat},
                                                                   {"Traktor NML", &kTraktorFormat},
                                                                   {"VirtualDJ database", &kVirtualDjFormat}};
  Cant cant;
  for (const auto& [name, format] : kFormats) {
    if (found.format == name && xml_text(found, *format, name, cant) != found.kept[0].bytes) std::abort();
  }
  const std::pair<const char*, std::string> lists[] = {{"M3U playlist", m3u_text(found, 0, cant)},
                                                       {"PLS playlist", pls_text(found, 0, cant)},
                                                       {"CSV table", csv_text(found, cant)}};
  for (const auto& [name, text] : lists) {
    if (found.format == name && text != found.kept[0].bytes) std::abort();
  }
  cue_text(found, cant);
  // As the format that it is in, and as new ones.
  if (!found.tracks.empty()) found.tracks[0].cues.push_back({12.5, 3, "x", {}});
  for (const auto& [name, format] : kFormats) {
    std::string error;
    const auto again = read_foreign(xml_text(found, *format, name, cant), "/f", "x.xml", &error);
    if (!again || again->tracks.size() != found.tracks.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr const char* kNames[] = {"x.xml", "x.m3u8", "x.pls", "x.csv", "x.cue"};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string error;
  const auto found = read_foreign(text, "/f", kNames[data[0] % std::size(kNames)], &error);
  if (!found) {
    if (error.empty()) std::abort();
    return 0;
  }
  for (const ForeignTrack& t : found->tracks) {
    if (!std::isfinite(t.bpm) || !std::isfinite(t.length) || t.rating > 5) std::abort();
    for (const ForeignCue& c : t.cues) {
      if (!std::isfinite(c.seconds)) std::abort();
    }
  }
  for (const ForeignPlaylist& p : found->playlists) {
    for (const std::size_t i : p.tracks) {
      if (i >= found->tracks.size()) std::abort();
    }
  }
  write_again(*found);
  return 0;
}
