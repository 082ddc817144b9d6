#include "track_rows.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "music/key.h"

namespace tactus::app {

namespace {

std::string camelot_of(const std::optional<std::int64_t>& key) {
  if (!key || *key < 0 || *key > 23) return {};
  return std::string(music::Key::of_index(static_cast<int>(*key)).camelot());
}

template <class T>
nlohmann::ordered_json row_value(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

std::string row_words(const library::TrackRow& row) {
  const auto slash = row.path.rfind('/');
  const std::string name = row.title.empty() ? row.path.substr(slash == std::string::npos ? 0 : slash + 1) : row.title;
  std::string out = fmt::format("#{}  {}{}{}", row.id, row.artist, row.artist.empty() ? "" : " - ", name);
  if (row.bpm) out += fmt::format("  {:.1f}", *row.bpm);
  if (const std::string key = camelot_of(row.key); !key.empty()) out += "  " + key;
  if (row.length) {
    const auto seconds = std::lround(*row.length);
    out += fmt::format("  {}:{:02}", seconds / 60, seconds % 60);
  }
  if (row.rating > 0) out += fmt::format("  {}/5", row.rating);
  if (!row.genre.empty()) out += "  " + row.genre;
  return out;
}

nlohmann::ordered_json row_json(const library::TrackRow& row) {
  const std::string key = camelot_of(row.key);
  return {{"id", row.id},
          {"title", row.title},
          {"artist", row.artist},
          {"album", row.album},
          {"genre", row.genre},
          {"comment", row.comment},
          {"year", row_value(row.year)},
          {"length", row_value(row.length)},
          {"bpm", row_value(row.bpm)},
          {"key", key.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(key)},
          {"energy", row_value(row.energy)},
          {"rating", row.rating},
          {"plays", row.plays},
          {"played", row_value(row.last_played)},
          {"added", row.added},
          {"path", row.path}};
}

}  // namespace tactus::app
