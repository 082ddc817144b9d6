#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "library/parts/part.h"
#include "library/parts/part_text.h"

namespace tactus::library {
namespace {

constexpr std::string_view kBeside = ".unfinished";
constexpr int kMode = 0666;  // less the umask: a catalogue is often a group's

bool same_file(int fd, const std::string& path) {
  struct stat open {
  }, named{};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

// So that a new name is on the disk. What can't be synced (some network file systems' folders) is not worse off.
void sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const UniqueFd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) (void)::fsync(fd.get());
}

}  // namespace

bool PartWriter::failed_to(const char* what, std::string* error) const {
  *error = path_ + ": " + what + ": " + std::strerror(errno);
  return false;
}

bool PartWriter::open(const std::string& path, const PartHeader& header, const Keep& keep, std::string* error) {
  path_ = path;
  entries_ = failed_ = 0;
  if (!lock(error)) return false;
  if (rewrite(header, keep, error)) return true;
  const std::string beside = path_ + std::string(kBeside);
  (void)::unlink((beside + ".new").c_str());
  struct stat old {};
  if (::fstat(held_.get(), &old) == 0 && old.st_size == 0) (void)::unlink(beside.c_str());
  return false;
}

// By what lies beside it, which finish() and rewrite() rename: one that is no longer there under its name was not it.
bool PartWriter::lock(std::string* error) {
  const std::string beside = path_ + std::string(kBeside);
  for (int tries = 0; tries < 10; ++tries) {
    UniqueFd fd(::open(beside.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
    if (!fd) return failed_to("it can't be written", error);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) break;
    if (!same_file(fd.get(), beside)) continue;
    held_ = std::move(fd);
    return true;
  }
  *error = path_ + ": another process is writing it";
  return false;
}

bool PartWriter::rewrite(const PartHeader& header, const Keep& keep, std::string* error) {
  const std::string beside = path_ + std::string(kBeside), fresh = beside + ".new";
  fd_ = UniqueFd(::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, kMode));
  if (!fd_) return failed_to("it can't be written", error);
  (void)::flock(fd_.get(), LOCK_EX | LOCK_NB);
  if (!write(part_text::header(header) + "\n", error)) return false;
  std::set<std::string> seen;
  bool written = true;
  for (const std::string& from : {beside, path_}) {
    std::error_code ignored;
    if (std::filesystem::file_size(from, ignored) == 0 || ignored) continue;
    const auto found = read_part(
        from,
        [&](const PartEntry& entry, std::string_view line) {
          if (!keep(entry) || !seen.insert(entry.path).second) return true;
          written = write(std::string(line) + "\n", error);
          ++entries_;
          failed_ += !entry.error.empty();
          return written;
        },
        error);
    if (!found || !written) return false;
    if (found->header && found->header->shard != header.shard) {
      *error = from + ": it is of shard " + to_text(found->header->shard) + ", not of " + to_text(header.shard);
      return false;
    }
    if (!found->header && found->entries == 0 && from == path_) {
      *error = from + ": it is there, and is no part";
      return false;
    }
  }
  if (::fsync(fd_.get()) != 0 || ::rename(fresh.c_str(), beside.c_str()) != 0)
    return failed_to("it can't be written", error);
  sync_folder_of(path_);
  return true;
}

bool PartWriter::append(const PartEntry& entry, std::string* error) {
  if (!write(part_line(entry) + "\n", error)) return false;
  if (::fdatasync(fd_.get()) != 0) return failed_to("it can't be written", error);
  ++entries_;
  failed_ += !entry.error.empty();
  return true;
}

bool PartWriter::finish(std::string* error) {
  if (!write(part_text::footer(entries_, failed_) + "\n", error)) return false;
  const std::string beside = path_ + std::string(kBeside);
  if (::fsync(fd_.get()) != 0 || ::rename(beside.c_str(), path_.c_str()) != 0)
    return failed_to("it can't be written", error);
  sync_folder_of(path_);
  return true;
}

bool PartWriter::write(std::string_view text, std::string* error) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd_.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed_to("it can't be written", error);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace tactus::library
