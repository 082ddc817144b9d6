#include "eval_run.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "analysis/analysis.h"

namespace tactus::app {
namespace {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

EvalTrack run_one(const eval::Truth& truth, const EvalOptions& options, const std::function<void(double)>& progress) {
  EvalTrack out;
  double begun = cpu_seconds();
  const double ours = options.rivals.empty() ? 1 : 0.5;  // of the work, roughly
  const auto analysis = analysis::analyze_file(truth.path, [&](double share) {
    progress(ours * share);
    return true;
  });
  if (!analysis) return {analysis.error().cause, 0, {}, {}};
  out.seconds = analysis->duration;
  out.by.push_back(judge(truth, eval::found_in(analysis.value())));
  out.cpu_seconds.push_back(cpu_seconds() - begun);
  if (options.rivals.empty()) return out;

  begun = cpu_seconds();
  const auto mono = eval::read_mono(truth.path);
  if (!mono) return {mono.error().cause, 0, {}, {}};
  const double decoded = cpu_seconds() - begun;
  for (const eval::Rival* rival : options.rivals) {
    begun = cpu_seconds();
    const eval::Found found = rival->run(mono.value());
    out.cpu_seconds.push_back(decoded + cpu_seconds() - begun);
    out.by.push_back(judge(truth, found));
  }
  return out;
}

}  // namespace

std::vector<EvalTrack> run_eval(const std::vector<eval::Truth>& truths, const EvalOptions& options,
                                const EvalProgress& progress) {
  std::vector<EvalTrack> out(truths.size());
  std::vector<double> shares(truths.size(), 0);
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  const auto tell = [&](std::size_t i, double share) {
    const std::lock_guard lock(mutex);
    shares[i] = share;
    double sum = 0;
    for (const double s : shares) sum += s;
    progress(sum / static_cast<double>(truths.size()), truths[i].name);
  };
  const auto work = [&] {
    for (std::size_t i = next++; i < truths.size(); i = next++) {
      out[i] = run_one(truths[i], options, [&](double share) { tell(i, share); });
      tell(i, 1);
    }
  };
  {
    std::vector<std::jthread> threads;
    const auto jobs = std::min<std::size_t>(std::max(1u, options.jobs), truths.size());
    for (std::size_t i = 0; i < jobs; ++i) threads.emplace_back(work);
  }
  return out;
}

}  // namespace tactus::app
