// Workers that die, hang, talk nonsense or are missing: what each costs, and what it doesn't.
#include "media/worker_pool.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "lockfree/chunk_table.h"
#include "media/decoder.h"
#include "media/sealed_memory.h"
#include "media/track_info_json.h"
#include "media/wire.h"
#include "media/worker_process.h"
#include "music_files.h"
#include "support/eventually.h"

namespace tactus::media {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr std::int64_t kChunkFrames = lockfree::ChunkTable::kChunkFrames;

const std::string& music() { return click_file("a.flac", "-c:a flac"); }

Job decode(const std::string& path, std::int64_t first, std::int64_t count) {
  Job job;
  job.kind = "decode";
  job.path = path;
  job.numbers = {48000, first, count, 0, 0, 0};
  return job;
}

// What a job brought, once it has ended.
struct Outcome {
  JobEvent last;
  std::vector<std::int64_t> chunks;
  std::string info;
};

class Runner {
 public:
  explicit Runner(WorkerPool& pool) : pool_(pool) {}
  // `on_chunk` runs on the pool's thread.
  std::future<Outcome> start(Job job, std::function<void(std::int64_t)> on_chunk = {}) {
    auto outcome = std::make_shared<Outcome>();
    auto promise = std::make_shared<std::promise<Outcome>>();
    std::future<Outcome> future = promise->get_future();
    id = pool_.submit(std::move(job), [=](JobEvent&& e) {
      if (e.kind == JobEvent::Kind::info) outcome->info = e.text;
      if (e.kind == JobEvent::Kind::chunk) {
        outcome->chunks.push_back(e.numbers[0]);
        if (on_chunk) on_chunk(e.numbers[0]);
      }
      if (e.kind != JobEvent::Kind::done && e.kind != JobEvent::Kind::failed) return;
      outcome->last = std::move(e);
      promise->set_value(std::move(*outcome));
    });
    return future;
  }
  JobId id = 0;

 private:
  WorkerPool& pool_;
};

bool gone(pid_t pid) { return ::kill(pid, 0) != 0; }

// Waits until `done`, for at most ten seconds; a test that never sees it fails by the returned value.
using tactus::test::eventually;

TEST(WorkerPool, ProbesAndDecodesWithInfoAndChunksInOrder) {
  WorkerPool pool;
  Runner runner(pool);
  const Outcome o = runner.start(decode(music(), 3, 4)).get();
  EXPECT_EQ(o.last.kind, JobEvent::Kind::done);
  EXPECT_EQ(o.chunks, (std::vector<std::int64_t>{3, 4, 5, 6}));
  const auto info = track_info_from_json(o.info);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->title, "Click");
  Job probe;
  probe.kind = "probe";
  probe.path = music();
  const Outcome p = runner.start(std::move(probe)).get();
  const auto own = track_info_from_json(p.last.text);
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->frames, kSourceFrames);
  EXPECT_EQ(own->rate, kSourceRate);
}

TEST(WorkerPool, ErrorsComeBackWithFileAndCause) {
  WorkerPool pool;
  Runner runner(pool);
  const Outcome o = runner.start(decode("/nowhere/x.mp3", 0, 1)).get();
  EXPECT_EQ(o.last.kind, JobEvent::Kind::failed);
  EXPECT_EQ(o.last.error.text(), "/nowhere/x.mp3: there is no such file");
  EXPECT_FALSE(o.last.crashed);
  Job odd;
  odd.kind = "juggle";
  EXPECT_NE(runner.start(std::move(odd)).get().last.error.cause.find("no job \"juggle\""), std::string::npos);
}

TEST(WorkerPool, AKilledWorkerCostsItsJobOnlyAndIsReplaced) {
  WorkerPool::Config config;
  config.normal_workers = 2;
  WorkerPool pool(config);
  Runner first(pool), second(pool);
  ASSERT_TRUE(eventually([&] { return pool.pids(Lane::normal).size() == 2; }));
  const std::vector<pid_t> before = pool.pids(Lane::normal);
  // Killed from within its first chunk's event, ten minutes before its end: it is certainly running.
  bool killed = false;
  const Outcome lost = first
                           .start(decode(long_mp3(), 0, 1700),
                                  [&](std::int64_t) {
                                    if (std::exchange(killed, true)) return;
                                    for (const pid_t pid : before) ::kill(pid, SIGKILL);
                                  })
                           .get();
  ASSERT_EQ(lost.last.kind, JobEvent::Kind::failed);
  EXPECT_TRUE(lost.last.crashed);
  EXPECT_NE(lost.last.error.text().find(long_mp3() + ": the media worker died"), std::string::npos);
  EXPECT_GE(lost.chunks.size(), 1u);
  const Outcome fine = second.start(decode(music(), 0, 2)).get();
  EXPECT_EQ(fine.last.kind, JobEvent::Kind::done);
  EXPECT_EQ(fine.chunks.size(), 2u);
  EXPECT_TRUE(eventually([&] { return pool.pids(Lane::normal).size() == 2; }));
  for (const pid_t pid : before) EXPECT_TRUE(eventually([pid] { return gone(pid); })) << "not reaped";
}

