// How well and how fast like phrases are found among a million.
//
//   phrase_search FOLDER [--phrases N] [--queries N] [--index FILE]
//
// FOLDER has analyses (an analysis cache, docs/formats.md). Of each real track many are made: a made track is its
// original, moved as two neighbouring phrases of some other track lie apart, and each of its twenty phrases lies
// between two of the original's, moved by half of another such step. So the cloud has the shape and the density of real
// ones, and nothing in it is uniform noise. Tempos are the originals' within 8 %, keys are theirs shifted. The queries
// are made the same way, by other dice, and are not in the index. A filter is a range of tempo about the query's that
// lets so and so many through.
//
// FILE keeps the index for another run. Prints for each effort recall@10 against looking at all (its mean, the worst
// query's, and that of the worst hundredth and twentieth), and milliseconds of one thread, by its own CPU time and by
// the clock; then what asking through a socket costs, what the index takes, and how long it takes to be searchable in a
// process of its own, in memory and from the disk.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "analysis/analysis.h"
#include "base/unique_fd.h"
#include "library/phrases/index_server.h"
#include "library/phrases/local_index.h"
#include "library/phrases/remote_index.h"
#include "library/store/store.h"

namespace {

using namespace tactus;
using library::LocalIndex, library::PhraseEntry, library::PhraseFilter, library::PhraseHit;
using Clock = std::chrono::steady_clock;
using Numbers = std::vector<float>;

// Of this thread: what others of a shared machine take doesn't count.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Original {
  std::vector<Numbers> phrases;  // of length 1
  std::vector<int> energies, labels;
  double bpm = 0;
  int key = 0;
};

Numbers unit(std::span<const std::int8_t> v) {
  double squares = 0;
  for (const auto x : v) squares += x * x;
  Numbers out;
  for (const auto x : v) out.push_back(static_cast<float>(x / std::sqrt(squares)));
  return out;
}

int label_at(const analysis::TrackAnalysis& a, double seconds, int* energy) {
  for (const analysis::Section& s : a.sections) {
    if (seconds >= s.end) continue;
    *energy = s.energy;
    return 1 + static_cast<int>(s.label);
  }
  return 0;
}

class Maker {
 public:
  explicit Maker(const std::string& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".json") continue;
      std::stringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      if (const auto a = analysis::parse_json(text.str()); a && a->phrases.size() >= 2 && a->embeddings.size > 0)
        take(*a);
    }
  }
  std::size_t originals() const { return originals_.size(); }
  std::size_t phrases() const { return phrases_; }
  int size() const { return originals_.empty() ? 0 : static_cast<int>(originals_[0].phrases[0].size()); }
  const std::string& embedder() const { return embedder_; }

  struct Made {
    PhraseEntry entry;
    std::vector<std::int8_t> vector;
  };
  // Calls `f` for each phrase of so many.
  template <class F>
  void make(std::size_t count, unsigned seed, F&& f) const {
    std::mt19937 dice(seed);
    std::uniform_real_distribution<float> any(0, 1);
    const auto one_of = [&](const auto& v) -> const auto& { return v[dice() % v.size()]; };
    for (std::size_t i = 0; i < count;) {
      const Original& o = one_of(originals_);
      const Numbers& moved = one_of(steps_);
      const double bpm = o.bpm * (0.92 + 0.16 * any(dice));
      const int key = (o.key % 12 + static_cast<int>(dice() % 12)) % 12 + (o.key >= 12 ? 12 : 0);
      for (int p = 0; p < 20 && i < count; ++p, ++i) {
        const std::size_t a = dice() % o.phrases.size(), b = dice() % o.phrases.size();
        const Numbers& step = one_of(steps_);
        const float t = any(dice), by = 0.5F * (any(dice) < 0.5F ? -1 : 1);
        Numbers v(o.phrases[a].size());
        for (std::size_t n = 0; n < v.size(); ++n)
          v[n] = (1 - t) * o.phrases[a][n] + t * o.phrases[b][n] + moved[n] + by * step[n];
        Made out;
        out.entry = {static_cast<std::int64_t>(i),
                     static_cast<std::int64_t>(i / 20),
                     bpm,
                     key,
                     o.energies[a],
                     o.labels[a],
                     any(dice)};
        float most = 1e-9F;
        for (const float x : v) most = std::max(most, std::fabs(x));
        for (const float x : v) out.vector.push_back(static_cast<std::int8_t>(std::lround(127 * x / most)));
        f(out);
      }
    }
  }

 private:
  void take(const analysis::TrackAnalysis& a) {
    Original o;
    for (std::size_t i = 0; i < a.phrases.size(); ++i) {
      o.phrases.push_back(unit(a.embeddings.phrase(i)));
      int energy = 5;
      o.labels.push_back(label_at(a, a.seconds_of(a.phrases[i].beat), &energy));
      o.energies.push_back(energy);
      if (i == 0) continue;
      Numbers step;
      for (std::size_t n = 0; n < o.phrases[i].size(); ++n) step.push_back(o.phrases[i][n] - o.phrases[i - 1][n]);
      steps_.push_back(std::move(step));
    }
    o.bpm = a.bpm;
    o.key = a.key.index();
    embedder_ = a.embeddings.embedder;
    phrases_ += o.phrases.size();
    originals_.push_back(std::move(o));
  }

  std::vector<Original> originals_;
  std::vector<Numbers> steps_;
  std::string embedder_;
  std::size_t phrases_ = 0;
};

