#include "library/search/order.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tactus::library {

namespace {

// The `count` least of the numbers that are put in.
class Least {
 public:
  explicit Least(std::size_t count) : count_(count) { kept_.reserve(2 * count); }
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

std::uint32_t rising(Code code) { return static_cast<std::uint32_t>(code) ^ 0x80000000U; }

std::vector<std::int64_t> first_by_code(SearchIndex& index, const DocSet& set, int column, bool descending,
                                        std::size_t count) {
  const auto& codes = index.column(column);
  Least least(count);
  set.each([&](std::int64_t id) {
    const Code code = codes[static_cast<std::size_t>(id)];
    const std::uint32_t place = code == kNoCode ? ~0U : descending ? ~rising(code) : rising(code) - 1;
    least.put(std::uint64_t{place} << 32 | static_cast<std::uint64_t>(id));
  });
  std::vector<std::int64_t> out;
  for (const std::uint64_t item : least.sorted()) out.push_back(static_cast<std::int64_t>(item & 0xFFFFFFFF));
  return out;
}

struct TextPlace {
  std::uint64_t key = 0;  // of the first 8 bytes
  Code hash = 0;
  std::int64_t id = 0;
};

// Texts that begin alike are told apart by reading one track of each.
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
    std::vector<TextPlace> places = nearest(set, count);
    for (std::size_t i = 0; i < places.size();) {
      std::size_t end = i + 1;
      while (end < places.size() && places[end].key == places[i].key) ++end;
      if (end - i > 1) sort_alike(places, i, end);
      i = end;
    }
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < places.size() && out.size() < count; ++i) out.push_back(places[i].id);
    set.each([&](std::int64_t id) {
      if (out.size() < count && key_of(static_cast<std::size_t>(id)) == kEmpty) out.push_back(id);
    });
    return out;
  }

 private:
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};

  // Ascending by it is the order; what is empty comes last.
  std::uint64_t key_of(std::size_t id) const {
    const std::uint64_t key = sort_key(first_[id], second_[id]);
    return first_[id] == kNoCode ? kEmpty : descending_ ? ~key : key;
  }

  // The first `count` by key, and all that have the last one's, without what is empty; sorted by key, hash and id.
  std::vector<TextPlace> nearest(const DocSet& set, std::size_t count) {
    Least least(count);
    set.each([&](std::int64_t id) { least.put(key_of(static_cast<std::size_t>(id))); });
    const std::vector<std::uint64_t> keys = least.sorted();
    const std::uint64_t limit = keys.size() < count ? kEmpty - 1 : keys.empty() ? 0 : keys.back();
    std::vector<TextPlace> places;
    set.each([&](std::int64_t id) {
      const auto i = static_cast<std::size_t>(id);
      if (const std::uint64_t key = key_of(i); key <= limit) places.push_back({key, hash_[i], id});
    });
    std::sort(places.begin(), places.end(), [](const TextPlace& a, const TextPlace& b) {
      return std::tie(a.key, a.hash, a.id) < std::tie(b.key, b.hash, b.id);
    });
    return places;
  }

  // Of one key, sorted by hash.
  void sort_alike(std::vector<TextPlace>& places, std::size_t begin, std::size_t end) {
    if (places[begin].hash == places[end - 1].hash) return;
    std::vector<std::pair<std::string, Code>> texts;
    for (std::size_t i = begin; i < end; ++i) {
      if (i > begin && places[i].hash == places[i - 1].hash) continue;
      const std::string text = index_.text(places[i].id);
      texts.emplace_back(field_text(text, field_), places[i].hash);
    }
    std::sort(texts.begin(), texts.end());
    if (descending_) std::reverse(texts.begin(), texts.end());
    std::map<Code, std::size_t> order;
    for (std::size_t i = 0; i < texts.size(); ++i) order[texts[i].second] = i;
    std::vector<std::tuple<std::size_t, std::int64_t, TextPlace>> sorted;
    for (std::size_t i = begin; i < end; ++i) sorted.emplace_back(order[places[i].hash], places[i].id, places[i]);
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    for (std::size_t i = begin; i < end; ++i) places[i] = std::get<2>(sorted[i - begin]);
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
