// tactus library edit, undo, redo: what a person sets of tracks.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <nlohmann/json.hpp>

#include "deck_marks.h"
#include "library/store/tracks.h"
#include "library_commands.h"
#include "library_option.h"
#include "library_show.h"

namespace tactus::app {

namespace {

struct EditCommand {
  LibraryOption library;
  std::vector<std::string> tracks, set, cues, loops, no_cues, no_loops;
  std::string grid;
};

[[noreturn]] void refuse_words(const std::string& why) {
  throw library::StoreError(library::StoreError::Kind::refused, why);
}

double seconds_in(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size())
    refuse_words(fmt::format("'{}' is no number of seconds", text));
  return value;
}

// People count from 1 on.
int number_in(std::string_view text) {
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < 1)
    refuse_words(fmt::format("'{}' is no number of a cue or loop", text));
  return value - 1;
}

// "1=12.5" or "1=12.5,Name"; of a loop "1=12.5-20".
library::Mark mark_in(const std::string& text, library::MarkKind kind) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) refuse_words("'" + text + "': NUMBER=SECONDS is wanted");
  const std::size_t comma = text.find(',', equals);
  library::Mark mark{.kind = kind, .number = number_in(std::string_view(text).substr(0, equals)), .origin = "hand"};
  if (comma != std::string::npos) mark.name = text.substr(comma + 1);
  const std::string_view place =
      std::string_view(text).substr(equals + 1, comma == std::string::npos ? comma : comma - equals - 1);
  const std::size_t dash = place.find('-', 1);
  mark.start = seconds_in(place.substr(0, dash));
  if (kind == library::MarkKind::loop) {
    if (dash == std::string_view::npos) refuse_words("'" + text + "': NUMBER=START-END is wanted");
    mark.stop = seconds_in(place.substr(dash + 1));
  }
  return mark;
}

// "126.5@0.35"; "found": what an analysis found.
std::vector<library::AnchorFact> grid_in(const std::string& text) {
  if (text == "found") return {};
  const std::size_t at = text.find('@');
  if (at == std::string::npos) refuse_words("'" + text + "': BPM@SECONDS is wanted, or found");
  return {{seconds_in(std::string_view(text).substr(at + 1)), 0, seconds_in(std::string_view(text).substr(0, at))}};
}

void set_in(library::Edit& edit, library::TrackId track, const std::string& text) {
  const std::size_t equals = text.find('=');
  const library::Field* field = library::find_field(text.substr(0, equals));
  if (equals == std::string::npos || !field) {
    std::string names;
    for (const library::Field& f : library::kFields)
      if (f.editable()) names += (names.empty() ? "" : ", ") + std::string(f.name);
    refuse_words("'" + text + "': FIELD=VALUE is wanted, with one of " + names);
  }
  library::set_field(edit, track, *field, library::parse_field(*field, std::string_view(text).substr(equals + 1)));
}

std::string edit_title(const EditCommand& o) {
  std::string out = o.tracks.size() == 1 ? "track " + o.tracks[0] : fmt::format("{} tracks", o.tracks.size());
  const auto add = [&](const std::vector<std::string>& list, const char* what) {
    for (const std::string& text : list) out += fmt::format(", {}{}", what, text);
  };
  add(o.set, "");
  add(o.cues, "cue ");
  add(o.no_cues, "no cue ");
  add(o.loops, "loop ");
  add(o.no_loops, "no loop ");
  return o.grid.empty() ? out : out + ", grid " + o.grid;
}

void set_all(library::Store& store, const std::vector<library::TrackId>& tracks, const EditCommand& o) {
  library::Edit edit(store, "tactus library edit", edit_title(o));
  for (const library::TrackId track : tracks) {
    for (const std::string& text : o.set) set_in(edit, track, text);
    for (const std::string& text : o.no_cues)
      library::remove_mark(edit, track, library::MarkKind::hot_cue, number_in(text));
    for (const std::string& text : o.no_loops)
      library::remove_mark(edit, track, library::MarkKind::loop, number_in(text));
    for (const std::string& text : o.cues) library::put_mark(edit, track, mark_in(text, library::MarkKind::hot_cue));
    for (const std::string& text : o.loops) library::put_mark(edit, track, mark_in(text, library::MarkKind::loop));
    if (!o.grid.empty()) library::set_grid(edit, track, grid_in(o.grid));
  }
  edit.commit();
}

