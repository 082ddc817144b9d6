#include "media/track_info_json.h"

#include <nlohmann/json.hpp>

namespace tactus::media {
namespace {

using nlohmann::json;

std::int64_t number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : -1;
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string to_json(const TrackInfo& info) {
  const json object = {
      {"rate", info.rate},   {"frames", info.frames}, {"channels", info.channels}, {"source_rate", info.source_rate},
      {"codec", info.codec}, {"title", info.title},   {"artist", info.artist},     {"notice", info.notice}};
  // A notice may name a file, and names are bytes.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<TrackInfo> track_info_from_json(const std::string& text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return {};
  const std::int64_t rate = number(object, "rate"), frames = number(object, "frames");
  const std::int64_t channels = number(object, "channels"), source_rate = number(object, "source_rate");
  if (rate < 8000 || rate > 192000 || source_rate < 8000 || source_rate > 192000) return {};
  if (frames <= 0 || frames > std::int64_t{24} * 3600 * rate || (channels != 2 && channels != 8)) return {};
  TrackInfo info;
  info.rate = static_cast<int>(rate);
  info.frames = frames;
  info.channels = static_cast<int>(channels);
  info.source_rate = static_cast<int>(source_rate);
  info.codec = text_of(object, "codec");
  info.title = text_of(object, "title");
  info.artist = text_of(object, "artist");
  info.notice = text_of(object, "notice");
  return info;
}

}  // namespace tactus::media
