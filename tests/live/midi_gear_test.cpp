// Gear that plays with the engine's sound: notes, controllers and the clock, heard by a JACK client beside the sound
// that they belong to. On a JACK server of the test's own.
//
// RtMidi hands what it is given to JACK at the start of the server's next period, so what is heard comes up to a period
// late, and as unevenly as that. Where the machine held the server up the sound came late, not the MIDI: most of what
// is heard has to be right, and of three runs one.
#include <gtest/gtest.h>

#include <jack/jack.h>
#include <jack/midiport.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "session/live.h"
#include "session/midi_part.h"
#include "support/eventually.h"
#include "support/fake_source.h"
#include "support/jack_server.h"
#include "support/listen.h"

namespace tactus {
namespace {

using namespace std::chrono_literals;

constexpr int kBlock = 128;
constexpr double kFramesAMs = 48;
constexpr double kPeriodMs = kBlock / kFramesAMs;

using test::eventually;

struct HeardMidi {
  double at = 0;  // frame of the server
  std::uint8_t status = 0, first = 0, second = 0;
};

// A client that hears clicks and messages in the frames of the JACK server.
class Listener {
 public:
  Listener() : client_(jack_client_open("listener", JackNoStartServer, nullptr)) {
    if (!client_) return;
    audio_ = jack_port_register(client_, "audio", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    midi_ = jack_port_register(client_, "pad keys in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, 0);
    jack_set_process_callback(
        client_, [](jack_nframes_t n, void* self) { return static_cast<Listener*>(self)->hear(n); }, this);
    jack_activate(client_);
  }
  ~Listener() {
    if (client_) jack_client_close(client_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // To what the engine plays and sends.
  bool connect() {
    return client_ && eventually([&] { return connect("^tactus:", JACK_DEFAULT_AUDIO_TYPE, audio_); }) &&
           eventually([&] { return connect("^Tactus.*:Tactus out", JACK_DEFAULT_MIDI_TYPE, midi_); });
  }
  std::vector<double> clicks() const { return all(clicks_, clicks_count_); }
  // Those of one kind, a channel's included.
  std::vector<HeardMidi> messages(std::uint8_t status) const {
    std::vector<HeardMidi> list = all(messages_, messages_count_);
    std::erase_if(list, [status](const HeardMidi& m) { return m.status != status; });
    return list;
  }

 private:
  template <typename T, std::size_t N>
  static std::vector<T> all(const std::array<T, N>& from, const std::atomic<std::size_t>& count) {
    return {from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count.load(std::memory_order_acquire))};
  }
  template <typename T, std::size_t N>
  static void add(std::array<T, N>& to, std::atomic<std::size_t>& count, const T& what) {
    const std::size_t n = count.load(std::memory_order_relaxed);
    if (n == N) return;
    to[n] = what;
    count.store(n + 1, std::memory_order_release);
  }
  bool connect(const char* pattern, const char* type, jack_port_t* to) {
    const char** ports = jack_get_ports(client_, pattern, type, JackPortIsOutput);
    const bool done = ports && jack_connect(client_, ports[0], jack_port_name(to)) == 0;
    jack_free(ports);
    return done;
  }
  int hear(jack_nframes_t n) {
    const double now = jack_last_frame_time(client_);
    const auto* in = static_cast<const float*>(jack_port_get_buffer(audio_, n));
    for (jack_nframes_t i = 0; i < n; ++i) {
      if (std::fabs(in[i]) < 0.1F) continue;
      if (now + i - last_click_ > 4800) add(clicks_, clicks_count_, now + i);
      last_click_ = now + i;
    }
    void* events = jack_port_get_buffer(midi_, n);
    for (std::uint32_t i = 0; i < jack_midi_get_event_count(events); ++i) {
      jack_midi_event_t e;
      if (jack_midi_event_get(&e, events, i) != 0 || e.size < 1) continue;
      add(messages_, messages_count_,
          {now + e.time, e.buffer[0], e.size > 1 ? e.buffer[1] : std::uint8_t{0},
           e.size > 2 ? e.buffer[2] : std::uint8_t{0}});
    }
    return 0;
  }

  jack_client_t* client_ = nullptr;
  jack_port_t *audio_ = nullptr, *midi_ = nullptr;
  double last_click_ = -1e9;
  std::array<double, 256> clicks_{};
  std::array<HeardMidi, 8192> messages_{};
  std::atomic<std::size_t> clicks_count_{0}, messages_count_{0};
};

// An engine whose first deck clicks on every beat from beat 4 on, its MIDI, and the listener.
class Booth {
 public:
  // False: the machine isn't up to it.
  bool start(double bpm, bool clock) {
    if (!server_.start(48000, kBlock)) return false;
    source_.add("/a", testing::beats(126, 60, 0.5));
    session::LiveOptions options;
    options.audio.driver = io::Driver::jack;
    options.audio.block = options.session.max_block = kBlock;
    options.session.feeder_threads = 1;
    options.session.target_lufs.reset();
    options.session.tempo = {bpm};
    options.midi = [this](const schedule::HostAction& action) { return midi_->take(action); };
    std::string error;
    live_ = session::Live::start(
        options, source_, [](const std::string&) {}, [this](session::Session& s) { tick(s); }, &error);
    if (!live_) return false;
    running_.store(live_.get());
    session::MidiOptions midi;
    midi.program = TACTUS_MIDI_PROGRAM;
    midi.ports.api = "jack";
    midi.ports.rescan_ms = 100;
    midi.clock_out = clock;
    auto started = session::MidiPart::start(
        midi, {48000}, [] {}, &error);
    if (!started) return false;
    live_->call([&](session::Session&) { midi_ = std::move(started); });
    if (!listener_) listener_ = std::make_unique<Listener>();
    if (!listener_->connect()) return false;
    for (const char* text : {"/deck/1/load \"/a\"", "/deck/1/sync beat", "/deck/1/play @beat=4"}) say(text);
    return true;
  }
  ~Booth() { live_.reset(); }  // uses the rest

  void say(const std::string& text) {
    const schedule::Source hand{"hand", schedule::Source::Kind::hand, 1};
    live_->call([&](session::Session& s) { EXPECT_EQ(s.submit(text, hand).reason, "") << text; });
  }
  const Listener& listener() const { return *listener_; }
  // What is written into the server's cycle is heard later by what the device says of itself.
  double latency() const { return live_->audio_status().device.output_latency; }
  sidecar::BoardState board() {
    sidecar::BoardState board{};
    live_->call([&](session::Session&) { midi_->show(&board); });
    return board;
  }

 private:
  void tick(session::Session& s) {
    const auto* live = running_.load();
    if (midi_ && live) midi_->tick(s, board_, live->block_stamp(), [](const std::string&) {});
  }

  test::JackServer server_;
  testing::FakeSource source_;
  const sidecar::BoardState board_{};
  std::unique_ptr<session::MidiPart> midi_;  // the control thread's, once that runs
  std::atomic<const session::Live*> running_{nullptr};
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<session::Live> live_;
};

// How many ms after their sound messages are heard, of those times in frames; `clicks` are the sound's.
std::vector<double> after_clicks(const std::vector<double>& times, const std::vector<double>& clicks, double latency) {
  std::vector<double> off;
  for (const double time : times) {
    double nearest = 1e9;
    for (const double click : clicks) {
      if (std::fabs(time - click - latency) < std::fabs(nearest)) nearest = time - click - latency;
    }
    off.push_back(nearest / kFramesAMs);
  }
  std::sort(off.begin(), off.end());
  return off;
}

double quantile(std::vector<double> v, double q) {
  std::sort(v.begin(), v.end());
  return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1))];
}

class MidiGear : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::JackServer::installed()) GTEST_SKIP() << "jackd is not installed";
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "libjack's rings synchronise in a way that ThreadSanitizer can't see";
#endif
  }
  // Whether one of three runs was as it should be.
  static bool once(const std::function<bool(Booth&)>& as_it_should_be, double bpm, bool clock = false) {
    for (int run = 0; run < 3; ++run) {
      Booth booth;
      if (booth.start(bpm, clock) && as_it_should_be(booth)) return true;
    }
    return false;
  }
};

