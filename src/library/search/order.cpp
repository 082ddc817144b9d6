#include "library/search/order.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "library/search/pick.h"

namespace tactus::library {

namespace {

// The `count` least of the numbers that are put in.
class Least {
 public:
  explicit Least(std::size_t count) : count_(count) { kept_.reserve(2 * count); }
  // What is put in from now on counts only if it is less.
  std::uint64_t limit() const { return limit_; }
  void put(std::uint64_t item) {
    if (item >= limit_) return;
    kept_.push_back(item);
    if (kept_.size() >= 2 * count_ && kept_.size() >= 64) cut();
  }
  std::vector<std::uint64_t> sorted() {
    std::sort(kept_.begin(), kept_.end());
    kept_.resize(std::min(kept_.size(), count_));
    return std::move(kept_);
  }

 private:
  void cut() {
    if (count_ == 0 || kept_.size() <= count_) return;
    const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(count_) - 1;
    std::nth_element(kept_.begin(), last, kept_.end());
    limit_ = *last;
    kept_.resize(count_);
  }
  std::size_t count_;
  std::uint64_t limit_ = ~std::uint64_t{0};
  std::vector<std::uint64_t> kept_;
};

// Ascending by it is the order; what has no value comes last.
std::uint32_t place_of(Code code, std::uint32_t turn) {
  const std::uint32_t place = (static_cast<std::uint32_t>(code) ^ 0x80000000U ^ turn) - (turn == 0 ? 1 : 0);
  return code == kNoCode ? ~0U : place;
}

std::vector<std::int64_t> first_by_code(SearchIndex& index, const DocSet& set, int column, bool descending,
                                        std::size_t count) {
  const std::vector<Code>& codes = index.column(column);
  const std::uint32_t turn = descending ? ~0U : 0;
  Least least(count);
  for (std::size_t i = 0; i < codes.size(); i += 64) {
    std::uint64_t word = set.word(i / 64);
    if (word == 0) continue;
    // Most are out of the question: seen for all 64 at once.
    const auto limit = static_cast<std::uint32_t>(least.limit() >> 32);
    if (limit != ~0U && std::popcount(word) > 4)
      word &= pick_64(codes.data() + i, [=](Code c) { return place_of(c, turn) <= limit; });
    for (; word != 0; word &= word - 1) {
      const std::size_t id = i + static_cast<std::size_t>(std::countr_zero(word));
      least.put(std::uint64_t{place_of(codes[id], turn)} << 32 | id);
    }
  }
  std::vector<std::int64_t> out;
  for (const std::uint64_t item : least.sorted()) out.push_back(static_cast<std::int64_t>(item & 0xFFFFFFFF));
  return out;
}

// Texts in order: by their first 8 bytes, then, where these are alike, by reading one track of each text.
class TextOrder {
 public:
  TextOrder(SearchIndex& index, int field, bool descending)
      : index_(index),
        field_(field),
        descending_(descending),
        first_(index.column(text_column(field, TextColumn::first))),
        second_(index.column(text_column(field, TextColumn::second))),
        hash_(index.column(text_column(field, TextColumn::hash))) {}

  std::vector<std::int64_t> first(const DocSet& set, std::size_t count) {
    Least least(count);
    set.each([&](std::int64_t id) { least.put(key_of(static_cast<std::size_t>(id))); });
    const std::vector<std::uint64_t> keys = least.sorted();
    const std::uint64_t last = keys.empty() ? 0 : keys.back();
    // The tracks of each text that has one of these keys.
    std::unordered_map<Text, Ids, TextHash> texts;
    Ids* newest = nullptr;
    Text newest_is;
    set.each([&](std::int64_t id) {
      const auto i = static_cast<std::size_t>(id);
      const Text text{key_of(i), hash_[i]};
      if (text.key > last) return;
      if (!newest || newest_is != text) newest = &texts[text];
      newest_is = text;
      if (newest->size() < count) newest->push_back(id);
    });
    Ids out;
    for (const Ids* ids : in_order(texts)) {
      if (out.size() >= count) break;
      out.insert(out.end(), ids->begin(), ids->end());
    }
    out.resize(std::min(out.size(), count));
    return out;
  }

 private:
  using Ids = std::vector<std::int64_t>;
  struct Text {
    std::uint64_t key = 0;
    Code hash = 0;
    bool operator==(const Text&) const = default;
  };
  struct TextHash {
    std::size_t operator()(const Text& text) const { return text.key * 31 + static_cast<std::uint32_t>(text.hash); }
  };
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{1};

  // Ascending by it is the order; what is empty comes last.
  std::uint64_t key_of(std::size_t id) const {
    const std::uint64_t key = sort_key(first_[id], second_[id]);
    return first_[id] == kNoCode ? kEmpty : descending_ ? ~key : key;
  }

  std::vector<const Ids*> in_order(const std::unordered_map<Text, Ids, TextHash>& texts) {
    struct Place {
      std::uint64_t key;
      std::string text;
      const Ids* ids;
    };
    std::vector<Place> places;
    for (const auto& [text, ids] : texts) places.push_back({text.key, {}, &ids});
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.key < b.key; });
    for (std::size_t i = 0; i < places.size(); ++i) {
      const bool alike = (i > 0 && places[i - 1].key == places[i].key) ||
                         (i + 1 < places.size() && places[i + 1].key == places[i].key);
      if (alike) places[i].text = field_text(index_.text(places[i].ids->front()), field_);
    }
    std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
      if (a.key != b.key) return a.key < b.key;
      return descending_ ? b.text < a.text : a.text < b.text;
    });
    std::vector<const Ids*> out;
    for (const Place& place : places) out.push_back(place.ids);
    return out;
  }

  SearchIndex& index_;
  int field_;
  bool descending_;
  const std::vector<Code>&first_, &second_, &hash_;
};

}  // namespace

std::vector<std::int64_t> first_by_field(SearchIndex& index, const DocSet& set, int field, bool descending,
                                         std::size_t count) {
  if (kFields[static_cast<std::size_t>(field)].kind == FieldKind::text)
    return TextOrder(index, field, descending).first(set, count);
  return first_by_code(index, set, field, descending, count);
}

std::vector<std::int64_t> first_by_score(SearchIndex& index, const DocSet& set, std::size_t count) {
  return first_by_code(index, set, kScoreColumn, true, count);
}

}  // namespace tactus::library
