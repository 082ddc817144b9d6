#include "library_exchange.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "command.h"
#include "deck_marks.h"
#include "keys.h"
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

}  // namespace

int import_into(const LibraryOption& o, const library::ForeignLibrary& found, const std::string& source,
                const ImportInto& options) {
  install_stop_signals();
  library::Store store(o.folder, {.who = "tactus library import"});
  for (const std::string& notice : store.notices()) fmt::print(stderr, "tactus: {}\n", notice);
  library::ImportReport r;
  {
    Progress progress("import", options.quiet);
    library::ImportOptions how;
    how.map = options.map;
    how.overwrite = options.overwrite;
    how.accept_proposed = options.accept_proposed;
    how.progress = [&](double share) {
      progress.show(share, fmt::format("{} tracks", found.tracks.size()));
      return !stop_asked();
    };
    r = library::import_library(store, found, std::filesystem::absolute(source).lexically_normal().string(), how);
  }
  if (r.stopped) {
    fmt::print(stderr, "tactus: stopped; nothing was changed\n");
    return kStopped;
  }
  const SharedMarks shared = share_with_decks(store);
  keep_search_quick(store.db());
  for (const std::string& problem : shared.problems) fmt::print(stderr, "tactus: {}\n", problem);
  fmt::print("{}", o.json ? import_object(source, r) + "\n" : import_words(source, r));
  return kOk;
}

}  // namespace tactus::app
