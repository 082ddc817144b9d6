// Puts a session's journal on the disk, line by line, behind the session's back: the control thread hands lines over
// and never waits. At most 50 ms later a line is with the system, where a crash of the engine can't harm it; a second
// thread sees to it that the system writes it down at once, for the case that the power goes, and takes as long as the
// disk takes.
//
// When the disk is full, gone or doesn't answer the music goes on, the user is told once, lines are kept (the latest
// kKept bytes of them, behind a disk that doesn't answer the first kQueuedBytes) and written when it is back. A line is
// never left half: what was written of it is cut off again.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "lockfree/spsc_ring.h"

namespace tactus::session {

class JournalWriter {
 public:
  static constexpr std::size_t kQueue = 4096;              // lines, and
  static constexpr std::size_t kQueuedBytes = 4 << 20;     // bytes of them, that the control thread may be ahead
  static constexpr std::size_t kKept = 1 << 20;            // bytes that wait for a disk that refuses them
  static constexpr std::int64_t kPromisedNs = 50'000'000;  // from add() until the system has a line
  static constexpr std::int64_t kHangsNs = 1'000'000'000;  // a write that takes longer: the disk doesn't answer

  // How punctual it was since it began.
  struct Health {
    std::uint64_t lines = 0;   // with the system
    std::uint64_t late = 0;    // of those, later than kPromisedNs
    std::uint64_t lost = 0;    // for want of room
    double worst_ms = 0;       // from add() until the system had a line, at worst
    double worst_disk_ms = 0;  // and until it was on the disk, where the disk says so (fdatasync)
    bool troubled = false;     // the disk refuses what is to be written, or doesn't answer
  };

  // Appends to `path`; on a line of its own, should the last one there have been cut. Null, and a plain sentence, when
  // the file can't be opened.
  static std::unique_ptr<JournalWriter> open(const std::filesystem::path& path, std::string* error);
  // Writes what is left.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // One thread. A line with its newline. False when the queue is full: it is lost, and counted. Never waits.
  bool add(std::string line);
  // Any thread.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  Health health() const;
  // Whoever adds, now and then: what the user should know, in plain sentences, each once.
  std::vector<std::string> take_notices();

 private:
  explicit JournalWriter(UniqueFd fd);
  struct Line {
    std::string text;
    std::int64_t added_ns;
  };
  struct Waiting {
    std::size_t bytes;  // of kept_
    std::int64_t added_ns;
  };
  bool hangs() const;
  void run();
  void drain();
  void write_kept();
  void count_written(std::size_t bytes);
  void sync();

  UniqueFd fd_;
  lockfree::SpscRing<Line*> queue_{kQueue};
  std::atomic<std::size_t> queued_bytes_{0};
  std::string kept_;             // whole lines that the system hasn't got yet
  std::deque<Waiting> waiting_;  // the same, line by line
  std::atomic<int> why_{0};      // errno of what keeps them from being written
  std::atomic<std::uint64_t> lost_{0}, lines_{0}, late_{0};
  std::atomic<std::int64_t> worst_ns_{0}, worst_disk_ns_{0};
  std::atomic<std::int64_t> writing_since_ns_{0};  // 0: not at the moment
  std::atomic<std::int64_t> unsynced_ns_{0};  // when the oldest line was added that the disk hasn't confirmed; 0: none
  std::atomic<bool> stop_{false}, ended_{false};
  std::atomic<std::uint32_t> written_{0};  // rounds that wrote something; the syncer waits for it to change
  std::atomic<int> sync_error_{0};
  bool told_trouble_ = false;  // of take_notices()
  std::uint64_t told_lost_ = 0;
  std::int64_t told_lost_ns_ = 0;
  std::thread thread_, syncer_;
};

}  // namespace tactus::session