TEST_F(MidiGear, PlaysItsNotesWithTheSound) {
  constexpr int kNotes = 12;
  EXPECT_TRUE(once(
      [](Booth& booth) {
        for (int i = 0; i < kNotes; ++i) booth.say("/midi/note 1 60 100 1/4 @beat=" + std::to_string(6 + i));
        eventually([&] { return booth.listener().messages(0x90).size() == kNotes; }, 15s);  // or what gets through
        std::this_thread::sleep_for(200ms);
        std::vector<double> times;
        for (const HeardMidi& m : booth.listener().messages(0x90)) times.push_back(m.at);
        if (times.size() < kNotes * 3 / 4) return false;
        const auto off = after_clicks(times, booth.listener().clicks(), booth.latency());
        const double median = quantile(off, 0.5);
        std::printf(
            "measured: notes after their clicks: %.2f ms at best, %.2f at median, %.2f at worst (latency %.0f "
            "frames)\n",
            off.front(), median, off.back(), booth.latency());
        const auto near = std::count_if(off.begin(), off.end(), [&](double ms) { return std::fabs(ms - median) < 3; });
        return median > -1 && median < 1 + 2 * kPeriodMs && near >= kNotes * 2 / 3;
      },
      160));
}

// A ramp of eight beats amid which the tempo goes from 160 to 120: whoever follows the controller is where the sound
// is.
TEST_F(MidiGear, FollowsARampThatGoesByTheSoundsBeats) {
  constexpr double kFrom = 6, kBeats = 8;
  EXPECT_TRUE(once(
      [](Booth& booth) {
        booth.say("/midi/cc 1 74 0");
        booth.say("/midi/cc 1 74 127 @beat=6 over 8 beats");
        booth.say("/clock/tempo 120 @beat=8 over 4 beats");
        eventually([&] { return booth.listener().clicks().size() > 12; }, 15s);
        const std::vector<double> clicks = booth.listener().clicks();
        const std::vector<HeardMidi> values = booth.listener().messages(0xb0);
        if (clicks.size() < 12 || values.size() < 100) return false;
        // Clicks are beats from 4 on, unless the server lost one.
        const auto beat_at = [&](double frame) -> double {
          const auto next = std::upper_bound(clicks.begin(), clicks.end(), frame);
          if (next == clicks.begin() || next == clicks.end()) return NAN;
          return 3 + static_cast<double>(next - clicks.begin()) + (frame - next[-1]) / (next[0] - next[-1]);
        };
        std::vector<double> off;  // of values, that is 1/127 of the way
        int last = -1;
        for (const HeardMidi& m : values) {
          EXPECT_EQ(m.first, 74);
          EXPECT_GE(m.second, last) << "always onward";
          last = m.second;
          const double beat = beat_at(m.at - booth.latency());
          if (m.second > 0 && m.second < 127) off.push_back(std::fabs(127 * (beat - kFrom) / kBeats - m.second));
        }
        if (off.size() < 100 || last != 127) return false;
        std::printf("measured: %zu values of a ramp, off by %.2f of 127 at median, %.2f at p90\n", values.size(),
                    quantile(off, 0.5), quantile(off, 0.9));
        return quantile(off, 0.9) < 1;
      },
      160));
}

