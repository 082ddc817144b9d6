// The phrase index of another process on this machine, asked through a socket (index_server.h).
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "base/unique_fd.h"
#include "library/phrases/index_wire.h"
#include "library/phrases/phrase_index.h"

namespace tactus::library {

// The other process has died, is stopped, or has too much to do: map the file instead (phrase_shelf.h).
class NoAnswer : public std::runtime_error {
 public:
  NoAnswer() : std::runtime_error("the process that serves the phrases doesn't answer") {}
};

// Any number of threads; they are answered one after the other.
class RemoteIndex final : public PhraseIndex {
 public:
  // Nothing: nobody serves this folder, or doesn't answer within `patience`. So long each answer is waited for.
  static std::unique_ptr<RemoteIndex> connect(const std::string& folder,
                                              std::chrono::milliseconds patience = std::chrono::milliseconds(300));

  // Phrases come and go in the database alone; who serves reads them there.
  bool add(const PhraseEntry&, std::span<const std::int8_t>) override { return false; }
  bool remove(std::int64_t) override { return false; }
  // At most kMostAskedHits. Throws NoAnswer; from then on always.
  std::vector<PhraseHit> search(std::span<const std::int8_t> vector, std::size_t k,
                                const PhraseFilter& filter = {}) const override;
  // As of the last answer, as are the others below.
  std::size_t size() const override;
  std::size_t dimensions() const;
  std::string embedder() const;
  bool complete() const;  // all of the database is in it

 private:
  RemoteIndex(UniqueFd socket, std::chrono::milliseconds patience) : socket_(std::move(socket)), patience_(patience) {}
  void ask(const IndexAsk& ask) const;

  mutable std::mutex mutex_;  // of all below
  mutable UniqueFd socket_;
  const std::chrono::milliseconds patience_;
  mutable IndexAnswer last_;
};

}  // namespace tactus::library
