// tactus library scan: the library brought up to date with its folders, once or for as long as it runs.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "keys.h"
#include "library/search/merge.h"
#include "library/store/folder_watch.h"
#include "library/store/scan.h"
#include "library_commands.h"
#include "library_option.h"
#include "progress.h"

namespace tactus::app {

namespace {

struct ScanCommand {
  LibraryOption library;
  std::vector<std::string> folders;
  bool all = false, watch = false, quiet = false;
};

std::string scan_line(const library::ScanReport& r) {
  return json_line({{"files", r.files},
                    {"added", r.added},
                    {"duplicates", r.duplicates},
                    {"moved", r.moved},
                    {"changed", r.changed},
                    {"unchanged", r.unchanged},
                    {"back", r.back},
                    {"missing", r.missing},
                    {"broken", r.broken},
                    {"stopped", r.stopped},
                    {"seconds", r.seconds},
                    {"problems", r.problems}});
}

std::string scan_words(const library::ScanReport& r) {
  std::string text = fmt::format("{} files: {} new tracks", r.files, r.added);
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(r.duplicates, "more copies of a track");
  add(r.moved, "found again elsewhere");
  add(r.changed, "changed");
  add(r.unchanged, "as before");
  add(r.back, "back");
  add(r.missing, "missing");
  add(r.broken, "broken");
  return text + fmt::format(", in {:.1f} s ({:.0f} files/s)", r.seconds,
                            r.seconds > 0 ? static_cast<double>(r.files) / r.seconds : 0);
}

// A writer for this scan alone: between two scans of a watch others may write.
library::ScanReport scan_once(const ScanCommand& o, const std::vector<std::string>& folders) {
  library::Store store(o.library.folder, as_writer("tactus library scan", true));
  for (const std::string& notice : store.notices()) fmt::print(stderr, "tactus: {}\n", notice);
  Progress progress("scan", o.quiet);
  library::ScanOptions options;
  options.folders = folders;
  options.read_all = o.all;
  options.readers = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 8U));
  // Some ten thousand at a time: what taking in costs is for the most part the same for one and for many.
  options.committed = [](library::Database& db) {
    constexpr std::size_t kMany = 16384;
    if (library::pending_count(db, kMany) >= kMany) library::merge_pending(db);
  };
  options.progress = [&](const library::ScanProgress& p) {
    const double share = p.of > 0 ? static_cast<double>(p.done) / static_cast<double>(p.of) : 0;
    progress.show(share, fmt::format("{} files", p.done));
    return !stop_asked();
  };
  const library::ScanReport report = library::scan(store, options);
  if (!report.stopped) progress.done(fmt::format("scan 100 %  {} files", report.files));
  keep_search_quick(store.db(), true);
  return report;
}

void tell_scan(const ScanCommand& o, const library::ScanReport& r) {
  for (const std::string& problem : r.problems) fmt::print(stderr, "tactus: {}\n", problem);
  fmt::print("{}\n", o.library.json ? scan_line(r) : scan_words(r));
  std::fflush(stdout);
}

// Scans folders in which something changes, and roots whose drive comes back, until it is stopped.
int watch_folders(const ScanCommand& o, const library::ScanReport& first) {
  library::FolderWatch watch;
  std::set<std::string> changed;
  std::vector<std::string> volumes;  // of the roots: a drive that comes back is no change of its folder
  for (const std::string& root : o.folders) volumes.push_back(library::volume_of(root));
  bool all_watched = watch.add(first.folders);
  while (!stop_asked()) {
    if (!all_watched) {
      return fail(
          "the system watches no more folders than that: raise fs.inotify.max_user_watches, or scan now and then");
    }
    changed.merge(watch.wait(std::chrono::milliseconds(500), std::chrono::milliseconds(300)));
    std::vector<std::string> folders(changed.begin(), changed.end());
    for (std::size_t i = 0; i < o.folders.size(); ++i) {
      const std::string now = library::volume_of(o.folders[i]);
      if (std::exchange(volumes[i], now) != now) folders.push_back(o.folders[i]);
    }
    if (folders.empty() || stop_asked()) continue;
    try {
      const library::ScanReport r = scan_once(o, folders);
      changed.clear();
      all_watched = watch.add(r.folders);
      if (r.unchanged < r.files || r.missing > 0) tell_scan(o, r);
    } catch (const library::StoreError& e) {
      // Somebody else writes: what changed is scanned when they are done.
      if (e.kind() != library::StoreError::Kind::busy) throw;
    }
  }
  return kOk;
}

std::vector<std::string> known_roots(const std::string& folder) {
  std::vector<std::string> out;
  library::Reader reader(folder);
  reader.db().statement("SELECT path FROM root ORDER BY path").bind().each([&](const library::Statement& s) {
    out.push_back(s.text(0));
  });
  return out;
}

int scan_command(ScanCommand o) {
  install_stop_signals();
  if (o.folders.empty()) o.folders = known_roots(o.library.folder);
  if (o.folders.empty()) return fail("the library has no folders yet: name one");
  const library::ScanReport r = scan_once(o, o.folders);
  tell_scan(o, r);
  if (r.stopped) {
    fmt::print(stderr, "tactus: stopped; what was found is kept\n");
    return kStopped;
  }
  if (o.watch) return watch_folders(o, r);
  return r.unknown > 0 ? kFailed : kOk;
}

}  // namespace

void add_library_scan(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("scan", "Bring the library up to date with its folders");
  auto o = std::make_shared<ScanCommand>();
  o->library.add(cmd, "A JSON object for the scan");
  cmd->add_option("FOLDERS", o->folders, "Folders of music; else all that were scanned before");
  cmd->add_flag("--all", o->all, "Read files again that haven't changed");
  cmd->add_flag("--watch", o->watch, "Go on, and scan what changes, until it is stopped");
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  cmd->footer(
      "Music files are only read. A file that was moved, renamed or tagged anew stays the same track, with its cues "
      "and\n"
      "crates. Files that have gone, or whose drive isn't there, are kept as missing. Broken files are named, and the\n"
      "rest goes on. Ctrl-C stops; what was found is kept.\n\n"
      "Examples:\n"
      "  tactus library scan ~/Music /media/usb\n"
      "  tactus library scan\n"
      "  tactus library scan --watch -q --json >> scan.jsonl");
  cmd->callback([&run, o] { run = [o] { return scan_command(*o); }; });
}

}  // namespace tactus::app
