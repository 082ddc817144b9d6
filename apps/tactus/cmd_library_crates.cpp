// tactus library crates, prepare: lists of tracks.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "library/store/crates.h"
#include "library_commands.h"
#include "library_option.h"
#include "library_show.h"

namespace tactus::app {

namespace {

struct CratesCommand {
  LibraryOption library;
  std::string crate, to;
  std::vector<std::string> tracks;
  int at = -1;
  bool folder = false;
};

library::CrateId crate_named(library::Database& db, const std::string& path) {
  const auto id = library::find_crate(db, path);
  if (!id) throw library::StoreError(library::StoreError::Kind::refused, "there is no crate " + path);
  return *id;
}

const char* kind_name(library::CrateKind kind) {
  return kind == library::CrateKind::folder ? "folder" : kind == library::CrateKind::list ? "list" : "smart";
}

void print_crates(library::Database& db, std::optional<library::CrateId> folder, int depth, bool as_json) {
  for (const library::Crate& c : library::crates_in(db, folder)) {
    if (as_json) {
      fmt::print("{}\n", json_line({{"id", c.id},
                                    {"path", library::crate_path(db, c.id)},
                                    {"kind", kind_name(c.kind)},
                                    {"tracks", c.tracks}}));
    } else {
      const std::string more = c.kind == library::CrateKind::list    ? fmt::format("  {} tracks", c.tracks)
                               : c.kind == library::CrateKind::smart ? "  (smart)"
                                                                     : "/";
      fmt::print("{:{}}{}{}\n", "", 2 * depth, c.name, more);
    }
    if (depth < 100) print_crates(db, c.id, depth + 1, as_json);
  }
}

int list_crates(const CratesCommand& o) {
  library::Reader reader(o.library.folder);
  if (o.crate.empty()) {
    print_crates(reader.db(), std::nullopt, 0, o.library.json);
    if (!o.library.json && library::crates_in(reader.db(), std::nullopt).empty())
      fmt::print("There are no crates yet; `tactus library crates make NAME` makes one.\n");
    return kOk;
  }
  const library::CrateId crate = crate_named(reader.db(), o.crate);
  const library::CrateKind kind = library::read_crate(reader.db(), crate)->kind;
  if (kind == library::CrateKind::folder) {
    print_crates(reader.db(), crate, 0, o.library.json);
    return kOk;
  }
  if (kind == library::CrateKind::smart) {
    list_smart_crate(reader.db(), crate, o.library.json);
    return kOk;
  }
  for (std::int64_t from = 0;; from += library::kMostRows) {
    const auto page = library::crate_tracks(reader.db(), crate, from, library::kMostRows);
    print_tracks(reader.db(), page, o.library.json);
    if (static_cast<int>(page.size()) < library::kMostRows) return kOk;
  }
}

// One change of crates, with what it is called.
int change_crates(const CratesCommand& o, const std::string& what, const std::function<void(library::Edit&)>& change) {
  library::Store store(o.library.folder, as_writer("tactus library crates"));
  library::Edit edit(store, "tactus library crates", what);
  change(edit);
  edit.commit();
  return kOk;
}

int make_one(const CratesCommand& o) {
  return change_crates(o, "crate " + o.crate + " made", [&](library::Edit& e) {
    library::make_crate(e, o.crate, o.folder ? library::CrateKind::folder : library::CrateKind::list);
  });
}

// To another name, into a folder, or to another place among its neighbours.
int move_one(const CratesCommand& o) {
  return change_crates(o, "crate " + o.crate + " moved to " + o.to, [&](library::Edit& e) {
    library::Database& db = e.db();
    const library::CrateId crate = crate_named(db, o.crate);
    const std::optional<int> place = o.at >= 1 ? std::optional(o.at - 1) : std::nullopt;
    const auto target = o.to == "/" ? std::nullopt : library::find_crate(db, o.to);
    if (o.to == "/" ||
        (target && library::read_crate(db, *target)->kind == library::CrateKind::folder && *target != crate)) {
      library::move_crate(e, crate, target, place);
    } else if (o.to.empty() || target == crate) {
      library::move_crate(e, crate, library::read_crate(db, crate)->parent, place);
    } else {
      library::rename_crate(e, crate, o.to);
    }
  });
}

int remove_one(const CratesCommand& o) {
  return change_crates(o, "crate " + o.crate + " removed", [&](library::Edit& e) {
    const library::CrateId crate = crate_named(e.db(), o.crate);
    if (o.tracks.empty()) return library::delete_crate(e, crate);
    library::remove_from_crate(e, crate, tracks_named(e.db(), o.tracks));
  });
}

int add_tracks(const CratesCommand& o) {
  return change_crates(o, fmt::format("{} tracks into {}", o.tracks.size(), o.crate), [&](library::Edit& e) {
    library::add_to_crate(e, crate_named(e.db(), o.crate), tracks_named(e.db(), o.tracks),
                          o.at >= 1 ? std::optional(static_cast<std::size_t>(o.at - 1)) : std::nullopt);
  });
}

CLI::App* crate_action(CLI::App& crates, Run& run, const char* name, const char* help, std::shared_ptr<CratesCommand> o,
                       int (*action)(const CratesCommand&), bool required = true) {
  auto* cmd = crates.add_subcommand(name, help);
  o->library.add(cmd, required ? "" : "JSON objects, one a line");
  auto* crate = cmd->add_option("CRATE", o->crate,
                                "Its path: names from the top with '/' between; a '/' in a name is written '\\/'");
  if (required) crate->required();
  cmd->callback([&run, o, action] { run = [o, action] { return action(*o); }; });
  return cmd;
}

struct PrepareCommand {
  LibraryOption library;
  std::vector<std::string> add, remove;
  bool clear = false;
};

int prepare_command(const PrepareCommand& o) {
  if (o.add.empty() && o.remove.empty() && !o.clear) {
    library::Reader reader(o.library.folder);
    print_tracks(reader.db(), library::prepared(reader.db()), o.library.json);
    return kOk;
  }
  library::Store store(o.library.folder, as_writer("tactus library prepare"));
  library::Edit edit(store, "tactus library prepare", o.clear ? "prepare list cleared" : "prepare list changed");
  std::vector<library::TrackId> list = o.clear ? std::vector<library::TrackId>() : library::prepared(store.db());
  for (const library::TrackId track : tracks_named(store.db(), o.remove)) std::erase(list, track);
  for (const library::TrackId track : tracks_named(store.db(), o.add))
    if (std::find(list.begin(), list.end(), track) == list.end()) list.push_back(track);
  library::set_prepared(edit, list);
  edit.commit();
  print_tracks(store.db(), list, o.library.json);
  return kOk;
}

}  // namespace

void add_library_crates(CLI::App& library, Run& run) {
  auto* crates = library.add_subcommand("crates", "Crates and folders of them");
  crates->require_subcommand(0, 1);
  auto all = std::make_shared<CratesCommand>();
  all->library.add(crates, "JSON objects, one a line");
  crates->callback([&run, crates, all] {
    if (crates->get_subcommands().empty()) run = [all] { return list_crates(*all); };
  });
  crates->footer(
      "Without a command all of them are shown. Every change can be taken back by `tactus library undo`.\n\n"
      "Examples:\n"
      "  tactus library crates\n"
      "  tactus library crates make Sets/Friday\n"
      "  tactus library crates add Sets/Friday '#12' ~/Music/a.mp3\n"
      "  tactus library crates list Sets/Friday\n"
      "  tactus library crates move Sets/Friday /");
  crate_action(*crates, run, "list", "All crates, or the tracks of one", std::make_shared<CratesCommand>(), list_crates,
               false)
      ->footer("Examples:\n  tactus library crates list\n  tactus library crates list Sets/Friday --json");
  auto make = std::make_shared<CratesCommand>();
  auto* cmd = crate_action(*crates, run, "make", "A new crate, with the folders of its path", make, make_one);
  cmd->add_flag("--folder", make->folder, "A folder of crates");
  cmd->footer("Examples:\n  tactus library crates make Sets/Friday\n  tactus library crates make --folder Sets/2027");
  auto move = std::make_shared<CratesCommand>();
  cmd = crate_action(*crates, run, "move", "Into another folder, to another name or place", move, move_one);
  cmd->add_option("TO", move->to, "A folder, '/' for the top, or else a new name");
  cmd->add_option("--at", move->at, "Its place there, from 1 on; else the last")->check(CLI::Range(1, 1'000'000));
  cmd->footer(
      "Examples:\n  tactus library crates move Sets/Friday Old\n  tactus library crates move Sets/Friday --at 1");
  auto remove = std::make_shared<CratesCommand>();
  cmd = crate_action(*crates, run, "rm", "Remove a crate with all in it, or tracks from it", remove, remove_one);
  cmd->add_option("TRACKS", remove->tracks, "Only these, by number or path, wherever they are in it");
  cmd->footer(
      "No track is deleted by it.\n\nExamples:\n  tactus library crates rm Old\n  tactus library crates rm Sets/Friday "
      "'#12'");
  auto add = std::make_shared<CratesCommand>();
  cmd = crate_action(*crates, run, "add", "Put tracks into a crate", add, add_tracks);
  cmd->add_option("TRACKS", add->tracks, "By number or path")->required();
  cmd->add_option("--at", add->at, "Before the one at this place, from 1 on; else at the end")
      ->check(CLI::Range(1, 1'000'000));
  cmd->footer("Examples:\n  tactus library crates add Sets/Friday '#12' '#7' --at 1");
}

void add_library_prepare(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("prepare", "The list of what may be played tonight");
  auto o = std::make_shared<PrepareCommand>();
  o->library.add(cmd, "Its tracks, a JSON object a line");
  cmd->add_option("--add", o->add, "Tracks, by number or path, to its end");
  cmd->add_option("--remove", o->remove, "Tracks, by number or path");
  cmd->add_flag("--clear", o->clear, "Take all out first");
  cmd->footer(
      "Without options it is shown.\n\nExamples:\n  tactus library prepare\n  tactus library prepare --add '#12' "
      "~/Music/a.mp3");
  cmd->callback([&run, o] { run = [o] { return prepare_command(*o); }; });
}

}  // namespace tactus::app
