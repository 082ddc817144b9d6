// A live run on the null device, recorded, and played again from its journal: every frame of the master has the same
// bits, although feeders were stopped, audio came late, and the tempo moved under what was pending. And it is for the
// journal's outcomes that it is so: without any one of them it isn't.
#include "session/replayer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sndfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <sstream>
#include <thread>

#include "session/live.h"
#include "support/fake_source.h"
#include "support/temp_folder.h"
#include "support/tune.h"

using namespace tactus;
using namespace tactus::session;
using namespace tactus::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr int kRate = 48000;
constexpr int kBlock = 100;  // so that blocks end anywhere in the control grid
const schedule::Source kHand{"test", schedule::Source::Kind::hand, 1};

void sleep_in_handler(int) {
  timespec t{0, 250'000'000};
  ::nanosleep(&t, nullptr);
}

// All feeders stand still for a quarter of a second, as on a machine that has too much to do.
void stop_feeders() {
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name == "tactus-feeder") {
      ::syscall(SYS_tgkill, ::getpid(), std::stoi(task.path().filename().string()), SIGUSR1);
    }
  }
}

// Withholds chunks of a track.
class Late {
 public:
  Late(RigTrack& track, std::int64_t from, std::int64_t to) : track_(track), from_(from), to_(to) {
    for (std::int64_t c = from; c < to; ++c) track.table->store(c, nullptr);
  }
  void come() {
    for (std::int64_t c = from_; c < to_; ++c)
      track_.table->store(c, track_.chunks[static_cast<std::size_t>(c)].data());
  }

 private:
  RigTrack& track_;
  std::int64_t from_, to_;
};

std::vector<float> read_wav(const fs::path& path) {
  SF_INFO info{};
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  EXPECT_NE(file, nullptr) << path;
  if (!file) return {};
  std::vector<float> x(static_cast<std::size_t>(info.frames * 2));
  EXPECT_EQ(sf_readf_float(file, x.data(), info.frames), info.frames);
  sf_close(file);
  return x;
}

// The run, once for all tests.
class LiveRun {
 public:
  static const LiveRun& once() {
    static const LiveRun run;
    return run;
  }

  std::string journal;
  std::vector<float> recorded;
  std::uint32_t fallbacks = 0, late = 0;
  std::size_t pending_at_tempo = 0;
  mutable FakeSource source;

 private:
  LiveRun() {
    auto a = Tune(124, kRate, Tune::Kind::full).track(60, 2), b = Tune(118, kRate, Tune::Kind::full).track(60, 8);
    RigTrack& slow = *a;
    source.add("/a", std::move(a));
    source.add("/b", std::move(b));
    const tactus::test::TempFolder temp;
    const fs::path& folder = temp.path();
    journal = schedule::to_line(schedule::JournalHeader{{kRate}, Bpm{126}, "", "", 0, ""});
    play(slow, folder);
    journal += schedule::to_line(schedule::JournalEntry{schedule::JournalEntry::What::end, {}, {}, {}, {}, {}});
    recorded = read_wav(folder / "r_master.wav");
  }

  void play(RigTrack& slow, const fs::path& folder) {
    struct sigaction action {
    }, before{};
    action.sa_handler = sleep_in_handler;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &action, &before);
    LiveOptions options;
    options.audio.driver = io::Driver::null;
    options.audio.block = kBlock;
    options.session.max_block = kBlock;
    options.session.tempo = Bpm{126};
    options.session.feeder_threads = 1;
    options.record = RecordOptions{};
    options.record->on = true;
    options.record->folder = folder;
    options.record->name = "r";
    options.outcomes = OutcomeOptions{[this](std::string line) {
      journal += line;
      return true;
    }};
    std::string error;
    EXPECT_TRUE(parse_record_format("wav", &*options.record, &error)) << error;
    const auto live = Live::start(
        options, source, [](const std::string&) {}, [](Session&) {}, &error);
    ASSERT_TRUE(live) << error;
    perform(*live, slow);
    ::sigaction(SIGUSR1, &before, nullptr);
  }

  static void say(Live& live, const std::vector<std::string>& texts) {
    live.call([&](Session& s) {
      for (const std::string& text : texts) {
        const schedule::Fate fate = s.submit(text, kHand);
        EXPECT_NE(fate.verdict, schedule::Fate::Verdict::refused) << text << ": " << fate.reason;
      }
    });
  }
  void look(Live& live) {
    live.call([&](Session& s) {
      fallbacks = late = 0;
      for (const msg::DeckSnapshot& d : s.world().snapshot.decks) fallbacks += d.fallbacks, late += d.late_chunks;
    });
  }
  template <typename What>
  void until(Live& live, What what) {
    for (int i = 0; i < 200 && !what(); ++i) {
      std::this_thread::sleep_for(20ms);
      look(live);
    }
  }

  void perform(Live& live, RigTrack& slow) {
    say(live, {"/clock/source internal", "/deck/1/load \"/a\"", "/deck/2/load \"/b\""});
    std::this_thread::sleep_for(100ms);
    say(live, {"/deck/1/sync beat", "/deck/2/sync beat", "/deck/1/play @beat", "/deck/2/play @bar",
               "/deck/2/fx/1/1/type echo", "/deck/2/fx/1/1/time 0.75", "/deck/2/fx/1/1/on 1 @bar"});
    std::this_thread::sleep_for(1200ms);
    // A feeder that is stopped once may have been about to sleep anyway.
    for (int i = 0; i < 5 && fallbacks == 0; ++i) {
      stop_feeders();
      std::this_thread::sleep_for(500ms);
      look(live);
    }
    // By bars of three beats, two of them away from where bars of four would put it.
    say(live, {"/clock/quantum 3", "/clock/phrase 32", "/deck/2/jump 2", "/deck/2/sync bar @bar"});
    say(live, {"/deck/2/stem/drums/mute 1 @beat", "/deck/1/eq/low -inf @bar", "/deck/2/fader 0.6 over 4 beats @bar"});
    live.call([&](Session& s) {
      s.submit("/clock/tempo 133 over 8 beats", kHand);
      pending_at_tempo = s.pending().size();
    });
    std::this_thread::sleep_for(300ms);
    Late chunks(slow, 56, 63);
    say(live, {"/deck/1/seek 20"});
    until(live, [this] { return late > 20; });
    chunks.come();
    say(live, {"/deck/2/loop/beats 1", "/deck/1/jump -4 @beat", "/deck/2/key 2 over 2 beats"});
    std::this_thread::sleep_for(1500ms);
    say(live, {"/deck/2/loop/exit", "/deck/1/reverse 1", "/deck/2/fx/1/1/type none", "/deck/2/tempo 5",
               "/deck/1/filter 0.4 over 1 beats"});
    std::this_thread::sleep_for(700ms);
    say(live, {"/deck/1/reverse 0", "/deck/1/slip 1", "/deck/1/scratch 1", "/deck/1/jog -1.5"});
    std::this_thread::sleep_for(200ms);
    say(live, {"/deck/1/scratch 0", "/deck/2/double 1 force", "/clock/tempo 128"});
    std::this_thread::sleep_for(500ms);
    look(live);
  }
};

