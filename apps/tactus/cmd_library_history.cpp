// tactus library history: what was played, and the journals that it is known from.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "client/place.h"
#include "library/store/music_file.h"
#include "library/store/plays.h"
#include "library_commands.h"
#include "library_option.h"
#include "library_show.h"
#include "progress.h"
#include "session_plays.h"

namespace tactus::app {

namespace {

struct HistoryCommand {
  LibraryOption library;
  std::string session, take;
  int limit = 50;
};

int show_history(const HistoryCommand& o) {
  library::Reader reader(o.library.folder);
  if (o.session.empty()) {
    for (const library::PlayedSession& s : library::sessions(reader.db(), o.limit)) {
      if (o.library.json) {
        fmt::print(
            "{}\n",
            json_line({{"session", s.session}, {"started", s.started}, {"plays", s.plays}, {"seconds", s.seconds}}));
      } else {
        fmt::print("{}  {}  {} tracks, {}\n", date_text(s.started), s.session, s.plays, clock_text(s.seconds));
      }
    }
    return kOk;
  }
  for (const library::Play& p : library::plays_of(reader.db(), o.session)) {
    const auto track = library::read_track(reader.db(), p.track);
    if (!track) continue;
    if (o.library.json) {
      fmt::print("{}\n", json_line({{"started", p.started},
                                    {"deck", p.deck},
                                    {"seconds", p.seconds},
                                    {"track", library_track_json(*track)}}));
    } else {
      fmt::print("{}  deck {}  {}  {}\n", date_text(p.started), p.deck, clock_text(p.seconds), track_words(*track));
    }
  }
  return kOk;
}

int take_history(const HistoryCommand& o) {
  const std::filesystem::path session = o.take.empty() ? client::default_session() : std::filesystem::path(o.take);
  SessionPlays plays(session);
  plays.read();
  if (!plays.readable())
    return fail((session / "journal.jsonl").string() + " can't be read; was an engine ever run for this session?");
  library::Store store(o.library.folder, as_writer("tactus library history"));
  const std::size_t fresh = plays.take(store);
  keep_search_quick(store.db());
  for (const std::string& path : plays.unknown())
    fmt::print(stderr, "tactus: {}: it was played, and isn't in the library\n", library::shown_path(path));
  fmt::print("{}\n", o.library.json ? json_line({{"plays", fresh}, {"unknown", plays.unknown().size()}})
                                    : fmt::format("{} plays taken in", fresh));
  return kOk;
}

}  // namespace

void add_library_history(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("history", "What was played, by session");
  auto o = std::make_shared<HistoryCommand>();
  o->library.add(cmd, "JSON objects, one a line");
  cmd->add_option("SESSION", o->session, "All tracks of this one, in their order");
  cmd->add_option("--limit", o->limit, "The latest so many sessions")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  auto* take = cmd->add_option("--take", o->take, "Take in what the journal in this session's folder says was played");
  take->type_name("FOLDER")->expected(0, 1);
  cmd->footer(
      "What an engine plays comes in by itself while it plays (tactus library keep). A journal may be taken in again\n"
      "and again: each play counts once. --take without a folder reads the user's own session.\n\n"
      "Examples:\n"
      "  tactus library history --take\n"
      "  tactus library history\n"
      "  tactus library history 'session 2026-11-30T18:30:00Z' --json");
  cmd->callback([&run, o, take] {
    const bool taking = take->count() > 0;
    run = [o, taking] { return taking ? take_history(*o) : show_history(*o); };
  });
}

}  // namespace tactus::app
