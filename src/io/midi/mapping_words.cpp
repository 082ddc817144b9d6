// The words within a mapping file's strings: messages, intents with an open number, states; and knobs' scales.
#include <algorithm>
#include <array>
#include <cmath>

#include "io/midi/mapping.h"
#include "schedule/intent_table.h"
#include "schedule/numbers.h"
#include "schedule/parse.h"

namespace tactus::io {
namespace {

using schedule::ArgSpec;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

// A whole number, decimal or 0x hexadecimal as makers' charts write it.
std::optional<int> whole(std::string_view word) {
  const bool hex = word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
  if (hex) word.remove_prefix(2);
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, hex ? 16 : 10);
  if (error != std::errc{} || end != word.data() + word.size()) return {};
  return value;
}

struct KindWord {
  const char* word;
  MidiTrigger::Kind kind;
  std::size_t numbers;  // behind the channel
  const char* usage;
};
constexpr std::array<KindWord, 6> kKinds = {{
    {"note", MidiTrigger::Kind::note, 1, "note CHANNEL NOTE"},
    {"cc", MidiTrigger::Kind::cc, 1, "cc CHANNEL CONTROLLER"},
    {"cc14", MidiTrigger::Kind::cc14, 2, "cc14 CHANNEL MSB LSB"},
    {"pitch", MidiTrigger::Kind::pitch, 0, "pitch CHANNEL"},
    {"rel", MidiTrigger::Kind::rel, 1, "rel CHANNEL CONTROLLER twos|offset|sign"},
    {"rel14", MidiTrigger::Kind::rel14, 2, "rel14 CHANNEL MSB LSB twos|offset"},
}};
constexpr std::array<const char*, 3> kCodes = {"twos", "offset", "sign"};

bool is_number(const ArgSpec& spec) {
  using Type = ArgSpec::Type;
  return spec.type == Type::number || spec.type == Type::level || spec.type == Type::beats ||
         spec.type == Type::count || spec.type == Type::flag;
}

}  // namespace

std::string trigger_text(const MidiTrigger& t) {
  const KindWord& k = kKinds[static_cast<std::size_t>(t.kind)];
  std::string text = k.word;
  text += ' ';
  text += std::to_string(t.channel + 1);
  if (k.numbers > 0) text += " " + std::to_string(t.number);
  if (k.numbers > 1) text += " " + std::to_string(t.second);
  if (t.relative()) text += std::string(" ") + kCodes[static_cast<std::size_t>(t.code)];
  return text;
}

int relative_ticks(MidiTrigger::Code code, int value) {
  switch (code) {
    case MidiTrigger::Code::twos:
      return value < 64 ? value : value - 128;
    case MidiTrigger::Code::offset:
      return value - 64;
    case MidiTrigger::Code::sign:
      break;
  }
  return value & 64 ? -(value & 63) : value & 63;
}

std::optional<MidiTrigger> parse_trigger(std::string_view text, std::string* error) {
  const std::vector<std::string> words = words_of(text);
  const auto fail = [&](const std::string& why) {
    *error = "\"" + std::string(text.substr(0, 80)) + "\": " + why;
    return std::nullopt;
  };
  const auto kind =
      words.empty() ? kKinds.end()
                    : std::find_if(kKinds.begin(), kKinds.end(), [&](const KindWord& k) { return words[0] == k.word; });
  if (kind == kKinds.end()) return fail("a message begins with note, cc, cc14, pitch, rel or rel14");
  const bool coded = kind->kind == MidiTrigger::Kind::rel || kind->kind == MidiTrigger::Kind::rel14;
  if (words.size() != 2 + kind->numbers + (coded ? 1 : 0)) return fail(std::string("expected ") + kind->usage);
  MidiTrigger t;
  t.kind = kind->kind;
  const auto channel = whole(words[1]);
  if (!channel || *channel < 1 || *channel > 16) return fail("channels are 1 to 16");
  t.channel = static_cast<std::uint8_t>(*channel - 1);
  for (std::size_t i = 0; i < kind->numbers; ++i) {
    const auto n = whole(words[2 + i]);
    if (!n || *n < 0 || *n > 127) return fail("notes and controllers are 0 to 127");
    (i == 0 ? t.number : t.second) = static_cast<std::uint8_t>(*n);
  }
  if (kind->numbers == 2 && t.number == t.second) return fail("both halves are the same controller");
  if (!coded) return t;
  const auto code = std::find(kCodes.begin(), kCodes.end(), words.back());
  if (code == kCodes.end()) return fail("an encoder counts by twos, offset or sign");
  t.code = static_cast<MidiTrigger::Code>(code - kCodes.begin());
  if (kind->numbers == 2 && t.code == MidiTrigger::Code::sign) return fail("a pair counts by twos or offset");
  return t;
}

