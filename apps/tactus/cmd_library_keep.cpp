// tactus library keep: holds the writer's role while a session plays, lends it to whoever asks, takes in what is
// played, and serves the phrase index.
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "client/place.h"
#include "keys.h"
#include "library/phrases/index_server.h"
#include "library/store/role_keeper.h"
#include "library_commands.h"
#include "library_option.h"
#include "session/keeper_process.h"
#include "session_plays.h"

namespace tactus::app {

namespace {

using namespace std::chrono_literals;
using session::KeeperState;
using Clock = std::chrono::steady_clock;

constexpr auto kTurn = 500ms;        // at most; so often the engine hears that all is well
constexpr auto kReadEvery = 2s;      // the journal
constexpr auto kAgain = 2s;          // after the library refused
constexpr auto kUnknownEvery = 60s;  // whether a scan has found by now what was played
constexpr auto kServeEvery = 10s;    // whether nobody serves the phrases any more
constexpr int kKeeperBusyMs = 500;   // for another program that has the database locked
constexpr const char* kKeeperName = "tactus library keep";

struct KeepCommand {
  LibraryOption library;
  std::string session;
  bool for_engine = false;
};

// Music files are decoded by the same disks.
void give_way() {
  constexpr int kBestEffortLast = 2 << 13 | 7;
  if (::nice(10) == -1) return;
  ::syscall(SYS_ioprio_set, 1, 0, kBestEffortLast);
}

class Keep {
 public:
  explicit Keep(const KeepCommand& o)
      : o_(o),
        session_(o.session.empty() ? client::default_session() : std::filesystem::path(o.session)),
        plays_(session_) {}

  int run() {
    while (!over()) {
      try {
        step();
      } catch (const library::StoreError& e) {
        tell(KeeperState::Role::troubled, e.what());
        try_at_ = Clock::now() + kAgain;
        pause();
      }
    }
    try {
      last();
    } catch (const library::StoreError& e) {
      fmt::print(stderr, "tactus: {}; `tactus library history --take` takes in what was played\n", e.what());
    }
    return kOk;
  }

 private:
  bool over() {
    if (stop_asked()) return true;
    if (!o_.for_engine) return false;
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::poll(&input, 1, 0) > 0;  // its end: nothing is ever written there
  }
  void pause() const {
    pollfd input{o_.for_engine ? STDIN_FILENO : -1, POLLIN, 0};
    ::poll(&input, 1, static_cast<int>(std::chrono::milliseconds(kTurn).count()));
  }

  void step() {
    std::error_code none;
    if (!std::filesystem::exists(library::database_file(o_.library.folder), none)) {
      tell(KeeperState::Role::none, "");
      return pause();
    }
    begin();
    serve_phrases();
    const auto now = Clock::now();
    if (now >= read_at_) {
      plays_.read();
      read_at_ = now + kReadEvery;
    }
    const bool wants = now >= try_at_ && (plays_.due() || (!plays_.unknown().empty() && now >= unknown_at_));
    keeper_.turn(kTurn, wants, o_.for_engine ? STDIN_FILENO : -1);
    if (wants && !take(false)) return;
    if (now < try_at_) return tell_again();
    tell_role();
  }

  // As soon as there is a library: what it has of the session already needn't be read again.
  void begin() {
    if (begun_) return;
    library::Reader reader(o_.library.folder);
    plays_.go_on_from_mark(reader.db());
    begun_ = true;
  }

  // So that surface and commands find one process that holds the index while a set is played (ADR 022). Where another
  // one serves, that is as good.
  void serve_phrases() {
    if (serving_ || Clock::now() < serve_at_) return;
    std::string why;
    serving_ = phrases_.start(&why);
    serve_at_ = Clock::now() + kServeEvery;
  }

