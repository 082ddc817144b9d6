#include "schedule/parse.h"

#include <algorithm>
#include <vector>

#include "schedule/address.h"
#include "schedule/numbers.h"
#include "schedule/tokens.h"

namespace tactus::schedule {
namespace {

using msg::Curve;
constexpr Curve kCurves[] = {Curve::linear, Curve::equal_power, Curve::exponential, Curve::s_curve};

// Walks over the words after the address.
class Reader {
 public:
  Reader(const std::vector<Token>& tokens, std::size_t end) : tokens_(tokens), end_(end) {}

  bool arguments(Intent& intent);
  bool suffixes(Intent& intent);
  ParseError error;

 private:
  const Token* peek() const { return next_ < tokens_.size() ? &tokens_[next_] : nullptr; }
  bool at_argument() const { return peek() && (peek()->quoted || !begins_suffix(peek()->text)); }
  bool wrong(const Token& at, std::string message, std::string suggestion = {}) {
    error = {at.column, at.length, at.text, std::move(message), std::move(suggestion)};
    return false;
  }
  bool missing(std::string message) {
    if (peek()) return wrong(*peek(), std::move(message));
    error = {end_, 0, {}, std::move(message), {}};
    return false;
  }
  bool argument(const ArgSpec& spec, Arg& out);
  bool quant(Intent& intent);
  bool over(Intent& intent);

