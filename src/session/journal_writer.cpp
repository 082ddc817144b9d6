#include "session/journal_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "io/ahead.h"

namespace tactus::session {

namespace {
// What a busy machine adds leaves it well within the 50 ms.
constexpr auto kRound = std::chrono::milliseconds(5);
constexpr std::int64_t kLostToldNs = 10'000'000'000;  // between two notices of lines that were lost

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// One thread raises it.
void raise_to(std::atomic<std::int64_t>& worst, std::int64_t value) {
  if (value > worst.load(std::memory_order_relaxed)) worst.store(value, std::memory_order_relaxed);
}
}  // namespace

std::unique_ptr<JournalWriter> JournalWriter::open(const std::filesystem::path& path, std::string* error) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || ::lseek(fd.get(), 0, SEEK_END) < 0) {
    *error = path.string() + ": " + std::strerror(errno);
    return nullptr;
  }
  char last = '\n';
  if (info.st_size > 0 && ::pread(fd.get(), &last, 1, info.st_size - 1) != 1) last = '\n';
  std::unique_ptr<JournalWriter> writer(new JournalWriter(std::move(fd)));
  if (last != '\n') writer->add("\n");
  return writer;
}

JournalWriter::JournalWriter(UniqueFd fd)
    : fd_(std::move(fd)), thread_([this] { run(); }), syncer_([this] { sync(); }) {}

JournalWriter::~JournalWriter() {
  stop_.store(true, std::memory_order_relaxed);
  thread_.join();
  ended_.store(true, std::memory_order_release);
  written_.fetch_add(1, std::memory_order_release);
  written_.notify_one();
  syncer_.join();
}

