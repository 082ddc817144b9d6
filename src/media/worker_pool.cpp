#include "media/worker_pool.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "media/wire.h"
#include "media/worker_process.h"

namespace tactus::media {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kStuckAfter{100};  // silence after which waiting jobs get another worker
constexpr milliseconds kYoung{1000};      // a worker that dies younger than this delays the next one
constexpr milliseconds kShortestBackOff{20};
constexpr int kMostDoublings = 7;       // 2.56 s
constexpr int kNewsFactor = 12;         // how many stall timeouts long a job may read without bringing anything
constexpr int kMostTries = 3;           // a job whose workers all die without a sign is to blame for it
constexpr std::size_t kRemembered = 4;  // files that a worker keeps open (apps/tactus-media/decode_jobs.cpp)

struct Waiting {
  JobId id;
  Job job;
  std::shared_ptr<WorkerPool::OnEvent> on_event;
  int tries = 0;  // workers that died before they had begun it
};

struct Worker {
  WorkerProcess process;
  Lane lane;
  Clock::time_point started;
  Clock::time_point last_sign;
  Clock::time_point last_news;  // as last_sign, without those that only say that bytes still flow
  JobId job = 0;                // 0: free
  std::string path;
  std::shared_ptr<WorkerPool::OnEvent> on_event;
  // What it was given, until it shows a sign of life: a worker may be dead before anybody has seen it, and the job that
  // was handed to it then hasn't begun.
  std::optional<Waiting> unbegun;
  std::deque<std::string> recent;
};

// An event on its way to its receiver, which is called without the lock.
struct Delivery {
  std::shared_ptr<WorkerPool::OnEvent> to;
  JobEvent event;
};

JobEvent failure(const std::string& path, const std::string& cause, bool crashed) {
  JobEvent e;
  e.kind = JobEvent::Kind::failed;
  e.error = {path, cause};
  e.crashed = crashed;
  return e;
}

std::size_t index_of(Lane lane) { return lane == Lane::idle ? 1 : 0; }

}  // namespace

struct WorkerPool::Impl {
  Config config;
  UniqueFd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  mutable std::mutex mutex;
  bool stopping = false;
  bool idle_paused = false;
  JobId next_id = 1;
  std::array<std::deque<Waiting>, 2> waiting;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<pid_t> dying;
  std::vector<Delivery> deliveries;
  std::array<int, 2> young_deaths{};
  std::array<Clock::time_point, 2> spawn_not_before{};
  std::thread thread;

