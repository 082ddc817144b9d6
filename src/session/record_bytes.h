// What both kinds of recording need of the system: a file that is written at stated places.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/unique_fd.h"

namespace tactus::session {

class RecordBytes {
 public:
  // Empty, or why not.
  std::string create(const std::string& path) {
    fd_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    return fd_ ? std::string() : std::strerror(errno);
  }
  // All or an error; what was written of it before the error is beyond the file's stated end, and harmless.
  std::string write(const void* data, std::size_t size, std::uint64_t at) {
    const char* from = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t n = ::pwrite(fd_.get(), from, size, static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return std::strerror(n < 0 ? errno : ENOSPC);
      from += n;
      size -= static_cast<std::size_t>(n);
      at += static_cast<std::uint64_t>(n);
    }
    return {};
  }
  std::string sync() { return ::fdatasync(fd_.get()) == 0 || errno == EINVAL ? std::string() : std::strerror(errno); }
  std::string cut(std::uint64_t size) {
    return ::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 ? std::string() : std::strerror(errno);
  }

 private:
  UniqueFd fd_;
};

inline void put_le(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace tactus::session
