// A source's tracks and playlists as JSON, every number to its last bit: how a library keeps what it took in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "library/foreign/foreign.h"

namespace tactus::library {

// Without `kept`, whose bytes are no text. `offset`: what was added to its positions to get ours; nothing: they wait.
std::string foreign_json(const ForeignTrack& track, const std::optional<double>& offset);
std::string foreign_json(const ForeignPlaylist& playlist);
// Nothing for what isn't whole.
std::optional<ForeignTrack> parse_foreign_track(std::string_view text, std::optional<double>& offset);
std::optional<ForeignPlaylist> parse_foreign_playlist(std::string_view text);

}  // namespace tactus::library