  void signal() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(wake.get(), &one, sizeof(one));
  }

  // --- all of the following: on the pool's thread, mutex held, unless said otherwise ---

  int count(Lane lane) const {
    return static_cast<int>(std::count_if(workers.begin(), workers.end(), [lane](auto& w) { return w->lane == lane; }));
  }

  void spawn(Lane lane, Clock::time_point now) {
    const std::size_t l = index_of(lane);
    if (now < spawn_not_before[l]) return;
    Result<WorkerProcess> process = WorkerProcess::start(config.program, lane == Lane::idle);
    if (!process) {
      spawn_not_before[l] = now + kShortestBackOff * (1 << kMostDoublings);
      for (Waiting& w : waiting[l])
        deliveries.push_back({w.on_event, failure(w.job.path, process.error().text(), false)});
      waiting[l].clear();
      return;
    }
    auto worker = std::make_unique<Worker>();
    worker->process = std::move(process).value();
    worker->lane = lane;
    worker->started = worker->last_sign = worker->last_news = now;
    workers.push_back(std::move(worker));
  }

  // Whether the jobs that wait in a lane need one more worker.
  bool wants_worker(Lane lane, Clock::time_point now) const {
    const int have = count(lane);
    const bool queued = !waiting[index_of(lane)].empty();
    if (lane == Lane::idle) return !idle_paused && queued && have < config.idle_workers;
    if (have < config.normal_workers) return true;
    if (!queued || have >= config.most_normal_workers) return false;
    return std::all_of(workers.begin(), workers.end(),
                       [&](auto& w) { return w->lane != lane || (w->job != 0 && now - w->last_sign >= kStuckAfter); });
  }

  Worker* free_worker(Lane lane, const std::string& path) {
    Worker* best = nullptr;
    for (auto& w : workers) {
      if (w->lane != lane || w->job != 0 || stopped(*w)) continue;
      if (std::find(w->recent.begin(), w->recent.end(), path) != w->recent.end()) return w.get();
      if (best == nullptr || w->recent.size() < best->recent.size()) best = w.get();
    }
    return best;
  }

  void assign(Worker& w, Waiting job, Clock::time_point now) {
    if (job.tries < kMostTries) w.unbegun = job;
    Message m;
    m.kind = Message::Kind::request;
    m.job = w.job = job.id;
    m.numbers = job.job.numbers;
    m.name = std::move(job.job.kind);
    m.path = w.path = job.job.path;
    m.text = std::move(job.job.text);
    w.on_event = std::move(job.on_event);
    w.last_sign = w.last_news = now;
    std::erase(w.recent, w.path);
    w.recent.push_front(w.path);
    if (w.recent.size() > kRemembered) w.recent.pop_back();
    // Where this fails the worker is dead, and what is read from its socket says so; or stuck, and its time runs out.
    static_cast<void>(send_message(w.process.socket.get(), m, false).ok());
  }

  void finish(Worker& w, JobEvent last) {
    w.job = 0;
    w.unbegun.reset();
    deliveries.push_back({std::exchange(w.on_event, nullptr), std::move(last)});
  }

  // Its worker is dead: what it had begun has failed, what it hadn't goes to another one.
  void lose(Worker& w, const std::string& cause) {
    if (!w.unbegun) return finish(w, failure(w.path, cause, true));
    Waiting again = std::move(*w.unbegun);
    ++again.tries;
    w.unbegun.reset();
    w.on_event = nullptr;
    w.job = 0;
    waiting[index_of(w.lane)].push_front(std::move(again));
  }

  // Takes a worker that is dead, stuck or talking nonsense out of service.
  void bury(std::size_t i, Clock::time_point now, const std::string& cause, bool crashed) {
    Worker& w = *workers[i];
    kill_child(w.process.pid);
    dying.push_back(w.process.pid);
    const std::size_t l = index_of(w.lane);
    if (crashed && now - w.started < kYoung) {
      spawn_not_before[l] = now + kShortestBackOff * (1 << std::min(young_deaths[l]++, kMostDoublings));
    } else {
      young_deaths[l] = 0;
    }
    if (w.job != 0 && crashed) lose(w, cause);
    if (w.job != 0) finish(w, failure(w.path, cause, false));
    workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(i));
  }

  void handle(Worker& w, Message m) {
    if (m.job != w.job || w.job == 0) return;
    JobEvent e;
    e.numbers = m.numbers;
    e.text = std::move(m.text);
    e.memory = std::move(m.memory);
    switch (m.kind) {
      case Message::Kind::info:
        e.kind = JobEvent::Kind::info;
        break;
      case Message::Kind::chunk:
        e.kind = JobEvent::Kind::chunk;
        break;
      case Message::Kind::progress:
        e.kind = JobEvent::Kind::progress;
        break;
      case Message::Kind::done:
        young_deaths[index_of(w.lane)] = 0;
        e.kind = JobEvent::Kind::done;
        return finish(w, std::move(e));
      default:
        return finish(w, failure(m.name.empty() ? w.path : m.name, e.text, false));
    }
    deliveries.push_back({w.on_event, std::move(e)});
  }

  void read_from(pid_t pid, Clock::time_point now) {
    for (std::size_t i = 0; i < workers.size(); ++i) {
      Worker& w = *workers[i];
      if (w.process.pid != pid) continue;
      for (;;) {
        Message m;
        const Received r = receive_message(w.process.socket.get(), m, false);
        if (r == Received::nothing) return;
        if (r == Received::closed) return bury(i, now, "the media worker died while reading it", true);
        if (r == Received::garbage) return bury(i, now, "the media worker talked nonsense while reading it", true);
        w.last_sign = now;
        w.unbegun.reset();
        if (m.kind == Message::Kind::alive) continue;
        w.last_news = now;
        handle(w, std::move(m));
      }
    }
  }

  bool stopped(const Worker& w) const { return idle_paused && w.lane == Lane::idle; }

  milliseconds stall_timeout(const Worker& w) const {
    return w.lane == Lane::idle ? config.idle_stall_timeout : config.stall_timeout;
  }

  void bury_stalled(Clock::time_point now) {
    for (std::size_t i = workers.size(); i-- > 0;) {
      const Worker& w = *workers[i];
      const bool silent = now - w.last_sign >= stall_timeout(w);
      const bool useless = now - w.last_news >= kNewsFactor * stall_timeout(w);
      if (w.job == 0 || stopped(w) || !(silent || useless)) continue;
      const auto seconds = std::chrono::duration_cast<std::chrono::duration<double>>(stall_timeout(w)).count();
      bury(i, now, "reading it has stalled for " + std::to_string(static_cast<int>(seconds + 0.5)) + " s", false);
    }
  }

  // Those that were added for stuck ones, once they are free.
  void dismiss_extra() {
    for (std::size_t i = workers.size(); i-- > 0 && count(Lane::normal) > config.normal_workers;) {
      if (workers[i]->lane != Lane::normal || workers[i]->job != 0) continue;
      kill_child(workers[i]->process.pid);
      dying.push_back(workers[i]->process.pid);
      workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void dispatch(Clock::time_point now) {
    for (const Lane lane : {Lane::normal, Lane::idle}) {
      while (wants_worker(lane, now)) {
        const int before = count(lane);
        spawn(lane, now);
        if (count(lane) == before) break;
      }
      auto& queue = waiting[index_of(lane)];
      while (!queue.empty()) {
        Worker* w = free_worker(lane, queue.front().job.path);
        if (w == nullptr) break;
        Waiting job = std::move(queue.front());
        queue.pop_front();
        assign(*w, std::move(job), now);
      }
    }
    if (waiting[0].empty()) dismiss_extra();
  }

  // How long the thread may sleep, in ms; -1: until something happens.
  int patience(Clock::time_point now) const {
    Clock::time_point until = Clock::time_point::max();
    for (const auto& w : workers) {
      if (w->job == 0 || stopped(*w)) continue;
      until = std::min({until, w->last_sign + stall_timeout(*w), w->last_news + kNewsFactor * stall_timeout(*w)});
      if (w->lane == Lane::normal && !waiting[0].empty() && now - w->last_sign < kStuckAfter)
        until = std::min(until, w->last_sign + kStuckAfter);
    }
    if (!dying.empty()) until = std::min(until, now + milliseconds(20));
    if (count(Lane::normal) < config.normal_workers) until = std::min(until, spawn_not_before[0]);
    if (!waiting[1].empty() && !idle_paused && count(Lane::idle) < config.idle_workers)
      until = std::min(until, spawn_not_before[1]);
    if (until == Clock::time_point::max()) return -1;
    const auto ms = std::chrono::ceil<milliseconds>(until - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(ms, 1, 60000));
  }

  // Without the mutex.
  void run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      const Clock::time_point now = Clock::now();
      bury_stalled(now);
      std::erase_if(dying, [](pid_t pid) { return reap(pid); });
      dispatch(now);
      if (!deliveries.empty()) {
        std::vector<Delivery> batch = std::exchange(deliveries, {});
        lock.unlock();
        for (Delivery& d : batch) (*d.to)(std::move(d.event));
        batch.clear();  // receivers' last references go without the lock too
        lock.lock();
        continue;
      }
      std::vector<pollfd> polled{{wake.get(), POLLIN, 0}};
      std::vector<pid_t> who{0};
      for (const auto& w : workers) {
        polled.push_back({w->process.socket.get(), POLLIN, 0});
        who.push_back(w->process.pid);
      }
      const int wait = patience(now);
      lock.unlock();
      ::poll(polled.data(), polled.size(), wait);
      std::uint64_t drained = 0;
      [[maybe_unused]] const ssize_t n = ::read(wake.get(), &drained, sizeof(drained));
      lock.lock();
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents != 0) read_from(who[i], Clock::now());
      }
    }
    for (const auto& w : workers) {
      kill_child(w->process.pid);
      dying.push_back(w->process.pid);
    }
    workers.clear();
    // A child stuck in the kernel is left to init; the others are gone within a moment.
    for (int tries = 0; tries < 100 && !dying.empty(); ++tries) {
      std::erase_if(dying, [](pid_t pid) { return reap(pid); });
      if (!dying.empty()) ::poll(nullptr, 0, 5);
    }
  }
};

