#include "library/phrases/phrase_shelf.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/unique_fd.h"

namespace tactus::library {

namespace {

// A page: read, copied out, and the statement reset, well within the time that a reader may stand in the way.
constexpr int kPage = 500;
constexpr std::size_t kMostBeside = 20'000;
constexpr std::string_view kColumns = "p.id, p.track, p.bpm, p.key, p.energy, p.label, p.vocals, p.embedder, p.vector";

std::string index_path(const std::string& folder) { return folder + "/phrases.index"; }

int label_number(std::string_view label) {
  const auto at = std::find(kPhraseLabels.begin(), kPhraseLabels.end(), label);
  return at == kPhraseLabels.end() ? 0 : static_cast<int>(at - kPhraseLabels.begin());
}

std::optional<int> small(std::optional<std::int64_t> value) {
  if (!value || *value < -1000 || *value > 1000) return std::nullopt;
  return static_cast<int>(*value);
}

}  // namespace

PhraseShelf::PhraseShelf(Database& db, std::string folder) : PhraseShelf(db, std::move(folder), {}) {}
PhraseShelf::PhraseShelf(Database& db, std::string folder, const LocalIndex::Options& options)
    : db_(db), folder_(std::move(folder)), options_(options) {
  start_over();
}

PhraseShelf::Log PhraseShelf::log() {
  Log out;
  out.newest = static_cast<std::uint64_t>(
      db_.integer("SELECT seq FROM sqlite_sequence WHERE name = 'phrase_change'").value_or(0));
  const auto first = db_.integer("SELECT seq FROM phrase_change ORDER BY seq LIMIT 1");
  out.forgotten = first ? static_cast<std::uint64_t>(*first) - 1 : out.newest;
  return out;
}

void PhraseShelf::start_over() {
  const Log changes = log();
  std::string embedder;
  std::size_t size = 0;
  Statement& newest = db_.statement(
      "SELECT embedder, length(vector) FROM phrase WHERE vector IS NOT NULL AND embedder <> '' ORDER BY id DESC LIMIT "
      "1");
  newest.bind().each([&](Statement& row) {
    embedder = row.text(0).substr(0, kLongestEmbedder);
    size = static_cast<std::size_t>(row.integer(1));
  });
  notice_.clear();
  const auto file = IndexFile::open(index_path(folder_), &notice_);
  if (file && (file->covered() < changes.forgotten || file->covered() > changes.newest ||
               (size > 0 && (file->embedder() != embedder || file->dimensions() != size)))) {
    notice_ = index_path(folder_) + ": it is of another time than the database";
  } else if (file) {
    index_ = std::make_shared<LocalIndex>(file, options_);
    read_ = file->covered();
    rows_after_ = -1;
    return;
  }
  index_ = std::make_shared<LocalIndex>(embedder, size, options_);
  read_ = changes.newest;
  rows_after_ = 0;
}

void PhraseShelf::take(Statement& row, int c) {
  PhraseEntry entry;
  entry.id = row.integer(c);
  entry.track = row.integer(c + 1);
  entry.bpm = row.number_or_null(c + 2);
  entry.key = small(row.integer_or_null(c + 3));
  entry.energy = small(row.integer_or_null(c + 4));
  entry.label = label_number(row.view(c + 5));
  entry.vocals = row.number_or_null(c + 6);
  if (row.view(c + 7).substr(0, kLongestEmbedder) != index_->embedder() || row.null(c + 8)) {
    index_->remove(entry.id);
    return;
  }
  const std::string_view bytes = row.view(c + 8);
  const auto* numbers = reinterpret_cast<const std::int8_t*>(bytes.data());
  if (!index_->add(entry, {numbers, bytes.size()})) index_->remove(entry.id);
}

bool PhraseShelf::read_rows(std::chrono::steady_clock::time_point until) {
  static const std::string kRows =
      "SELECT " + std::string(kColumns) + " FROM phrase p WHERE p.id > ?1 ORDER BY p.id LIMIT ?2";
  while (rows_after_ >= 0) {
    int rows = 0;
    db_.statement(kRows).bind(rows_after_, kPage).each([&](Statement& row) {
      take(row, 0);
      rows_after_ = row.integer(0);
      ++rows;
    });
    if (rows < kPage) rows_after_ = -1;
    if (std::chrono::steady_clock::now() >= until) break;
  }
  return rows_after_ < 0;
}

bool PhraseShelf::read_changes(std::chrono::steady_clock::time_point until) {
  static const std::string kChanges = "SELECT c.seq, c.phrase, " + std::string(kColumns) +
                                      " FROM phrase_change c LEFT JOIN phrase p ON p.id = c.phrase "
                                      "WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2";
  for (;;) {
    int rows = 0;
    db_.statement(kChanges).bind(read_, kPage).each([&](Statement& row) {
      if (row.null(2)) {
        index_->remove(row.integer(1));
      } else {
        take(row, 2);
      }
      read_ = static_cast<std::uint64_t>(row.integer(0));
      ++rows;
    });
    if (rows < kPage) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
  }
}

bool PhraseShelf::read_on(std::chrono::milliseconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  // The first phrase says what the index is of; another embedder begins another one.
  const auto of =
      db_.text("SELECT embedder FROM phrase WHERE vector IS NOT NULL AND embedder <> '' ORDER BY id DESC LIMIT 1");
  const Log changes = log();
  if ((of && of->substr(0, kLongestEmbedder) != index_->embedder()) || read_ < changes.forgotten ||
      read_ > changes.newest)
    start_over();
  return read_rows(until) && read_changes(until);
}

void PhraseShelf::read_all() {
  while (!read_on(std::chrono::seconds(1))) continue;
}

bool PhraseShelf::worth_writing() const {
  // What is there is little beside what a file would save.
  return index_->beside_file() > std::min(kMostBeside, std::max<std::size_t>(2000, index_->size() / 4));
}

bool PhraseShelf::write(const BuildProgress& progress) {
  const std::string path = folder_ + "/phrases.lock";
  const UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) throw StoreError(StoreError::Kind::other, path + ": " + std::strerror(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return false;
  // Somebody else may just have written one.
  std::string why;
  if (const auto file = IndexFile::open(index_path(folder_), &why); file && file->covered() > read_) start_over();
  read_all();
  if (index_->dimensions() == 0) return true;  // there is no phrase
  const bool written = index_->write(index_path(folder_), read_, progress);
  if (written) notice_.clear();
  return written;
}

void PhraseShelf::forget_written(Database& writer) const {
  std::string why;
  const auto file = IndexFile::open(index_path(folder_), &why);
  if (!file) return;
  writer.run("DELETE FROM phrase_change WHERE seq <= ?1", file->covered());
}

}  // namespace tactus::library
