// tactus phrases: phrases found by ear or by words; tactus next: what to play after this.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "command.h"
#include "keys.h"
#include "library/phrases/index_server.h"
#include "library/phrases/next_track.h"
#include "library/phrases/phrase_shelf.h"
#include "library/phrases/phrase_text.h"
#include "library/phrases/remote_index.h"
#include "library/store/store.h"
#include "library_option.h"
#include "music/key.h"
#include "phrase_options.h"
#include "progress.h"

namespace tactus::app {

namespace {

struct PhrasesCommand {
  LibraryOption library;
  PhraseOptions options;
  std::vector<std::string> named;
  bool all = false, quiet = false;
};

// The words of the command line that make no sense have a code of their own.
template <class F>
int with_filter(const PhrasesCommand& o, F&& run) {
  library::PhraseFilter filter;
  try {
    filter = o.options.filter();
  } catch (const std::invalid_argument& e) {
    fmt::print(stderr, "tactus: {}\n", e.what());
    return kUsage;
  }
  return run(filter);
}

void read_shelf(library::PhraseShelf& shelf, bool quiet) {
  Progress progress("phrases", quiet);
  while (!shelf.read_on(std::chrono::milliseconds(300)) && !stop_asked())
    progress.show(0, fmt::format("{} read from the database", shelf.index()->size()));
  progress.done();
}

// A small index costs nothing to keep for the next time; a large one is for `tactus phrases index`.
void keep_small(library::PhraseShelf& shelf) {
  if (!shelf.worth_writing()) return;
  if (shelf.index()->size() < library::kGraphFrom) {
    try {
      shelf.write();
    } catch (const library::StoreError&) {
      // A folder that can't be written to: the next search reads the database again.
    }
  } else {
    fmt::print(stderr, "tactus: {} phrases are newer than the index: tactus phrases index takes them in\n",
               shelf.index()->beside_file());
  }
}

// What `f` finds in the index: of the process that serves it, where there is one that has all of the library; else of
// the file.
template <class F>
auto of_index(const PhrasesCommand& o, library::Reader& reader, F&& f) {
  if (const auto served = library::RemoteIndex::connect(o.library.folder); served && served->complete()) {
    try {
      return f(static_cast<const library::PhraseIndex&>(*served));
    } catch (const library::NoAnswer&) {
      // It has just ended, or is stopped.
    }
  }
  library::PhraseShelf shelf(reader.db(), o.library.folder);
  read_shelf(shelf, o.quiet || o.library.json);
  auto found = f(static_cast<const library::PhraseIndex&>(*shelf.index()));
  keep_small(shelf);
  return found;
}

std::string name_of(const library::PhraseRow& row) { return row.title.empty() ? row.path : row.title; }

int find_alike(const PhrasesCommand& o, library::PhraseFilter filter) {
  library::Reader reader(o.library.folder);
  const library::PhraseRow asked =
      library::phrase_of(reader.db(), library::find_named_phrase(reader.db(), o.named.front()));
  filter.but_track = asked.track;
  const std::size_t asked_for = o.all ? o.options.limit : 8 * o.options.limit;
  const std::vector<std::int8_t> vector = library::vector_of(reader.db(), asked.id);
  const auto hits = of_index(o, reader, [&](const auto& index) { return index.search(vector, asked_for, filter); });
  if (!o.library.json) {
    fmt::print("Like {}, {} at {}:\n", name_of(asked), asked.label.empty() ? "phrase" : asked.label,
               clock_text(asked.start));
  }
  std::vector<std::int64_t> tracks;
  std::size_t shown = 0;
  for (const library::PhraseHit& hit : hits) {
    if (shown == o.options.limit) break;
    if (!o.all && std::find(tracks.begin(), tracks.end(), hit.track) != tracks.end()) continue;
    tracks.push_back(hit.track);
    for (const library::PhraseRow& row : library::phrase_rows(reader.db(), std::span(&hit.id, 1))) {
      const double similarity = hit.similarity;
      fmt::print("{}\n", o.library.json ? phrase_line(row, similarity) : phrase_words(row, similarity));
      ++shown;
    }
  }
  if (shown == 0 && !o.library.json) fmt::print("Nothing in the library fits.\n");
  return kOk;
}

int find_words(const PhrasesCommand& o, const library::PhraseFilter& filter) {
  library::Reader reader(o.library.folder);
  std::string query;
  for (const std::string& word : o.named) query += (query.empty() ? "" : " ") + word;
  const auto found = library::search_phrase_text(reader.db(), query, o.options.limit, filter);
  if (found.matched < found.words && !found.rows.empty() && !o.library.json)
    fmt::print("Nothing has all {} words; these have {}:\n", found.words, found.matched);
  if (found.rows.empty() && !o.library.json) fmt::print("Nothing in the library fits.\n");
  for (const library::PhraseRow& row : found.rows)
    fmt::print("{}\n", o.library.json ? phrase_line(row, -2) : phrase_words(row, -2));
  return kOk;
}

int index_phrases(const PhrasesCommand& o) {
  install_stop_signals();
  library::Reader reader(o.library.folder);
  library::PhraseShelf shelf(reader.db(), o.library.folder);
  if (!shelf.notice().empty() && !o.quiet) fmt::print(stderr, "tactus: {}; it is made anew\n", shelf.notice());
  read_shelf(shelf, o.quiet);
  Progress progress("index", o.quiet);
  const bool written = shelf.write([&](double share) {
    progress.show(share);
    return !stop_asked();
  });
  progress.done();
  if (stop_asked()) return kStopped;
  if (!written) return fail("somebody else is writing the index at this moment");
  try {
    library::Store store(o.library.folder, {.who = "tactus phrases index", .wait = {.ms = 1000}, .create = false});
    shelf.forget_written(store.db());
  } catch (const library::StoreError& e) {
    // Somebody else writes to the library: what the file has is forgotten another time.
    if (e.kind() != library::StoreError::Kind::busy) throw;
  }
  const std::size_t phrases = shelf.index()->size();
  if (o.library.json) {
    fmt::print("{}\n", json_line({{"phrases", phrases}, {"embedder", shelf.index()->embedder()}}));
  } else {
    fmt::print("{} phrases are in the index\n", phrases);
  }
  return kOk;
}

std::string next_line(const library::NextTrack& n) {
  const auto or_null = [](const auto& v) { return v ? nlohmann::ordered_json(*v) : nlohmann::ordered_json(nullptr); };
  nlohmann::ordered_json out = {{"track", n.track},
                                {"path", n.path},
                                {"title", n.title},
                                {"artist", n.artist},
                                {"bpm", or_null(n.bpm)},
                                {"key", nullptr},
                                {"energy", or_null(n.energy)},
                                {"score", std::round(1e4 * n.score) / 1e4},
                                {"reasons", n.reasons}};
  if (n.key && *n.key >= 0 && *n.key < 24) out["key"] = music::Key::of_index(*n.key).camelot();
  return json_line(out);
}

std::string next_words(const library::NextTrack& n) {
  std::string out =
      fmt::format("{:3.0f} %  {}", 100 * n.score, n.artist.empty() ? n.title : n.artist + " - " + n.title);
  if (n.title.empty() && n.artist.empty()) out += n.path;
  for (std::size_t i = 0; i < n.reasons.size(); ++i) out += (i == 0 ? "\n       " : "; ") + n.reasons[i];
  return out;
}

int suggest_next(const PhrasesCommand& o, const library::PhraseFilter& filter) {
  library::Reader reader(o.library.folder);
  std::vector<std::int64_t> played;
  for (const std::string& named : o.named) played.push_back(library::named_track(reader.db(), named));
  const auto found = of_index(o, reader, [&](const auto& index) {
    return library::next_tracks(reader.db(), index, played, {o.options.limit, filter});
  });
  for (const library::NextTrack& n : found) fmt::print("{}\n", o.library.json ? next_line(n) : next_words(n));
  if (found.empty() && !o.library.json) fmt::print("Nothing in the library fits.\n");
  return kOk;
}

int serve_phrases(const PhrasesCommand& o) {
  install_stop_signals();
  library::Reader{o.library.folder};  // says it if there is none
  library::IndexServer server(o.library.folder);
  std::string why;
  if (!server.start(&why)) return fail(why);
  bool complete = false;
  while (!stop_asked()) {
    if (server.complete() && !complete) {
      complete = true;
      fmt::print("{}\n", o.library.json ? json_line({{"complete", true}}) : "All phrases are there to be asked for");
      std::fflush(stdout);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return kOk;
}

void add_like(CLI::App& phrases, Run& run) {
  auto* cmd = phrases.add_subcommand("like", "Phrases that sound like one of a track");
  auto o = std::make_shared<PhrasesCommand>();
  cmd->add_option("TRACK", o->named,
                  "Its path, number or title; with @BEAT the phrase of that beat, else its most energetic")
      ->required()
      ->expected(1)
      ->type_name("TRACK[@BEAT]");
  o->options.add(cmd);
  cmd->add_flag("--all", o->all, "All phrases of a track, not only the one that is most like it");
  o->library.add(cmd, "A JSON object a line");
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  cmd->footer(
      "Examples:\n"
      "  tactus phrases like \"Low Tide\"\n"
      "  tactus phrases like ~/Music/track.flac@128 --bpm 120-128 --key 8A~ --label drop\n"
      "  tactus phrases like '#12' --json | jq .path");
  cmd->callback([&run, o] { run = [o] { return with_filter(*o, [&](const auto& f) { return find_alike(*o, f); }); }; });
}

void add_text(CLI::App& phrases, Run& run) {
  auto* cmd = phrases.add_subcommand("text", "Phrases by words: what they sound like, labels, tags");
  auto o = std::make_shared<PhrasesCommand>();
  cmd->add_option("WORDS", o->named, "In any order")->required();
  o->options.add(cmd);
  o->library.add(cmd, "A JSON object a line");
  cmd->footer(
      "Words for sound: dark, bright, bass, heavy, rolling, thin, busy, sparse, beatless, loud, quiet, rising, "
      "falling,\n"
      "vocal, instrumental, calm, energetic, minor, major, slow, fast; labels; and whatever is in the tags.\n\n"
      "Examples:\n"
      "  tactus phrases text \"dark rolling bass\"\n"
      "  tactus phrases text vocal break --bpm 122-126");
  cmd->callback([&run, o] { run = [o] { return with_filter(*o, [&](const auto& f) { return find_words(*o, f); }); }; });
}

void add_index(CLI::App& phrases, Run& run) {
  auto* cmd = phrases.add_subcommand("index", "Write the phrase index anew, with all that the library has");
  auto o = std::make_shared<PhrasesCommand>();
  o->library.add(cmd, "A JSON object at the end");
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  cmd->footer(
      "Worth it after many tracks were analysed; what is newer is found without it, only slower. From 65,000 phrases "
      "on\n"
      "it takes some 0.3 ms for each new one. It may be stopped; the index before stays.\n\n"
      "Examples:\n  tactus phrases index\n  nice tactus phrases index -q");
  cmd->callback([&run, o] { run = [o] { return index_phrases(*o); }; });
}

void add_serve(CLI::App& phrases, Run& run) {
  auto* cmd = phrases.add_subcommand("serve", "Hold the phrase index for all other programs that ask");
  auto o = std::make_shared<PhrasesCommand>();
  o->library.add(cmd, "A JSON object when all phrases are there");
  cmd->footer(
      "phrases like and next ask it while it runs, and read the index themselves where it doesn't. What is newer than\n"
      "the index is then read once, and not by each. Ends on Ctrl-C.\n\n"
      "Examples:\n  tactus phrases serve\n  tactus phrases serve --json &");
  cmd->callback([&run, o] { run = [o] { return serve_phrases(*o); }; });
}

}  // namespace

void add_phrases(CLI::App& app, Run& run) {
  auto* phrases = app.add_subcommand("phrases", "Phrases found by ear, or by words");
  phrases->require_subcommand(1);
  phrases->footer("Examples:\n  tactus phrases like \"Low Tide\"\n  tactus phrases text \"dark rolling bass\"");
  for (auto add : {add_like, add_text, add_index, add_serve}) add(*phrases, run);
}

void add_next(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("next", "What to play after a track, and why");
  auto o = std::make_shared<PhrasesCommand>();
  cmd->add_option("TRACK", o->named, "Path, number or title of what was played; the last one plays now")->required();
  o->options.add(cmd);
  o->library.add(cmd, "A JSON object a line");
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  cmd->footer(
      "By how phrases sound, by key, tempo and energy, and by what was played after it before.\n\n"
      "Examples:\n"
      "  tactus next \"Low Tide\"\n"
      "  tactus next first.flac second.flac --energy 6-8 --json");
  cmd->callback(
      [&run, o] { run = [o] { return with_filter(*o, [&](const auto& f) { return suggest_next(*o, f); }); }; });
}

}  // namespace tactus::app
