// Random well-formed intents, for properties that hold for all of them.
#pragma once

#include <random>

#include "schedule/intent_table.h"

namespace tactus::schedule::test {

class RandomIntents {
 public:
  explicit RandomIntents(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  double uniform(double lo, double hi) { return std::uniform_real_distribution<double>(lo, hi)(random_); }
  std::mt19937_64& engine() { return random_; }

  std::string bytes(std::size_t longest, bool zero) {
    std::string s(below(longest) + 1, ' ');
    for (char& c : s) c = static_cast<char>(zero ? below(256) : 1 + below(255));
    return s;
  }

  Arg arg(const ArgSpec& spec) {
    switch (spec.type) {
      case ArgSpec::Type::level:
        if (below(4) == 0) return -std::numeric_limits<double>::infinity();
        [[fallthrough]];
      case ArgSpec::Type::number:
      case ArgSpec::Type::beats:
        return below(3) == 0 ? std::clamp(std::floor(uniform(spec.min, spec.max)), spec.min, spec.max)
                             : uniform(spec.min, spec.max);
      case ArgSpec::Type::count:
        return std::floor(uniform(spec.min, spec.max + 1) - 1e-9);
      case ArgSpec::Type::flag:
        return static_cast<double>(below(2));
      case ArgSpec::Type::text: {
        static const std::string kNames[] = {"/music/a.flac", "over",       "@bar", "linear", "a b", "\"", "\\",
                                             "echo",          "\n\x01\x7f", "é"};
        return below(2) ? kNames[below(std::size(kNames))] : bytes(30, false);
      }
      case ArgSpec::Type::choice: {
        std::vector<std::string> words(1);
        for (const char c : spec.choices) c == '|' ? words.emplace_back() : words.back() += c, void();
        return words[below(words.size())];
      }
      case ArgSpec::Type::none:
        break;
    }
    return 0.0;
  }

  Quant quant() {
    using Kind = Quant::Kind;
    switch (below(6)) {
      case 0:
        return {};
      case 1:
        return {Kind::bars, 1 << below(4), {}};
      case 2:
        return {Kind::note, 2 << below(5), {}};
      case 3:
        return {Kind::triplet, 2 << below(5), {}};
      case 4:
        return {Kind::phrase, static_cast<int>(below(3)) * 16, {}};
      default:
        return {Kind::absolute, 0, Beat::of(uniform(-1e6, 1e6))};
    }
  }

  Intent intent() {
    const auto table = intent_table();
    return intent(table[below(table.size())]);
  }
  Intent intent(const IntentRow& row) {
    const auto uses = [&](std::string_view letter) { return row.pattern.find(letter) != std::string_view::npos; };
    Intent i;
    i.row = &row;
    if (uses("/N/")) i.deck = static_cast<int>(below(kDecks));
    if (row.k_max > 0) i.index = static_cast<int>(below(static_cast<std::size_t>(row.k_max)));
    if (uses("/STEM/")) i.index = static_cast<int>(below(4));
    if (uses("/UNIT/")) i.unit = static_cast<int>(below(kFxUnits));
    if (uses("/SLOT/")) i.slot = static_cast<int>(below(kFxSlots));
    if (uses("/PARAM")) i.name = below(2) ? "feedback" : "time-1_x";
    for (std::size_t n = 0; n < row.arg_count(); ++n) {
      const ArgSpec& spec = row.args[n];
      if (!spec.only_after.empty() && (n == 0 || i.word(n - 1) != spec.only_after)) continue;
      if (spec.optional && below(2)) continue;
      i.args.push_back(arg(spec));
    }
    if (below(2)) i.quant = quant();
    if (row.ramps != Ramps::no && below(2)) {
      i.over = Over{uniform(1e-3, 4096), static_cast<Over::Unit>(below(3))};
      if (row.ramps == Ramps::yes && below(2)) i.curve = static_cast<msg::Curve>(below(4));
    }
    return i;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace tactus::schedule::test