// A worker that hangs, as in a read from a dead disk (here: it is stopped), while another file is loaded.
TEST(WorkerPool, AHungWorkerIsKilledAfterItsTimeWhileOthersWork) {
  WorkerPool::Config config;
  config.normal_workers = 1;
  config.stall_timeout = 800ms;
  WorkerPool pool(config);
  Runner hanging(pool), other(pool);
  ASSERT_TRUE(eventually([&] { return pool.pids(Lane::normal).size() == 1; }));
  const pid_t victim = pool.pids(Lane::normal)[0];
  ::kill(victim, SIGSTOP);
  const auto start = std::chrono::steady_clock::now();
  auto stuck = hanging.start(decode(music(), 0, 2));
  const Outcome fine = other.start(decode(music(), 0, 2)).get();
  EXPECT_EQ(fine.last.kind, JobEvent::Kind::done);
  EXPECT_EQ(stuck.wait_for(0s), std::future_status::timeout) << "the other load waited for the hung one";
  const Outcome lost = stuck.get();
  EXPECT_GE(std::chrono::steady_clock::now() - start, 800ms);
  EXPECT_EQ(lost.last.kind, JobEvent::Kind::failed);
  EXPECT_EQ(lost.last.error.text(), music() + ": reading it has stalled for 1 s");
  EXPECT_TRUE(eventually([victim] { return gone(victim); }));
}

// After the last byte an analysis still computes for a third of its time, without a word. On a machine that lets it run
// for a moment now and then only (here: it is stopped in between) it takes long, and isn't stuck.
TEST(WorkerPool, AStarvedWorkerIsNotTakenForAHungOne) {
  TempFolder folder;
  const std::string path = folder / "long.wav";
  std::vector<float> pcm;
  // Long enough that the end of its analysis, starved, lasts longer than a hung worker is given.
  for (int i = 0; i < 32; ++i) {
    const std::vector<float> part = click_track();
    pcm.insert(pcm.end(), part.begin(), part.end());
  }
  WriterFormat format;
  format.rate = kSourceRate;
  ASSERT_TRUE(write_file(path, format, pcm).ok());
  WorkerPool::Config config;
  config.normal_workers = 1;
  config.stall_timeout = 1200ms;
  WorkerPool pool(config);
  Runner runner(pool);
  ASSERT_TRUE(eventually([&] { return pool.pids(Lane::normal).size() == 1; }));
  const pid_t worker = pool.pids(Lane::normal)[0];
  Job job;
  job.kind = "analyze";
  job.path = path;
  job.text = folder / "cache";
  double share = 0;
  auto done = std::make_shared<std::promise<JobEvent>>();
  std::atomic<bool> at_the_end{false};
  auto ended = done->get_future();
  pool.submit(std::move(job), [&, done](JobEvent&& e) {
    if (e.kind == JobEvent::Kind::progress) at_the_end = at_the_end || (share = std::stod(e.text)) > 0.95;
    if (e.kind == JobEvent::Kind::done || e.kind == JobEvent::Kind::failed) done->set_value(std::move(e));
  });
  EXPECT_TRUE(eventually([&] { return at_the_end.load(); }));
  const auto start = std::chrono::steady_clock::now();
  while (ended.wait_for(15ms) == std::future_status::timeout) {
    ::kill(worker, SIGSTOP);
    std::this_thread::sleep_for(100ms);
    ::kill(worker, SIGCONT);
  }
  const JobEvent last = ended.get();
  EXPECT_EQ(last.kind, JobEvent::Kind::done) << last.error.text();
  EXPECT_GT(std::chrono::steady_clock::now() - start, config.stall_timeout) << "it wasn't starved for long enough";
}

