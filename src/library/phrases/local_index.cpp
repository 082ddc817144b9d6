#include "library/phrases/local_index.h"

#include <algorithm>
#include <cstring>

#include "library/phrases/dot.h"
#include "library/phrases/entry_set.h"
#include "library/phrases/nearest.h"
#include "library/store/sql.h"

namespace tactus::library {

namespace {

constexpr std::size_t kBlock = 4096;
// The share of a graph that may lead through entries that are gone before it is made anew.
constexpr std::size_t kGoneShare = 5;

std::size_t padded(std::size_t n) { return (n + kDotStep - 1) / kDotStep * kDotStep; }

}  // namespace

// Entries are written before the View that shows them is handed out, and never changed.
struct LocalIndex::Block {
  explicit Block(std::size_t stride)
      : vectors(kBlock * stride), inverse_lengths(kBlock), ids(kBlock), tracks(kBlock), bits(kBlock), gone(kBlock) {}
  std::vector<std::int8_t> vectors;
  std::vector<float> inverse_lengths;
  std::vector<std::int64_t> ids, tracks;
  std::vector<EntryBits> bits;
  EntrySet gone;
};

struct LocalIndex::View {
  std::shared_ptr<const IndexFile> file;
  std::shared_ptr<EntrySet> gone;
  std::vector<std::shared_ptr<Block>> blocks;
  std::size_t added = 0;

