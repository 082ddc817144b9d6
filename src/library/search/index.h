// The reader's side of the index: words and values of all tracks as sets and columns, with the tracks that the writer
// has noted but not yet taken in laid over them, so that everything that comes out of here is true of this moment.
// Belongs to one thread, as its Database does.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "library/search/columns.h"
#include "library/search/doc_set.h"
#include "library/search/rule.h"
#include "library/search/track_doc.h"
#include "library/search/typo.h"

namespace tactus::library {

using SharedSet = std::shared_ptr<const DocSet>;

struct CrateName {
  std::int64_t id = 0, parent = 0;
  int kind = 0;        // 0 folder, 1 list, 2 smart
  std::string folded;  // name
};

class SearchIndex {
 public:
  explicit SearchIndex(Database& db);

  // One state of the database for all that is asked for while it lives. No state is stood in for long, as the log can't
  // shrink meanwhile (store.h): where `may_pause`, what takes longer ends its transaction now and then and begins one
  // anew, and goes on if nobody has written in between. If somebody has, whatever was asked for throws Changed, and is
  // to be asked for again in another view. Within a transaction of the caller's it does nothing.
  class View {
   public:
    View(SearchIndex& index, bool may_pause);
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    ~View();

   private:
    SearchIndex& index_;
    bool own_;
  };
  struct Changed {};

  // Sees what was changed since. To be called first within each view; what was handed out before is void.
  void refresh();
  void set_longest_stand(std::chrono::nanoseconds most) { longest_stand_ = most; }
  // The place for such a pause, in whatever computes for long. No statement may stand in the middle of its rows.
  void pause_if_long();
  Database& db() { return db_; }
  const WordCutter& cutter() const { return cutter_; }

  std::size_t chunks() const { return chunks_; }
  SharedSet all();
  // Codes by id. Valid until refresh().
  const std::vector<Code>& column(int number);
  // Who has the word, or with `begins` one that begins with it, in one of kSearched (field -1) or in the field.
  SharedSet with_word(int field, std::string_view word, bool begins);
  // A track's folded texts as in TrackDoc::text; empty: there is no such track.
  std::string text(std::int64_t id);

  const std::vector<CrateName>& crates();
  // The words of all tracks in the index, and some that none has any more.
  const Vocabulary& vocabulary();
  // Greater once the index was changed.
  std::int64_t merges() const { return seen_merges_; }

  // A set that is costly to make, kept by a name until something changes.
  template <class F>
  SharedSet kept(const std::string& name, F&& make) {
    if (const auto at = kept_.find(name); at != kept_.end()) return at->second;
    auto set = std::make_shared<const DocSet>(make());
    keep(name, set);
    return set;
  }

 private:
  struct Column {
    std::vector<Code> codes;
    std::vector<std::pair<std::int64_t, Code>> before;  // of the noted tracks, as the index has them
    std::vector<std::int64_t> stale;                    // blocks that were changed since they were read
    std::int64_t as_of = -1;                            // refreshes_ when it was brought up to date
  };

  std::int64_t version();

  void keep(const std::string& name, const SharedSet& set);
  void see_merges(std::int64_t merges);
  void read_blocks(int number, std::vector<Code>& codes, std::int64_t first, std::int64_t last);
  void read_pending();
  void bring_up_to_date(int number, Column& column);
  void add_terms(const std::string& first, const std::string& end, DocSet& set);
  const TrackDoc* pending(std::int64_t id) const;

  Database& db_;
  bool may_pause_ = false;
  std::chrono::steady_clock::time_point stood_since_;
  // A reader resets within 50 ms. What is done between two pauses takes a few ms, and the machine may be slow.
  std::chrono::nanoseconds longest_stand_ = std::chrono::milliseconds{15};
  WordCutter cutter_;
  TrackDocs docs_;
  Statement begin_, version_, terms_, postings_, text_;
  std::int64_t seen_version_ = -1, seen_changes_ = -1, seen_merges_ = -1;
  std::int64_t refreshes_ = 0;  // those that saw a change
  bool current_ = false;
  std::size_t chunks_ = 1;
  std::vector<TrackDoc> pending_;  // ascending; gone ones have no codes
  std::unordered_map<int, Column> columns_;
  std::unordered_map<std::string, SharedSet> kept_;
  std::vector<CrateName> crates_;
  bool crates_read_ = false;
  Vocabulary vocabulary_;
  std::int64_t vocabulary_place_ = 0;  // how far it is read: that row, so much of it
  std::size_t vocabulary_length_ = 0;
  bool vocabulary_read_ = false;
};

// Whether one of the words of the folded text is it, or with `begins` begins with it.
bool text_has_word(std::string_view folded, std::string_view word, bool begins);
// Whether its words stand there side by side.
bool text_has_phrase(std::string_view folded, std::string_view phrase);
// The same of TrackDoc::text: in one of kSearched (field -1) or in the field.
template <class F>
bool in_texts(std::string_view text, int field, F&& holds) {
  for (std::size_t begin = 0, i = 0; i < kFields.size() && begin < text.size(); ++i) {
    if (kFields[i].kind != FieldKind::text) continue;
    const std::size_t end = text.find('\n', begin);
    const bool wanted = field < 0 ? is_searched(static_cast<int>(i)) : static_cast<int>(i) == field;
    if (wanted && holds(text.substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace tactus::library
