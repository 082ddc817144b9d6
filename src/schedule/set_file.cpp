#include "schedule/set_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "schedule/tokens.h"

namespace tactus::schedule {
namespace {

using nlohmann::json;

constexpr double kMostBeats = 1e7, kMostSeconds = 1e6;

// Where the values of a line's keys stand in it. Only for lines that the JSON parser has accepted: then a quote
// outside strings always begins a string.
class Places {
 public:
  explicit Places(std::string_view line) : line_(line) {}

  // The start of the value of top-level key `key`, or the line's start.
  std::size_t value(std::string_view key) const {
    int depth = 0;
    for (std::size_t i = 0; i < line_.size(); ++i) {
      const char c = line_[i];
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (c != '"') continue;
      const std::size_t begin = i + 1;
      i = string_end(begin);
      if (depth != 1 || line_.substr(begin, i - begin) != key) continue;
      std::size_t after = skip_space(i + 1);
      if (after < line_.size() && line_[after] == ':') return skip_space(after + 1);
    }
    return 0;
  }

  // The place in the line of byte `offset` of the string whose opening quote is at `quote`.
  std::size_t in_string(std::size_t quote, std::size_t offset) const {
    std::size_t i = quote + 1;
    while (offset > 0 && i < line_.size() && line_[i] != '"') {
      std::size_t bytes = 1, length = 1;
      if (line_[i] == '\\' && i + 1 < line_.size()) {
        length = 2;
        if (line_[i + 1] == 'u') {
          // One escape is 1 to 3 bytes of UTF-8, a pair of surrogates 4.
          const unsigned code = hex(i + 2);
          length = 6;
          bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
          if (code >= 0xd800 && code < 0xdc00) length = 12, bytes = 4;
        }
      }
      if (bytes > offset) break;
      offset -= bytes;
      i += length;
    }
    return std::min(i, line_.size());
  }

 private:
  std::size_t string_end(std::size_t i) const {
    while (i < line_.size() && line_[i] != '"') i += line_[i] == '\\' ? 2 : 1;
    return std::min(i, line_.size());
  }
  std::size_t skip_space(std::size_t i) const {
    while (i < line_.size() && (line_[i] == ' ' || line_[i] == '\t')) ++i;
    return i;
  }
  unsigned hex(std::size_t at) const {
    unsigned v = 0;
    for (std::size_t i = at; i < at + 4 && i < line_.size(); ++i) {
      const char c = line_[i];
      v = v * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return v;
  }
  std::string_view line_;
};

class SetReader {
 public:
  ReadSet read(std::string_view text) {
    while (!text.empty() && result_.errors.size() < ReadSet::kMaxErrors) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      line_ = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      ++number_;
      if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
      if (number_ == 1 && line_.starts_with("\xef\xbb\xbf")) line_.remove_prefix(3);
      const std::size_t first = line_.find_first_not_of(" \t");
      if (first == std::string_view::npos || line_[first] == '#') continue;
      if (line_.size() > kMaxSetLine) {
        fail(0, "", "longer than " + std::to_string(kMaxSetLine) + " bytes");
        continue;
      }
      read_line();
    }
    if (!header_seen_ && result_.errors.empty()) {
      line_ = {};
      number_ = std::max<std::size_t>(number_, 1);
      fail(0, "", kHeaderWanted);
    }
    return std::move(result_);
  }

 private:
  static constexpr const char* kHeaderWanted = "expected the header first: {\"tactus_set\": 1, \"tempo\": 126}";

  void fail(std::size_t column, std::string word, std::string message) {
    result_.errors.push_back({number_, column + 1, std::move(word), std::move(message)});
  }
  void fail_value(const char* key, const json& value, const std::string& message) {
    fail(Places(line_).value(key), value.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 60), message);
  }

  void read_line() {
    json object;
    try {
      object = json::parse(line_);
    } catch (const json::parse_error& e) {
      const std::size_t at = std::min<std::size_t>(e.byte > 0 ? e.byte - 1 : 0, line_.size());
      fail(at, std::string(line_.substr(at, 1)),
           "no longer JSON here; expected an object such as {\"beat\": 64, \"do\": \"/deck/1/play\"}");
      return;
    } catch (const json::exception&) {  // a number beyond a double
      fail(0, "", "a number is out of range");
      return;
    }
    if (!object.is_object()) return fail(0, "", "expected an object in braces");
    if (header_seen_) return event(object);
    header_seen_ = true;
    if (!object.contains("tactus_set")) return fail(0, "", kHeaderWanted);
    header(object);
  }

