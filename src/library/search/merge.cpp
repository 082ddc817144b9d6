#include "library/search/merge.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "library/search/state.h"
#include "library/search/track_doc.h"

namespace tactus::library {

namespace {

// What changes in one term's postings.
struct TermChange {
  std::vector<std::uint16_t> come, go;
};

// Tracks of one chunk at a time, so that each row of postings is written once.
class Merge {
 public:
  explicit Merge(Database& db)
      : db_(db),
        docs_(db),
        next_term_(state_number(db, "next_term", 1)),
        doc_(db, "SELECT text FROM search_doc WHERE track = ?1"),
        put_doc_(db, "INSERT INTO search_doc VALUES(?1, ?2) ON CONFLICT(track) DO UPDATE SET text = ?2"),
        term_(db, "SELECT id FROM search_term WHERE term = ?1"),
        put_term_(db, "INSERT INTO search_term VALUES(?1, ?2)"),
        posting_(db, "SELECT tracks FROM search_posting WHERE key = ?1"),
        put_posting_(db, "INSERT INTO search_posting VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET tracks = ?2"),
        block_(db, "SELECT codes FROM search_column WHERE key = ?1"),
        put_block_(db, "INSERT INTO search_column VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET codes = ?2") {}

  // Ascending ids of one chunk.
  void chunk(const std::vector<std::int64_t>& ids) {
    for (std::size_t i = 0; i < ids.size();) {
      const std::int64_t block = ids[i] / kBlock;
      std::vector<TrackDoc> docs;
      for (; i < ids.size() && ids[i] / kBlock == block; ++i) {
        auto doc = docs_.read(ids[i]);
        change_texts(ids[i], doc ? &*doc : nullptr);
        docs.push_back(doc ? std::move(*doc) : TrackDoc{.id = ids[i]});
      }
      write_block(block, docs);
    }
    write_postings(ids.front() / kChunk);
  }

  void finish() {
    append_vocabulary();
    set_state(db_, "next_term", next_term_);
    const std::int64_t merges = state_number(db_, "merges", 0) + 1;
    set_state(db_, "merges", merges);
    set_state(db_, touched_blocks(merges), blocks_);
    db_.run("DELETE FROM search_state WHERE name = ?1", touched_blocks(merges - kMergesKept));
  }

 private:
  // Notes the terms that come and go, and keeps the text, from which they are known the next time. nullptr: it is gone.
  void change_texts(std::int64_t id, const TrackDoc* doc) {
    doc_.bind(id);
    const bool known = doc_.step();
    const std::string before = known ? doc_.text(0) : std::string();
    doc_.reset();
    if (known && doc && before == doc->text) return;
    const auto old_terms = known ? terms_of(before) : std::vector<std::string>();
    const auto new_terms = doc ? terms_of(doc->text) : std::vector<std::string>();
    const auto slot = static_cast<std::uint16_t>(id % kChunk);
    for (const std::string& term : new_terms)
      if (!std::binary_search(old_terms.begin(), old_terms.end(), term)) changes_[term].come.push_back(slot);
    for (const std::string& term : old_terms)
      if (!std::binary_search(new_terms.begin(), new_terms.end(), term)) changes_[term].go.push_back(slot);
    if (doc) {
      put_doc_.bind(id, doc->text).run();
    } else if (known) {
      db_.run("DELETE FROM search_doc WHERE track = ?1", id);
    }
  }

  void write_block(std::int64_t block, const std::vector<TrackDoc>& docs) {
    blocks_ += std::to_string(block) + ' ';
    // Each column that one of them has a value in, or may have had.
    std::vector<Code> codes(kBlock);
    for (const int column : all_columns()) {
      const std::int64_t key = std::int64_t{column} << 32 | block;
      block_.bind(key);
      const bool known = block_.step() && decode_block(block_.view(0), codes.data());
      block_.reset();
      if (!known) std::fill(codes.begin(), codes.end(), kNoCode);
      bool changed = false;
      for (const TrackDoc& doc : docs) {
        const auto at = std::lower_bound(doc.codes.begin(), doc.codes.end(), std::pair(column, kNoCode));
        const Code code = at != doc.codes.end() && at->first == column ? at->second : kNoCode;
        Code& kept = codes[static_cast<std::size_t>(doc.id % kBlock)];
        changed |= kept != code;
        kept = code;
      }
      if (!changed) continue;
      const std::string bytes = encode_block(codes.data());
      if (bytes.empty()) {
        db_.run("DELETE FROM search_column WHERE key = ?1", key);
      } else {
        put_block_.bind(key, Bytes{bytes}).run();
      }
    }
  }

  static const std::vector<int>& all_columns() {
    static const std::vector<int> columns = [] {
      std::vector<int> out{kScoreColumn, kExtrasColumn};
      for (int i = 0; i < kFieldCount; ++i) {
        if (kFields[static_cast<std::size_t>(i)].kind != FieldKind::text) {
          out.push_back(i);
          continue;
        }
        for (const TextColumn which : {TextColumn::first, TextColumn::second, TextColumn::hash})
          out.push_back(text_column(i, which));
      }
      return out;
    }();
    return columns;
  }