struct Played {
  std::vector<float> audio;
  std::optional<ReplayReport> report;
  std::string error;
};

// `unlike`: only as far as it is like this.
Played play(const std::string& journal, const std::vector<float>* unlike = nullptr) {
  const auto read = schedule::read_journal(journal, schedule::ReadOutcomes::yes);
  EXPECT_EQ(read.runs.size(), 1u);
  EXPECT_EQ(read.skipped, 0u);
  Played p;
  ReplayOptions options;
  const OpenWhole open = [](const std::string& path, SampleRate rate) {
    std::optional<media::Result<media::TrackPtr>> opened;
    LiveRun::once().source.open(path, rate, [&](OpenedTrack t) { opened = t.pcm; });
    return *opened;
  };
  auto done = replay(read.runs.front(), options, open, {}, [&](std::span<const float> x) {
    const std::size_t at = p.audio.size();
    p.audio.insert(p.audio.end(), x.begin(), x.end());
    return !unlike || (p.audio.size() <= unlike->size() &&
                       std::equal(x.begin(), x.end(), unlike->begin() + static_cast<std::ptrdiff_t>(at)));
  });
  if (done) {
    p.report = std::move(done.value());
  } else {
    p.error = done.error().text();
  }
  return p;
}

// The first sample that differs, or the common length.
std::size_t same_until(const std::vector<float>& a, const std::vector<float>& b) {
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && std::memcmp(&a[i], &b[i], sizeof(float)) == 0) ++i;
  return i;
}

// The journal without the n-th line that has all of `words`.
std::string without(const std::vector<std::string>& words, int n = 0) {
  std::istringstream in(LiveRun::once().journal);
  std::string out, line;
  bool found = false;
  while (std::getline(in, line)) {
    bool all = !found;
    for (const std::string& w : words) all = all && line.find(w) != std::string::npos;
    if (all && n-- == 0) {
      found = true;
    } else {
      out += line + "\n";
    }
  }
  EXPECT_TRUE(found) << words.front();
  return out;
}

TEST(Replay, ALiveRunHasTheSameBits) {
  const LiveRun& run = LiveRun::once();
  EXPECT_GT(run.fallbacks, 0u) << "a feeder was behind";
  EXPECT_GT(run.late, 20u) << "audio was late";
  EXPECT_GT(run.pending_at_tempo, 0u) << "the tempo moved what was pending";
  const Played p = play(run.journal);
  ASSERT_TRUE(p.report) << p.error;
  EXPECT_TRUE(p.report->doubts.empty()) << p.report->doubts.front();
  EXPECT_TRUE(p.report->whole);
  ASSERT_GT(run.recorded.size(), std::size_t{2 * 4 * kRate});
  EXPECT_EQ(p.audio.size(), run.recorded.size());
  EXPECT_EQ(same_until(p.audio, run.recorded) / 2, run.recorded.size() / 2) << "first frame that differs";
}

TEST(Replay, EachKindOfOutcomeIsNeeded) {
  const LiveRun& run = LiveRun::once();
  const std::vector<std::vector<std::string>> kinds = {{"\"op\":\"play\"", "\"deck\":1"},
                                                       {"\"took\"", "\"map\"", "133"},
                                                       {"\"plays\":\"direct\"", "\"deck\":1"},
                                                       {"\"plays\":\"silence\""},
                                                       {"\"plays\":\"voice\""},
                                                       {"\"op\":\"swap_plan\"", "echo"},
                                                       {"\"op\":\"set_param\"", "\"fx_on\""}};
  for (const auto& kind : kinds) {
    const Played p = play(without(kind), &run.recorded);
    ASSERT_TRUE(p.report) << p.error;
    EXPECT_LT(same_until(p.audio, run.recorded), run.recorded.size()) << kind.front();
  }
  const std::string four = std::regex_replace(run.journal, std::regex(R"(,"metre":\[\[[^}]*\]\])"), "");
  ASSERT_LT(four.size(), run.journal.size());
  EXPECT_LT(same_until(play(four, &run.recorded).audio, run.recorded), run.recorded.size()) << "the metre";
}

}  // namespace
