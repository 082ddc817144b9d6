// Any bytes as a phrase index's file: as they are, and with all hashes made right, since else none would be looked
// into. What is found in it is there; and it can be gone on from. And as a question to the one who serves it, and an
// answer.
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "library/phrases/index_wire.h"
#include "library/phrases/local_index.h"

namespace {

using namespace tactus::library;

constexpr std::size_t kK = 5;

std::string sealed(std::string bytes) {
  IndexHeader header;
  if (bytes.size() < sizeof header) return bytes;
  std::memcpy(&header, bytes.data(), sizeof header);
  for (IndexHeader::Part& p : header.parts) {
    if (p.offset > bytes.size() || p.bytes > bytes.size() - p.offset) return bytes;
    p.hash = XXH3_64bits(bytes.data() + p.offset, p.bytes);
  }
  header.hash = XXH3_64bits(&header, offsetof(IndexHeader, hash));
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

void check(const LocalIndex& index, const std::vector<PhraseHit>& hits) {
  if (hits.size() > kK || hits.size() > index.size()) std::abort();
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (!std::isfinite(hits[i].similarity) || hits[i].id < 0) std::abort();
    if (i > 0 && hits[i].similarity > hits[i - 1].similarity) std::abort();
  }
}

void search(const LocalIndex& index) {
  const std::vector<std::int8_t> vector(index.dimensions(), 3);
  PhraseFilter slow, many;
  slow.bpm = NumberRange{60, 120};
  many.energy = NumberRange{1, 9};
  for (const PhraseFilter& f : {PhraseFilter{}, slow, many}) {
    check(index, index.search(vector, kK, f));
    check(index, index.search_exactly(vector, kK, f));
  }
}

// In memory where there is such a folder: an index waits for the disk.
const std::string& written_path() {
  static const std::string path =
      (::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path().string()) +
      "/phrase_index_fuzz." + std::to_string(::getpid());
  static const int at_exit = std::atexit([] { std::filesystem::remove(path); });
  if (at_exit != 0) std::abort();
  return path;
}

void open(const std::string& bytes) {
  static const int fd = ::memfd_create("fuzz", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    std::abort();
  std::string why;
  const auto file = IndexFile::open(path, &why);
  if (!file) {
    if (why.empty()) std::abort();
    return;
  }
  LocalIndex index(file, {.effort = 8, .graph_from = 1});
  search(index);
  for (const std::int64_t id : {0, 3, 7}) index.remove(id);
  index.add({.id = 99}, std::vector<std::int8_t>(index.dimensions(), 3));
  search(index);
  if (!file->graph()) return;
  if (!index.write(written_path(), 1)) std::abort();
  search(index);
}

void read_messages(std::string_view bytes) {
  if (const auto ask = read_ask(bytes)) {
    const std::string again = bytes_of(*ask);
    if (!read_ask(again) || bytes_of(*read_ask(again)) != again) std::abort();
    const ReadyFilter ready(ask->filter);
    ready.lets({});
  }
  if (const auto answer = read_answer(bytes)) {
    const std::string again = bytes_of(*answer);
    if (!read_answer(again) || bytes_of(*read_answer(again)) != again) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_messages(bytes);
  open(bytes);
  open(sealed(bytes));
  return 0;
}
