// tactus library crates smart: crates whose tracks follow from a rule.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <fstream>
#include <iterator>

#include "library/search/search.h"
#include "library/store/crates.h"
#include "library_commands.h"
#include "library_option.h"
#include "library_show.h"

namespace tactus::app {

namespace {

struct SmartCommand {
  LibraryOption library;
  std::string crate, rule_file;
  std::vector<std::string> words;
};

// Nothing: it makes no sense, which was said.
std::optional<library::Rule> wanted_rule(const SmartCommand& o) {
  if (o.rule_file.empty()) {
    const library::Query query = library::parse_query(fmt::format("{}", fmt::join(o.words, " ")), library::Typing::no);
    for (const library::QueryRemark& e : query.errors) fmt::print(stderr, "tactus: {}\n", e.what);
    return query.errors.empty() ? std::optional(query.rule) : std::nullopt;
  }
  std::ifstream file(o.rule_file);
  const std::string json{std::istreambuf_iterator<char>(file), {}};
  std::string error = file ? "" : "it can't be read";
  auto rule = file ? library::parse_rule(json, &error) : std::nullopt;
  if (!rule) fmt::print(stderr, "tactus: {}: {}\n", o.rule_file, error);
  return rule;
}

int set_smart(const SmartCommand& o) {
  const auto rule = wanted_rule(o);
  if (!rule) return kUsage;
  library::Store store(o.library.folder, as_writer("tactus library crates"));
  library::Edit edit(store, "tactus library crates", "rule of crate " + o.crate);
  if (const auto known = library::find_crate(store.db(), o.crate)) {
    if (library::read_crate(store.db(), *known)->kind != library::CrateKind::smart)
      return fail(o.crate + ": it is a crate already, but none with a rule; nothing was changed");
    store.db().run("UPDATE crate SET rule = ?2 WHERE id = ?1", *known, library::rule_json(*rule));
  } else {
    library::make_crate(edit, o.crate, library::CrateKind::smart, library::rule_json(*rule));
  }
  edit.commit();
  return kOk;
}

int show_smart(const SmartCommand& o) {
  library::Reader reader(o.library.folder);
  const auto id = library::find_crate(reader.db(), o.crate);
  const auto crate = id ? library::read_crate(reader.db(), *id) : std::nullopt;
  if (!crate || crate->kind != library::CrateKind::smart) return fail("there is no smart crate " + o.crate);
  fmt::print("{}\n", crate->rule);
  std::string error;
  const auto rule = library::parse_rule(crate->rule, &error);
  if (!rule) return fail(o.crate + ": its rule makes no sense: " + error);
  if (const auto query = library::query_text(*rule); query && !o.library.json) fmt::print("{}\n", *query);
  return kOk;
}

}  // namespace

void list_smart_crate(library::Database& db, std::int64_t crate, bool as_json) {
  library::Searcher searcher(db);
  library::SearchOrder order{.limit = library::kMostRows};
  for (;; order.offset += library::kMostRows) {
    const library::SearchPage page = searcher.crate(crate, order);
    print_tracks(db, page.tracks, as_json);
    if (order.offset + page.tracks.size() >= page.total || page.tracks.empty()) return;
  }
}

void add_library_smart(CLI::App& library, Run& run) {
  auto* cmd = library.get_subcommand("crates")->add_subcommand("smart", "A crate whose tracks follow from a rule");
  auto o = std::make_shared<SmartCommand>();
  o->library.add(cmd, "The rule alone");
  cmd->add_option("CRATE", o->crate, "Its path; it is made, or its rule changed")->required();
  auto* query = cmd->add_option("QUERY", o->words, "What belongs to it, as `tactus library search` takes it");
  cmd->add_option("--rule", o->rule_file, "A file with the rule as JSON, for nested and, or and not")->excludes(query);
  cmd->footer(
      "Without QUERY and --rule its rule is shown. Its tracks: `tactus library crates list CRATE`. Every change can "
      "be\n"
      "taken back by `tactus library undo`. Rules as JSON: docs/library.md.\n\n"
      "Examples:\n"
      "  tactus library crates smart Fresh 'added:<30d -genre:pop rating:>=3'\n"
      "  tactus library crates smart Sets/Openers --rule openers.json\n"
      "  tactus library crates list Fresh");
  cmd->callback(
      [&run, o] { run = [o] { return o->words.empty() && o->rule_file.empty() ? show_smart(*o) : set_smart(*o); }; });
}

}  // namespace tactus::app
