#include "media/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace tactus::media {
namespace {
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
}

Result<UniqueFd> seal_copy(std::span<const std::byte> bytes) {
  UniqueFd fd(::memfd_create("tactus-pcm", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return Error{"", std::string("no memory to share: ") + std::strerror(errno)};
  // Written rather than mapped: F_SEAL_WRITE refuses while a writable mapping exists.
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error{"", std::string("no memory to share: ") + std::strerror(errno)};
    done += static_cast<std::size_t>(n);
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0)
    return Error{"", std::string("shared memory can't be sealed: ") + std::strerror(errno)};
  return fd;
}

Result<SealedMapping> SealedMapping::map(const UniqueFd& fd, std::size_t size, std::size_t most, bool prefault) {
  const int seals = fd ? ::fcntl(fd.get(), F_GET_SEALS) : -1;
  if (seals < 0 || (seals & kSeals) != kSeals) return Error{"", "shared memory came unsealed"};
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0 || st.st_size <= 0) return Error{"", "shared memory came empty"};
  const auto bytes = static_cast<std::size_t>(st.st_size);
  if (size != 0 ? bytes != size : bytes > most) return Error{"", "shared memory came in the wrong size"};
  void* at = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED | (prefault ? MAP_POPULATE : 0), fd.get(), 0);
  if (at == MAP_FAILED) return Error{"", std::string("shared memory can't be mapped: ") + std::strerror(errno)};
  SealedMapping out;
  out.data_ = static_cast<std::byte*>(at);
  out.size_ = bytes;
  return out;
}

SealedMapping& SealedMapping::operator=(SealedMapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SealedMapping::~SealedMapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

bool SealedMapping::lock() noexcept { return data_ != nullptr && ::mlock(data_, size_) == 0; }

}  // namespace tactus::media
