#include "library/search/typo.h"

#include <algorithm>
#include <array>

#include "library/search/words.h"

namespace tactus::library {

namespace {

std::uint32_t letters_of(std::string_view word) {
  std::uint32_t out = 0;
  for (const char c : word) out |= 1U << (static_cast<unsigned char>(c) & 31U);
  return out;
}

// Whether so many bits or fewer are set: 1 or 2.
bool few_bits(std::uint32_t bits, int most) {
  bits &= bits - 1;
  if (most == 2) bits &= bits - 1;
  return bits == 0;
}

// A first letter that is wrong has the second one where it should be, or beside it.
bool begin_alike(std::string_view a, std::string_view b) {
  return a[0] == b[0] || a[1] == b[1] || a[0] == b[1] || a[1] == b[0];
}

}  // namespace

int typing_distance(std::string_view typed, std::string_view word, int most) {
  typed = typed.substr(0, kLongestTyped);
  // What is further behind can't make the nearest beginning.
  word = word.substr(0, std::min(kLongestTyped, typed.size() + static_cast<std::size_t>(most)));
  std::array<std::array<int, kLongestTyped + 1>, 3> rows{};
  int nearest = static_cast<int>(typed.size());
  for (std::size_t j = 0; j <= typed.size(); ++j) rows[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= word.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    const auto& before = rows[(i + 1) % 3];
    row[0] = static_cast<int>(i);
    int least = row[0];
    for (std::size_t j = 1; j <= typed.size(); ++j) {
      const int other = above[j - 1] + (word[i - 1] == typed[j - 1] ? 0 : 1);
      row[j] = std::min({other, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && word[i - 1] == typed[j - 2] && word[i - 2] == typed[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    nearest = std::min(nearest, row[typed.size()]);
    if (least > most) break;
  }
  return std::min(nearest, most + 1);
}

void Vocabulary::add(std::string_view words) {
  words_ += words;
  for (std::size_t at = starts_.back(); at < words_.size();) {
    const std::size_t end = std::min(words_.find('\n', at), words_.size());
    letters_.push_back(letters_of(std::string_view(words_).substr(at, end - at)));
    at = end + 1;
    starts_.push_back(static_cast<std::uint32_t>(at));
  }
}

std::vector<std::string> Vocabulary::meant(std::string_view typed, std::size_t most) const {
  const std::size_t length = letter_count(typed);
  std::vector<std::pair<int, std::string>> found;
  if (length >= kTypoLetters && typed.size() <= kLongestTyped) {
    const int edits = length >= kTwoTypoLetters ? 2 : 1;
    const std::uint32_t wanted = letters_of(typed);
    for (std::size_t i = 0; i < letters_.size(); ++i) {
      // Each edit brings one letter in at most.
      if (!few_bits(wanted & ~letters_[i], edits)) continue;
      const std::string_view word = std::string_view(words_).substr(starts_[i], starts_[i + 1] - starts_[i] - 1);
      if (word.size() < 2 || word.size() + static_cast<std::size_t>(edits) < typed.size()) continue;
      if (!begin_alike(word, typed) || word.starts_with(typed)) continue;
      const int distance = typing_distance(typed, word, edits);
      // The length apart tells words that end there from those that go on.
      const int apart = std::abs(static_cast<int>(word.size()) - static_cast<int>(typed.size()));
      if (distance <= edits) found.emplace_back(distance * 1000 + (word[0] == typed[0] ? 0 : 100) + apart, word);
    }
  }
  const std::size_t n = std::min(most, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(n), found.end());
  std::vector<std::string> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(std::move(found[i].second));
  return out;
}

}  // namespace tactus::library
