#include "engine_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/unique_fd.h"
#include "client/place.h"
#include "command.h"
#include "io/power/inhibitor.h"
#include "keys.h"
#include "mappings.h"
#include "paths.h"
#include "schedule/journal.h"
#include "session/cue_writer.h"
#include "session/engine_server.h"
#include "session/journal_writer.h"
#include "session/keeper_process.h"
#include "session/live.h"
#include "session/media_stack.h"
#include "session/midi_part.h"
#include "session/resumer.h"
#include "session/script.h"
#include "session/set_keeper.h"
#include "session/track_sources.h"

namespace tactus::app {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

fs::path session_of(const std::string& option) { return option.empty() ? client::default_session() : fs::path(option); }

// One engine a session: holds the lock as long as it lives, however it dies.
UniqueFd lock_session(const fs::path& folder, std::string* error) {
  std::error_code code;
  fs::create_directories(folder, code);
  UniqueFd fd(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    *error = (folder / "lock").string() + ": " + std::strerror(errno);
    return {};
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) return fd;
    return fd;
  }
  std::string holder;
  std::ifstream(folder / "lock") >> holder;
  *error = fmt::format("an engine runs for {} already{}; `tactus stop` ends it, --session DIR runs another beside it",
                       folder.string(), holder.empty() ? "" : " (process " + holder + ")");
  return {};
}

bool fill_hub(const EngineOptions& o, const fs::path& folder, io::HubOptions* hub, std::string* error) {
  if (!client::make_socket_folder(error)) return false;
  hub->unix_path = client::socket_of(folder).string();
  for (const std::string& word : o.osc) {
    const std::string port = word.size() > 4 ? word.substr(4) : "";
    if (port.empty() || port.find_first_not_of("0123456789") != std::string::npos ||
        (!word.starts_with("udp:") && !word.starts_with("tcp:"))) {
      *error = "--osc " + word + ": say udp:PORT or tcp:PORT; --osc-bind names the address";
      return false;
    }
    (word[0] == 'u' ? hub->udp : hub->tcp) = o.osc_bind + ":" + port;
  }
  return true;
}

bool fill_record(const EngineOptions& o, session::LiveOptions* live, std::string* error) {
  session::RecordOptions record;
  record.on = !o.record.empty();
  record.folder = record.on ? fs::path(o.record) : recordings_folder();
  if (!session::parse_record_what(o.record_what, live->session.decks, &record, error) ||
      !session::parse_record_format(o.record_format, &record, error) ||
      !session::parse_record_split(o.record_split, &record, error)) {
    return false;
  }
  live->record = record;
  return true;
}

// For clients that can't work out the socket's name.
void write_card(const fs::path& folder) {
  const fs::path part = folder / "engine.json.part";
  std::ofstream(part) << fmt::format("{{\"pid\": {}, \"socket\": {}, \"version\": \"{}\"}}\n", ::getpid(),
                                     session::json_text(client::socket_of(folder).string()), TACTUS_VERSION);
  std::error_code ignored;
  fs::rename(part, folder / "engine.json", ignored);
}

std::string utc_now() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

// What the last engine left, if it didn't end by its own will.
schedule::Comeback comeback(const fs::path& folder, const std::string& mode) {
  // The last minute's lines, a fader moved all the time, are shorter than this.
  constexpr std::streamoff kTail = 8 << 20;
  std::ifstream in(folder / "journal.jsonl", std::ios::binary | std::ios::ate);
  if (!in) return {};
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - kTail));
  const std::string tail{std::istreambuf_iterator<char>(in), {}};
  const schedule::ComebackMode how = mode == "off" || mode == "fresh" ? schedule::ComebackMode::off
                                     : mode == "stopped"              ? schedule::ComebackMode::stopped
                                                                      : schedule::ComebackMode::now;
  return schedule::come_back(schedule::read_journal_tail(tail), session::boot_time_ns(), session::boot_name(), how);
}

// The session as it came back is the first that the journal says of the new run: a crash before it sounds loses
// nothing.
void add_header(session::JournalWriter& journal, const session::Session::Options& o, const schedule::Comeback& back) {
  journal.add(schedule::to_line(schedule::JournalHeader{o.rate, o.tempo, utc_now(), TACTUS_VERSION,
                                                        session::boot_time_ns(), session::boot_name()}));
  if (!back.set) return;
  schedule::Checkpoint set = *back.set;
  for (schedule::DeckPoint& d : set.decks) d.age_seconds = 0;
  journal.add(schedule::to_line(set));
}

bool fill_live(const EngineOptions& o, session::LiveOptions* live, std::string* error) {
  if (!o.audio.fill(&live->audio, error) || !fill_record(o, live, error)) return false;
  live->session.rate = SampleRate{static_cast<double>(o.audio.rate)};
  live->session.max_block = o.audio.block;
  live->session.target_lufs = o.auto_gain.target();
  live->session.scheduler.safety_loop_beats = o.start.safety_loop;
  live->session.feeder_threads = session::default_feeder_threads();
  live->master_db = o.start.level;
  live->link = {o.link, o.link_offset};
  return true;
}

