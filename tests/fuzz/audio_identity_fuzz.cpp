// Any bytes as a music file whose sound is to be told from its tags: an identity within the file, or none; and the same
// every time.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "library/store/audio_identity.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int fd = ::memfd_create("fuzz", 0);
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto found = tactus::library::audio_identity(fd);
  if (found && (found->length <= 0 || found->length > static_cast<std::int64_t>(size))) std::abort();
  if (found != tactus::library::audio_identity(fd)) std::abort();
  return 0;
}