  // Whether there is no key but `known`, a list separated by |.
  bool only(const json& object, const ArgSpec& known) {
    for (const auto& [key, value] : object.items()) {
      if (choice_index(known, key) >= 0) continue;
      const std::size_t at = line_.find('"' + key + '"');
      fail(at == std::string_view::npos ? 0 : at, key, "no such key; expected " + describe(known));
      return false;
    }
    return true;
  }
  static ArgSpec keys(std::string_view names) { return {ArgSpec::Type::choice, "key", "", 0, 0, names, false, {}}; }

  // The number under `key` within [lo, hi]; nothing, and an error, if it isn't one.
  std::optional<double> number(const json& object, const char* key, double lo, double hi) {
    const json& value = object.at(key);
    const double v = value.is_number() ? value.get<double>() : lo - 1;
    if (v >= lo && v <= hi) return v;
    fail_value(key, value, "expected " + describe({ArgSpec::Type::number, key, "", lo, hi, {}, false, {}}));
    return {};
  }

  void header(const json& object) {
    if (!only(object, keys("tactus_set|tempo|quantum|phrase"))) return;
    const json& version = object.at("tactus_set");
    if (version != 1) return fail_value("tactus_set", version, "this program reads version 1");
    SetFile& set = result_.set;
    if (object.contains("tempo")) set.tempo.v = number(object, "tempo", 20, 300).value_or(120);
    if (object.contains("quantum")) set.quantum = Beats::of(number(object, "quantum", 1, 32).value_or(4));
    if (object.contains("phrase")) {
      const json& phrase = object.at("phrase");
      if (phrase != 16 && phrase != 32) return fail_value("phrase", phrase, "expected 16 or 32");
      set.phrase = Beats::of(phrase.get<double>());
    }
  }

  void event(const json& object) {
    if (!only(object, keys("beat|time|do"))) return;
    SetEvent e;
    e.line = number_;
    e.timed = object.contains("time");
    if (e.timed && object.contains("beat")) {
      return fail(Places(line_).value("time"), "", "a beat and a time; expected one of them");
    }
    if (!e.timed && !object.contains("beat")) return fail(0, "", "expected a \"beat\" or a \"time\"");
    if (!object.contains("do")) return fail(line_.size(), "", "expected a \"do\" with an intent");
    const auto at = number(object, e.timed ? "time" : "beat", 0, e.timed ? kMostSeconds : kMostBeats);
    if (!at) return;
    e.timed ? void(e.seconds = {*at}) : void(e.beat = Beat::of(*at));
    const json& text = object.at("do");
    if (!text.is_string()) return fail_value("do", text, "expected an intent in quotes");
    e.text = text.get<std::string>();
    Parsed parsed = parse(e.text);
    if (!parsed) {
      const Places places(line_);
      ParseError& why = parsed.error;
      std::string message = why.message;
      if (!why.suggestion.empty()) message += "; did you mean '" + why.suggestion + "'?";
      return fail(places.in_string(places.value("do"), why.column), std::move(why.word), std::move(message));
    }
    e.intent = std::move(*parsed.intent);
    result_.set.events.push_back(std::move(e));
  }

  ReadSet result_;
  std::string_view line_;
  std::size_t number_ = 0;
  bool header_seen_ = false;
};

}  // namespace

std::string SetError::text() const {
  std::string out = "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
  if (!word.empty()) out += quote_if_needed(word.substr(0, 60)) + ": ";
  return out + message;
}

ReadSet read_set(std::string_view text) { return SetReader().read(text); }

SetPlayer::SetPlayer(const SetFile& set, SampleRate rate) : rate_(rate) {
  for (const SetEvent& e : set.events) (e.timed ? times_ : beats_).push_back(&e);
  // Latest first, so that the next one is taken off the back; of equal ones the file's order.
  std::stable_sort(beats_.begin(), beats_.end(), [](auto* a, auto* b) { return a->beat < b->beat; });
  std::stable_sort(times_.begin(), times_.end(), [](auto* a, auto* b) { return a->seconds < b->seconds; });
  std::reverse(beats_.begin(), beats_.end());
  std::reverse(times_.begin(), times_.end());
}

std::vector<const SetEvent*> SetPlayer::take(const music::TempoMap& map, Frame until) {
  std::vector<const SetEvent*> due;
  while (!finished()) {
    const auto key = [&](const SetEvent* e) {
      return std::pair(e->timed ? rate_.frames(e->seconds).v : map.due(e->beat).v, e->line);
    };
    const bool by_time = beats_.empty() || (!times_.empty() && key(times_.back()) < key(beats_.back()));
    std::vector<const SetEvent*>& from = by_time ? times_ : beats_;
    if (key(from.back()).first >= until.v) break;
    due.push_back(from.back());
    from.pop_back();
  }
  return due;
}

}  // namespace tactus::schedule