class EngineRun {
 public:
  EngineRun(const EngineOptions& options, session::LiveOptions live)
      : o_(options), folder_(session_of(options.session)), options_(std::move(live)) {}
  ~EngineRun() { stop(); }

  // Opens all that clients and files need, and begins to sound. False: why is in `error`.
  bool start(const io::HubOptions& hub, std::string* error);
  // Until somebody says stop.
  void wait() const {
    while (!stop_asked() && !server_->stop_asked()) std::this_thread::sleep_for(20ms);
  }
  // With a fade.
  void stop();

 private:
  bool start_midi(std::string* error);
  void observe();
  void tick(session::Session& s);
  void wake();
  void notice(const std::string& text);
  void say_hello();
  void watch_journal();
  void start_keeper();
  void watch_keeper();

  const EngineOptions& o_;
  const fs::path folder_;
  session::MediaStack media_{true};
  session::LiveSource source_{media_.cache(), media_.analyses()};
  session::CueWriter cues_;
  session::LiveOptions options_;
  // Threads that wake the control thread may do so before it is there, and when it is there no more.
  std::mutex wake_mutex_;
  session::Live* wakes_ = nullptr;
  std::unique_ptr<session::EngineServer> server_;
  std::unique_ptr<session::KeeperProcess> library_keeper_;  // ends after the journal, of which it reads the rest
  std::unique_ptr<session::JournalWriter> journal_;

  // The control thread's, once it runs.
  schedule::Comeback back_;
  std::unique_ptr<session::Resumer> resumer_;
  std::unique_ptr<session::SetKeeper> keeper_;
  std::unique_ptr<session::MidiPart> midi_;
  io::Inhibitor inhibitor_;
  session::KeeperState library_;
  std::int64_t frame_ = 0;
  bool first_ = true;

  std::atomic<const session::Live*> running_{nullptr};  // for the control thread, which ends before Live does
  std::unique_ptr<session::Live> live_;                 // ends first: its control thread uses the rest
};

void EngineRun::notice(const std::string& text) {
  fmt::print(stderr, "{}\n", text);
  server_->notice(text);
}

void EngineRun::wake() {
  const std::lock_guard lock(wake_mutex_);
  if (wakes_) wakes_->wake();
}

bool EngineRun::start_midi(std::string* error) {
  if (!o_.midi.on) return true;
  session::MidiOptions m;
  m.program = midi_program();
  m.ports.api = o_.midi.api;
  m.bundled = bundled_mappings();
  m.mappings = mappings_folder();
  m.out = o_.midi.out;
  m.clock_in = o_.midi.clock_in;
  m.clock_out = o_.midi.clock_out;
  m.offset_ms = o_.midi.offset;
  midi_ = session::MidiPart::start(
      m, options_.session.rate, [this] { wake(); }, error);
  return midi_ != nullptr;
}

// What the control thread tells of the session goes into the journal and to clients.
void EngineRun::observe() {
  using Entry = schedule::JournalEntry;
  options_.executed = [this](const session::Executed& e) {
    journal_->add(schedule::to_line(Entry{Entry::What::done, e.frame, e.beat, e.text, e.from, {}}));
    server_->executed(e);
  };
  options_.failed = [this](const std::string& text, const std::string& why) {
    fmt::print(stderr, "{}: {}\n", text, why);
    journal_->add(schedule::to_line(Entry{Entry::What::failed, Frame{frame_}, {}, text, {}, why}));
    server_->failed(text, why);
  };
  options_.session.cues = &cues_;
  options_.outcomes = session::OutcomeOptions{
      [this](std::string line) { return journal_->add(std::move(line)) && journal_->lost() == 0; },
      [this](const std::string& path, auto done) { media_.analyses().content(path, std::move(done)); }};
  options_.on_wake = [this](session::Session& s) {
    server_->serve(s);
    if (midi_) midi_->attend(s, server_->board(), [this](const std::string& text) { notice(text); });
  };
  options_.midi = [this](const schedule::HostAction& action) { return midi_ ? midi_->take(action) : std::string(); };
}

void EngineRun::tick(session::Session& s) {
  frame_ = s.world().now.v;
  if (std::exchange(first_, false)) s.distrust(back_.distrusted, schedule::kWhyDistrusted);
  // Until everything is back, what the journal has is better than what is there.
  if (resumer_ && !resumer_->tick(s)) resumer_.reset();
  // Nor is the silence at the end anything to come back to.
  if (!resumer_ && !stop_asked() && !server_->stop_asked()) keeper_->tick(s);
  const session::Live* live = running_.load();
  if (!live) return;
  if (midi_) {
    midi_->tick(s, server_->board(), live->block_stamp(), [this](const std::string& text) { notice(text); });
    midi_->show(&server_->board());
  }
  bool plays = false;
  for (int d = 0; d < s.options().decks; ++d) plays = plays || s.world().snapshot.decks[d].playing;
  inhibitor_.playing(plays && !s.held());
  server_->board().awake = inhibitor_.held();
  // A file has come, or has become whole.
  if (live->recording() != (server_->board().recording != 0)) {
    ++server_->board().library[static_cast<int>(sidecar::LibraryKind::recordings)];
  }
  server_->board().recording = live->recording();
  watch_journal();
  watch_keeper();
  server_->tick(s, live->audio_status());
}

