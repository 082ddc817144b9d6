// The engine's side of the media workers: tactus-media processes that decode and analyse files which nobody vouches
// for.
//
// A worker that crashes, is killed, hangs or talks nonsense costs the job it was doing and nothing else: it is killed
// by its own process id, its job fails with a cause, and another worker takes its place (after a back-off when workers
// die young). Workers die with this process (PR_SET_PDEATHSIG), so none is left behind.
//
// Thread-safe; no call blocks longer than a mutex held for a few instructions, but none is realtime-safe. Events are
// delivered on the pool's own thread, one at a time.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "media/result.h"

namespace tactus::media {

// Which processes do a job: decoding for the decks at normal priority, or analysis at idle priority (nice 19,
// SCHED_IDLE, idle I/O class), each in workers of its own.
enum class Lane { normal, idle };

struct Job {
  std::string kind;  // a name in the table of apps/tactus-media/jobs.cpp: "probe", "decode", "analyze"
  Lane lane = Lane::normal;
  std::string path;                       // the file, any bytes
  std::string text;                       // arguments of the kind's own choice, e.g. JSON
  std::array<std::int64_t, 6> numbers{};  // the same as numbers
};

struct JobEvent {
  enum class Kind {
    info,      // text: what the file is (JSON), once
    chunk,     // numbers[0]: which; memory: sealed PCM
    progress,  // text, in the words of the job's kind
    done,      // text: the result. The last event
    failed,    // error; crashed: it was the worker that failed, so that a second try makes sense. The last event
  };
  Kind kind = Kind::done;
  std::array<std::int64_t, 6> numbers{};
  std::string text;
  UniqueFd memory;
  Error error;
  bool crashed = false;
};

using JobId = std::uint64_t;

class WorkerPool {
 public:
  struct Config {
    std::string program;          // empty: $TACTUS_MEDIA, else `tactus-media` beside the running program
    int normal_workers = 2;       // started at once and kept warm; more are added while all of them are stuck
    int most_normal_workers = 8;  // stuck ones included
    int idle_workers = 1;         // started with the first idle job
    std::chrono::milliseconds stall_timeout{5000};         // of a normal job without a sign of life
    std::chrono::milliseconds idle_stall_timeout{300000};  // of an idle job, which others may starve
  };

  explicit WorkerPool(Config config);
  WorkerPool() : WorkerPool(Config{}) {}
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();  // kills all workers; no event is delivered after it returns

  using OnEvent = std::function<void(JobEvent&&)>;  // on the pool's thread; must not block, may call the pool

  // Queues a job. Jobs of a lane start in order, on the worker that has the file open if there is one.
  JobId submit(Job job, OnEvent on_event);
  // Asks for an early end: the job still ends with `done` or `failed`. Unknown or ended jobs are ignored.
  void cancel(JobId job);
  // While `paused`, the idle lane's workers are stopped where they are, memory and all, and get no further jobs; nobody
  // takes them for hung.
  void pause_idle(bool paused);

  int normal_workers() const noexcept;

  // The living workers' process ids, for tests and diagnosis.
  std::vector<pid_t> pids(Lane lane) const;

  // Where the worker program is looked for with an empty Config::program.
  static std::string default_program();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::media
