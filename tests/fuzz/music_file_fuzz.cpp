// Any bytes as a music file: its headers are read, or refused with a cause.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" {
#include <libavutil/log.h>
}

#include "media/source_file.h"
#include "media/stated_length.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::media;
  av_log_set_level(AV_LOG_QUIET);
  const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 || ::write(fd, data, size) != static_cast<ssize_t>(size)) std::abort();
  const auto file = SourceFile::open("/proc/self/fd/" + std::to_string(fd), -1);
  if (!file) {
    if (file.error().text().empty()) std::abort();
  } else {
    static_cast<void>(stated_length(file.value(), 48000));
  }
  ::close(fd);
  return 0;
}
