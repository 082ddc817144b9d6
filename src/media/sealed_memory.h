// Memory handed from one process to another that neither can change any more: a memfd sealed against shrinking (so that
// reading it can't raise SIGBUS), growing, writing and unsealing. Not realtime-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/unique_fd.h"
#include "media/result.h"

namespace tactus::media {

// A sealed copy of `bytes`.
Result<UniqueFd> seal_copy(std::span<const std::byte> bytes);

// A read-only mapping of a whole sealed memfd.
class SealedMapping {
 public:
  SealedMapping() = default;
  // Maps `fd` when it is a memfd of exactly `size` bytes (0: any size up to `most`) with all four seals; else an error,
  // since an unsealed one could be cut short under a reader. `prefault`: all pages are mapped when this returns.
  static Result<SealedMapping> map(const UniqueFd& fd, std::size_t size, std::size_t most, bool prefault);

  SealedMapping(SealedMapping&& other) noexcept { *this = std::move(other); }
  SealedMapping& operator=(SealedMapping&& other) noexcept;
  ~SealedMapping();

  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  // Keeps the pages in memory; false where the system doesn't allow so much (RLIMIT_MEMLOCK).
  bool lock() noexcept;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tactus::media