bool JournalWriter::add(std::string line) {
  const std::size_t size = line.size();
  auto owned = std::make_unique<Line>(Line{std::move(line), now_ns()});
  Line* raw = owned.get();
  const bool room = queued_bytes_.fetch_add(size, std::memory_order_relaxed) + size <= kQueuedBytes;
  if (!room || !queue_.push(raw)) {
    queued_bytes_.fetch_sub(size, std::memory_order_relaxed);
    lost_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  (void)owned.release();
  return true;
}

JournalWriter::Health JournalWriter::health() const {
  Health h;
  h.lines = lines_.load(std::memory_order_relaxed);
  h.late = late_.load(std::memory_order_relaxed);
  h.lost = lost_.load(std::memory_order_relaxed);
  h.worst_ms = static_cast<double>(worst_ns_.load(std::memory_order_relaxed)) * 1e-6;
  h.worst_disk_ms = static_cast<double>(worst_disk_ns_.load(std::memory_order_relaxed)) * 1e-6;
  h.troubled = why_.load(std::memory_order_relaxed) != 0 || hangs();
  return h;
}

bool JournalWriter::hangs() const {
  const std::int64_t since = writing_since_ns_.load(std::memory_order_relaxed);
  return since != 0 && now_ns() - since > kHangsNs;
}

std::vector<std::string> JournalWriter::take_notices() {
  std::vector<std::string> notices;
  const int why = why_.load(std::memory_order_relaxed);
  const bool trouble = why != 0 || hangs();
  if (trouble && !told_trouble_) {
    notices.push_back((why != 0 ? std::string("The journal can't be written: ") + std::strerror(why)
                                : std::string("The disk of the journal doesn't answer")) +
                      ". The music goes on; what happens is kept, and written when there is room again.");
  } else if (!trouble && told_trouble_) {
    notices.emplace_back("The journal is written again.");
  }
  told_trouble_ = trouble;
  const std::uint64_t lost = this->lost();
  const std::int64_t now = now_ns();
  if (lost != told_lost_ && now - told_lost_ns_ > kLostToldNs) {
    notices.push_back(std::to_string(lost - told_lost_) +
                      " lines of the journal were lost, because its disk took nothing for too long: this run can't be "
                      "played again exactly.");
    told_lost_ = lost;
    told_lost_ns_ = now;
  }
  return notices;
}

void JournalWriter::run() {
  ::pthread_setname_np(::pthread_self(), "tactus-journal");
  io::Ahead ahead;
  for (bool more = true; more;) {
    ahead.turn();
    more = !stop_.load(std::memory_order_relaxed);
    drain();
    write_kept();
    if (queue_.readable() > 0 && why_.load(std::memory_order_relaxed) == 0) {
      more = true;  // a disk that had hung: portion by portion
      continue;
    }
    if (more) std::this_thread::sleep_for(kRound);
  }
}

void JournalWriter::sync() {
  ::pthread_setname_np(::pthread_self(), "tactus-sync");
  io::Ahead ahead;
  std::uint32_t seen = 0;
  for (bool more = true; more;) {
    ahead.turn();
    written_.wait(seen, std::memory_order_acquire);
    // All is written once the writer has ended, and that was before the count was raised for the last time.
    more = !ended_.load(std::memory_order_acquire);
    seen = written_.load(std::memory_order_acquire);
    const std::int64_t oldest = unsynced_ns_.exchange(0, std::memory_order_relaxed);
    const bool failed = ::fdatasync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS;
    sync_error_.store(failed ? errno : 0, std::memory_order_relaxed);
    if (!failed && oldest != 0) raise_to(worst_disk_ns_, now_ns() - oldest);
  }
}

void JournalWriter::drain() {
  const bool refused = why_.load(std::memory_order_relaxed) != 0;
  Line* raw = nullptr;
  while ((refused || kept_.size() < kKept) && queue_.pop(raw)) {
    const std::unique_ptr<Line> line(raw);
    queued_bytes_.fetch_sub(line->text.size(), std::memory_order_relaxed);
    kept_ += line->text;
    waiting_.push_back({line->text.size(), line->added_ns});
  }
  std::size_t old = 0;
  while (refused && kept_.size() - old > kKept) {  // the oldest go first
    old += waiting_.front().bytes;
    waiting_.pop_front();
    lost_.fetch_add(1, std::memory_order_relaxed);
  }
  kept_.erase(0, old);
}

void JournalWriter::count_written(std::size_t bytes) {
  if (bytes == 0) return;
  const std::int64_t now = now_ns();
  std::int64_t none = 0;
  unsynced_ns_.compare_exchange_strong(none, waiting_.front().added_ns, std::memory_order_relaxed);
  for (; bytes > 0; waiting_.pop_front()) {
    bytes -= waiting_.front().bytes;
    const std::int64_t took = now - waiting_.front().added_ns;
    raise_to(worst_ns_, took);
    lines_.fetch_add(1, std::memory_order_relaxed);
    if (took > kPromisedNs) late_.fetch_add(1, std::memory_order_relaxed);
  }
}

void JournalWriter::write_kept() {
  if (kept_.empty()) return;
  const off_t before = ::lseek(fd_.get(), 0, SEEK_CUR);
  std::size_t done = 0;
  int why = 0;
  writing_since_ns_.store(now_ns(), std::memory_order_relaxed);
  while (done < kept_.size()) {
    const ssize_t n = ::write(fd_.get(), kept_.data() + done, kept_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      why = n < 0 ? errno : ENOSPC;
      break;
    }
    done += static_cast<std::size_t>(n);
  }
  writing_since_ns_.store(0, std::memory_order_relaxed);
  std::size_t whole = 0;
  for (const Waiting& w : waiting_) {
    if (whole + w.bytes > done) break;
    whole += w.bytes;
  }
  if (whole < done) {  // cut off the half line, and write on from there
    const off_t at = before + static_cast<off_t>(whole);
    if (::ftruncate(fd_.get(), at) != 0 || ::lseek(fd_.get(), at, SEEK_SET) < 0) why = errno;
  }
  kept_.erase(0, whole);
  count_written(whole);
  if (why == 0) why = sync_error_.load(std::memory_order_relaxed);
  written_.fetch_add(1, std::memory_order_release);
  written_.notify_one();
  why_.store(why, std::memory_order_relaxed);
}

}  // namespace tactus::session
