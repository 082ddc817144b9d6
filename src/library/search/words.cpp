#include "library/search/words.h"

#include <sqlite3.h>

#include <algorithm>

#include "library/store/sql.h"

namespace tactus::library {

struct WordCutter::Tokenizer {
  fts5_tokenizer calls{};
  Fts5Tokenizer* instance = nullptr;
};

namespace {

fts5_api* fts5_of(sqlite3* db) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, nullptr) != SQLITE_OK) return nullptr;
  sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", nullptr);
  sqlite3_step(statement);
  sqlite3_finalize(statement);
  return api;
}

// Letters that have no diacritic to take off, each two bytes of UTF-8, and what people type for them.
constexpr std::pair<std::string_view, std::string_view> kPlain[] = {
    {"ø", "o"}, {"ł", "l"}, {"đ", "d"}, {"ß", "ss"}, {"æ", "ae"}, {"œ", "oe"}, {"ð", "d"}, {"þ", "th"}, {"ı", "i"}};

void append_plain(std::string_view word, std::string& out) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    const std::string_view two = word.substr(i, 2);
    const auto* const plain = (word[i] & 0x80) == 0 ? std::end(kPlain)
                                                    : std::find_if(std::begin(kPlain), std::end(kPlain),
                                                                   [&](const auto& p) { return p.first == two; });
    if (plain == std::end(kPlain)) {
      out += word[i];
    } else {
      out += plain->second;
      ++i;
    }
  }
}

struct FoldedWords {
  std::string* out;
  std::size_t words = 0;
};

void end_word(FoldedWords& folded, std::size_t begin) {
  std::string& out = *folded.out;
  if (out.size() - begin > WordCutter::kLongestWord) {
    std::size_t end = begin + WordCutter::kLongestWord;
    while (end > begin && (out[end] & 0xC0) == 0x80) --end;
    out.resize(end);
  }
  out += ' ';
  ++folded.words;
}

int take_token(void* context, int, const char* token, int length, int, int) {
  auto& folded = *static_cast<FoldedWords*>(context);
  if (folded.words >= WordCutter::kMostWords) return SQLITE_DONE;
  const std::size_t begin = folded.out->size();
  append_plain({token, static_cast<std::size_t>(length)}, *folded.out);
  end_word(folded, begin);
  return SQLITE_OK;
}

// What the tokenizer does, for text without a byte above 127: most of it.
void fold_ascii(std::string_view text, FoldedWords& folded) {
  std::size_t i = 0;
  const auto letter = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  while (folded.words < WordCutter::kMostWords) {
    while (i < text.size() && !letter(text[i])) ++i;
    if (i == text.size()) return;
    const std::size_t begin = folded.out->size();
    for (; i < text.size() && letter(text[i]); ++i)
      *folded.out += static_cast<char>(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    end_word(folded, begin);
  }
}

}  // namespace

WordCutter::WordCutter(sqlite3* db) : tokenizer_(new Tokenizer) {
  fts5_api* api = fts5_of(db);
  void* context = nullptr;
  const char* options[] = {"remove_diacritics", "2"};
  if (!api || api->xFindTokenizer(api, "unicode61", &context, &tokenizer_->calls) != SQLITE_OK ||
      tokenizer_->calls.xCreate(context, options, 2, &tokenizer_->instance) != SQLITE_OK) {
    delete tokenizer_;
    throw StoreError(StoreError::Kind::other, "this SQLite was built without FTS5, which search needs");
  }
}

WordCutter::~WordCutter() {
  tokenizer_->calls.xDelete(tokenizer_->instance);
  delete tokenizer_;
}

void WordCutter::append_folded(std::string_view text, std::string& out) const {
  const std::size_t begin = out.size();
  FoldedWords folded{&out};
  if (std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {
    fold_ascii(text, folded);
  } else {
    tokenizer_->calls.xTokenize(tokenizer_->instance, &folded, FTS5_TOKENIZE_DOCUMENT, text.data(),
                                static_cast<int>(std::min<std::size_t>(text.size(), 1 << 20)), take_token);
  }
  if (out.size() > begin) out.pop_back();
}

std::string WordCutter::folded(std::string_view text) const {
  std::string out;
  append_folded(text, out);
  return out;
}

std::vector<std::string> WordCutter::words(std::string_view text) const {
  std::vector<std::string> out;
  const std::string all = folded(text);
  each_word(all, [&](std::string_view word) { out.emplace_back(word); });
  return out;
}

std::string_view first_letters(std::string_view utf8, std::size_t letters) {
  std::size_t i = 0;
  while (i < utf8.size() && letters > 0) {
    ++i;
    while (i < utf8.size() && (utf8[i] & 0xC0) == 0x80) ++i;
    --letters;
  }
  return utf8.substr(0, i);
}

std::size_t letter_count(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace tactus::library