void tell_problems(const SharedMarks& shared) {
  for (const std::string& problem : shared.problems) fmt::print(stderr, "tactus: {}\n", problem);
}

int edit_command(const EditCommand& o) {
  library::Store store(o.library.folder, as_writer("tactus library edit"));
  const auto tracks = tracks_named(store.db(), o.tracks);
  // What was set on decks until now comes first, so that this edit goes before it.
  tell_problems(share_with_decks(store, tracks));
  set_all(store, tracks, o);
  tell_problems(share_with_decks(store, tracks));
  keep_search_quick(store.db());
  print_tracks(store.db(), tracks, o.library.json);
  return kOk;
}

struct UndoCommand {
  LibraryOption library;
  bool list = false;
};

nlohmann::ordered_json change_json(const library::Change& c) {
  return {{"id", c.id}, {"at", c.at}, {"who", c.who}, {"what", c.what}, {"undone", c.undone}};
}

int undo_command(const UndoCommand& o, bool back) {
  if (o.list) {
    library::Reader reader(o.library.folder);
    for (const library::Change& c : library::changes(reader.db(), 50))
      fmt::print("{}\n", o.library.json ? json_line(change_json(c))
                                        : fmt::format("{}{}", c.what, c.undone ? "  (taken back)" : ""));
    return kOk;
  }
  library::Store store(o.library.folder, as_writer("tactus library undo"));
  // What was set on decks comes after it: before, it would itself be the last change.
  const auto change = back ? library::undo(store) : library::redo(store);
  if (change) tell_problems(share_with_decks(store));
  keep_search_quick(store.db());
  if (!change) return fail(back ? "there is nothing to take back" : "there is nothing to do again");
  fmt::print("{}\n", o.library.json ? json_line(change_json(*change))
                                    : fmt::format("{}: {}", back ? "taken back" : "done again", change->what));
  return kOk;
}

void add_turn(CLI::App& library, Run& run, bool back) {
  auto* cmd = library.add_subcommand(back ? "undo" : "redo",
                                     back ? "Take the last change back" : "Do the change again that was taken back");
  auto o = std::make_shared<UndoCommand>();
  o->library.add(cmd, "JSON: the change");
  cmd->add_flag("--list", o->list, "The last changes, the newest first; change nothing");
  cmd->footer(
      back ? "Each undo takes one more change back, of tracks and of crates.\n\nExamples:\n  tactus library undo\n"
             "  tactus library undo --list"
           : "Until something else is changed.\n\nExamples:\n  tactus library redo");
  cmd->callback([&run, o, back] { run = [o, back] { return undo_command(*o, back); }; });
}

}  // namespace

void add_library_edit(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("edit", "Set fields, cues, loops and the grid of tracks");
  auto o = std::make_shared<EditCommand>();
  o->library.add(cmd, "The tracks after it, a JSON object a line");
  cmd->add_option("TRACKS", o->tracks, "By number or by path")->required();
  cmd->add_option("--set", o->set, "FIELD=VALUE; without a value it is given back to tags and analysis");
  cmd->add_option("--cue", o->cues, "NUMBER=SECONDS[,NAME]: a hot cue");
  cmd->add_option("--loop", o->loops, "NUMBER=START-END[,NAME]");
  cmd->add_option("--no-cue", o->no_cues, "NUMBER of a hot cue to take away");
  cmd->add_option("--no-loop", o->no_loops, "NUMBER of a loop to take away");
  cmd->add_option("--grid", o->grid, "BPM@SECONDS of a downbeat; found: as the analysis has it");
  cmd->footer(
      "All of it is one change, which `tactus library undo` takes back. What is set by hand stays, whatever a scan or "
      "an\n"
      "analysis finds. Music files are not written to.\n\n"
      "Examples:\n"
      "  tactus library edit '#12' --set rating=4 --set key=8A --cue 1=32.5,Drop\n"
      "  tactus library edit ~/Music/a.mp3 --set bpm= --grid 126@0.35");
  cmd->callback([&run, o] { run = [o] { return edit_command(*o); }; });
  add_turn(library, run, true);
  add_turn(library, run, false);
}

}  // namespace tactus::app
