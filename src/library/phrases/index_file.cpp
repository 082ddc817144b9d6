#include "library/phrases/index_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY  // a hash's state on the heap of ours
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/unique_fd.h"
#include "library/phrases/dot.h"
#include "library/store/sql.h"

namespace tactus::library {

namespace {

constexpr std::array<char, 8> kMagic = {'T', 'W', 'P', 'H', 'R', 'A', 'S', 'E'};
constexpr std::uint32_t kIndexVersion = 1, kByteOrder = 0x01020304;
constexpr std::uint64_t kMostEntries = 1ULL << 31, kMostDimensions = 4096, kMostLinks = 1024;
constexpr std::size_t kAlign = 64, kBuffer = 1 << 20;

std::uint64_t header_hash(const IndexHeader& h) { return XXH3_64bits(&h, offsetof(IndexHeader, hash)); }

// How long each part is, by what the header says.
std::array<std::uint64_t, 9> part_sizes(const IndexHeader& h) {
  const std::uint64_t n = h.count, graph = h.links > 0 ? n : 0;
  return {n * h.stride,     n * 4, n * 8, n * 8, n * sizeof(EntryBits), n * 4, graph * (1 + h.links) * 4, graph * 4,
          h.upper_words * 4};
}

bool plausible(const IndexHeader& h) {
  return h.count <= kMostEntries && h.dimensions > 0 && h.dimensions <= kMostDimensions && h.stride >= h.dimensions &&
         h.stride <= kMostDimensions && h.stride % kDotStep == 0 && h.links <= kMostLinks &&
         h.upper_links <= kMostLinks && h.upper_words <= kMostEntries && h.levels < 64 &&
         (h.links == 0 || h.start < h.count) && h.embedder.back() == 0;
}

}  // namespace

std::string IndexFile::check() const {
  if (bytes_ < sizeof(IndexHeader)) return "it is cut off";
  const IndexHeader& h = *header_;
  if (h.magic != kMagic) return "it is no phrase index";
  if (h.version != kIndexVersion || h.byte_order != kByteOrder) return "it was made by another Tactus";
  if (h.hash != header_hash(h) || !plausible(h)) return "its header is damaged";
  const auto sizes = part_sizes(h);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const IndexHeader::Part& p = h.parts[i];
    if (p.bytes != sizes[i] || p.offset % kAlign != 0 || p.offset > bytes_ || p.bytes > bytes_ - p.offset)
      return "it is cut off";
  }
  for (const IndexHeader::Part& p : h.parts)
    if (XXH3_64bits(map_ + p.offset, p.bytes) != p.hash) return "it is damaged";
  // By what is no number nothing can be sorted.
  const auto* inverse_lengths = reinterpret_cast<const float*>(part(IndexPart::inverse_lengths));
  if (!std::all_of(inverse_lengths, inverse_lengths + h.count, [](float x) { return x > 0 && x <= 1; }))
    return "it is damaged";
  return {};
}

std::shared_ptr<const IndexFile> IndexFile::open(const std::string& path, std::string* why) {
  const auto fail = [&](const std::string& what) {
    if (why != nullptr) *why = path + ": " + what;
    return nullptr;
  };
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(std::strerror(errno));
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return fail(std::strerror(errno));
  if (about.st_size <= 0) return fail("it is empty");
  std::shared_ptr<IndexFile> out(new IndexFile);
  void* map = ::mmap(nullptr, static_cast<std::size_t>(about.st_size), PROT_READ, MAP_SHARED, file.get(), 0);
  if (map == MAP_FAILED) return fail(std::strerror(errno));
  out->map_ = static_cast<const char*>(map);
  out->bytes_ = static_cast<std::size_t>(about.st_size);
  out->header_ = reinterpret_cast<const IndexHeader*>(map);
  ::madvise(map, out->bytes_, MADV_WILLNEED);
  if (const std::string broken = out->check(); !broken.empty()) return fail(broken);
  out->vectors_ = reinterpret_cast<const std::int8_t*>(out->part(IndexPart::vectors));
  out->inverse_lengths_ = reinterpret_cast<const float*>(out->part(IndexPart::inverse_lengths));
  out->ids_ = reinterpret_cast<const std::int64_t*>(out->part(IndexPart::ids));
  out->tracks_ = reinterpret_cast<const std::int64_t*>(out->part(IndexPart::tracks));
  out->bits_ = reinterpret_cast<const EntryBits*>(out->part(IndexPart::bits));
  out->order_ = reinterpret_cast<const std::uint32_t*>(out->part(IndexPart::order));
  out->links_ = reinterpret_cast<const std::uint32_t*>(out->part(IndexPart::links));
  out->upper_at_ = reinterpret_cast<const std::uint32_t*>(out->part(IndexPart::upper_at));
  out->upper_ = reinterpret_cast<const std::uint32_t*>(out->part(IndexPart::upper));
  return out;
}