WorkerPool::WorkerPool(Config config) : impl_(std::make_unique<Impl>()) {
  impl_->config = std::move(config);
  if (impl_->config.program.empty()) impl_->config.program = default_program();
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->signal();
  impl_->thread.join();
}

JobId WorkerPool::submit(Job job, OnEvent on_event) {
  JobId id = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    id = impl_->next_id++;
    auto& queue = impl_->waiting[index_of(job.lane)];
    queue.push_back({id, std::move(job), std::make_shared<OnEvent>(std::move(on_event))});
  }
  impl_->signal();
  return id;
}

void WorkerPool::cancel(JobId job) {
  {
    const std::lock_guard lock(impl_->mutex);
    for (auto& queue : impl_->waiting) {
      const auto found = std::find_if(queue.begin(), queue.end(), [job](const Waiting& w) { return w.id == job; });
      if (found == queue.end()) continue;
      impl_->deliveries.push_back({found->on_event, failure(found->job.path, "cancelled", false)});
      queue.erase(found);
      break;
    }
    for (auto& w : impl_->workers) {
      if (w->job != job || job == 0) continue;
      Message m;
      m.kind = Message::Kind::cancel;
      m.job = job;
      // Where even this doesn't get through, the worker is stuck, and its time runs out.
      static_cast<void>(send_message(w->process.socket.get(), m, false).ok());
    }
  }
  impl_->signal();
}

void WorkerPool::pause_idle(bool paused) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (std::exchange(impl_->idle_paused, paused) == paused) return;
    for (auto& w : impl_->workers) {
      if (w->lane != Lane::idle) continue;
      ::kill(w->process.pid, paused ? SIGSTOP : SIGCONT);
      if (!paused) w->last_sign = w->last_news = Clock::now();
    }
  }
  impl_->signal();
}

std::vector<pid_t> WorkerPool::pids(Lane lane) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<pid_t> out;
  for (const auto& w : impl_->workers) {
    if (w->lane == lane) out.push_back(w->process.pid);
  }
  return out;
}

int WorkerPool::normal_workers() const noexcept { return impl_->config.normal_workers; }

std::string WorkerPool::default_program() {
  if (const char* set = std::getenv("TACTUS_MEDIA"); set != nullptr && *set != '\0') return set;
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path folder = self.parent_path();
  // Tests and benchmarks lie in sibling folders of bin/.
  for (const std::filesystem::path& p : {folder / "tactus-media", folder.parent_path() / "bin" / "tactus-media"}) {
    if (std::filesystem::exists(p, error)) return p.string();
  }
  return (folder / "tactus-media").string();
}

}  // namespace tactus::media