// From one tick to the next, in the server's frames: how far the server itself is from the wall clock is another
// matter.
TEST_F(MidiGear, FollowsAClockThatTicksEvenly) {
  constexpr std::size_t kTicks = 24 * 8;
  EXPECT_TRUE(once(
      [](Booth& booth) {
        const auto ticks = [&] { return booth.listener().messages(0xf8); };
        const std::size_t before = ticks().size();
        eventually([&] { return ticks().size() > before + kTicks; });
        const std::vector<HeardMidi> heard = ticks();
        if (heard.size() <= before + kTicks) return false;
        constexpr double kStep = 60e3 / (128.0 * 24);
        std::vector<double> off;
        for (std::size_t n = before + 1; n < heard.size(); ++n) {
          off.push_back(std::fabs((heard[n].at - heard[n - 1].at) / kFramesAMs - kStep));
        }
        const sidecar::BoardState board = booth.board();
        std::printf(
            "measured: %zu ticks at 128 BPM, sent late by %.3f ms at median, %.3f at p99, %.3f at worst; heard in "
            "periods "
            "of %.2f ms with %.2f ms more or less than %.2f between them at median, %.2f at p90, %.2f at p99\n",
            off.size(), board.midi_late_median_ms, board.midi_late_p99_ms, board.midi_late_worst_ms, kPeriodMs,
            quantile(off, 0.5), kStep, quantile(off, 0.9), quantile(off, 0.99));
        return quantile(off, 0.5) < kPeriodMs / 2 && quantile(off, 0.9) < kPeriodMs + 0.1 &&
               board.midi_late_median_ms < 0.5;
      },
      128, true));
}

}  // namespace
}  // namespace tactus