IndexFile::~IndexFile() {
  if (map_ != nullptr) ::munmap(const_cast<char*>(map_), bytes_);
}

std::optional<std::size_t> IndexFile::find(std::int64_t id) const {
  const std::span<const std::uint32_t> order(order_, count());
  const auto at = std::lower_bound(order.begin(), order.end(), id, [this](std::uint32_t i, std::int64_t wanted) {
    return i < count() && ids_[i] < wanted;
  });
  if (at == order.end() || *at >= count() || ids_[*at] != id) return std::nullopt;
  return *at;
}

std::span<const std::uint32_t> IndexFile::neighbours(std::size_t i) const {
  const std::uint32_t* list = links_ + i * (1 + header_->links);
  return {list + 1, std::min(list[0], header_->links)};
}

std::uint32_t IndexFile::level(std::size_t i) const {
  const std::uint32_t at = upper_at_[i];
  if (at >= header_->upper_words) return 0;
  const std::uint64_t room = (header_->upper_words - at - 1) / (1 + header_->upper_links);
  return upper_[at] <= room ? upper_[at] : 0;
}

std::span<const std::uint32_t> IndexFile::neighbours(std::size_t i, std::uint32_t level_wanted) const {
  if (level_wanted == 0) return neighbours(i);
  if (level_wanted > level(i)) return {};
  const std::uint32_t* list = upper_ + upper_at_[i] + 1 + (level_wanted - 1) * (1 + header_->upper_links);
  return {list + 1, std::min(list[0], header_->upper_links)};
}

struct IndexFileWriter::Hash {
  XXH3_state_t state;
};

IndexFileWriter::IndexFileWriter(std::string path, const IndexHeader& header)
    : path_(std::move(path)), beside_(path_ + ".new"), header_(header), hash_(std::make_unique<Hash>()) {
  header_.magic = kMagic;
  header_.version = kIndexVersion;
  header_.byte_order = kByteOrder;
  file_ = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file_ < 0) fail("can't be made");
  buffer_.reserve(kBuffer);
  append(header_);  // takes its place; what is in it is known at the end
}

IndexFileWriter::~IndexFileWriter() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(beside_.c_str());
}

void IndexFileWriter::fail(const char* what) const {
  const int error = errno;
  const auto kind =
      error == ENOSPC || error == EDQUOT || error == EFBIG ? StoreError::Kind::full : StoreError::Kind::other;
  throw StoreError(kind, beside_ + ": " + what + ": " + std::strerror(error));
}

void IndexFileWriter::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t n = ::write(file_, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("can't be written");
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
}

void IndexFileWriter::append(const void* bytes, std::size_t n) {
  if (part_ >= 0) XXH3_64bits_update(&hash_->state, bytes, n);
  buffer_.append(static_cast<const char*>(bytes), n);
  written_ += n;
  if (buffer_.size() >= kBuffer) flush();
}

void IndexFileWriter::end_part() {
  if (part_ < 0) return;
  IndexHeader::Part& p = header_.parts[static_cast<std::size_t>(part_)];
  p.bytes = written_ - p.offset;
  p.hash = XXH3_64bits_digest(&hash_->state);
  part_ = -1;
}

void IndexFileWriter::begin(IndexPart part) {
  end_part();
  const std::string padding((kAlign - written_ % kAlign) % kAlign, '\0');
  append(padding.data(), padding.size());
  XXH3_64bits_reset(&hash_->state);
  part_ = static_cast<int>(part);
  header_.parts[static_cast<std::size_t>(part_)].offset = written_;
}

void IndexFileWriter::finish() {
  end_part();
  flush();
  header_.hash = header_hash(header_);
  if (::pwrite(file_, &header_, sizeof header_, 0) != static_cast<ssize_t>(sizeof header_)) fail("can't be written");
  if (::fsync(file_) != 0) fail("can't be written to the disk");
  if (::rename(beside_.c_str(), path_.c_str()) != 0) fail("can't take its name");
  ::close(file_);
  file_ = -1;
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const UniqueFd where(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (where) ::fsync(where.get());
}

}  // namespace tactus::library
