// TrackInfo as it travels from a worker to the engine: a JSON object.
#pragma once

#include <optional>
#include <string>

#include "media/decoder.h"

namespace tactus::media {

std::string to_json(const TrackInfo& info);
// Nothing when it isn't one, or its numbers can't be (a worker isn't trusted more than the file it reads).
std::optional<TrackInfo> track_info_from_json(const std::string& text);

}  // namespace tactus::media