void EngineRun::watch_journal() {
  for (const std::string& text : journal_->take_notices()) notice(text);
  const session::JournalWriter::Health h = journal_->health();
  sidecar::BoardState& board = server_->board();
  board.journal_late = h.late;
  board.journal_lost = h.lost;
  board.journal_worst_ms = h.worst_ms;
  board.journal_disk_worst_ms = h.worst_disk_ms;
  board.journal_troubled = h.troubled;
}

void EngineRun::start_keeper() {
  if (o_.library == "off") return;
  std::error_code ignored;
  std::vector<std::string> words{own_program(),  "library",   "keep",
                                 "--for-engine", "--session", fs::absolute(folder_, ignored).string()};
  if (!o_.library.empty()) words.insert(words.end(), {"--library", o_.library});
  library_keeper_ = std::make_unique<session::KeeperProcess>(std::move(words));
}

void EngineRun::watch_keeper() {
  using Role = session::KeeperState::Role;
  session::KeeperState now;
  if (!library_keeper_ || !library_keeper_->look(&now)) return;
  const auto bad = [](const session::KeeperState& s) { return s.role == Role::troubled || s.role == Role::stuck; };
  if (now.role == Role::troubled) {
    notice("the library isn't written at the moment: " + now.text + "; what is played is kept in the journal");
  } else if (now.role == Role::stuck) {
    notice("the library waits for " + now.text + "; what is played is kept in the journal");
  } else if (bad(library_)) {
    notice("the library is written again");
  }
  library_ = std::move(now);
  sidecar::BoardState& board = server_->board();
  board.library_role = static_cast<std::uint32_t>(library_.role);
  std::snprintf(board.library_says, sizeof board.library_says, "%s", library_.text.c_str());
}

bool EngineRun::start(const io::HubOptions& hub, std::string* error) {
  back_ = comeback(folder_, o_.resume);
  options_.session.tempo = back_.set ? back_.set->bpm : Bpm{o_.start.tempo};
  server_ = session::EngineServer::open(
      hub, TACTUS_VERSION, [this] { wake(); }, error);
  if (!server_) return false;
  journal_ = session::JournalWriter::open(folder_ / "journal.jsonl", error);
  if (!journal_) return false;
  add_header(*journal_, options_.session, back_);
  observe();
  if (back_.set) resumer_ = std::make_unique<session::Resumer>(back_, session::boot_time_ns);
  keeper_ = std::make_unique<session::SetKeeper>([this](std::string line) { journal_->add(std::move(line)); });
  live_ = session::Live::start(
      options_, source_, [this](const std::string& text) { notice(text); }, [this](session::Session& s) { tick(s); },
      error);
  if (!live_) {
    *error += "\nWithout a device: --audio null plays to nobody in real time.";
    return false;
  }
  media_.set_grace([this] { return live_->grace(); });
  running_.store(live_.get());
  {
    const std::lock_guard lock(wake_mutex_);
    wakes_ = live_.get();
  }
  start_keeper();
  // After the sound: a JACK server that lets several in at once keeps them all waiting.
  if (!start_midi(error)) return false;
  say_hello();
  return true;
}

void EngineRun::say_hello() {
  write_card(folder_);
  const io::OscHub& hub = server_->hub();
  fmt::print("engine: {}, session {}{}{}\n", live_->audio_status().device.title(), folder_.string(),
             hub.udp_address().empty() ? "" : ", OSC by UDP on " + hub.udp_address(),
             hub.tcp_address().empty() ? "" : ", by TCP on " + hub.tcp_address());
  std::fflush(stdout);
  // The control thread may be speaking already.
  live_->post([this](session::Session&) {
    for (const std::string& text : back_.notices) notice(text);
  });
}

void EngineRun::stop() {
  if (!live_) return;
  std::error_code ignored;
  fs::remove(folder_ / "engine.json", ignored);
  media_.set_grace({});
  {
    const std::lock_guard lock(wake_mutex_);
    wakes_ = nullptr;
  }
  live_.reset();
  journal_->add(
      schedule::to_line(schedule::JournalEntry{schedule::JournalEntry::What::end, Frame{frame_}, {}, {}, {}, {}}));
}

}  // namespace

int run_engine(const EngineOptions& options) {
  install_stop_signals();
  std::string error;
  const auto fail = [&error](int code) {
    fmt::print(stderr, "tactus: {}\n", error);
    return code;
  };
  const fs::path folder = session_of(options.session);
  session::LiveOptions live;
  io::HubOptions hub;
  if (!fill_live(options, &live, &error) || !fill_hub(options, folder, &hub, &error)) return fail(kUsage);
  const UniqueFd held = lock_session(folder, &error);
  if (!held) return fail(kFailed);
  EngineRun run(options, std::move(live));
  if (!run.start(hub, &error)) return fail(kFailed);
  run.wait();
  run.stop();
  return kOk;
}

}  // namespace tactus::app