  // Calls `f(block, place in it, number)` for each entry beside the file from `first` on, but for those removed.
  template <class F>
  void each_added(F&& f, std::size_t first = 0) const {
    for (std::size_t i = first; i < added; ++i)
      if (!blocks[i / kBlock]->gone.has(i % kBlock)) f(*blocks[i / kBlock], i % kBlock, i);
  }
};

LocalIndex::LocalIndex(std::string embedder, std::size_t dimensions)
    : LocalIndex(std::move(embedder), dimensions, Options()) {}
LocalIndex::LocalIndex(std::string embedder, std::size_t dimensions, const Options& options)
    : embedder_(std::move(embedder)), dimensions_(dimensions), stride_(padded(dimensions)), options_(options) {}
LocalIndex::LocalIndex(std::shared_ptr<const IndexFile> file) : LocalIndex(std::move(file), Options()) {}
LocalIndex::LocalIndex(std::shared_ptr<const IndexFile> file, const Options& options)
    : embedder_(file->embedder()), dimensions_(file->dimensions()), stride_(file->stride()), options_(options) {
  go_on_from(std::move(file));
}
LocalIndex::~LocalIndex() = default;

void LocalIndex::go_on_from(std::shared_ptr<const IndexFile> file) {
  file_ = std::move(file);
  gone_ = std::make_shared<EntrySet>(file_->count());
  gone_count_ = 0;
  for (std::size_t i = 0; i < file_->count(); ++i)
    if (file_->id(i) < 0 && gone_->add(i)) ++gone_count_;
}

LocalIndex::View LocalIndex::view() const {
  const std::lock_guard lock(mutex_);
  return view_locked();
}
LocalIndex::View LocalIndex::view_locked() const { return {file_, gone_, blocks_, added_}; }

std::size_t LocalIndex::size() const {
  const std::lock_guard lock(mutex_);
  return (file_ ? file_->count() - gone_count_ : 0) + place_of_.size();
}

std::size_t LocalIndex::beside_file() const {
  const std::lock_guard lock(mutex_);
  return added_;
}

void LocalIndex::put(const PhraseEntry& entry, const std::int8_t* numbers, float inverse_length) {
  if (added_ == kBlock * blocks_.size()) blocks_.push_back(std::make_shared<Block>(stride_));
  Block& block = *blocks_.back();
  const std::size_t at = added_ % kBlock;
  std::copy_n(numbers, dimensions_, block.vectors.begin() + static_cast<std::ptrdiff_t>(at * stride_));
  block.inverse_lengths[at] = inverse_length;
  block.ids[at] = entry.id;
  block.tracks[at] = entry.track;
  block.bits[at] = pack(entry);
  place_of_[entry.id] = added_++;
}

bool LocalIndex::add(const PhraseEntry& entry, std::span<const std::int8_t> vector) {
  if (entry.id < 0 || vector.size() != dimensions_) return false;
  const float inverse = inverse_length(vector.data(), vector.size());
  if (inverse == 0) return false;
  const std::lock_guard lock(mutex_);
  remove_locked(entry.id);
  put(entry, vector.data(), inverse);
  return true;
}

bool LocalIndex::remove(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  return remove_locked(id);
}

bool LocalIndex::remove_locked(std::int64_t id) {
  if (writing_) removed_meanwhile_.insert(id);
  if (const auto at = place_of_.find(id); at != place_of_.end()) {
    blocks_[at->second / kBlock]->gone.add(at->second % kBlock);
    place_of_.erase(at);
    return true;
  }
  const std::optional<std::size_t> at = file_ && id >= 0 ? file_->find(id) : std::nullopt;
  if (!at || !gone_->add(*at)) return false;
  ++gone_count_;
  return true;
}

std::vector<PhraseHit> LocalIndex::search(std::span<const std::int8_t> vector, std::size_t k,
                                          const PhraseFilter& filter) const {
  return search(vector, k, filter, std::max(options_.effort, 2 * k));
}

std::vector<PhraseHit> LocalIndex::search_exactly(std::span<const std::int8_t> vector, std::size_t k,
                                                  const PhraseFilter& filter) const {
  return search(vector, k, filter, 0);
}

std::vector<PhraseHit> LocalIndex::search(std::span<const std::int8_t> vector, std::size_t k,
                                          const PhraseFilter& filter, std::size_t effort) const {
  if (vector.size() != dimensions_ || k == 0) return {};
  std::vector<std::int8_t> numbers(stride_);
  std::copy(vector.begin(), vector.end(), numbers.begin());
  const SoughtVector sought{numbers.data(), inverse_length(numbers.data(), stride_)};
  if (sought.inverse_length == 0) return {};
  const View all = view();
  const ReadyFilter ready(filter);
  const std::size_t in_file = all.file ? all.file->count() : 0;
  Nearest nearest(k);
  if (all.file) search_file(*all.file, sought, {ready, *all.gone}, effort, nearest);
  const DotFunction dot = dot_function();
  all.each_added([&](const Block& b, std::size_t at, std::size_t number) {
    if (!ready.lets(b.bits[at]) || !ready.lets_track(b.tracks[at])) return;
    const auto product = static_cast<float>(dot(sought.numbers, b.vectors.data() + at * stride_, stride_));
    nearest.offer(
        {product * sought.inverse_length * b.inverse_lengths[at], static_cast<std::uint32_t>(in_file + number)});
  });
  std::vector<PhraseHit> out;
  for (const Near& n : nearest.take()) {
    if (n.entry < in_file) {
      out.push_back({all.file->id(n.entry), all.file->track(n.entry), n.similarity});
    } else {
      const Block& b = *all.blocks[(n.entry - in_file) / kBlock];
      const std::size_t at = (n.entry - in_file) % kBlock;
      out.push_back({b.ids[at], b.tracks[at], n.similarity});
    }
  }
  return out;
}

std::vector<IndexItem> LocalIndex::items_of(const View& view, bool grown) const {
  std::vector<IndexItem> out;
  for (std::size_t i = 0; view.file && i < view.file->count(); ++i) {
    const bool gone = view.gone->has(i);
    if (gone && !grown) continue;
    out.push_back({view.file->vector(i), view.file->inverse_length(i), gone ? -1 : view.file->id(i),
                   view.file->track(i), view.file->bits(i)});
  }
  view.each_added([&](const Block& b, std::size_t at, std::size_t) {
    out.push_back({b.vectors.data() + at * stride_, b.inverse_lengths[at], b.ids[at], b.tracks[at], b.bits[at]});
  });
  return out;
}

bool LocalIndex::write(const std::string& path, std::uint64_t covered, const BuildProgress& progress) {
  View now;
  bool grown = false;
  {
    const std::lock_guard lock(mutex_);
    if (writing_) return false;
    writing_ = true;
    removed_meanwhile_.clear();
    now = view_locked();
    grown = file_ && file_->graph() && kGoneShare * gone_count_ < file_->count() &&
            file_->count() - gone_count_ + place_of_.size() >= options_.graph_from;
  }
  struct Writing {
    LocalIndex& of;
    ~Writing() {
      const std::lock_guard lock(of.mutex_);
      of.writing_ = false;
    }
  } const writing{*this};
  const std::vector<IndexItem> items = items_of(now, grown);
  const IndexPlan plan{.dimensions = dimensions_,
                       .stride = stride_,
                       .embedder = embedder_,
                       .covered = covered,
                       .graph_from = options_.graph_from,
                       .grown_from = grown ? now.file.get() : nullptr};
  if (!write_index(path, plan, items, progress)) return false;
  std::string why;
  std::shared_ptr<const IndexFile> file = IndexFile::open(path, &why);
  if (!file) throw StoreError(StoreError::Kind::other, "what was just written can't be read: " + why);
  after_writing(std::move(file), now);
  return true;
}

void LocalIndex::after_writing(std::shared_ptr<const IndexFile> file, const View& written) {
  const std::lock_guard lock(mutex_);
  const View before = view_locked();
  go_on_from(std::move(file));
  blocks_.clear();
  place_of_.clear();
  added_ = 0;
  for (const std::int64_t id : removed_meanwhile_) {
    const std::optional<std::size_t> at = id >= 0 ? file_->find(id) : std::nullopt;
    if (at && gone_->add(*at)) ++gone_count_;
  }
  before.each_added(
      [&](const Block& b, std::size_t at, std::size_t) {
        put(unpack(b.ids[at], b.tracks[at], b.bits[at]), b.vectors.data() + at * stride_, b.inverse_lengths[at]);
      },
      written.added);
}

}  // namespace tactus::library