  std::int64_t term_id(const std::string& term) {
    term_.bind(term);
    const bool known = term_.step();
    const std::int64_t id = known ? term_.integer(0) : next_term_++;
    term_.reset();
    if (known) return id;
    put_term_.bind(term, id).run();
    if (term[0] == static_cast<char>(TermKind::any)) new_words_.append(term, 1).push_back('\n');
    return id;
  }

  void write_postings(std::int64_t chunk) {
    // In the order of their words, so that neighbours among words get neighbouring rows.
    std::vector<std::pair<std::string_view, TermChange*>> order;
    order.reserve(changes_.size());
    for (auto& [term, change] : changes_) order.emplace_back(term, &change);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [term, change] : order) {
      const std::int64_t key = term_id(std::string(term)) << 16 | chunk;
      posting_.bind(key);
      const bool known = posting_.step();
      std::vector<std::uint16_t> tracks = known ? decode_postings(posting_.view(0)) : std::vector<std::uint16_t>();
      posting_.reset();
      std::vector<std::uint16_t> kept, joined;
      std::set_difference(tracks.begin(), tracks.end(), change->go.begin(), change->go.end(), std::back_inserter(kept));
      std::set_union(kept.begin(), kept.end(), change->come.begin(), change->come.end(), std::back_inserter(joined));
      if (!joined.empty()) {
        put_posting_.bind(key, Bytes{encode_postings(joined)}).run();
      } else if (known) {
        db_.run("DELETE FROM search_posting WHERE key = ?1", key);
      }
    }
    changes_.clear();
  }

  // Words are never taken out: one that no track has any more is found to have no tracks.
  void append_vocabulary() {
    constexpr std::size_t kLongest = 1 << 16;
    if (new_words_.empty()) return;
    std::int64_t place = db_.integer("SELECT max(place) FROM search_vocabulary").value_or(0);
    std::string words = db_.text("SELECT words FROM search_vocabulary WHERE place = ?1", place).value_or("");
    for (std::size_t at = 0; at < new_words_.size();) {
      if (words.size() >= kLongest) {
        words.clear();
        ++place;
      }
      std::size_t end = std::min(at + kLongest - std::min(kLongest, words.size()), new_words_.size());
      end = new_words_.find('\n', std::max(end, at + 1) - 1) + 1;
      words.append(new_words_, at, end - at);
      at = end;
      db_.run("INSERT INTO search_vocabulary VALUES(?1, ?2) ON CONFLICT(place) DO UPDATE SET words = ?2", place, words);
    }
  }

  Database& db_;
  TrackDocs docs_;
  std::int64_t next_term_;
  Statement doc_, put_doc_, term_, put_term_, posting_, put_posting_, block_, put_block_;
  std::unordered_map<std::string, TermChange> changes_;
  std::string new_words_, blocks_;
};

void empty_index(Database& db) {
  const std::int64_t merges = state_number(db, "merges", 0);
  for (const char* table : {"posting", "column", "doc", "term", "vocabulary", "state"})
    db.execute(std::string("DELETE FROM search_") + table);
  set_state(db, "merges", merges + 1);
  set_state(db, "fields", index_of_fields());
  db.execute("INSERT INTO search_pending SELECT id FROM track WHERE true ON CONFLICT DO NOTHING");
}

}  // namespace

std::size_t pending_count(Database& db, std::size_t most) {
  return static_cast<std::size_t>(
      *db.integer("SELECT count(*) FROM (SELECT 1 FROM search_pending LIMIT ?1)", static_cast<std::int64_t>(most)));
}

std::size_t merge_pending(Database& db, std::size_t most) {
  std::optional<Transaction> own;
  if (!db.in_transaction()) own.emplace(db);
  if (!index_is_current(db)) empty_index(db);
  std::vector<std::int64_t> ids;
  db.statement("SELECT track FROM search_pending ORDER BY track LIMIT ?1")
      .bind(static_cast<std::int64_t>(most))
      .each([&](Statement& row) { ids.push_back(row.integer(0)); });
  if (!ids.empty()) {
    Merge merge(db);
    for (std::size_t i = 0; i < ids.size();) {
      std::vector<std::int64_t> chunk;
      const std::int64_t which = ids[i] / kChunk;
      for (; i < ids.size() && ids[i] / kChunk == which; ++i)
        if (ids[i] > 0 && ids[i] <= kGreatestTrack) chunk.push_back(ids[i]);
      if (!chunk.empty()) merge.chunk(chunk);
    }
    merge.finish();
    db.run("DELETE FROM search_pending WHERE track <= ?1", ids.back());
  }
  if (own) own->commit();
  return ids.size();
}

void merge_all(Database& db, std::size_t least) {
  if (pending_count(db, least) < least) return;
  while (merge_pending(db) > 0) {
  }
}

void rebuild_search(Database& db) {
  std::optional<Transaction> own;
  if (!db.in_transaction()) own.emplace(db);
  empty_index(db);
  if (own) own->commit();
}

}  // namespace tactus::library