  const std::vector<Token>& tokens_;
  std::size_t next_ = 1;  // 0 is the address
  std::size_t end_;
};

bool Reader::argument(const ArgSpec& spec, Arg& out) {
  const Token& token = *peek();
  const auto refuse = [&] {
    std::vector<std::string_view> words;
    std::string_view rest = spec.choices;
    while (!rest.empty()) {
      const std::size_t bar = std::min(rest.find('|'), rest.size());
      words.push_back(rest.substr(0, bar));
      rest.remove_prefix(std::min(bar + 1, rest.size()));
    }
    return wrong(token, "expected " + describe(spec) + " (" + std::string(spec.name) + ")",
                 std::string(nearest(token.text, words)));
  };
  if (spec.type == ArgSpec::Type::text || spec.type == ArgSpec::Type::choice) {
    out = token.text;
  } else if (spec.type == ArgSpec::Type::flag && (token.text == "on" || token.text == "off")) {
    out = token.text == "on" ? 1.0 : 0.0;
  } else {
    const auto number = token.quoted ? std::nullopt : parse_number(token.text);
    if (!number) return refuse();
    out = *number;
  }
  if (!check_arg(spec, out).empty()) return refuse();
  ++next_;
  return true;
}

bool Reader::arguments(Intent& intent) {
  const IntentRow& row = *intent.row;
  for (std::size_t i = 0; i < row.arg_count(); ++i) {
    const ArgSpec& spec = row.args[i];
    if (!spec.only_after.empty() && (i == 0 || intent.word(i - 1) != spec.only_after)) continue;
    if (!at_argument()) {
      if (spec.optional) continue;
      return missing("expected " + describe(spec) + " (" + std::string(spec.name) + ")");
    }
    Arg arg;
    if (!argument(spec, arg)) return false;
    intent.args.push_back(std::move(arg));
  }
  if (!at_argument()) return true;
  return wrong(*peek(),
               std::string(row.pattern) + (row.arg_count() == 0 ? " takes no argument" : " takes no more arguments"),
               std::string(nearest(peek()->text, {"over", "linear", "equal-power", "exponential", "s-curve"})));
}

bool Reader::quant(Intent& intent) {
  const Token& token = *peek();
  if (intent.quant) return wrong(token, "a second @; when it happens is already said");
  intent.quant = parse_quant(std::string_view(token.text).substr(1));
  if (!intent.quant) {
    const std::string_view near =
        nearest(token.text, {"@now", "@none", "@bar", "@2bar", "@4bar", "@8bar", "@beat", "@phrase", "@phrase16",
                             "@phrase32", "@1/2", "@1/4", "@1/8", "@1/16", "@1/32"});
    return wrong(token, std::string("expected ") + quant_forms(), std::string(near));
  }
  ++next_;
  return true;
}

bool Reader::over(Intent& intent) {
  const Token& token = *peek();
  if (intent.row->ramps == Ramps::no) return wrong(token, std::string(intent.row->pattern) + " does not ramp");
  if (intent.over) return wrong(token, "a second `over`");
  ++next_;
  const auto amount = peek() && !peek()->quoted ? parse_number(peek()->text) : std::nullopt;
  if (!amount || !(*amount > 0 && *amount <= 4096)) return missing("expected a length above 0 and up to 4096");
  ++next_;
  Over over{*amount, Over::Unit::beats};
  const std::string_view unit = peek() ? std::string_view(peek()->text) : std::string_view();
  if (unit == "beat" || unit == "beats") {
    over.unit = Over::Unit::beats;
  } else if (unit == "bar" || unit == "bars") {
    over.unit = Over::Unit::bars;
  } else if (unit == "second" || unit == "seconds" || unit == "s") {
    over.unit = Over::Unit::seconds;
  } else {
    missing("expected beats, bars or seconds");
    error.suggestion = nearest(unit, {"beats", "bars", "seconds"});
    return false;
  }
  ++next_;
  intent.over = over;
  return true;
}

bool Reader::suffixes(Intent& intent) {
  const Token* curve_token = nullptr;
  while (const Token* token = peek()) {
    if (!token->quoted && token->text.starts_with('@')) {
      if (!quant(intent)) return false;
      continue;
    }
    if (!token->quoted && token->text == "over") {
      if (!over(intent)) return false;
      continue;
    }
    for (const Curve c : kCurves) {
      if (token->quoted || token->text != curve_name(c)) continue;
      if (intent.curve) return wrong(*token, "a second curve");
      if (intent.row->ramps != Ramps::yes) return wrong(*token, std::string(intent.row->pattern) + " takes no curve");
      intent.curve = c;
      curve_token = token;
    }
    if (curve_token != token) return wrong(*token, "expected @..., `over` or a curve, or nothing more");
    ++next_;
  }
  return !curve_token || intent.over || wrong(*curve_token, "a curve needs `over N beats`");
}

}  // namespace

const char* curve_name(Curve curve) {
  constexpr const char* kNames[] = {"linear", "equal-power", "exponential", "s-curve"};
  return kNames[static_cast<int>(curve)];
}

std::string ParseError::text() const {
  // Control bytes of a hostile word must not reach a terminal.
  std::string out = word.empty() ? "" : quote_if_needed(word.substr(0, 60)) + ": ";
  out += message;
  if (!suggestion.empty()) out += "; did you mean '" + suggestion + "'?";
  return out;
}

Parsed parse(std::string_view text) {
  Parsed result;
  if (text.size() > kMaxIntentText) {
    result.error = {kMaxIntentText, 0, {}, "longer than " + std::to_string(kMaxIntentText) + " bytes", {}};
    return result;
  }
  std::vector<Token> tokens;
  Token bad;
  std::string why;
  if (!tokenise(text, tokens, bad, why)) {
    result.error = {bad.column, bad.length, bad.text, why, {}};
    return result;
  }
  if (tokens.empty()) {
    result.error = {text.size(), 0, {}, "expected an address, such as /deck/1/play", {}};
    return result;
  }
  Intent intent;
  if (!resolve_address(tokens[0].text, tokens[0].column, intent, result.error)) return result;
  Reader reader(tokens, text.size());
  if (!reader.arguments(intent) || !reader.suffixes(intent)) {
    result.error = std::move(reader.error);
    return result;
  }
  result.intent = std::move(intent);
  return result;
}

std::string joined(std::string_view address, std::span<const Arg> args) {
  std::string text(address);
  for (const Arg& arg : args) {
    const std::string* word = std::get_if<std::string>(&arg);
    text += ' ';
    text += !word ? number_text(std::get<double>(arg)) : begins_suffix(*word) ? *word : quote_if_needed(*word);
  }
  return text;
}

Parsed parse(std::string_view address, std::span<const Arg> args) { return parse(joined(address, args)); }

std::string address_text(const Intent& intent) {
  if (!intent.row) return {};
  std::string out;
  std::string_view rest = intent.row->pattern;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end);
    out += '/';
    if (part == "N") {
      out += std::to_string(intent.deck + 1);
    } else if (part == "K") {
      out += std::to_string(intent.index + 1);
    } else if (part == "UNIT") {
      out += std::to_string(intent.unit + 1);
    } else if (part == "SLOT") {
      out += std::to_string(intent.slot + 1);
    } else if (part == "STEM") {
      out += kStems[static_cast<std::size_t>(intent.index)];
    } else if (part == "PARAM") {
      out += intent.name;
    } else {
      out += part;
    }
  }
  return out;
}

std::string to_text(const Intent& intent) {
  std::string out = address_text(intent);
  for (const Arg& arg : intent.args) {
    const std::string* word = std::get_if<std::string>(&arg);
    out += ' ' + (word ? quote_if_needed(*word) : number_text(std::get<double>(arg)));
  }
  if (intent.quant) out += " @" + quant_text(*intent.quant);
  if (intent.over) {
    constexpr const char* kUnits[] = {" beats", " bars", " seconds"};
    out += " over " + number_text(intent.over->amount) + kUnits[static_cast<int>(intent.over->unit)];
  }
  if (intent.curve) out += std::string(" ") + curve_name(*intent.curve);
  return out;
}

}  // namespace tactus::schedule
