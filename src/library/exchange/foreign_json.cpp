#include "library/exchange/foreign_json.h"

#include <nlohmann/json.hpp>

#include "base/json_number.h"

namespace tactus::library {

namespace {

using Json = nlohmann::json;

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Names of files may hold any bytes: what is no UTF-8 is kept as its bytes' numbers.
Json name_json(const std::string& name) {
  try {
    (void)Json(name).dump();
    return name;
  } catch (const Json::exception&) {
    Json out = Json::array();
    for (const char c : name) out.push_back(static_cast<unsigned char>(c));
    return out;
  }
}

std::string name_from(const Json& j) {
  if (!j.is_array()) return j.get<std::string>();
  std::string out;
  for (const Json& byte : j) out += static_cast<char>(json_whole<std::uint8_t>(byte));
  return out;
}

Json cues_json(const std::vector<ForeignCue>& cues) {
  Json out = Json::array();
  for (const ForeignCue& c : cues)
    out.push_back({{"t", c.seconds}, {"n", c.number}, {"name", c.name}, {"color", c.color}});
  return out;
}

Json loops_json(const std::vector<ForeignLoop>& loops) {
  Json out = Json::array();
  for (const ForeignLoop& l : loops)
    out.push_back({{"t", l.start}, {"end", l.end}, {"n", l.number}, {"name", l.name}, {"color", l.color}});
  return out;
}

Json anchors_as_json(const std::vector<ForeignAnchor>& grid) {
  Json out = Json::array();
  for (const ForeignAnchor& a : grid)
    out.push_back({{"t", a.seconds}, {"bpm", a.bpm}, {"beat", a.beat}, {"bar", a.beats_per_bar}});
  return out;
}

ForeignTrack track_from(const Json& j) {
  ForeignTrack t;
  t.path = name_from(j.at("path"));
  t.id = name_from(j.at("id"));
  for (auto [name, text] : {std::pair{"title", &t.title},
                            {"artist", &t.artist},
                            {"album", &t.album},
                            {"genre", &t.genre},
                            {"comment", &t.comment},
                            {"key", &t.key},
                            {"color", &t.color},
                            {"label", &t.label},
                            {"composer", &t.composer},
                            {"remixer", &t.remixer}})
    *text = j.at(name).get<std::string>();
  t.bpm = j.at("bpm");
  t.length = j.at("length");
  t.rating = json_whole<int>(j.at("rating"));
  t.plays = json_whole<int>(j.at("plays"));
  t.year = json_whole<int>(j.at("year"));
  for (const Json& c : j.at("cues")) t.cues.push_back({c.at("t"), c.at("n"), c.at("name"), c.at("color")});
  for (const Json& l : j.at("loops"))
    t.loops.push_back({l.at("t"), l.at("end"), l.at("n"), l.at("name"), l.at("color")});
  for (const Json& a : j.at("grid")) t.grid.push_back({a.at("t"), a.at("bpm"), a.at("beat"), a.at("bar")});
  return t;
}

}  // namespace

std::string foreign_json(const ForeignTrack& t, const std::optional<double>& offset) {
  return dumped({{"path", name_json(t.path)},
                 {"title", t.title},
                 {"artist", t.artist},
                 {"album", t.album},
                 {"genre", t.genre},
                 {"comment", t.comment},
                 {"key", t.key},
                 {"color", t.color},
                 {"label", t.label},
                 {"composer", t.composer},
                 {"remixer", t.remixer},
                 {"id", name_json(t.id)},
                 {"bpm", t.bpm},
                 {"length", t.length},
                 {"rating", t.rating},
                 {"plays", t.plays},
                 {"year", t.year},
                 {"cues", cues_json(t.cues)},
                 {"loops", loops_json(t.loops)},
                 {"grid", anchors_as_json(t.grid)},
                 {"offset", offset ? Json(*offset) : Json(nullptr)}});
}

std::string foreign_json(const ForeignPlaylist& p) {
  return dumped({{"path", p.path}, {"tracks", p.tracks}, {"kind", static_cast<int>(p.kind)}});
}

std::optional<ForeignTrack> parse_foreign_track(std::string_view text, std::optional<double>& offset) {
  try {
    const Json j = Json::parse(text);
    ForeignTrack out = track_from(j);
    offset = j.at("offset").is_null() ? std::nullopt : std::optional(j.at("offset").get<double>());
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<ForeignPlaylist> parse_foreign_playlist(std::string_view text) {
  try {
    const Json j = Json::parse(text);
    return ForeignPlaylist{j.at("path"), j.at("tracks"), static_cast<ForeignList>(json_whole<int>(j.at("kind")))};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace tactus::library
