// tactus library history: what was played, and the journals that it is known from.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/place.h"
#include "library/store/music_file.h"
#include "library/store/plays.h"
#include "library_commands.h"
#include "library_option.h"
#include "library_show.h"
#include "progress.h"
#include "schedule/journal.h"

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

// "2026-11-23T21:04:05Z"; nothing for anything else.
std::optional<std::int64_t> seconds_of_utc(const std::string& text) {
  std::tm utc{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return end && *end == 0 ? std::optional<std::int64_t>(::timegm(&utc)) : std::nullopt;
}

double duration_of(library::Database& db, library::TrackId track) {
  double out = 0;
  db.statement("SELECT duration FROM track WHERE id = ?1").bind(track).each([&](const library::Statement& s) {
    out = s.number(0);
  });
  return out;
}

// What a run played of the library: each track until its deck plays another, or the run ends, but no longer than it is.
std::vector<library::Play> plays_in(library::Database& db, const schedule::JournalRun& run, const std::string& name,
                                    std::vector<std::string>& unknown) {
  const auto started = seconds_of_utc(run.header.started);
  if (!started || run.entries.empty()) return {};
  const std::vector<schedule::PlayedTrack> played = schedule::tracks_of(run);
  const double rate = run.header.rate.hz;
  std::vector<library::Play> out;
  for (std::size_t i = 0; i < played.size(); ++i) {
    const auto track = library::find_track(db, played[i].path);
    if (!track) {
      unknown.push_back(played[i].path);
      continue;
    }
    auto end = run.entries.back().frame.v;
    for (std::size_t k = played.size(); k-- > i + 1;)
      if (played[k].deck == played[i].deck) end = played[k].frame.v;
    const double begin = static_cast<double>(played[i].frame.v) / rate;
    const double seconds = static_cast<double>(end) / rate - begin;
    const double longest = duration_of(db, *track);
    out.push_back({*track, name + " " + run.header.started, *started + static_cast<std::int64_t>(begin),
                   longest > 0 ? std::min(seconds, longest) : seconds, played[i].deck + 1});
  }
  return out;
}

int take_history(const HistoryCommand& o) {
  const std::filesystem::path session = o.take.empty() ? client::default_session() : std::filesystem::path(o.take);
  std::ifstream in(session / "journal.jsonl", std::ios::binary);
  if (!in)
    return fail((session / "journal.jsonl").string() + " can't be read; was an engine ever run for this session?");
  std::stringstream all;
  all << in.rdbuf();
  const schedule::ReadJournal journal = schedule::read_journal(all.str());
  library::Store store(o.library.folder, {.who = "tactus library history", .create = false});
  std::vector<std::string> unknown;
  std::size_t fresh = 0;
  for (const schedule::JournalRun& run : journal.runs)
    fresh += library::record_plays(store, plays_in(store.db(), run, session.filename().string(), unknown));
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  for (const std::string& path : unknown)
    fmt::print(stderr, "tactus: {}: it was played, and isn't in the library\n", library::shown_path(path));
  fmt::print("{}\n", o.library.json
                         ? json_line({{"runs", journal.runs.size()}, {"plays", fresh}, {"unknown", unknown.size()}})
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
      "A journal may be taken in again and again: each play counts once. --take without a folder reads the user's own\n"
      "session.\n\n"
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
