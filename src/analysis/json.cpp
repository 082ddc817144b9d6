#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "analysis/analysis.h"
#include "analysis/base64.h"
#include "base/json_number.h"

namespace tactus::analysis {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

json level(double db) { return std::isfinite(db) ? json(db) : json(nullptr); }
double level(const json& j) { return j.is_null() ? -kInfinity : j.get<double>(); }

json grid_json(const std::vector<Anchor>& grid) {
  json out = json::array();
  for (const Anchor& a : grid) out.push_back({{"seconds", a.seconds}, {"beat", a.beat}, {"bpm", a.bpm}});
  return out;
}

json phrases_json(const std::vector<Phrase>& phrases) {
  json out = json::array();
  for (const Phrase& p : phrases) out.push_back({{"beat", p.beat}, {"length", p.length}, {"strength", p.strength}});
  return out;
}

json metre_json(const std::vector<BarLength>& metre) {
  json out = json::array();
  for (const BarLength& m : metre) out.push_back({{"beat", m.beat}, {"beats_per_bar", m.beats_per_bar}});
  return out;
}

json sections_json(const std::vector<Section>& sections) {
  json out = json::array();
  for (const Section& s : sections) {
    out.push_back({{"start", s.start},
                   {"end", s.end},
                   {"label", kPartNames[static_cast<std::size_t>(s.label)]},
                   {"energy", s.energy},
                   {"confidence", s.confidence}});
  }
  return out;
}

json keys_json(const std::vector<KeySpan>& keys) {
  json out = json::array();
  for (const KeySpan& k : keys)
    out.push_back({{"start", k.start}, {"key", k.key.name()}, {"confidence", k.confidence}});
  return out;
}

json spans_json(const std::vector<TimeSpan>& spans) {
  json out = json::array();
  for (const TimeSpan& s : spans) out.push_back({s.start, s.end});
  return out;
}

json embeddings_json(const Embeddings& e) {
  return {{"embedder", e.embedder}, {"size", e.size}, {"track", to_base64(e.track)}, {"phrases", to_base64(e.phrases)}};
}

// What is no key or no part throws like what is missing.
music::Key key_of(const json& j) {
  const std::optional<music::Key> key = music::parse_key(j.get<std::string>());
  if (!key) throw json::other_error::create(501, "no key", nullptr);
  return *key;
}

Part part_of(const json& j) {
  const auto found = std::find(kPartNames.begin(), kPartNames.end(), j.get<std::string>());
  if (found == kPartNames.end()) throw json::other_error::create(501, "no part", nullptr);
  return static_cast<Part>(found - kPartNames.begin());
}

std::vector<std::int8_t> bytes_of(const json& j) {
  std::optional<std::vector<std::int8_t>> bytes = from_base64(j.get_ref<const std::string&>());
  if (!bytes) throw json::other_error::create(501, "no base64", nullptr);
  return std::move(*bytes);
}

Embeddings embeddings_of(const json& j) {
  return {j.at("embedder").get<std::string>(), json_whole<int>(j.at("size")), bytes_of(j.at("track")),
          bytes_of(j.at("phrases"))};
}

void read_lists(const json& in, TrackAnalysis& a) {
  for (const json& j : in.at("grid")) {
    a.grid.push_back({j.at("seconds").get<double>(), j.at("beat").get<double>(), j.at("bpm").get<double>()});
  }
  for (const json& j : in.at("metre"))
    a.metre.push_back({j.at("beat").get<double>(), json_whole<int>(j.at("beats_per_bar"))});
  for (const json& j : in.at("phrases")) {
    a.phrases.push_back({j.at("beat").get<double>(), json_whole<int>(j.at("length")), j.at("strength").get<double>()});
  }
  for (const json& j : in.at("sections")) {
    a.sections.push_back({j.at("start").get<double>(), j.at("end").get<double>(), part_of(j.at("label")),
                          json_whole<int>(j.at("energy")), j.at("confidence").get<double>()});
  }
  for (const json& j : in.at("keys")) {
    a.keys.push_back({j.at("start").get<double>(), key_of(j.at("key")), j.at("confidence").get<double>()});
  }
  for (const json& j : in.at("vocals")) a.vocals.push_back({j.at(0).get<double>(), j.at(1).get<double>()});
}

bool within(double v, double low, double high) { return v >= low && v <= high; }

bool plausible_parts(const TrackAnalysis& a) {
  for (std::size_t i = 0; i < a.metre.size(); ++i) {
    if (!within(a.metre[i].beats_per_bar, 1, 32) || !within(a.metre[i].beat, -1e3, 1e7)) return false;
    if (i > 0 && a.metre[i].beat <= a.metre[i - 1].beat) return false;
  }
  for (std::size_t i = 0; i < a.sections.size(); ++i) {
    const Section& s = a.sections[i];
    if (!within(s.start, i == 0 ? 0 : a.sections[i - 1].end, a.duration) || !within(s.end, s.start, a.duration))
      return false;
    if (!within(s.energy, 1, 10) || !within(s.confidence, 0, 1)) return false;
  }
  double from = 0;
  for (const TimeSpan& v : a.vocals) {
    if (!within(v.start, from, a.duration) || !within(v.end, v.start, a.duration)) return false;
    from = v.end;
  }
  return within(a.mix_in, 0, a.duration) && within(a.mix_out, 0, a.duration);
}

// Either nothing at all, or a vector for the track and for each phrase.
bool plausible_embeddings(const TrackAnalysis& a) {
  const Embeddings& e = a.embeddings;
  if (e.embedder.empty()) return e == Embeddings{};
  if (e.embedder.size() > Embeddings::kLongestName || !within(e.size, 1, Embeddings::kMostNumbers)) return false;
  const auto size = static_cast<std::size_t>(e.size);
  return e.track.size() == size && e.phrases.size() == size * a.phrases.size();
}

json versions_json(const Versions& v) {
  return {{"loudness", v.loudness}, {"beats", v.beats}, {"key", v.key}, {"embeddings", v.embeddings}};
}

Versions versions_of(const json& in) {
  const auto of = [&](const char* part) { return json_whole<int>(in.at(part)); };
  return {of("loudness"), of("beats"), of("key"), of("embeddings")};
}

bool plausible(const Versions& v) { return v.loudness >= 0 && v.beats >= 0 && v.key >= 0 && v.embeddings >= 0; }

bool plausible(const TrackAnalysis& a) {
  if (!plausible(a.versions) || !within(a.duration, 0, 1e6) || !within(a.confidence, 0, 1)) return false;
  if (!within(a.first_sound, 0, a.duration) || !within(a.last_sound, a.first_sound, a.duration)) return false;
  if (!within(a.first_downbeat, -60, a.duration) || !within(a.bpm, 0, 1000)) return false;
  for (std::size_t i = 0; i < a.grid.size(); ++i) {
    if (!within(a.grid[i].bpm, 10, 1000) || !within(a.grid[i].seconds, -60, 1e6)) return false;
    if (i > 0 && (a.grid[i].beat <= a.grid[i - 1].beat || a.grid[i].seconds <= a.grid[i - 1].seconds)) return false;
  }
  for (std::size_t i = 1; i < a.phrases.size(); ++i) {
    if (a.phrases[i].beat <= a.phrases[i - 1].beat) return false;
  }
  return plausible_parts(a) && plausible_embeddings(a);
}

}  // namespace

