// Puts a session's journal on the disk, line by line, behind the session's back: the control thread hands lines over
// and never waits. At most 50 ms later a line is with the system, where a crash of the engine can't harm it; a second
// thread sees to it that the system writes it down at once, for the case that the power goes, and takes as long as the
// disk takes.
//
// When the disk is full or gone the music goes on, the user is told once, lines are kept (the latest kKept of them) and
// written when it is back. A line is never left half: what was written of it is cut off again.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "lockfree/spsc_ring.h"

namespace tactus::session {

class JournalWriter {
 public:
  static constexpr std::size_t kQueue = 4096;
  static constexpr std::size_t kKept = 1 << 20;  // bytes

  // Appends to `path`; on a line of its own, should the last one there have been cut. `notice`: plain sentences, on the
  // writer's thread. Null, and a plain sentence, when the file can't be opened.
  static std::unique_ptr<JournalWriter> open(const std::filesystem::path& path,
                                             std::function<void(const std::string&)> notice, std::string* error);
  // Writes what is left.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // One thread. A line with its newline. False when the queue is full: it is lost, and counted.
  bool add(std::string line);
  // Any thread.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  JournalWriter(UniqueFd fd, std::function<void(const std::string&)> notice);
  void run();
  void drain();
  void write_kept();
  void sync();

  UniqueFd fd_;
  std::function<void(const std::string&)> notice_;
  lockfree::SpscRing<std::string*> queue_{kQueue};
  std::string kept_;  // whole lines that aren't on the disk yet
  bool troubled_ = false;
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> stop_{false}, ended_{false};
  std::atomic<std::uint32_t> written_{0};  // rounds that wrote something; the syncer waits for it to change
  std::atomic<int> sync_error_{0};
  std::thread thread_, syncer_;
};

}  // namespace tactus::session
