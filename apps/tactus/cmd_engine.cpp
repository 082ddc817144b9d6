#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <mutex>
#include <thread>

#include "audio_option.h"
#include "auto_gain_option.h"
#include "base/unique_fd.h"
#include "client/client.h"
#include "client/place.h"
#include "command.h"
#include "keys.h"
#include "schedule/journal.h"
#include "session/engine_server.h"
#include "session/journal_writer.h"
#include "session/live.h"
#include "session/media_stack.h"
#include "session/resumer.h"
#include "session/script.h"
#include "session/set_keeper.h"
#include "session/track_sources.h"
#include "start_option.h"

namespace tactus::app {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Options {
  AudioOption audio;
  AutoGainOption auto_gain;
  std::string session;
  std::vector<std::string> osc;
  std::string osc_bind = "127.0.0.1";
  std::string resume = "now";
  StartOption start;
  bool link = false;
  double link_offset = 0;
  std::string record, record_what = "master", record_format = "flac", record_split = "no";
};

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

bool fill_hub(const Options& o, const fs::path& folder, io::HubOptions* hub, std::string* error) {
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

bool fill_record(const Options& o, session::LiveOptions* live, std::string* error) {
  if (o.record.empty()) return true;
  session::RecordOptions record;
  record.folder = o.record;
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
  const schedule::ComebackMode how = mode == "off"       ? schedule::ComebackMode::off
                                     : mode == "stopped" ? schedule::ComebackMode::stopped
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

int engine(const Options& o) {
  install_stop_signals();
  const fs::path folder = session_of(o.session);
  std::string error;
  const auto fail = [&](int code) {
    fmt::print(stderr, "tactus: {}\n", error);
    return code;
  };
  session::LiveOptions options;
  io::HubOptions hub;
  if (!o.audio.fill(&options.audio, &error) || !fill_hub(o, folder, &hub, &error) ||
      !fill_record(o, &options, &error)) {
    return fail(kUsage);
  }
  const UniqueFd held = lock_session(folder, &error);
  if (!held) return fail(kFailed);

  const schedule::Comeback back = comeback(folder, o.resume);
  session::MediaStack media(true);
  session::LiveSource source(media.cache(), media.analyses());
  options.session.rate = SampleRate{static_cast<double>(o.audio.rate)};
  options.session.tempo = back.set ? back.set->bpm : Bpm{o.start.tempo};
  options.session.max_block = o.audio.block;
  options.session.target_lufs = o.auto_gain.target();
  options.session.scheduler.safety_loop_beats = o.start.safety_loop;
  options.session.feeder_threads = session::default_feeder_threads();
  options.master_db = o.start.level;
  if (o.link) options.link = session::LinkOptions{o.link_offset};

  // The hub's thread may want to wake a Live that isn't there yet, or no more.
  std::mutex wake_mutex;
  session::Live* wakes = nullptr;
  auto server = session::EngineServer::open(
      hub, TACTUS_VERSION,
      [&] {
        const std::lock_guard lock(wake_mutex);
        if (wakes) wakes->wake();
      },
      &error);
  if (!server) return fail(kFailed);
  using Entry = schedule::JournalEntry;
  const auto journal = session::JournalWriter::open(
      folder / "journal.jsonl", [](const std::string& text) { fmt::print(stderr, "{}\n", text); }, &error);
  if (!journal) return fail(kFailed);
  add_header(*journal, options.session, back);
  std::int64_t frame = 0;  // the control thread's
  options.executed = [&](const session::Executed& e) {
    journal->add(schedule::to_line(Entry{Entry::What::done, e.frame, e.beat, e.text, e.from, {}}));
    server->executed(e);
  };
  options.failed = [&](const std::string& text, const std::string& why) {
    fmt::print(stderr, "{}: {}\n", text, why);
    journal->add(schedule::to_line(Entry{Entry::What::failed, Frame{frame}, {}, text, {}, why}));
    server->failed(text, why);
  };
  options.outcomes = session::OutcomeOptions{
      [&](std::string line) { return journal->add(std::move(line)) && journal->lost() == 0; },
      [&](const std::string& path, auto done) { media.analyses().content(path, std::move(done)); }};
  options.on_wake = [&](session::Session& s) { server->serve(s); };
  const auto notice = [&](const std::string& text) {
    fmt::print(stderr, "{}\n", text);
    server->notice(text);
  };
  std::atomic<const session::Live*> running{nullptr};  // the control thread's: it ends before Live does
  std::unique_ptr<session::Resumer> resumer;
  if (back.set) resumer = std::make_unique<session::Resumer>(back, session::boot_time_ns);
  session::SetKeeper keeper([&](std::string line) { journal->add(std::move(line)); });
  bool first = true;
  const auto tick = [&](session::Session& s) {
    frame = s.world().now.v;
    if (std::exchange(first, false)) s.distrust(back.distrusted, schedule::kWhyDistrusted);
    // Until everything is back, what the journal has is better than what is there.
    if (resumer && !resumer->tick(s)) resumer.reset();
    // Nor is the silence at the end anything to come back to.
    if (!resumer && !stop_asked() && !server->stop_asked()) keeper.tick(s);
    if (const session::Live* live = running.load()) server->tick(s, live->audio_status());
  };
  auto live = session::Live::start(options, source, notice, tick, &error);
  if (!live) {
    error += "\nWithout a device: --audio null plays to nobody in real time.";
    return fail(kFailed);
  }
  media.set_grace([&live] { return live->grace(); });
  running.store(live.get());
  {
    const std::lock_guard lock(wake_mutex);
    wakes = live.get();
  }
  write_card(folder);
  fmt::print("engine: {}, session {}{}{}\n", live->audio_status().device.title(), folder.string(),
             server->hub().udp_address().empty() ? "" : ", OSC by UDP on " + server->hub().udp_address(),
             server->hub().tcp_address().empty() ? "" : ", by TCP on " + server->hub().tcp_address());
  std::fflush(stdout);
  for (const std::string& text : back.notices) notice(text);
  while (!stop_asked() && !server->stop_asked()) std::this_thread::sleep_for(20ms);
  std::error_code ignored;
  fs::remove(folder / "engine.json", ignored);
  media.set_grace({});
  // Fades out; the server must outlive the control thread, which may still answer somebody.
  {
    const std::lock_guard lock(wake_mutex);
    wakes = nullptr;
  }
  live.reset();
  journal->add(schedule::to_line(Entry{Entry::What::end, Frame{frame}, {}, {}, {}, {}}));
  return kOk;
}

int stop(const std::string& session) {
  std::string error;
  client::ConnectOptions options{.session = session, .name = "tactus stop", .kind = "hand"};
  auto engine = client::Client::connect(options, &error);
  if (!engine) {
    fmt::print(stderr, "tactus: {}\n", error);
    return kFailed;
  }
  engine->post(osc::Message{"/stop", {}});
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (!engine->closed() && std::chrono::steady_clock::now() < until) engine->next(200ms);
  if (engine->closed()) return kOk;
  fmt::print(stderr, "tactus: the engine was asked to stop, and still runs\n");
  return kFailed;
}

}  // namespace

void add_engine(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("engine", "Run the engine in the foreground, for clients to play");
  auto o = std::make_shared<Options>();
  o->audio.add(cmd);
  cmd->add_option("--session", o->session, "The session's folder; one engine for each");
  cmd->add_option("--osc", o->osc, "Listen for OSC from elsewhere, too: udp:PORT, tcp:PORT");
  cmd->add_option("--osc-bind", o->osc_bind, "The address to listen on for it; 0.0.0.0 is everybody")
      ->capture_default_str();
  auto* record = cmd->add_option("--record", o->record, "Record into this folder, from the start");
  cmd->add_option("--record-what", o->record_what, "master, cue, decks, deck1 ... with commas; a file each")
      ->capture_default_str()
      ->needs(record);
  cmd->add_option("--record-format", o->record_format, "flac (24 bits) or wav (32-bit floats)")
      ->capture_default_str()
      ->needs(record);
  cmd->add_option("--record-split", o->record_split, "Another file every so often: minutes:60, tracks, no")
      ->capture_default_str()
      ->needs(record);
  o->start.add(cmd);
  auto* link = cmd->add_flag("--link", o->link, "Share tempo and beats with others on the network, by Ableton Link");
  cmd->add_option("--link-offset", o->link_offset, "So much later than the device says is our sound heard, ms")
      ->check(CLI::Range(-500.0, 500.0))
      ->needs(link);
  cmd->add_option("--resume", o->resume,
                  "After a crash the set goes on where it would be now, or where it stopped; off: empty decks")
      ->capture_default_str()
      ->check(CLI::IsMember({"now", "stopped", "off"}));
  o->auto_gain.add(cmd);
  cmd->footer(
      "Ends with a fade on Ctrl-C, SIGTERM or `tactus stop`. Nothing listens to the network unless --osc is given.\n\n"
      "Examples:\n"
      "  tactus engine --audio jack\n"
      "  tactus engine --link                                   in time with Link's other programs\n"
      "  tactus engine --record ~/sets --record-what master,decks --record-split minutes:60\n"
      "  tactus engine --osc udp:9000                           controllers on this machine\n"
      "  tactus engine --osc udp:9000 --osc-bind 192.168.1.5    and on this network");
  cmd->callback([&run, o] { run = [o] { return engine(*o); }; });

  auto* end = app.add_subcommand("stop", "End a running engine with a fade");
  auto session = std::make_shared<std::string>();
  end->add_option("--session", *session, "The session's folder");
  end->footer("Example:\n  tactus stop");
  end->callback([&run, session] { run = [session] { return stop(*session); }; });
}

}  // namespace tactus::app
