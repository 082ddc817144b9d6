// Reads music files in processes of their own: one that crashes, hangs or fills the memory of whoever parses it costs
// that file alone, which is reported as broken; its reader is started anew.
//
// One thread owns it. Its processes are forks of this one, without its files; they end with it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "library/store/music_file.h"

namespace tactus::library {

class TagReaders {
 public:
  using Read = MusicFile (*)(const std::string& path);
  // `read`: what each process does with a path. A file that takes longer than `most` is given up.
  explicit TagReaders(int count, Read read = read_music_file,
                      std::chrono::milliseconds most = std::chrono::seconds(20));
  TagReaders(const TagReaders&) = delete;
  TagReaders& operator=(const TagReaders&) = delete;
  ~TagReaders();

  bool full() const;  // ask() would have to wait
  bool idle() const;  // nothing is asked for
  // `token` comes back with the answer.
  void ask(std::uint64_t token, const std::string& path);
  // Waits at most `timeout` for answers, and hands out those that are there.
  using Answer = std::function<void(std::uint64_t token, const std::string& path, MusicFile file)>;
  void collect(std::chrono::milliseconds timeout, const Answer& answer);

 private:
  using Clock = std::chrono::steady_clock;
  struct Request {
    std::uint64_t token;
    std::string path;
  };
  struct Worker {
    pid_t pid = -1;
    UniqueFd socket;
    std::deque<Request> asked;  // in the order of the answers
    Clock::time_point since;    // when it began with the first of them
  };
  void start(Worker& worker);
  void end(Worker& worker);
  // Its first file was too much for it.
  void give_up(Worker& worker, const std::string& why, const Answer& answer);
  bool take_answer(Worker& worker, const Answer& answer);

  Read read_;
  std::chrono::milliseconds most_;
  std::vector<Worker> workers_;
};

}  // namespace tactus::library
