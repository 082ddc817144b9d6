// The phrase index's file: vectors, what is known of them and the graph over them, laid out to be searched where they
// lie. Every process maps it read-only, so the machine's memory holds it once, whoever asks (ADR 022).
//
// docs/formats.md has the layout. In the machine's byte order: it never leaves the cache of a library, and is made anew
// of the database whenever it isn't whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "library/phrases/entry_bits.h"

namespace tactus::library {

constexpr std::size_t kLongestEmbedder = 63;

// What a file says of itself. Numbers of the graph are 0 where there is none.
struct IndexHeader {
  std::array<char, 8> magic{};
  std::uint32_t version = 0, byte_order = 0;
  std::uint32_t dimensions = 0, stride = 0;  // numbers of a vector, and bytes from one to the next
  std::uint64_t count = 0;                   // of entries
  std::uint32_t links = 0;                   // the most that an entry has on the lowest level
  std::uint32_t upper_links = 0;             // and on each level above
  std::uint32_t start = 0, levels = 0;       // the entry that each search begins at, and its level
  std::uint64_t upper_words = 0;             // of the part `upper`
  std::uint64_t covered = 0;                 // changes of the database up to this one are in it
  std::array<char, kLongestEmbedder + 1> embedder{};
  struct Part {
    std::uint64_t offset = 0, bytes = 0, hash = 0;
  };
  std::array<Part, 9> parts{};
  std::uint64_t hash = 0;  // of all before it
};

// In their order in a file.
enum class IndexPart { vectors, inverse_lengths, ids, tracks, bits, order, links, upper_at, upper };

class IndexFile {
 public:
  static constexpr std::uint32_t kNone = ~0U;

  // Maps and checks all of it: about 0.1 s a gigabyte that is in memory, else what the disk takes. Nothing, and why,
  // where it is missing, broken, or of another layout.
  static std::shared_ptr<const IndexFile> open(const std::string& path, std::string* why);
  IndexFile(const IndexFile&) = delete;
  IndexFile& operator=(const IndexFile&) = delete;
  ~IndexFile();

  std::size_t count() const { return header_->count; }
  std::size_t dimensions() const { return header_->dimensions; }
  std::size_t stride() const { return header_->stride; }
  std::uint64_t covered() const { return header_->covered; }
  std::string_view embedder() const { return header_->embedder.data(); }
  bool graph() const { return header_->links > 0; }
  std::uint32_t start() const { return header_->start; }
  std::uint32_t levels() const { return header_->levels; }
  std::size_t bytes() const { return bytes_; }

  const std::int8_t* vector(std::size_t i) const { return vectors_ + i * header_->stride; }
  float inverse_length(std::size_t i) const { return inverse_lengths_[i]; }
  std::int64_t id(std::size_t i) const { return ids_[i]; }  // -1: gone, only the graph leads through it
  std::int64_t track(std::size_t i) const { return tracks_[i]; }
  const EntryBits& bits(std::size_t i) const { return bits_[i]; }
  // Where the entry of this id is.
  std::optional<std::size_t> find(std::int64_t id) const;
  // An entry's neighbours on the lowest level; level 0 or above, up to its own; a broken one has none.
  std::span<const std::uint32_t> neighbours(std::size_t i) const;
  std::span<const std::uint32_t> neighbours(std::size_t i, std::uint32_t level) const;
  std::uint32_t level(std::size_t i) const;

 private:
  IndexFile() = default;
  const char* part(IndexPart which) const { return map_ + header_->parts[static_cast<std::size_t>(which)].offset; }
  std::string check() const;

  const char* map_ = nullptr;
  std::size_t bytes_ = 0;
  const IndexHeader* header_ = nullptr;
  const std::int8_t* vectors_ = nullptr;
  const float* inverse_lengths_ = nullptr;
  const std::int64_t *ids_ = nullptr, *tracks_ = nullptr;
  const EntryBits* bits_ = nullptr;
  const std::uint32_t *order_ = nullptr, *links_ = nullptr, *upper_at_ = nullptr, *upper_ = nullptr;
};

// Writes one, part by part in their order, beside its name; it has its name when it is whole and on the disk. Throws
// StoreError where the disk can't take it; what is there under the name stays.
class IndexFileWriter {
 public:
  IndexFileWriter(std::string path, const IndexHeader& header);
  IndexFileWriter(const IndexFileWriter&) = delete;
  IndexFileWriter& operator=(const IndexFileWriter&) = delete;
  ~IndexFileWriter();

  void begin(IndexPart part);
  void append(const void* bytes, std::size_t n);
  template <class T>
  void append(const T& value) {
    append(&value, sizeof value);
  }
  void finish();

 private:
  void end_part();
  void flush();
  [[noreturn]] void fail(const char* what) const;

  struct Hash;
  std::string path_, beside_;
  IndexHeader header_;
  int file_ = -1;
  std::string buffer_;
  std::uint64_t written_ = 0;  // and buffered
  std::unique_ptr<Hash> hash_;
  int part_ = -1;
};

}  // namespace tactus::library
