#include "library/search/track_doc.h"

#include <algorithm>

#include "library/search/rule.h"

namespace tactus::library {

namespace {

// Columns of the table `track` in the order of kFields, then what kExtras names, as bits.
std::string row_sql() {
  std::string sql = "SELECT ";
  for (const Field& field : kFields) sql += std::string(field.column) + ", ";
  return sql +
         "EXISTS(SELECT 1 FROM mark WHERE track = ?1 AND kind = 0)"
         " + 2 * EXISTS(SELECT 1 FROM mark WHERE track = ?1 AND kind = 1)"
         " + 4 * EXISTS(SELECT 1 FROM mark WHERE track = ?1 AND kind = 2)"
         " + 8 * EXISTS(SELECT 1 FROM grid WHERE track = ?1)"
         " + 16 * EXISTS(SELECT 1 FROM file WHERE track = ?1 AND missing_since IS NULL)"
         " FROM track WHERE id = ?1";
}

void put_text_codes(int field, std::string_view folded, TrackDoc& doc) {
  if (folded.empty()) return;
  const TextCodes codes = text_codes(folded);
  doc.codes.emplace_back(text_column(field, TextColumn::first), codes.first);
  doc.codes.emplace_back(text_column(field, TextColumn::second), codes.second);
  doc.codes.emplace_back(text_column(field, TextColumn::hash), codes.hash);
}

}  // namespace

TrackDocs::TrackDocs(Database& db) : db_(db), cutter_(db.handle()), row_(db_, row_sql()) {}

std::optional<TrackDoc> TrackDocs::read(std::int64_t id) {
  if (id < 1 || id > kGreatestTrack) return std::nullopt;
  row_.bind(id);
  if (!row_.step()) {
    row_.reset();
    return std::nullopt;
  }
  TrackDoc doc{.id = id};
  std::int64_t plays = 0, rating = 0, played = 0, added = 0;
  for (int i = 0; i < kFieldCount; ++i) {
    const Field& field = kFields[static_cast<std::size_t>(i)];
    if (field.kind == FieldKind::text) {
      const std::size_t begin = doc.text.size();
      cutter_.append_folded(row_.view(i), doc.text);
      put_text_codes(i, std::string_view(doc.text).substr(begin), doc);
      doc.text += '\n';
    } else if (!row_.null(i)) {
      const Code code = number_code(field.kind, row_.number(i));
      if (field.kind != FieldKind::flag || code != 0) doc.codes.emplace_back(i, code);
      if (field.name == "plays") plays = row_.integer(i);
      if (field.name == "rating") rating = row_.integer(i);
      if (field.name == "played") played = row_.integer(i);
      if (field.name == "added") added = row_.integer(i);
    }
  }
  doc.codes.emplace_back(kScoreColumn, rank_score(plays, rating, played, added));
  doc.codes.emplace_back(kExtrasColumn, static_cast<Code>(row_.integer(kFieldCount)));
  row_.reset();
  std::sort(doc.codes.begin(), doc.codes.end());
  return doc;
}

std::string_view field_text(std::string_view text, int field) {
  for (int i = 0; i <= field; ++i) {
    if (kFields[static_cast<std::size_t>(i)].kind != FieldKind::text) continue;
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    if (i == field) return text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  return {};
}

std::string term_of(TermKind kind, int field, std::string_view word) {
  std::string out(1, static_cast<char>(static_cast<int>(kind) + field));
  return out.append(word);
}

std::vector<std::string> terms_of(std::string_view text) {
  std::vector<std::string> out{term_of(TermKind::all, 0, "")};
  for (int i = 0; i < kFieldCount; ++i) {
    if (kFields[static_cast<std::size_t>(i)].kind != FieldKind::text) continue;
    const bool searched = is_searched(i);
    each_word(field_text(text, i), [&](std::string_view word) {
      out.push_back(term_of(TermKind::field, i, word));
      if (!searched) return;
      out.push_back(term_of(TermKind::any, 0, word));
      for (std::size_t letters = 1; letters <= kPrefixLetters; ++letters)
        out.push_back(term_of(TermKind::prefix, 0, first_letters(word, letters)));
    });
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace tactus::library
