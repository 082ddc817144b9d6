// Makes an index file of entries, with a graph over them by hnswlib (Malkov and Yashunin 2018) where they are many.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "library/phrases/index_file.h"

namespace tactus::library {

// From how many entries on a graph is worth its making; below, all are looked at.
constexpr std::size_t kGraphFrom = 65'536;
// Links that an entry has on each level but the lowest, which has twice as many; candidates looked at for them.
constexpr std::size_t kGraphLinks = 16, kGraphEffort = 200;

struct IndexItem {
  const std::int8_t* vector = nullptr;  // `stride` numbers
  float inverse_length = 0;
  std::int64_t id = -1, track = 0;  // id -1: only the graph leads through it
  EntryBits bits;
};

struct IndexPlan {
  std::size_t dimensions = 0, stride = 0;
  std::string embedder;
  std::uint64_t covered = 0;
  std::size_t graph_from = kGraphFrom;
  // Its graph is gone on with: the first of the items are then its entries, all of them, in their order.
  const IndexFile* grown_from = nullptr;
};

// 0 to 1, now and then; false ends it.
using BuildProgress = std::function<bool(double)>;

// Takes some 0.2 ms of one core for each item that a graph is joined by. False: `progress` said so, and nothing was
// written. Throws StoreError.
bool write_index(const std::string& path, const IndexPlan& plan, std::span<const IndexItem> items,
                 const BuildProgress& progress);

}  // namespace tactus::library
