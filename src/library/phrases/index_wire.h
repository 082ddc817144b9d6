// What is sent between a process that holds a phrase index and those that ask it (index_server.h, remote_index.h):
// whole messages on a Unix socket (SOCK_SEQPACKET), numbers in the machine's byte order, as both are on one machine.
//
// docs/formats.md has the layout. Whatever is read is checked: a message that is cut, too long, or holds what makes no
// sense is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "library/phrases/phrase_index.h"

namespace tactus::library {

// `phrases.sock` in the library's folder, this user's alone (0600). Neither waits. Nothing: why is in errno.
// For the one who holds phrases.serve: takes the place of a socket that a dead one left.
UniqueFd listen_for_asks(const std::string& folder);
UniqueFd connect_to_index(const std::string& folder);

constexpr std::size_t kMostAskedHits = 4096;
constexpr std::size_t kLongestAsk = 8192, kLongestAnswer = 100'000;  // bytes

struct IndexAsk {
  std::uint32_t k = 0;  // 0: only what the index is
  PhraseFilter filter;
  std::vector<std::int8_t> vector;
};
struct IndexAnswer {
  bool complete = false;  // all of the database is in it
  std::uint64_t size = 0;
  std::uint32_t dimensions = 0;
  std::string embedder;
  std::vector<PhraseHit> hits;
};

std::string bytes_of(const IndexAsk& ask);
std::string bytes_of(const IndexAnswer& answer);
std::optional<IndexAsk> read_ask(std::string_view bytes);
std::optional<IndexAnswer> read_answer(std::string_view bytes);

}  // namespace tactus::library