double at_share(std::vector<double> v, double share) {
  if (v.empty()) return 0;
  std::sort(v.begin(), v.end());
  return v[std::min(v.size() - 1, static_cast<std::size_t>(share * static_cast<double>(v.size())))];
}

double recall(const std::vector<PhraseHit>& found, const std::vector<PhraseHit>& truth) {
  std::size_t right = 0;
  for (const PhraseHit& t : truth)
    right += std::any_of(found.begin(), found.end(), [&](const PhraseHit& h) { return h.id == t.id; });
  return truth.empty() ? 1 : static_cast<double>(right) / static_cast<double>(truth.size());
}

// A range of tempo about `bpm` that lets that share of all through. `sorted`: all tempos.
PhraseFilter tempo_filter(const std::vector<double>& sorted, double bpm, double share) {
  PhraseFilter filter;
  double low = 0, high = 60;
  for (int i = 0; i < 24; ++i) {
    const double by = (low + high) / 2;
    double through = 0;
    for (const double octave : {0.5, 1.0, 2.0}) {
      through += static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), octave * (bpm + by)) -
                                     std::lower_bound(sorted.begin(), sorted.end(), octave * (bpm - by)));
    }
    (through < share * static_cast<double>(sorted.size()) ? low : high) = by;
    filter.bpm = library::NumberRange{bpm - by, bpm + by};
  }
  return filter;
}

struct Question {
  Maker::Made query;
  PhraseFilter filter;
  std::vector<PhraseHit> truth;
};

void measure(const LocalIndex& index, std::vector<Question>& questions, double share, std::size_t effort) {
  std::vector<double> ms, cpu_ms, exact_ms;
  std::vector<double> recalls;
  const bool first = questions[0].truth.empty();
  for (Question& q : questions) {
    if (first) {
      const double start = cpu_seconds();
      q.truth = index.search_exactly(q.query.vector, 10, q.filter);
      exact_ms.push_back(1000 * (cpu_seconds() - start));
    }
    const auto start = Clock::now();
    const double cpu_start = cpu_seconds();
    const auto hits = index.search(q.query.vector, 10, q.filter);
    cpu_ms.push_back(1000 * (cpu_seconds() - cpu_start));
    ms.push_back(1000 * seconds_since(start));
    recalls.push_back(recall(hits, q.truth));
  }
  const double all = std::accumulate(recalls.begin(), recalls.end(), 0.0);
  std::printf("%5.0f %%  %6zu  %.4f  %.1f  %.1f  %.1f  %6.2f  %6.2f  %6.2f  %6.2f  %6.2f", 100 * share, effort,
              all / static_cast<double>(recalls.size()), at_share(recalls, 0), at_share(recalls, 0.01),
              at_share(recalls, 0.05), at_share(cpu_ms, 0.5), at_share(cpu_ms, 0.99), at_share(cpu_ms, 1),
              at_share(ms, 0.5), at_share(ms, 0.99));
  if (first) std::printf("   (all looked at: %.1f ms)", at_share(exact_ms, 0.5));
  std::printf("\n");
  std::fflush(stdout);
}

