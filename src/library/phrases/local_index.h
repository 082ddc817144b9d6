// The phrase index on this machine: a file that lies in memory once, whoever has it open, and what was added or removed
// since it was written. Below some 65,000 phrases everything is looked at; above, the file has a graph.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "library/phrases/graph_builder.h"
#include "library/phrases/phrase_index.h"

namespace tactus::library {

class EntrySet;
class ReadyFilter;

class LocalIndex final : public PhraseIndex {
 public:
  struct Options {
    // Entries that a search by the graph looks around at. So many are for what is asked about that lies far from all
    // there is, between crowds: with 192 one query in a thousand finds the wrong crowd (bench/phrase_search).
    std::size_t effort = 768;
    std::size_t graph_from = kGraphFrom;
  };
  // Of vectors of so many numbers, by this embedder (name and version). Empty.
  LocalIndex(std::string embedder, std::size_t dimensions);
  LocalIndex(std::string embedder, std::size_t dimensions, const Options& options);
  // Goes on from a file.
  explicit LocalIndex(std::shared_ptr<const IndexFile> file);
  LocalIndex(std::shared_ptr<const IndexFile> file, const Options& options);
  ~LocalIndex() override;

  bool add(const PhraseEntry& entry, std::span<const std::int8_t> vector) override;
  bool remove(std::int64_t id) override;
  std::vector<PhraseHit> search(std::span<const std::int8_t> vector, std::size_t k,
                                const PhraseFilter& filter = {}) const override;
  std::size_t size() const override;

  const std::string& embedder() const { return embedder_; }
  std::size_t dimensions() const { return dimensions_; }
  // Entries that were added since the file was written: all of them are looked at in every search.
  std::size_t beside_file() const;
  // The nearest of all, each looked at: what search() is judged by.
  std::vector<PhraseHit> search_exactly(std::span<const std::int8_t> vector, std::size_t k,
                                        const PhraseFilter& filter = {}) const;

  // Writes a file of all there is and goes on from it; others search, add and remove meanwhile. `covered` is kept in
  // it. False: `progress` ended it, or another thread is at it. Throws StoreError where the disk can't take it.
  bool write(const std::string& path, std::uint64_t covered, const BuildProgress& progress = {});

 private:
  struct Block;  // of entries beside the file
  struct View;
  View view() const;
  View view_locked() const;
  void put(const PhraseEntry& entry, const std::int8_t* numbers, float inverse_length);
  bool remove_locked(std::int64_t id);
  void go_on_from(std::shared_ptr<const IndexFile> file);
  std::vector<IndexItem> items_of(const View& view, bool grown) const;
  void after_writing(std::shared_ptr<const IndexFile> file, const View& written);
  std::vector<PhraseHit> search(std::span<const std::int8_t> vector, std::size_t k, const PhraseFilter& filter,
                                std::size_t effort) const;

  const std::string embedder_;
  const std::size_t dimensions_, stride_;
  const Options options_;

  mutable std::mutex mutex_;  // of all below; held for moments. What a View holds is read without it
  std::shared_ptr<const IndexFile> file_;
  std::shared_ptr<EntrySet> gone_;  // of the file's entries
  std::size_t gone_count_ = 0;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::size_t added_ = 0;                                   // entries in them, those removed again included
  std::unordered_map<std::int64_t, std::size_t> place_of_;  // of an id among them
  bool writing_ = false;
  std::unordered_set<std::int64_t> removed_meanwhile_;  // while a file is written
};

}  // namespace tactus::library
