// Which tracks fit what was typed: of some hundreds that a stored order offers, and of those whose title or artist is
// or begins with it, each is looked at.
#include <algorithm>
#include <tuple>

#include "library/search/order.h"
#include "library/search/pick.h"

namespace tactus::library {

namespace {

// Looked at of each kind.
constexpr std::size_t kLookedAt = 200;

struct FitFields {
  int title = field_place("title"), artist = field_place("artist");
};

// Tracks whose title or artist is `folded`, or begins with its first 8 bytes.
DocSet named_so(SearchIndex& index, const DocSet& set, const std::string& folded, bool exactly) {
  const FitFields fields;
  const TextCodes wanted = text_codes(folded);
  const std::size_t bits = 8 * std::min<std::size_t>(8, folded.size());
  const std::uint64_t mask = ~std::uint64_t{0} << (64 - bits);
  const auto high = static_cast<Code>(static_cast<std::uint32_t>(mask >> 32)), low = static_cast<Code>(mask);
  DocSet out(index.chunks());
  for (const int field : {fields.title, fields.artist}) {
    const auto part = [&](TextColumn which) -> const std::vector<Code>& {
      return index.column(text_column(field, which));
    };
    if (exactly) {
      out |= pick_within(set, part(TextColumn::hash), [&](Code c) { return c == wanted.hash; });
      continue;
    }
    // Codes of nothing begin with nothing.
    DocSet begins = pick_within(set, part(TextColumn::first), [=](Code c) { return ((c ^ wanted.first) & high) == 0; });
    if (low != 0)
      begins = pick_within(begins, part(TextColumn::second), [=](Code c) { return ((c ^ wanted.second) & low) == 0; });
    out |= begins;
  }
  return out;
}

// Greater fits better.
int fit_of(std::string_view text, const std::string& folded, const FitFields& fields) {
  int fit = 0;
  for (const auto& [field, weight] : {std::pair(fields.title, 10), std::pair(fields.artist, 9)}) {
    const std::string_view name = field_text(text, field);
    const bool begins = name.starts_with(folded);
    int here = 0;
    if (name == folded) {
      here = 100;
    } else if (begins && name[folded.size()] == ' ') {
      here = 70;
    } else if (begins) {
      here = 50;
    } else if (text_has_phrase(name, folded)) {
      here = 40;
    }
    fit = std::max(fit, here * weight);
  }
  each_word(folded, [&](std::string_view word) {
    int best = 0;
    for (const auto& [field, weight] : {std::pair(fields.title, 3), std::pair(fields.artist, 2), std::pair(-1, 1)}) {
      const auto has = [&](bool begins) {
        return in_texts(text, field, [&](std::string_view one) { return text_has_word(one, word, begins); });
      };
      if (has(true)) best = std::max(best, weight * (has(false) ? 15 : 5));
    }
    fit += best;
  });
  return fit;
}

}  // namespace

std::vector<std::int64_t> first_by_fit(SearchIndex& index, const DocSet& set, const std::string& folded,
                                       std::size_t count) {
  std::vector<std::int64_t> looked_at = first_by_score(index, set, kLookedAt);
  const auto look = [&](const DocSet& more) {
    const auto best = first_by_score(index, more, kLookedAt);
    looked_at.insert(looked_at.end(), best.begin(), best.end());
  };
  if (looked_at.size() == kLookedAt) {
    look(named_so(index, set, folded, true));
    look(named_so(index, set, folded, false));
    DocSet whole = set;
    each_word(folded, [&](std::string_view word) { whole &= *index.with_word(-1, word, false); });
    look(whole);
  }
  std::sort(looked_at.begin(), looked_at.end());
  looked_at.erase(std::unique(looked_at.begin(), looked_at.end()), looked_at.end());

  const FitFields fields;
  const auto& scores = index.column(kScoreColumn);
  std::vector<std::tuple<int, Code, std::int64_t>> fits;
  DocSet rest = set;
  for (const std::int64_t id : looked_at) {
    // A score's point (twice the plays) is worth two of fit.
    const Code score = scores[static_cast<std::size_t>(id)];
    fits.emplace_back(-(fit_of(index.text(id), folded, fields) + score / 500), -score, id);
    rest.drop(id);
  }
  std::sort(fits.begin(), fits.end());
  std::vector<std::int64_t> out;
  for (const auto& [fit, score, id] : fits) out.push_back(id);
  if (out.size() < count) {
    const auto more = first_by_score(index, rest, count - out.size());
    out.insert(out.end(), more.begin(), more.end());
  }
  out.resize(std::min(out.size(), count));
  return out;
}

}  // namespace tactus::library
