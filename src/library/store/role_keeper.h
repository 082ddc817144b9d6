// Holds the writer's role for as long as a session plays, and lends it: one borrower at a time, in the order in which
// they asked.
//
// What is handed over is the lock's open file (SCM_RIGHTS), of which the keeper keeps its own handle. So the role is
// never free in between; when the borrower dies, however it does, it is the keeper's again as soon as its connection is
// closed; when the keeper dies, the borrower goes on holding it, and the next keeper waits. One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include "library/store/writer_lock.h"

namespace tactus::library {

class RoleKeeper {
 public:
  // `who`: how it is named to others while it holds the role itself.
  RoleKeeper(std::string folder, std::string who) : folder_(std::move(folder)), who_(std::move(who)) {}

  // Waits up to `most` for somebody who asks, gives back, or goes, or for something to read from `also` (-1: nothing);
  // then does all there is to do. `wants`: lend to nobody else while mine(). Throws StoreError where the folder's files
  // can't be made: call it again, later.
  void turn(std::chrono::milliseconds most, bool wants, int also = -1);

  // It is the library's one keeper, and others can ask it. False: another one is, or the folder can have no socket
  // (trouble()).
  bool keeps() const { return static_cast<bool>(listen_); }
  const std::string& trouble() const { return trouble_; }
  // The role is here and not lent: until the next turn() the caller may write, with lock().
  bool mine() const { return lock_ && !borrower_; }
  WriterLock lock() const { return WriterLock::shared(*lock_); }
  // Who has borrowed it.
  std::optional<LockHolder> borrower() const;
  std::size_t waiting() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Asker {
    UniqueFd socket;
    int pid = 0;
    std::string who;  // empty: hasn't asked yet
    std::string told;
    Clock::time_point since;
  };

  void look_after_files();
  void listen();
  void wait(std::chrono::milliseconds most, int also) const;
  void take_connections();
  void hear();
  void lend();
  void tell_waiting();

  const std::string folder_, who_;
  std::string trouble_;
  Clock::time_point looked_{};
  UniqueFd keepers_;  // locked: of two keepers one listens
  UniqueFd listen_;
  std::optional<WriterLock> lock_;
  std::deque<Asker> askers_;  // the first comes next
  std::optional<Asker> borrower_;
};

}  // namespace tactus::library
