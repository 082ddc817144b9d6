#include "library/search/search.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "library/search/evaluate.h"
#include "library/search/index.h"
#include "library/search/order.h"
#include "library/search/typo.h"
#include "library/store/store.h"

namespace tactus::library {

namespace {

// With fewer tracks than this, words that few tracks have may be typos of others.
constexpr std::size_t kFewHits = 10, kFewOfAWord = 200;
// Words that one is taken for at most.
constexpr std::size_t kMostMeant = 24;

// A search that is begun anew so often because somebody writes all the time goes through without a pause.
constexpr int kMostPaused = 3;

std::int64_t clock_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// What was typed without a field's name, folded.
std::string wanted_words(const Rule& rule, const WordCutter& cutter) {
  std::string out;
  if (rule.kind != Rule::Kind::all || rule.negated) return out;
  for (const Rule& part : rule.parts) {
    const bool text = part.kind == Rule::Kind::words || part.kind == Rule::Kind::phrase;
    if (!text || part.negated || part.field != Rule::kAnywhere) continue;
    const std::string folded = cutter.folded(part.text);
    if (!folded.empty()) out += (out.empty() ? "" : " ") + folded;
  }
  return out;
}

}  // namespace

struct Searcher::State {
  explicit State(Database& d) : db(d), index(d) {}

  SearchPage page(const DocSet& set, const SearchOrder& order, const std::string& words) {
    SearchPage out;
    out.total = set.count();
    const std::size_t limit = std::min<std::size_t>(order.limit, kMostRows);
    if (order.offset >= out.total) return out;
    const std::size_t count = std::min(out.total, order.offset + limit);
    const int field = field_place(order.field);
    if (field < 0 && !order.field.empty())
      throw StoreError(StoreError::Kind::refused, "there is no field called " + order.field);
    out.tracks = field >= 0      ? first_by_field(index, set, field, order.descending, count)
                 : words.empty() ? first_by_score(index, set, count)
                                 : first_by_fit(index, set, words, count);
    out.tracks.erase(out.tracks.begin(), out.tracks.begin() + static_cast<std::ptrdiff_t>(order.offset));
    return out;
  }

  // Words of the vocabulary for those that hardly any track has.
  MeantWords meant_words(const std::string& words) {
    const Vocabulary& vocabulary = index.vocabulary();
    if (std::exchange(meant_as_of, index.merges()) != index.merges()) meant_before.clear();
    MeantWords out;
    each_word(words, [&](std::string_view word) {
      if (letter_count(word) < kTypoLetters || index.with_word(-1, word, true)->count() >= kFewOfAWord) return;
      auto known = meant_before.find(word);
      if (known == meant_before.end())
        known = meant_before.emplace(std::string(word), vocabulary.meant(word, kMostMeant)).first;
      if (!known->second.empty()) out.insert(*known);
    });
    return out;
  }

  template <class F>
  auto in_one_view(F&& what) {
    for (int begun = 1;; ++begun) {
      const SearchIndex::View view(index, begun < kMostPaused);
      try {
        index.refresh();
        return what();
      } catch (const SearchIndex::Changed&) {
      }
    }
  }

  std::int64_t now() const { return fixed_now ? fixed_now : clock_seconds(); }

  SearchPage search(const Rule& rule, const SearchOrder& order) {
    const std::string words = wanted_words(rule, index.cutter());
    DocSet set = Evaluator(index, now()).evaluate(rule);
    MeantWords meant;
    if (!words.empty() && set.count() < kFewHits) meant = meant_words(words);
    if (!meant.empty()) set = Evaluator(index, now(), &meant).evaluate(rule);
    SearchPage out = page(set, order, words);
    for (auto& [word, others] : meant) out.meant.emplace_back(word, std::move(others));
    return out;
  }

  SearchPage crate(std::int64_t id, const SearchOrder& order) {
    const auto kind = db.integer("SELECT kind FROM crate WHERE id = ?1", id);
    if (!kind) throw StoreError(StoreError::Kind::refused, "there is no crate " + std::to_string(id));
    if (*kind != 1 || !order.field.empty()) return page(Evaluator(index, now()).crate(id), order, "");
    SearchPage out;
    out.total = static_cast<std::size_t>(*db.integer("SELECT count(*) FROM crate_track WHERE crate = ?1", id));
    db.statement("SELECT track FROM crate_track WHERE crate = ?1 ORDER BY place LIMIT ?2 OFFSET ?3")
        .bind(id, std::min<std::size_t>(order.limit, kMostRows), order.offset)
        .each([&](Statement& row) { out.tracks.push_back(row.integer(0)); });
    return out;
  }

  Database& db;
  SearchIndex index;
  MeantWords meant_before;  // by word; as of that many merges
  std::int64_t meant_as_of = -1;
  std::int64_t fixed_now = 0;
};

Searcher::Searcher(Database& db) : state_(std::make_unique<State>(db)) {
  // What every query needs.
  state_->in_one_view([this] {
    SearchIndex& index = state_->index;
    for (const char* name : {"title", "artist"}) {
      for (const TextColumn which : {TextColumn::first, TextColumn::second, TextColumn::hash})
        index.column(text_column(field_place(name), which));
    }
    index.column(kScoreColumn);
    index.vocabulary();
  });
}

Searcher::~Searcher() = default;

void Searcher::set_now(std::int64_t now) { state_->fixed_now = now; }

void Searcher::set_longest_stand(std::chrono::nanoseconds most) { state_->index.set_longest_stand(most); }

SearchPage Searcher::search(std::string_view query, const SearchOrder& order, Typing typing) {
  Query parsed = parse_query(query, typing);
  SearchPage out = search(parsed.rule, order);
  out.errors = std::move(parsed.errors);
  out.ignored = std::move(parsed.ignored);
  return out;
}

SearchPage Searcher::search(const Rule& rule, const SearchOrder& order) {
  return state_->in_one_view([&] { return state_->search(rule, order); });
}

SearchPage Searcher::crate(std::int64_t id, const SearchOrder& order) {
  return state_->in_one_view([&] { return state_->crate(id, order); });
}

}  // namespace tactus::library
