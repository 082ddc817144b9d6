// Rules to sets of tracks. Belongs to one thread, as the index does.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "library/search/index.h"
#include "library/search/rule.h"

namespace tactus::library {

// Words of the vocabulary that a typed word may have been meant as.
using MeantWords = std::map<std::string, std::vector<std::string>, std::less<>>;

// The codes that a number, a color, an age or a date of the rule comes to.
struct CodeRange {
  Code low = kNoCode + 1, high = std::numeric_limits<Code>::max();
  bool none_too = false;  // those without a value belong to it: played longer ago includes never
};
CodeRange code_range(const Rule& rule, std::int64_t now);

class Evaluator {
 public:
  // `now`: seconds since 1970, for ages. `meant`: what words without a field may stand for besides themselves.
  Evaluator(SearchIndex& index, std::int64_t now, const MeantWords* meant = nullptr)
      : index_(index), now_(now), meant_(meant) {}

  // Those of `within` that the rule means.
  DocSet evaluate(const Rule& rule, const DocSet& within);
  DocSet evaluate(const Rule& rule) { return evaluate(rule, *index_.all()); }
  // What a crate holds: a folder what its crates hold. Crates that go round in a circle hold nothing of it.
  DocSet crate(std::int64_t id);

 private:
  DocSet plain(const Rule& rule, const DocSet& within);
  DocSet words(const Rule& rule, const DocSet& within);
  DocSet phrase(const Rule& rule, const DocSet& within);
  DocSet phrase_in(int field, const std::string& folded, const DocSet& within);
  DocSet exactly(const Rule& rule);
  DocSet crates_named(const Rule& rule);
  DocSet crate_members(const CrateName& crate);
  SharedSet word(int field, const std::string& word);
  SharedSet values(const Rule& rule);
  DocSet having(int place);

  SearchIndex& index_;
  std::int64_t now_;
  const MeantWords* meant_;
  std::vector<std::int64_t> open_;  // crates that are being looked into
};

// Letters that a word needs for names of crates, and, where a field is named, for words that go on after it.
constexpr std::size_t kFewestLetters = 3;

}  // namespace tactus::library
