#include "library/search/index.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>

#include "library/search/state.h"

namespace tactus::library {

namespace {

// Sets kept at once: a query's parts and those of the one typed before it.
constexpr std::size_t kMostKept = 64;
// A reader resets within 50 ms; whatever is done between two pauses takes at most a few ms, and the machine may be
// slow.
constexpr std::chrono::milliseconds kLongestStand{15};
constexpr std::int64_t kBlocksAtOnce = 32, kVocabularyAtOnce = 8;

}  // namespace

SearchIndex::SearchIndex(Database& db)
    : db_(db),
      cutter_(db.handle()),
      docs_(db),
      begin_(db, "SELECT value FROM search_state WHERE name = 'merges'"),
      version_(db, "PRAGMA data_version"),
      terms_(db, "SELECT id FROM search_term WHERE term >= ?1 AND term < ?2"),
      postings_(db, "SELECT key, tracks FROM search_posting WHERE key BETWEEN ?1 AND ?2"),
      text_(db, "SELECT text FROM search_doc WHERE track = ?1") {}

SearchIndex::View::View(SearchIndex& index, bool may_pause) : index_(index), own_(!index.db_.in_transaction()) {
  if (!own_) return;
  index_.db_.execute("BEGIN");
  index_.may_pause_ = may_pause;
  index_.stood_since_ = std::chrono::steady_clock::now();
}

SearchIndex::View::~View() {
  if (!own_) return;
  index_.may_pause_ = false;
  try {
    if (index_.db_.in_transaction()) index_.db_.execute("COMMIT");
  } catch (const StoreError&) {  // of nothing that was written
  }
}

void SearchIndex::pause_if_long() {
  if (!may_pause_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - stood_since_ < longest_stand_) return;
  db_.execute("COMMIT");
  db_.execute("BEGIN");
  stood_since_ = now;
  begin_.bind();
  begin_.step();
  begin_.reset();
  if (version() != seen_version_) throw Changed();
}

std::int64_t SearchIndex::version() {
  version_.bind();
  version_.step();
  const std::int64_t out = version_.integer(0);
  version_.reset();
  return out;
}

void SearchIndex::refresh() {
  // The first statement that reads is what the transaction's view of the database begins with.
  begin_.bind();
  const std::int64_t merges = begin_.step() ? begin_.integer(0) : 0;
  begin_.reset();
  const std::int64_t now = version(), changes = sqlite3_total_changes64(db_.handle());
  if (now == seen_version_ && changes == seen_changes_) return;
  seen_version_ = now;
  seen_changes_ = changes;
  kept_.clear();
  crates_read_ = false;
  ++refreshes_;
  see_merges(merges);
  current_ = index_is_current(db_);
  read_pending();
}

// Notes what of the columns must be read anew: the blocks that each merge names, or everything.
void SearchIndex::see_merges(std::int64_t merges) {
  constexpr std::size_t kMostBlocks = 64;
  std::vector<std::int64_t> touched;
  bool known = merges >= seen_merges_;
  for (std::int64_t merge = seen_merges_ + 1; merge <= merges && known; ++merge) {
    const auto blocks = db_.text("SELECT value FROM search_state WHERE name = ?1", touched_blocks(merge));
    known = blocks.has_value();
    if (known) each_word(*blocks, [&](std::string_view block) { touched.push_back(std::atoll(block.data())); });
  }
  for (auto& [number, column] : columns_) {
    column.stale.insert(column.stale.end(), touched.begin(), touched.end());
    // So many at once are read anew as soon as one by one.
    if (column.stale.size() > kMostBlocks || !known) column = Column();
  }
  if (!known) {
    vocabulary_ = Vocabulary();
    vocabulary_place_ = 0;
    vocabulary_length_ = 0;
  }
  if (merges != seen_merges_) vocabulary_read_ = false;
  seen_merges_ = merges;
}

void SearchIndex::read_pending() {
  std::int64_t greatest = std::max<std::int64_t>(db_.integer("SELECT max(id) FROM track").value_or(0), 1);
  pending_.clear();
  Statement& rows =
      db_.statement(current_ ? "SELECT track FROM search_pending ORDER BY track" : "SELECT id FROM track ORDER BY id");
  std::vector<std::int64_t> ids;
  rows.bind().each([&](Statement& row) { ids.push_back(row.integer(0)); });
  for (const std::int64_t id : ids) {
    if (id < 1 || id > kGreatestTrack) continue;
    auto doc = docs_.read(id);
    pending_.push_back(doc ? std::move(*doc) : TrackDoc{.id = id});
    greatest = std::max(greatest, id);
  }
  chunks_ = static_cast<std::size_t>(std::min(greatest, kGreatestTrack) / kChunk + 1);
}

const TrackDoc* SearchIndex::pending(std::int64_t id) const {
  const auto at = std::lower_bound(pending_.begin(), pending_.end(), id,
                                   [](const TrackDoc& doc, std::int64_t wanted) { return doc.id < wanted; });
  return at != pending_.end() && at->id == id ? &*at : nullptr;
}

const std::vector<Code>& SearchIndex::column(int number) {
  Column& column = columns_[number];
  try {
    if (column.as_of != refreshes_) bring_up_to_date(number, column);
  } catch (...) {  // half of it is as good as nothing
    columns_.erase(number);
    throw;
  }
  return column.codes;
}

void SearchIndex::bring_up_to_date(int number, Column& column) {
  std::vector<Code>& codes = column.codes;
  for (const auto& [id, code] : column.before) codes[static_cast<std::size_t>(id)] = code;
  const bool is_new = codes.empty();
  codes.resize(chunks_ * kChunk, kNoCode);
  if (is_new) read_blocks(number, codes, 0, static_cast<std::int64_t>(codes.size()) / kBlock - 1);
  for (const std::int64_t block : column.stale) read_blocks(number, codes, block, block);
  column.stale.clear();
  column.before.clear();
  for (const TrackDoc& doc : pending_) {
    Code& kept = codes[static_cast<std::size_t>(doc.id)];
    column.before.emplace_back(doc.id, kept);
    const auto at = std::lower_bound(doc.codes.begin(), doc.codes.end(), std::pair(number, kNoCode));
    kept = at != doc.codes.end() && at->first == number ? at->second : kNoCode;
  }
  column.as_of = refreshes_;
}

void SearchIndex::read_blocks(int number, std::vector<Code>& codes, std::int64_t first, std::int64_t last) {
  last = std::min(last, static_cast<std::int64_t>(codes.size()) / kBlock - 1);
  if (!current_ || first > last) return;
  // A block without a row has no values.
  std::fill(codes.begin() + first * kBlock, codes.begin() + (last + 1) * kBlock, kNoCode);
  const std::int64_t column = std::int64_t{number} << 32;
  for (; first <= last; first += kBlocksAtOnce) {
    pause_if_long();
    db_.statement("SELECT key, codes FROM search_column WHERE key BETWEEN ?1 AND ?2")
        .bind(column | first, column | std::min(last, first + kBlocksAtOnce - 1))
        .each(
            [&](Statement& row) { decode_block(row.view(1), codes.data() + (row.integer(0) & 0xFFFFFFFF) * kBlock); });
  }
}

SharedSet SearchIndex::all() {
  return kept("*", [&] {
    DocSet set(chunks_);
    add_terms(term_of(TermKind::all, 0, ""), term_of(TermKind::all, 0, std::string_view("\0", 1)), set);
    for (const TrackDoc& doc : pending_) doc.codes.empty() ? set.drop(doc.id) : set.put(doc.id);
    return set;
  });
}

void SearchIndex::add_terms(const std::string& first, const std::string& end, DocSet& set) {
  if (!current_) return;
  terms_.bind(first, end).each([&](Statement& term) {
    const std::int64_t key = term.integer(0) << 16;
    postings_.bind(key, key | 0xFFFF).each([&](Statement& row) {
      const auto chunk = static_cast<std::size_t>(row.integer(0) & 0xFFFF);
      if (chunk < chunks_) add_postings(row.view(1), set.words() + chunk * (kChunk / 64));
    });
  });
}

SharedSet SearchIndex::with_word(int field, std::string_view word, bool begins) {
  const bool is_short = begins && field < 0 && letter_count(word) <= kPrefixLetters;
  const TermKind kind = is_short ? TermKind::prefix : field < 0 ? TermKind::any : TermKind::field;
  const std::string term = term_of(kind, std::max(field, 0), word);
  const bool range = begins && !is_short;
  return kept(term + (range ? "*" : ""), [&] {
    pause_if_long();
    DocSet set(chunks_);
    add_terms(term, term + (range ? '\xff' : '\0'), set);
    for (const TrackDoc& doc : pending_) {
      set.drop(doc.id);
      if (in_texts(doc.text, field, [&](std::string_view text) { return text_has_word(text, word, begins); }))
        set.put(doc.id);
    }
    return set;
  });
}

std::string SearchIndex::text(std::int64_t id) {
  if (const TrackDoc* doc = pending(id)) return doc->text;
  if (!current_) return {};
  pause_if_long();
  text_.bind(id);
  std::string out = text_.step() ? text_.text(0) : std::string();
  text_.reset();
  return out;
}

const std::vector<CrateName>& SearchIndex::crates() {
  if (crates_read_) return crates_;
  crates_.clear();
  db_.statement("SELECT id, parent, kind, name FROM crate ORDER BY id").bind().each([&](Statement& row) {
    crates_.push_back({row.integer(0), row.integer(1), static_cast<int>(row.integer(2)), cutter_.folded(row.view(3))});
  });
  crates_read_ = true;
  return crates_;
}

const Vocabulary& SearchIndex::vocabulary() {
  if (vocabulary_read_ || !current_) return vocabulary_;
  int rows = 0;
  do {
    pause_if_long();
    rows = 0;
    // From the last row on, which may have grown.
    db_.statement("SELECT place, words FROM search_vocabulary WHERE place >= ?1 ORDER BY place LIMIT ?2")
        .bind(vocabulary_place_, kVocabularyAtOnce)
        .each([&](Statement& row) {
          const std::string_view words = row.view(1);
          const bool same = row.integer(0) == vocabulary_place_;
          vocabulary_.add(words.substr(same ? std::min(vocabulary_length_, words.size()) : 0));
          vocabulary_place_ = row.integer(0);
          vocabulary_length_ = words.size();
          ++rows;
        });
  } while (rows == kVocabularyAtOnce);
  vocabulary_read_ = true;
  return vocabulary_;
}

void SearchIndex::keep(const std::string& name, const SharedSet& set) {
  if (kept_.size() >= kMostKept) kept_.clear();
  kept_.emplace(name, set);
}

bool text_has_word(std::string_view folded, std::string_view word, bool begins) {
  for (std::size_t at = folded.find(word); at != std::string_view::npos; at = folded.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || folded[at - 1] == ' ') && (begins || end == folded.size() || folded[end] == ' ')) return true;
  }
  return false;
}

bool text_has_phrase(std::string_view folded, std::string_view phrase) { return text_has_word(folded, phrase, false); }

}  // namespace tactus::library