std::string to_json(const TrackAnalysis& a) {
  const json out = {{"tactus_analysis", kLayout},
                    {"versions", versions_json(a.versions)},
                    {"title", a.title},
                    {"artist", a.artist},
                    {"duration", a.duration},
                    {"grid", grid_json(a.grid)},
                    {"metre", metre_json(a.metre)},
                    {"bpm", a.bpm},
                    {"alternative_bpm", a.alternative_bpm},
                    {"tempo_confidence", a.tempo_confidence},
                    {"confidence", a.confidence},
                    {"downbeat_confidence", a.downbeat_confidence},
                    {"grid_error_ms", a.grid_error_ms},
                    {"first_downbeat", a.first_downbeat},
                    {"phrases", phrases_json(a.phrases)},
                    {"sections", sections_json(a.sections)},
                    {"key", a.key.name()},
                    {"key_confidence", a.key_confidence},
                    {"keys", keys_json(a.keys)},
                    {"tuning_cents", a.tuning_cents},
                    {"lufs", level(a.lufs)},
                    {"lra", a.lra},
                    {"true_peak_db", level(a.true_peak_db)},
                    {"first_sound", a.first_sound},
                    {"last_sound", a.last_sound},
                    {"mix_in", a.mix_in},
                    {"mix_out", a.mix_out},
                    {"vocals", spans_json(a.vocals)},
                    {"vocal_confidence", a.vocal_confidence},
                    {"embeddings", embeddings_json(a.embeddings)}};
  // Tags may hold anything; a broken byte must not cost the analysis.
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<TrackAnalysis> parse_json(std::string_view text) {
  try {
    const json in = json::parse(text);
    TrackAnalysis a;
    if (json_whole<int>(in.at("tactus_analysis")) != kLayout) return std::nullopt;
    a.versions = versions_of(in.at("versions"));
    a.title = in.at("title").get<std::string>();
    a.artist = in.at("artist").get<std::string>();
    a.duration = in.at("duration").get<double>();
    read_lists(in, a);
    a.bpm = in.at("bpm").get<double>();
    a.alternative_bpm = in.at("alternative_bpm").get<double>();
    a.tempo_confidence = in.at("tempo_confidence").get<double>();
    a.confidence = in.at("confidence").get<double>();
    a.downbeat_confidence = in.at("downbeat_confidence").get<double>();
    a.grid_error_ms = in.at("grid_error_ms").get<double>();
    a.first_downbeat = in.at("first_downbeat").get<double>();
    a.key = key_of(in.at("key"));
    a.key_confidence = in.at("key_confidence").get<double>();
    a.tuning_cents = in.at("tuning_cents").get<double>();
    a.lufs = level(in.at("lufs"));
    a.lra = in.at("lra").get<double>();
    a.true_peak_db = level(in.at("true_peak_db"));
    a.first_sound = in.at("first_sound").get<double>();
    a.last_sound = in.at("last_sound").get<double>();
    a.mix_in = in.at("mix_in").get<double>();
    a.mix_out = in.at("mix_out").get<double>();
    a.vocal_confidence = in.at("vocal_confidence").get<double>();
    a.embeddings = embeddings_of(in.at("embeddings"));
    if (!plausible(a)) return std::nullopt;
    return a;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace tactus::analysis