// Its state in /proc: 'T' when it is stopped; 0 when it is gone.
char state_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  const std::string line((std::istreambuf_iterator<char>(stat)), {});
  const std::size_t name_ends = line.rfind(')');
  return name_ends + 2 < line.size() ? line[name_ends + 2] : '\0';
}

TEST(WorkerPool, PausedIdleWorkersStandStillAndGoOnWhereTheyWere) {
  TempFolder folder;
  WorkerPool::Config config;
  config.normal_workers = 1;
  config.idle_stall_timeout = 800ms;  // on a slow machine an analysis says nothing of itself for a fifth of a second
  WorkerPool pool(config);
  Runner first(pool), second(pool), loads(pool);
  const auto analysis = [&](const char* cache) {
    Job job;
    job.kind = "analyze";
    job.lane = Lane::idle;
    job.path = music();
    job.text = folder / cache;
    return job;
  };
  pool.pause_idle(true);
  auto later = first.start(analysis("a"));
  EXPECT_EQ(loads.start(decode(music(), 0, 1)).get().last.kind, JobEvent::Kind::done) << "loads go on";
  EXPECT_TRUE(pool.pids(Lane::idle).empty());
  pool.pause_idle(false);
  const JobEvent then = later.get().last;
  EXPECT_EQ(then.kind, JobEvent::Kind::done) << then.error.text();

  ASSERT_EQ(pool.pids(Lane::idle).size(), 1u);
  const pid_t worker = pool.pids(Lane::idle)[0];
  auto stopped = second.start(analysis("b"));
  pool.pause_idle(true);
  EXPECT_TRUE(eventually([&] { return state_of(worker) == 'T'; }));
  EXPECT_EQ(stopped.wait_for(1300ms), std::future_status::timeout) << "longer than a hung one is given";
  EXPECT_EQ(state_of(worker), 'T') << "nobody has killed it";
  pool.pause_idle(false);
  EXPECT_EQ(stopped.get().last.kind, JobEvent::Kind::done);
  EXPECT_EQ(pool.pids(Lane::idle), std::vector<pid_t>{worker});
}

TEST(WorkerPool, ACancelledJobEndsEarly) {
  WorkerPool::Config config;
  config.normal_workers = 1;
  WorkerPool pool(config);
  Runner running(pool), waiting(pool);
  auto first = running.start(decode(music(), 0, 24));
  auto second = waiting.start(decode(music(), 0, 24));
  pool.cancel(waiting.id);
  pool.cancel(running.id);
  const Outcome queued = second.get();
  EXPECT_TRUE(queued.last.kind == JobEvent::Kind::done || queued.last.error.cause == "cancelled");
  EXPECT_LE(first.get().chunks.size(), 24u);
  EXPECT_EQ(running.start(decode(music(), 0, 1)).get().last.kind, JobEvent::Kind::done);
}

TEST(WorkerPool, AMissingProgramFailsEachJobAtOnce) {
  WorkerPool::Config config;
  config.program = "/nowhere/tactus-media";
  WorkerPool pool(config);
  Runner runner(pool);
  EXPECT_NE(runner.start(decode(music(), 0, 1)).get().last.error.cause.find("can't be started"), std::string::npos);
}

TEST(WorkerPool, AProgramThatDiesAtOnceIsNotStartedInABusyLoop) {
  TempFolder folder;
  const std::string program = folder / "dies", log = folder / "log";
  std::ofstream(program) << "#!/bin/sh\necho x >> " << log << "\nexit 1\n";
  ::chmod(program.c_str(), 0755);
  WorkerPool::Config config;
  config.program = program;
  config.normal_workers = 1;
  {
    WorkerPool pool(config);
    std::this_thread::sleep_for(400ms);
  }
  std::ifstream in(log);
  const auto starts = std::count(std::istreambuf_iterator<char>(in), {}, 'x');
  EXPECT_GE(starts, 1);
  EXPECT_LE(starts, 8) << "20, 40, 80, ... ms apart";
}

TEST(WorkerPool, IdleWorkersRunAtIdlePriority) {
  WorkerPool pool;
  Runner runner(pool);
  EXPECT_TRUE(pool.pids(Lane::idle).empty());
  Job probe;
  probe.kind = "probe";
  probe.lane = Lane::idle;
  probe.path = music();
  EXPECT_EQ(runner.start(std::move(probe)).get().last.kind, JobEvent::Kind::done);
  const std::vector<pid_t> idle = pool.pids(Lane::idle);
  ASSERT_EQ(idle.size(), 1u);
  EXPECT_EQ(::sched_getscheduler(idle[0]), SCHED_IDLE);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(idle[0])), 19);
}

