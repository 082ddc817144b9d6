// tactus library search: what a query means, a page of it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "library/search/search.h"
#include "library/store/store.h"
#include "library_commands.h"
#include "library_option.h"
#include "track_rows.h"

namespace tactus::app {

namespace {

struct SearchCommand {
  LibraryOption library;
  std::vector<std::string> words;
  library::SearchOrder order;
  bool rule = false;
};

// The place in the query, marked beneath it.
std::string remark_words(const std::string& query, const library::QueryRemark& remark) {
  // A letter of several bytes takes one place.
  const auto letters = [&](std::size_t from, std::size_t to) {
    std::size_t n = 0;
    for (std::size_t i = from; i < std::min(to, query.size()); ++i) n += (query[i] & 0xC0) != 0x80;
    return n;
  };
  return fmt::format("{}\n  {}\n  {}{}\n", remark.what, query, std::string(letters(0, remark.at), ' '),
                     std::string(std::max<std::size_t>(1, letters(remark.at, remark.at + remark.length)), '^'));
}

nlohmann::ordered_json meant_json(const library::SearchPage& page) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const auto& [word, others] : page.meant) out[word] = others;
  return out;
}

void print_page(const SearchCommand& o, const std::vector<library::TrackRow>& rows, const library::SearchPage& page) {
  if (o.library.json) {
    nlohmann::ordered_json tracks = nlohmann::ordered_json::array();
    for (const library::TrackRow& row : rows) tracks.push_back(row_json(row));
    fmt::print("{}\n", json_line({{"total", page.total},
                                  {"offset", o.order.offset},
                                  {"tracks", std::move(tracks)},
                                  {"meant", meant_json(page)}}));
    return;
  }
  for (const auto& [word, others] : page.meant)
    fmt::print("hardly any track has {}; looked for besides: {}\n", word, fmt::join(others, ", "));
  for (const library::TrackRow& row : rows) fmt::print("{}\n", row_words(row));
  if (page.total > rows.size() && !rows.empty())
    fmt::print("{} to {} of {}\n", o.order.offset + 1, o.order.offset + rows.size(), page.total);
  if (rows.empty())
    fmt::print("{}\n", page.total == 0 ? std::string("nothing is like that")
                                       : fmt::format("only {} are like that", page.total));
}

int search_command(const SearchCommand& o) {
  const std::string query = fmt::format("{}", fmt::join(o.words, " "));
  const library::Query parsed = library::parse_query(query, library::Typing::no);
  for (const library::QueryRemark& e : parsed.errors) fmt::print(stderr, "tactus: {}", remark_words(query, e));
  if (!parsed.errors.empty()) return kUsage;
  if (!o.order.field.empty() && library::field_place(o.order.field) < 0) {
    fmt::print(stderr, "tactus: there is no field called {}\n", o.order.field);
    return kUsage;
  }
  if (o.rule) {
    fmt::print("{}\n", library::rule_json(parsed.rule));
    return kOk;
  }
  library::Reader reader(o.library.folder);
  library::Searcher searcher(reader.db());
  const library::SearchPage page = searcher.search(parsed.rule, o.order);
  print_page(o, library::read_rows(reader.db(), page.tracks), page);
  return kOk;
}

}  // namespace

void add_library_search(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("search", "Find tracks by words and by what is known of them");
  auto o = std::make_shared<SearchCommand>();
  o->library.add(cmd, "A JSON object with the page of tracks");
  cmd->add_option("QUERY", o->words, "Words and filters; without any, all tracks");
  cmd->add_option("--sort", o->order.field, "By a field: title, bpm, added …; else by how well it fits");
  cmd->add_flag("--desc", o->order.descending, "The greatest first");
  cmd->add_option("--limit", o->order.limit, "How many")
      ->check(CLI::Range(1, library::kMostRows))
      ->capture_default_str();
  cmd->add_option("--offset", o->order.offset, "How many to leave out at the beginning");
  cmd->add_flag("--rule", o->rule, "Print the query as a rule for smart crates, and search nothing");
  cmd->footer(
      "Words are looked for in title, artist, album, genre, comment and names of crates; what begins with them "
      "counts.\n"
      "Where hardly anything fits, words of four letters and more may be mistyped. Filters: docs/library.md. A filter\n"
      "that begins with - goes behind --, or into one word with others.\n\n"
      "Examples:\n"
      "  tactus library search deep house\n"
      "  tactus library search 'bpm:120-128 key:8A~ energy:>6 added:<30d \"exact phrase\" -live'\n"
      "  tactus library search 'genre:techno rating:>=4' --sort played --limit 20\n"
      "  tactus library search 'missing:genre' --json | jq -r '.tracks[].path'");
  cmd->callback([&run, o] { run = [o] { return search_command(*o); }; });
}

}  // namespace tactus::app