std::map<std::string, long> of_this_process(const char* file) {
  std::ifstream in(file);
  std::map<std::string, long> out;
  for (std::string line; std::getline(in, line);) {
    std::stringstream words(line);
    std::string name;
    long value = 0;
    if (words >> name >> value) out[name] += value;
  }
  return out;
}

// A process of its own: from nothing to the first answer. `cold`: nothing of the file is in memory.
void start_anew(const char* program, const std::string& path, const std::vector<std::int8_t>& vector, bool cold) {
  if (cold) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const bool out = ::fsync(file.get()) == 0 && ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED) == 0;
    std::printf("%s: ", out ? "from the disk" : "from memory after all");
  }
  std::fflush(stdout);
  if (const pid_t child = ::fork(); child == 0) {
    std::ofstream(path + ".query", std::ios::binary)
        .write(reinterpret_cast<const char*>(vector.data()), std::ssize(vector));
    ::execl(program, program, "--ask", path.c_str(), nullptr);
    ::_exit(1);
  } else {
    ::waitpid(child, nullptr, 0);
  }
}

int ask(const std::string& path) {
  const auto start = Clock::now();
  std::string why;
  const auto file = library::IndexFile::open(path, &why);
  if (!file) return std::fprintf(stderr, "%s\n", why.c_str()), 1;
  const LocalIndex index(file);
  const double opened = seconds_since(start);
  std::stringstream text;
  text << std::ifstream(path + ".query").rdbuf();
  const std::string query = text.str();
  std::vector<std::int8_t> vector(query.begin(), query.end());
  const auto hits = index.search(vector, 10);
  std::printf("searchable after %.3f s, first answer (%zu hits) after %.3f s\n", opened, hits.size(),
              seconds_since(start));
  auto memory = of_this_process("/proc/self/smaps_rollup");
  std::printf("index %.0f MiB in the file; this process: resident %.0f MiB, of its own %.0f MiB\n",
              static_cast<double>(file->bytes()) / 1048576, static_cast<double>(memory["Rss:"]) / 1024,
              static_cast<double>(memory["Private_Dirty:"]) / 1024);
  return 0;
}

