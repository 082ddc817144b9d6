#include "session/journal_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace tactus::session {

namespace {
// Twice a round is well within the 50 ms.
constexpr auto kRound = std::chrono::milliseconds(15);
}  // namespace

std::unique_ptr<JournalWriter> JournalWriter::open(const std::filesystem::path& path,
                                                   std::function<void(const std::string&)> notice, std::string* error) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || ::lseek(fd.get(), 0, SEEK_END) < 0) {
    *error = path.string() + ": " + std::strerror(errno);
    return nullptr;
  }
  char last = '\n';
  if (info.st_size > 0 && ::pread(fd.get(), &last, 1, info.st_size - 1) != 1) last = '\n';
  std::unique_ptr<JournalWriter> writer(new JournalWriter(std::move(fd), std::move(notice)));
  if (last != '\n') writer->add("\n");
  return writer;
}

JournalWriter::JournalWriter(UniqueFd fd, std::function<void(const std::string&)> notice)
    : fd_(std::move(fd)), notice_(std::move(notice)), thread_([this] { run(); }), syncer_([this] { sync(); }) {}

JournalWriter::~JournalWriter() {
  stop_.store(true, std::memory_order_relaxed);
  thread_.join();
  ended_.store(true, std::memory_order_release);
  written_.fetch_add(1, std::memory_order_release);
  written_.notify_one();
  syncer_.join();
}

bool JournalWriter::add(std::string line) {
  auto owned = std::make_unique<std::string>(std::move(line));
  std::string* raw = owned.get();
  if (!queue_.push(raw)) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  (void)owned.release();
  return true;
}

void JournalWriter::run() {
  ::pthread_setname_np(::pthread_self(), "tactus-journal");
  for (bool more = true; more;) {
    more = !stop_.load(std::memory_order_relaxed);
    drain();
    write_kept();
    if (more) std::this_thread::sleep_for(kRound);
  }
}

void JournalWriter::sync() {
  ::pthread_setname_np(::pthread_self(), "tactus-sync");
  std::uint32_t seen = 0;
  for (bool more = true; more;) {
    written_.wait(seen, std::memory_order_acquire);
    // All is written once the writer has ended, and that was before the count was raised for the last time.
    more = !ended_.load(std::memory_order_acquire);
    seen = written_.load(std::memory_order_acquire);
    const bool failed = ::fdatasync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS;
    sync_error_.store(failed ? errno : 0, std::memory_order_relaxed);
  }
}

void JournalWriter::drain() {
  std::string* raw = nullptr;
  while (queue_.pop(raw)) {
    const std::unique_ptr<std::string> line(raw);
    kept_ += *line;
  }
  while (kept_.size() > kKept) {  // the oldest go first
    kept_.erase(0, kept_.find('\n') + 1);
    lost_.fetch_add(1, std::memory_order_relaxed);
  }
}

void JournalWriter::write_kept() {
  if (kept_.empty()) return;
  const off_t before = ::lseek(fd_.get(), 0, SEEK_CUR);
  std::size_t done = 0;
  int why = 0;
  while (done < kept_.size()) {
    const ssize_t n = ::write(fd_.get(), kept_.data() + done, kept_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      why = n < 0 ? errno : ENOSPC;
      break;
    }
    done += static_cast<std::size_t>(n);
  }
  const std::size_t newline = done > 0 ? kept_.rfind('\n', done - 1) : std::string::npos;
  const std::size_t whole = newline == std::string::npos ? 0 : newline + 1;
  if (whole < done) {  // cut off the half line, and write on from there
    const off_t at = before + static_cast<off_t>(whole);
    if (::ftruncate(fd_.get(), at) != 0 || ::lseek(fd_.get(), at, SEEK_SET) < 0) why = errno;
  }
  kept_.erase(0, whole);
  if (why == 0) why = sync_error_.load(std::memory_order_relaxed);
  written_.fetch_add(1, std::memory_order_release);
  written_.notify_one();
  if (why != 0 && !troubled_) {
    notice_(std::string("The journal can't be written: ") + std::strerror(why) + ". The music goes on.");
  } else if (why == 0 && troubled_) {
    notice_("The journal is written again.");
  }
  troubled_ = why != 0;
}

}  // namespace tactus::session
