#include "phrase_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "library_option.h"
#include "music/key.h"
#include "progress.h"

namespace tactus::app {

namespace {

double stated_number(std::string_view text, double otherwise, const std::string& whole) {
  if (text.empty()) return otherwise;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument(whole + ": a number, or two with - between them, was expected");
  return value;
}

nlohmann::ordered_json or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}
template <class T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

std::string key_text(std::optional<int> key) {
  return key && *key >= 0 && *key < 24 ? std::string(music::Key::of_index(*key).camelot()) : std::string();
}

// One range; several would have to be several searches.
std::optional<library::NumberRange> one_range(const std::vector<std::string>& texts, double low, double high) {
  if (texts.empty()) return std::nullopt;
  return parse_range(texts.front(), low, high);
}

}  // namespace

library::NumberRange parse_range(const std::string& text, double low, double high) {
  const std::size_t dash = text.find('-');
  if (dash == std::string::npos) {
    const double value = stated_number(text, low, text);
    return {value, value};
  }
  const std::string_view all(text);
  const library::NumberRange out{stated_number(all.substr(0, dash), low, text),
                                 stated_number(all.substr(dash + 1), high, text)};
  if (text == "-" || out.low > out.high) throw std::invalid_argument(text + ": nothing lies between these");
  return out;
}

std::uint32_t parse_keys(const std::string& text) {
  const bool around = text.ends_with('~');
  const auto key = music::parse_key(std::string_view(text).substr(0, text.size() - (around ? 1 : 0)));
  if (!key)
    throw std::invalid_argument(text + ": no key; write 8A, Am or 1m, with ~ behind it for all that go with it");
  std::uint32_t out = 0;
  for (int i = 0; i < 24; ++i) {
    const int distance = music::key_distance(*key, music::Key::of_index(i));
    if (distance == 0 || (around && distance == 1)) out |= 1U << i;
  }
  return out;
}

void PhraseOptions::add(CLI::App* cmd) {
  cmd->add_option("--bpm", bpm, "Tempo, or a range of it; half and double count as well")
      ->type_name("120-128")
      ->expected(1);
  cmd->add_option("--key", key, "Keys; with ~ also those that go with one")->type_name("8A,9A~")->delimiter(',');
  cmd->add_option("--energy", energy, "1 to 10, or a range")->type_name("6-8")->expected(1);
  cmd->add_option("--label", label, "intro, verse, build, drop, break, outro")->type_name("drop,build")->delimiter(',');
  cmd->add_option("--vocals", vocals, "Share of it in which somebody sings, in percent")
      ->type_name("0-10")
      ->expected(1);
  cmd->add_option("-n,--limit", limit, "How many to show")->capture_default_str()->check(CLI::Range(1, 200));
}

library::PhraseFilter PhraseOptions::filter() const {
  library::PhraseFilter out;
  out.bpm = one_range(bpm, 0, 1000);
  out.energy = one_range(energy, 1, 10);
  out.vocals = one_range(vocals, 0, 100);
  if (out.vocals) out.vocals = library::NumberRange{out.vocals->low / 100, out.vocals->high / 100};
  for (const std::string& k : key) out.keys |= parse_keys(k);
  for (const std::string& l : label) {
    const auto at = std::find(library::kPhraseLabels.begin() + 1, library::kPhraseLabels.end(), l);
    if (at == library::kPhraseLabels.end())
      throw std::invalid_argument(l + ": no label; there are intro, verse, build, drop, break and outro");
    out.labels |= 1U << (at - library::kPhraseLabels.begin());
  }
  return out;
}

std::string phrase_line(const library::PhraseRow& row, double similarity) {
  nlohmann::ordered_json out = {{"track", row.track},
                                {"path", or_null(row.path)},
                                {"title", row.title},
                                {"artist", row.artist},
                                {"phrase", row.place},
                                {"start", row.start},
                                {"seconds", row.seconds},
                                {"label", or_null(row.label)},
                                {"bpm", or_null(row.bpm)},
                                {"key", or_null(key_text(row.key))},
                                {"energy", or_null(row.energy)},
                                {"vocals", or_null(row.vocals)},
                                {"words", row.words}};
  if (similarity >= -1) out["similarity"] = std::round(1e4 * similarity) / 1e4;
  return json_line(out);
}

std::string phrase_words(const library::PhraseRow& row, double similarity) {
  std::string out = similarity >= -1 ? fmt::format("{:5.2f}  ", similarity) : std::string();
  out += row.artist.empty() ? row.title : row.artist + " - " + row.title;
  if (row.title.empty() && row.artist.empty()) out += row.path.empty() ? fmt::format("#{}", row.track) : row.path;
  out += fmt::format("  {} at {}", row.label.empty() ? "phrase" : row.label, clock_text(row.start));
  if (row.bpm) out += fmt::format(", {:.1f} BPM", *row.bpm);
  if (row.key) out += ", " + key_text(row.key);
  if (row.energy) out += fmt::format(", energy {}", *row.energy);
  return row.words.empty() ? out : out + "  (" + row.words + ")";
}

}  // namespace tactus::app