// The parent ends without a word, as by a crash: its workers must follow.
TEST(WorkerPool, WorkersDieWithTheirParent) {
  const std::string file = music();  // made here: what the parent below makes it could not take away
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // the orphans become ours, so that they can be reaped here
  const pid_t parent = ::fork();
  if (parent == 0) {
    WorkerPool pool;
    Runner runner(pool);
    static_cast<void>(runner.start(decode(file, 0, 1)).get());
    for (const pid_t pid : pool.pids(Lane::normal))
      if (::write(pipe[1], &pid, sizeof(pid)) < 0) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  ::close(pipe[1]);
  std::vector<pid_t> workers;
  for (pid_t pid = 0; ::read(pipe[0], &pid, sizeof(pid)) == sizeof(pid);) workers.push_back(pid);
  ::close(pipe[0]);
  ::waitpid(parent, nullptr, 0);
  EXPECT_GE(workers.size(), 1u);
  for (const pid_t pid : workers) EXPECT_TRUE(eventually([pid] { return ::waitpid(pid, nullptr, WNOHANG) == pid; }));
}

TEST(Worker, HangsUpOnGarbage) {
  for (const std::string& garbage : {std::string("x"), std::string(4000, '\xff'), std::string(100, '\0')}) {
    auto worker = WorkerProcess::start(WorkerPool::default_program(), false);
    ASSERT_TRUE(worker.ok()) << worker.error().text();
    ASSERT_GT(::send(worker->socket.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(worker->pid, &status, 0), worker->pid);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 2);
  }
}

TEST(Wire, MessagesOfAnySizeArriveWhole) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  const UniqueFd a(pair[0]), b(pair[1]);
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{32768}, std::size_t{3000000}}) {
    Message out;
    out.kind = Message::Kind::done;
    out.job = 77;
    out.numbers = {1, -2, 3, -4, 5, INT64_MIN};
    out.name = "name";
    out.path = "p\xff\x01";
    out.text = std::string(size, 'z');
    ASSERT_TRUE(send_message(a.get(), out, false).ok());
    Message in;
    ASSERT_EQ(receive_message(b.get(), in, false), Received::message);
    EXPECT_EQ(in.job, 77u);
    EXPECT_EQ(in.numbers, out.numbers);
    EXPECT_EQ(in.name, out.name);
    EXPECT_EQ(in.path, out.path);
    EXPECT_EQ(in.text, out.text);
    EXPECT_EQ(receive_message(b.get(), in, false), Received::nothing);
  }
}

TEST(SealedMemory, IsRefusedUnlessSealedAndOfTheRightSize) {
  const std::vector<std::byte> bytes(5000, std::byte{7});
  auto sealed = seal_copy(bytes);
  ASSERT_TRUE(sealed.ok());
  EXPECT_NE(::ftruncate(sealed->get(), 10), 0);
  EXPECT_LT(::write(sealed->get(), "x", 1), 0);
  auto mapping = SealedMapping::map(sealed.value(), 5000, 5000, true);
  ASSERT_TRUE(mapping.ok());
  EXPECT_EQ(mapping->data()[4999], std::byte{7});
  EXPECT_FALSE(SealedMapping::map(sealed.value(), 4999, 9999, true).ok());
  const UniqueFd loose(::memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(loose.get(), 5000), 0);
  EXPECT_FALSE(SealedMapping::map(loose, 5000, 5000, true).ok());
  EXPECT_FALSE(SealedMapping::map(UniqueFd(), 5000, 5000, true).ok());
}

TEST(TrackInfoJson, RefusesWhatCannotBe) {
  TrackInfo info;
  info.rate = 48000;
  info.frames = 100;
  info.source_rate = 44100;
  info.title = "\"quoted\" \xff";
  const auto back = track_info_from_json(to_json(info));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->frames, 100);
  for (const char* bad : {"", "[]", "{}", "{\"rate\":48000}",
                          R"({"rate":48000,"source_rate":48000,"frames":9000000000000000000,"channels":2})",
                          R"({"rate":48000,"source_rate":48000,"frames":10,"channels":64})"})
    EXPECT_FALSE(track_info_from_json(bad).has_value()) << bad;
}

}  // namespace
}  // namespace tactus::media
