// Intents as text, and back:  address args... [@quant] [over N beats|bars|seconds] [curve]
//
//   /deck/2/eq/low -inf @bar
//   /mixer/crossfader 1 @phrase over 16 beats s-curve
//   /deck/1/load "/music/a \"live\" take.flac" force
//
// Words are separated by spaces or tabs. A word in double quotes is always an argument and may hold anything, with the
// escapes \" \\ \n \t \r \xHH. Decks, cues, units and slots count from 1. Curves: linear (the default), equal-power,
// exponential, s-curve. The parts after the arguments may stand in any order, each once.
//
// Any thread; never throws on any input; time linear in the length of the text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schedule/intent_table.h"

namespace tactus::schedule {

constexpr std::size_t kMaxIntentText = 8192;  // bytes; longer texts are refused

struct ParseError {
  std::size_t column = 0;  // of the word at fault, in bytes from 0; the end of the text where something is missing
  std::size_t length = 0;  // of that word; 0 where something is missing
  std::string word;
  std::string message;     // what is wrong with it and what was expected
  std::string suggestion;  // what may have been meant, or empty

  // One sentence: "eq/lo: expected low, mid or high; did you mean 'low'?"
  std::string text() const;
};

struct Parsed {
  std::optional<Intent> intent;
  ParseError error;  // when there is no intent
  explicit operator bool() const { return intent.has_value(); }
};

Parsed parse(std::string_view text);
// The same from an address and typed arguments (an OSC message). Words that look like a suffix ("@bar", "over",
// "beats", a curve) are taken as one, as in text. Columns of errors are those of the text that `joined` gives.
Parsed parse(std::string_view address, std::span<const Arg> args);
std::string joined(std::string_view address, std::span<const Arg> args);

// parse(to_text(i)) == i for every i that check() passes.
std::string to_text(const Intent& intent);
// "/deck/2/eq/low"
std::string address_text(const Intent& intent);
const char* curve_name(msg::Curve curve);

}  // namespace tactus::schedule