// One thread adds and removes as fast as an analysis of many tracks at a time might, this one searches.
void while_adding(LocalIndex& index, const Maker& maker, const std::vector<Question>& questions) {
  std::atomic<bool> done = false;
  std::atomic<int> added = 0;
  std::thread writer([&] {
    maker.make(100000, 77, [&](const Maker::Made& m) {
      if (done) return;
      PhraseEntry entry = m.entry;
      entry.id += 1LL << 40;
      index.add(entry, m.vector);
      if (++added % 4 == 0) index.remove(entry.id - 2);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  });
  std::vector<double> ms;
  for (const Question& q : questions) {
    const auto start = Clock::now();
    index.search(q.query.vector, 10, q.filter);
    ms.push_back(1000 * seconds_since(start));
  }
  done = true;
  writer.join();
  std::printf("while %d were added: median %.2f ms, p99 %.2f ms\n", added.load(), at_share(ms, 0.5),
              at_share(ms, 0.99));
}

// Asked through a socket, of a library without phrases whose index file this one is.
void through_socket(const std::string& path, const std::vector<Question>& plain,
                    const std::vector<Question>& filtered) {
  const std::string folder = path + ".library";
  std::filesystem::remove_all(folder);
  { const library::Store store(folder); }
  std::filesystem::create_hard_link(path, folder + "/phrases.index");
  library::IndexServer server(folder);
  std::string why;
  const auto start = Clock::now();
  if (!server.start(&why)) return static_cast<void>(std::fprintf(stderr, "%s\n", why.c_str()));
  while (!server.complete()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto remote = library::RemoteIndex::connect(folder);
  std::printf("served after %.3f s", seconds_since(start));
  for (const auto& [name, questions] : {std::pair{"all", &plain}, std::pair{"5 %", &filtered}}) {
    std::vector<double> ms, recalls;
    for (const Question& q : *questions) {
      const auto asked = Clock::now();
      const auto hits = remote->search(q.query.vector, 10, q.filter);
      ms.push_back(1000 * seconds_since(asked));
      recalls.push_back(recall(hits, q.truth));
    }
    std::printf("; %s: median %.2f ms, p99 %.2f ms, worst recall %.1f", name, at_share(ms, 0.5), at_share(ms, 0.99),
                at_share(recalls, 0));
  }
  std::printf("\n");
  server.stop();
  std::filesystem::remove_all(folder);
}

std::shared_ptr<const library::IndexFile> made_index(const Maker& maker, std::size_t phrases, const std::string& path) {
  std::string why;
  if (auto kept = library::IndexFile::open(path, &why); kept && kept->count() == phrases) return kept;
  LocalIndex index(maker.embedder(), static_cast<std::size_t>(maker.size()));
  maker.make(phrases, 1, [&](const Maker::Made& m) { index.add(m.entry, m.vector); });
  const auto start = Clock::now();
  index.write(path, 0, [](double share) { return std::fprintf(stderr, "\rindex %3.0f %%", 100 * share), true; });
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  std::printf("\nbuilt in %.0f s, at the most %.0f MiB resident\n", seconds_since(start),
              static_cast<double>(used.ru_maxrss) / 1024);
  return library::IndexFile::open(path, &why);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t phrases = 1'000'000, asked = 1000;
  std::string folder, path;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i], next = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--ask") return ask(next);
    if (word == "--phrases") phrases = std::stoul(next);
    if (word == "--queries") asked = std::stoul(next);
    if (word == "--index") path = next;
    if (word.starts_with("--")) ++i;
    if (!word.starts_with("--")) folder = word;
  }
  if (folder.empty())
    return std::fprintf(stderr, "phrase_search FOLDER [--phrases N] [--queries N] [--index FILE]\n"), 2;
  const Maker maker(folder);
  if (maker.originals() == 0) return std::fprintf(stderr, "%s: there are no analyses in it\n", folder.c_str()), 1;
  const bool kept = !path.empty();
  if (!kept) path = (std::filesystem::temp_directory_path() / ("phrases-" + std::to_string(::getpid()))).string();
  auto file = made_index(maker, phrases, path);
  if (!file) return 1;
  std::printf("%zu phrases made of %zu of %zu tracks\n", file->count(), maker.phrases(), maker.originals());
  std::vector<double> tempos;
  for (std::size_t i = 0; i < file->count(); ++i) tempos.push_back(file->bits(i).bpm / 100.0);
  std::sort(tempos.begin(), tempos.end());
  std::printf("filter   effort  recall  worst 1 %%  5 %%  CPU ms     p99    most     ms      p99\n");
  std::vector<Question> plain, filtered;
  for (const double share : {1.0, 0.01, 0.05, 0.12, 0.2, 0.5}) {
    std::vector<Question> questions;
    maker.make(20 * asked, 2, [&](const Maker::Made& m) {
      if (m.entry.id % 20 == 0)
        questions.push_back({m, share < 1 ? tempo_filter(tempos, *m.entry.bpm, share) : PhraseFilter{}, {}});
    });
    for (const std::size_t effort : {192, 384, 768}) {
      if (share < 0.12 && effort != 768) continue;
      measure(LocalIndex(file, {.effort = effort}), questions, share, effort);
    }
    if (share == 1) plain = std::move(questions);
    if (share == 0.05) filtered = std::move(questions);
  }
  {
    LocalIndex index(std::exchange(file, nullptr));
    while_adding(index, maker, plain);
  }
  through_socket(path, plain, filtered);
  for (const bool cold : {false, false, true, true}) start_anew(argv[0], path, plain[0].query.vector, cold);
  std::filesystem::remove(path + ".query");
  if (!kept) std::filesystem::remove(path);
}