  // False: it can't be now, and why was told.
  bool take(bool upkeep) {
    library::Store::Options options{.who = kKeeperName, .create = false, .upkeep = upkeep, .busy_ms = kKeeperBusyMs};
    options.wait.ms = 0;
    std::optional<library::Store> store;
    if (keeper_.mine()) {
      store.emplace(o_.library.folder, keeper_.lock(), options);
    } else if (!keeper_.keeps()) {
      // Another session's keeper has it, or nobody can be asked here: for a moment, as any command takes it.
      try {
        store.emplace(o_.library.folder, options);
      } catch (const library::StoreError& e) {
        if (e.kind() != library::StoreError::Kind::busy) throw;
        try_at_ = Clock::now() + kReadEvery;
        tell(KeeperState::Role::elsewhere, e.what());
        return false;
      }
    } else {
      return true;  // lent: once it is back
    }
    plays_.take(*store);
    unknown_at_ = Clock::now() + kUnknownEvery;
    if (upkeep) keep_search_quick(store->db());
    return true;
  }

  void last() {
    std::error_code none;
    if (!std::filesystem::exists(library::database_file(o_.library.folder), none)) return;
    begin();
    plays_.read();
    keeper_.turn(0ms, true);
    // Nobody plays any more: there is time for the day's backup. After a crash somebody does again.
    if (plays_.due()) take(plays_.ended());
  }

  void tell_role() {
    if (const auto borrower = keeper_.borrower()) {
      tell(borrower->stopped ? KeeperState::Role::stuck : KeeperState::Role::lent, library::holder_text(*borrower));
    } else if (keeper_.mine()) {
      tell(KeeperState::Role::kept, "");
    } else if (keeper_.trouble().empty()) {
      const auto holder = library::WriterLock::holder(library::lock_file(o_.library.folder));
      const bool stuck = holder && holder->stopped;
      tell(stuck ? KeeperState::Role::stuck : KeeperState::Role::elsewhere,
           holder ? library::holder_text(*holder) : "");
    } else {
      tell(KeeperState::Role::elsewhere, keeper_.trouble());
    }
  }

  void tell(KeeperState::Role role, std::string text) {
    const KeeperState now{role, std::move(text)};
    const bool changed = !(now == told_);
    told_ = now;
    if (o_.for_engine) {
      tell_again();
    } else if (changed && o_.library.json) {
      fmt::print("{}\n", json_line({{"role", session::role_name(role)}, {"text", told_.text}}));
    } else if (changed) {
      fmt::print("{}{}{}\n", session::role_name(role), told_.text.empty() ? "" : ": ", told_.text);
    }
    std::fflush(stdout);
  }
  // That it is alive.
  void tell_again() const {
    if (!o_.for_engine) return;
    fmt::print("{}", session::to_line(told_));
    std::fflush(stdout);
  }

  const KeepCommand& o_;
  const std::filesystem::path session_;
  SessionPlays plays_;
  library::RoleKeeper keeper_{o_.library.folder, kKeeperName};
  KeeperState told_;
  library::IndexServer phrases_{o_.library.folder};
  bool begun_ = false, serving_ = false;
  Clock::time_point read_at_{}, try_at_{}, unknown_at_{}, serve_at_{};
};

int keep_command(const KeepCommand& o) {
  install_stop_signals();
  ::signal(SIGPIPE, SIG_IGN);  // an engine that died: what was played is still to be taken in
  give_way();
  return Keep(o).run();
}

}  // namespace

void add_library_keep(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("keep", "Hold the role of the writer for a session, and keep its history");
  auto o = std::make_shared<KeepCommand>();
  o->library.add(cmd, "A JSON object whenever the role changes hands");
  cmd->add_option("--session", o->session, "The session's folder; else the user's own");
  cmd->add_flag("--for-engine", o->for_engine, "Started by an engine: ends when standard input does")->group("");
  cmd->footer(
      "An engine starts one by itself (but for --library off). While it runs, what the session plays comes into the\n"
      "history within seconds, and the tracks' play counts grow. Commands that write borrow the role, one after the\n"
      "other; should one of them or the keeper die, nothing is lost. It also does what `tactus phrases serve` does.\n"
      "Ends on Ctrl-C.\n\n"
      "Examples:\n"
      "  tactus library keep\n"
      "  tactus library keep --session ~/gig --json");
  cmd->callback([&run, o] { run = [o] { return keep_command(*o); }; });
}

}  // namespace tactus::app
