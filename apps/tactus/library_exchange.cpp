#include "library_exchange.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "command.h"
#include "deck_marks.h"
#include "keys.h"
#include "library/exchange/timeline_questions.h"
#include "library/store/store.h"
#include "progress.h"

namespace tactus::app {

namespace {

std::string import_words(const std::string& source, const library::ImportReport& r) {
  std::string text = fmt::format("{}: {} tracks, {} of them new to the library", source, r.tracks, r.added);
  if (r.missing > 0) text += fmt::format(", {} whose files aren't there", r.missing);
  text += fmt::format("\n  changed: {} fields, {} cues and loops, {} grids, {} crates\n", r.fields, r.marks, r.grids,
                      r.crates);
  if (r.kept > 0)
    text +=
        fmt::format("  {} differences stay, since they were set in Tactus (--overwrite takes the source's)\n", r.kept);
  for (const auto& [what, count] : r.timelines) text += fmt::format("  {} tracks: {}\n", count, what);
  if (!r.waiting.empty()) {
    text += fmt::format(
        "  Positions of {} tracks wait: import again when they are analysed, or take the likeliest by "
        "--accept-proposed\n",
        r.waiting.size());
  }
  for (const std::string& note : r.notes) text += fmt::format("  {}\n", note);
  return text;
}

std::string import_object(const std::string& source, const library::ImportReport& r) {
  return json_line({{"file", source},
                    {"tracks", r.tracks},
                    {"added", r.added},
                    {"missing", r.missing},
                    {"fields", r.fields},
                    {"marks", r.marks},
                    {"grids", r.grids},
                    {"crates", r.crates},
                    {"kept", r.kept},
                    {"timelines", r.timelines},
                    {"waiting", r.waiting},
                    {"notes", r.notes}});
}

int stopped() {
  fmt::print(stderr, "tactus: stopped; nothing was changed\n");
  return kStopped;
}

std::string question_text(const library::TimelineQuestion& q) {
  std::string moves = fmt::format("{:+.1f} ms", 1000 * q.most);
  if (q.least < q.most) moves += fmt::format(" to {:+.1f} ms", 1000 * q.least);
  std::string others;
  for (const double o : q.others) others += fmt::format("{}{:+.1f} ms", others.empty() ? "" : ", ", 1000 * o);
  return fmt::format(
      "{} tracks: {}.\n  Likeliest is that positions move by {}: {}. Possible, too: {}.\n"
      "  Take the likeliest? [y]es, [n]o, let them wait until their beats are heard, [a]ll that is asked here: ",
      q.tracks, q.why, moves, q.because, others);
}

// Asks for each kind of tracks whose positions can't be placed. The answers are added to `how`. False: it was to stop.
bool ask_timelines(const LibraryOption& o, const library::ForeignLibrary& found, const std::string& path,
                   library::ImportOptions& how) {
  { library::Store made(o.folder, {.who = "tactus library import"}); }  // of today's layout
  library::Reader reader(o.folder);
  const auto questions = library::timeline_questions(reader.db(), found, path);
  Lines lines;
  bool all = false;
  for (const library::TimelineQuestion& q : questions) {
    std::string answer = all ? "y" : "";
    while (answer != "y" && answer != "n") {
      fmt::print(stderr, "{}", question_text(q));
      std::fflush(stderr);
      const auto line = lines.next();
      if (stop_asked()) return false;
      if (!line) return true;  // nobody answers: the rest waits
      answer = line->substr(0, 1);
      all = answer == "a";
      if (all) answer = "y";
    }
    if (answer == "y") how.accepted.insert(q.why);
  }
  return true;
}

}  // namespace

int import_into(const LibraryOption& o, const library::ForeignLibrary& found, const std::string& source,
                const ImportInto& options) {
  install_stop_signals();
  const std::string path = std::filesystem::absolute(source).lexically_normal().string();
  library::ImportOptions how;
  how.map = options.map;
  how.overwrite = options.overwrite;
  how.accept_proposed = options.accept_proposed;
  const bool somebody = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0 && !o.json;
  // While it waits for an answer others may write to the library.
  if (somebody && !options.accept_proposed && !ask_timelines(o, found, path, how)) return stopped();
  library::Store store(o.folder, as_writer("tactus library import", true));
  for (const std::string& notice : store.notices()) fmt::print(stderr, "tactus: {}\n", notice);
  library::ImportReport r;
  {
    Progress progress("import", options.quiet);
    how.progress = [&](double share) {
      progress.show(share, fmt::format("{} tracks", found.tracks.size()));
      return !stop_asked();
    };
    r = library::import_library(store, found, path, how);
  }
  if (r.stopped) return stopped();
  const SharedMarks shared = share_with_decks(store);
  keep_search_quick(store.db());
  for (const std::string& problem : shared.problems) fmt::print(stderr, "tactus: {}\n", problem);
  fmt::print("{}", o.json ? import_object(source, r) + "\n" : import_words(source, r));
  return kOk;
}

}  // namespace tactus::app
