#include "job_context.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <exception>
#include <thread>
#include <utility>

#include "jobs.h"
#include "media/sealed_memory.h"
#include "media/source_file.h"

namespace tactus::worker {

using media::Message;
using media::Received;

bool JobContext::cancelled() {
  Message m;
  for (;;) {
    const Received r = media::receive_message(socket_, m, false);
    if (r == Received::nothing) break;
    if (r != Received::message) return cancelled_ = true;
    if (m.kind == Message::Kind::cancel) {
      if (m.job == job_) cancelled_ = true;
      std::erase_if(waiting_, [&m](const Message& w) { return w.job == m.job; });
    } else if (m.kind == Message::Kind::request) {
      waiting_.push_back(std::move(m));
    }
  }
  return cancelled_;
}

void JobContext::send(Message message) {
  message.job = job_;
  if (!media::send_message(socket_, message, true).ok()) cancelled_ = true;
}

void JobContext::info(const std::string& text) {
  Message m;
  m.kind = Message::Kind::info;
  m.text = text;
  send(std::move(m));
}

void JobContext::progress(const std::string& text) {
  Message m;
  m.kind = Message::Kind::progress;
  m.text = text;
  send(std::move(m));
}

bool JobContext::chunk(std::int64_t index, std::span<const float> pcm) {
  media::Result<UniqueFd> memory = media::seal_copy(std::as_bytes(pcm));
  if (!memory) return false;
  Message m;
  m.kind = Message::Kind::chunk;
  m.numbers[0] = index;
  m.memory = std::move(memory).value();
  send(std::move(m));
  return true;
}

namespace {

media::Result<std::string> run(const Message& request, JobContext& context) {
  for (const JobKind& kind : job_kinds()) {
    if (request.name != kind.name) continue;
    try {
      return kind.run({request.path, request.text, request.numbers}, context);
    } catch (const std::exception& e) {  // out of memory on a hostile file
      return media::Error{request.path, std::string("it can't be handled: ") + e.what()};
    }
  }
  return media::Error{request.path, "the media worker knows no job \"" + request.name + "\""};
}

// Processor time that this process has used.
std::chrono::microseconds processor_time() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto us = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return us(used.ru_utime) + us(used.ru_stime);
}

// Tells the pool, while a job runs, that bytes still flow or that it computes: neither a long file on a slow disk nor
// the end of its analysis on a busy machine is a hang. A thread of its own, since the job's may be deep inside a
// demuxer. It ends with the process.
class Pulse {
 public:
  explicit Pulse(int socket) : socket_(socket) {
    std::thread([this] { beat(); }).detach();
  }
  void set_job(std::uint64_t job) { job_.store(job, std::memory_order_relaxed); }

 private:
  void beat() {
    constexpr std::chrono::milliseconds kWork{5};  // far more than this thread takes
    std::uint64_t bytes = 0;
    std::chrono::microseconds used{0};
    for (;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      const bool flows = media::source_bytes_read() != std::exchange(bytes, media::source_bytes_read());
      const bool works = processor_time() - used >= kWork;
      used = processor_time();
      const std::uint64_t job = job_.load(std::memory_order_relaxed);
      if (job == 0 || !(flows || works)) continue;
      Message m;
      m.kind = Message::Kind::alive;
      m.job = job;
      static_cast<void>(media::send_message(socket_, m, false).ok());
    }
  }

  int socket_;
  std::atomic<std::uint64_t> job_{0};
};

}  // namespace

int serve(int socket) {
  static Pulse pulse(socket);
  std::deque<Message> waiting;
  for (;;) {
    Message request;
    if (!waiting.empty()) {
      request = std::move(waiting.front());
      waiting.pop_front();
    } else {
      const Received r = media::receive_message(socket, request, true);
      if (r == Received::closed) return 0;
      if (r == Received::garbage) return 2;
    }
    if (request.kind != Message::Kind::request) continue;  // a cancel that came too late
    JobContext context(socket, request.job, waiting);
    pulse.set_job(request.job);
    const media::Result<std::string> result = run(request, context);
    pulse.set_job(0);
    Message answer;
    answer.job = request.job;
    answer.kind = result.ok() ? Message::Kind::done : Message::Kind::failed;
    answer.text = result.ok() ? result.value() : result.error().cause;
    if (!result.ok()) answer.name = result.error().file;
    if (!media::send_message(socket, answer, true).ok()) return 0;
  }
}

}  // namespace tactus::worker