std::optional<MidiAction> parse_action(std::string_view text, std::string* error) {
  const std::vector<std::string> words = words_of(text);
  const auto open = std::find(words.begin(), words.end(), "{}");
  if (open == words.end()) {
    schedule::Parsed p = schedule::parse(text);
    if (p) return MidiAction{std::move(*p.intent), -1};
    *error = p.error.text();
    return {};
  }
  if (open == words.begin() || std::find(open + 1, words.end(), "{}") != words.end()) {
    *error = "{} stands for one argument";
    return {};
  }
  const int index = static_cast<int>(open - words.begin()) - 1;
  const std::size_t place = text.find("{}");
  // Which numbers an argument takes is known once its row is; one of these is taken by each.
  schedule::Parsed p;
  for (const char* sample : {"1", "0", "20", "-inf"}) {
    p = schedule::parse(std::string(text.substr(0, place)) + sample + std::string(text.substr(place + 2)));
    if (p) break;
  }
  if (!p) {
    *error = p.error.text();
    return {};
  }
  const auto& specs = p.intent->row->args;
  if (index >= static_cast<int>(p.intent->args.size()) || !is_number(specs[static_cast<std::size_t>(index)])) {
    *error = "{} must stand for a number";
    return {};
  }
  return MidiAction{std::move(*p.intent), index};
}

std::string action_text(const MidiAction& action) {
  std::vector<std::string> words = words_of(schedule::to_text(action.intent));
  if (action.open >= 0) words[static_cast<std::size_t>(action.open) + 1] = "{}";
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

schedule::Intent filled(const MidiAction& action, double value) {
  schedule::Intent intent = action.intent;
  if (action.open < 0) return intent;
  const ArgSpec& spec = intent.row->args[static_cast<std::size_t>(action.open)];
  if (spec.type == ArgSpec::Type::level && value < spec.min) {
    value = -INFINITY;
  } else {
    value = std::clamp(value, spec.min, spec.max);
    if (spec.type == ArgSpec::Type::count || spec.type == ArgSpec::Type::flag) value = std::round(value);
  }
  intent.args[static_cast<std::size_t>(action.open)] = value;
  return intent;
}

KnobScale natural_scale(const MidiAction& action) {
  if (action.open < 0) return {};
  const ArgSpec& spec = action.intent.row->args[static_cast<std::size_t>(action.open)];
  return {spec.type == ArgSpec::Type::level ? KnobScale::Kind::level : KnobScale::Kind::linear, spec.min, spec.max};
}

// A level's lower half is a gain from 0 to 1, as a fader's taper; its upper half is linear in dB, where there is one.
double KnobScale::value(double place) const {
  place = std::clamp(place, 0.0, 1.0);
  if (kind == Kind::linear) return low + place * (high - low);
  const double unity = high > 0 ? 0.5 : 1;
  if (place >= unity) return high > 0 ? (place - unity) / (1 - unity) * high : 0;
  const double db = place > 0 ? 20 * std::log10(place / unity) : -INFINITY;
  return db < low ? -INFINITY : db;
}

double KnobScale::place(double value) const {
  if (kind == Kind::linear) return high == low ? 0 : std::clamp((value - low) / (high - low), 0.0, 1.0);
  const double unity = high > 0 ? 0.5 : 1;
  if (value >= 0) return high > 0 ? std::min(1.0, unity + value / high * (1 - unity)) : unity;
  return value < low ? 0 : unity * std::pow(10, value / 20);
}

bool StateTest::holds(double value) const {
  const auto met = [&] {
    switch (op) {
      case Op::less:
        return value < number;
      case Op::less_equal:
        return value <= number;
      case Op::greater:
        return value > number;
      case Op::greater_equal:
        return value >= number;
      case Op::equal:
        return value == number;
      case Op::has_bits:
        return value >= 0 && value < 0x1p32 &&
               (static_cast<std::uint32_t>(value) & static_cast<std::uint32_t>(number)) != 0;
      case Op::plain:
        break;
    }
    return value != 0;
  };
  return met() != negate;
}

}  // namespace tactus::io
