// How search keeps the values of all tracks beside the table of tracks: as columns of 32-bit codes, so that a filter
// over a million of them is one pass over 4 MB. And how a posting list is written. Pure; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "library/search/doc_set.h"
#include "library/store/fields.h"

namespace tactus::library {

using Code = std::int32_t;
constexpr Code kNoCode = std::numeric_limits<Code>::min();  // NULL, an empty text, no such track

// Numbers of columns, in the database: a field's own is its place in kFields.
constexpr int kFieldCount = static_cast<int>(kFields.size());
constexpr int kScoreColumn = 500, kExtrasColumn = 501;
// Of a text: the first 8 bytes of it, folded, as two codes, and a hash of all of it; each where the text is empty
// kNoCode.
enum class TextColumn { first, second, hash };
constexpr int text_column(int field, TextColumn which) { return 100 + 4 * field + static_cast<int>(which); }

// Numbers in thousandths, dates in seconds since 2000; within what a code holds.
Code number_code(FieldKind kind, double value);
constexpr std::int64_t kDateZero = 946684800;

struct TextCodes {
  Code first = kNoCode, second = kNoCode, hash = kNoCode;
};
TextCodes text_codes(std::string_view folded);
// Compares as the folded texts' first 8 bytes do; 0: empty.
inline std::uint64_t sort_key(Code first, Code second) {
  const auto plain = [](Code c) { return static_cast<std::uint32_t>(c) ^ 0x80000000U; };
  return std::uint64_t{plain(first)} << 32 | plain(second);
}

// What a track without a query is ranked by: plays (each doubling the same), rating, and how long ago it was last
// played or came in (a year weighs as much as one doubling of the plays).
Code rank_score(std::int64_t plays, std::int64_t rating, std::int64_t last_played, std::int64_t added);

// A column's codes for a run of kBlock ids, in as few bytes each as they need. Empty: all are kNoCode.
constexpr std::int64_t kBlock = 4096;
std::string encode_block(const Code* codes);
// Leaves alone what is damaged; false.
bool decode_block(std::string_view bytes, Code* codes);

// Ids of one chunk: 16 bits each where they are few, else a bit for each.
std::string encode_postings(const std::vector<std::uint16_t>& ascending);
std::vector<std::uint16_t> decode_postings(std::string_view bytes);
// The same straight into a set, where the chunk begins at `word`.
void add_postings(std::string_view bytes, std::uint64_t* word);

}  // namespace tactus::library
