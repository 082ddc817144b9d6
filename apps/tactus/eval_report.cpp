#include "eval_report.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "eval/tally.h"

namespace tactus::app {
namespace {

using eval::Figure;
using eval::Subject;
using eval::Tally;
using nlohmann::json;

// The tracks of one kind, style or all, by each analyser.
struct Group {
  std::string name;
  std::vector<Tally> by;
};

std::vector<Figure> all_figures() {
  std::vector<Figure> out;
  for (std::size_t i = 0; i < eval::kFigures; ++i) out.push_back(static_cast<Figure>(i));
  return out;
}

using Field = std::string eval::Truth::*;

// A group for each value that the tracks have in `field`; without a field, one of all.
std::vector<Group> groups(const std::vector<eval::Truth>& truths, const std::vector<EvalTrack>& tracks,
                          std::size_t analysers, Field field) {
  std::map<std::string, Group> found;
  if (field == nullptr) found["all"] = {"all", std::vector<Tally>(analysers)};
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].error) continue;
    const std::string name = field == nullptr ? "all" : truths[i].*field;
    if (name.empty()) continue;
    Group& group = found.try_emplace(name, Group{name, std::vector<Tally>(analysers)}).first->second;
    for (std::size_t a = 0; a < analysers; ++a) group.by[a].add(tracks[i].by[a]);
  }
  std::vector<Group> out;
  for (auto& [name, group] : found) out.push_back(std::move(group));
  return out;
}

std::string cell(Figure figure, const std::optional<double>& value) {
  if (!value) return "-";
  return eval::info(figure).is_share ? fmt::format("{:.3f}", *value) : fmt::format("{:+.1f}", *value);
}

// A table of Markdown whose columns line up.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> width(rows[0].size(), 3);
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      out += c == 0 ? fmt::format("| {:<{}} |", rows[r][c], width[c]) : fmt::format(" {:>{}} |", rows[r][c], width[c]);
    }
    out += '\n';
    if (r > 0) continue;
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      out += fmt::format("{}{:-<{}}{}|", c == 0 ? "|" : "", "", width[c] + 1, c == 0 ? "-" : ":");
    }
    out += '\n';
  }
  return out;
}

std::string figures_table(const Group& all, const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> rows = {{"figure", "tracks"}};
  rows[0].insert(rows[0].end(), names.begin(), names.end());
  for (const Figure f : all_figures()) {
    std::vector<std::string> row = {std::string(eval::info(f).title), std::to_string(all.by[0].count(f))};
    for (const Tally& t : all.by) row.push_back(cell(f, t.value(f)));
    rows.push_back(std::move(row));
  }
  return table(rows);
}

// Figures that no group has are left out.
std::string groups_table(const std::vector<Group>& list, const std::string& what, std::size_t analyser) {
  std::vector<Figure> shown;
  for (const Figure f : all_figures()) {
    if (std::any_of(list.begin(), list.end(), [&](const Group& g) { return g.by[analyser].value(f).has_value(); })) {
      shown.push_back(f);
    }
  }
  std::vector<std::vector<std::string>> rows = {{what, "n"}};
  for (const Figure f : shown) rows[0].emplace_back(eval::info(f).brief);
  for (const Group& g : list) {
    std::vector<std::string> row = {g.name, std::to_string(g.by[analyser].tracks())};
    for (const Figure f : shown) row.push_back(cell(f, g.by[analyser].value(f)));
    rows.push_back(std::move(row));
  }
  return table(rows);
}

constexpr std::array kSteps = {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};

std::string reliability_table(const Tally& ours) {
  std::vector<std::vector<std::string>> rows = {{"confidence"}};
  for (const std::string_view s : eval::kSubjects) rows[0].emplace_back(s);
  for (std::size_t i = 0; i + 1 < kSteps.size(); ++i) {
    std::vector<std::string> row = {fmt::format("{:.1f} to {:.1f}", kSteps[i], kSteps[i + 1])};
    for (std::size_t s = 0; s < eval::kSubjects.size(); ++s) {
      const auto r = ours.reliability(static_cast<Subject>(s), kSteps[i], kSteps[i + 1]);
      row.push_back(r.said == 0 ? "-" : fmt::format("{:.0f} % of {}", 100.0 * r.right / r.said, r.said));
    }
    rows.push_back(std::move(row));
  }
  return table(rows);
}

double total(const std::vector<EvalTrack>& tracks, std::size_t analyser) {
  return std::accumulate(tracks.begin(), tracks.end(), 0.0,
                         [&](double sum, const EvalTrack& t) { return sum + (t.error ? 0 : t.cpu_seconds[analyser]); });
}

double music_seconds(const std::vector<EvalTrack>& tracks) {
  return std::accumulate(tracks.begin(), tracks.end(), 0.0,
                         [](double sum, const EvalTrack& t) { return sum + t.seconds; });
}

json number(const std::optional<double>& v) { return v ? json(*v) : json(nullptr); }

json figures_json(const Tally& tally) {
  json out = {{"tracks", tally.tracks()}};
  for (const Figure f : all_figures()) out[std::string(eval::info(f).id)] = number(tally.value(f));
  return out;
}

json groups_json(const std::vector<Group>& list, std::size_t analyser) {
  json out = json::object();
  for (const Group& g : list) out[g.name] = figures_json(g.by[analyser]);
  return out;
}

json reliability_json(const Tally& ours) {
  json out = json::object();
  for (std::size_t s = 0; s < eval::kSubjects.size(); ++s) {
    json bins = json::array();
    for (std::size_t i = 0; i + 1 < kSteps.size(); ++i) {
      const auto r = ours.reliability(static_cast<Subject>(s), kSteps[i], kSteps[i + 1]);
      bins.push_back({{"from", kSteps[i]}, {"said", r.said}, {"right", r.right}});
    }
    out[std::string(eval::kSubjects[s])] = bins;
  }
  return out;
}

}  // namespace

std::string eval_tables(const std::vector<eval::Truth>& truths, const std::vector<EvalTrack>& tracks,
                        const std::vector<std::string>& names, bool each_track) {
  const Group all = groups(truths, tracks, names.size(), nullptr).at(0);
  std::string out = figures_table(all, names);
  for (std::size_t a = 0; a < names.size(); ++a) {
    for (const auto& [what, field] : {std::pair<const char*, Field>{"kind", &eval::Truth::kind},
                                      {"style", &eval::Truth::style},
                                      {"track", each_track ? &eval::Truth::name : nullptr}}) {
      if (field == nullptr) continue;
      const std::vector<Group> list = groups(truths, tracks, names.size(), field);
      if (!list.empty()) out += fmt::format("\n{} by {}\n\n{}", names[a], what, groups_table(list, what, a));
    }
  }
  out += "\nHow often what tactus says with a confidence is right\n\n" + reliability_table(all.by[0]) + "\n";
  const double seconds = music_seconds(tracks);
  for (std::size_t a = 0; a < names.size(); ++a) {
    const double cpu = total(tracks, a);
    out += fmt::format("{}: {:.0f} s of CPU for {:.0f} s of music, {:.0f} x real time\n", names[a], cpu, seconds,
                       cpu > 0 ? seconds / cpu : 0);
  }
  return out;
}

std::string eval_json(const std::vector<eval::Truth>& truths, const std::vector<EvalTrack>& tracks,
                      const std::vector<std::string>& names) {
  const std::size_t n = names.size();
  const Group all = groups(truths, tracks, n, nullptr).at(0);
  const auto kinds = groups(truths, tracks, n, &eval::Truth::kind),
             styles = groups(truths, tracks, n, &eval::Truth::style);
  json out = {{"seconds", music_seconds(tracks)}, {"failed", json::array()}, {"tracks", json::array()}};
  for (std::size_t a = 0; a < n; ++a) {
    out["analysers"][names[a]] = {{"cpu_seconds", total(tracks, a)},
                                  {"total", figures_json(all.by[a])},
                                  {"kinds", groups_json(kinds, a)},
                                  {"styles", groups_json(styles, a)}};
  }
  out["reliability"] = reliability_json(all.by[0]);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].error) {
      out["failed"].push_back({{"file", truths[i].name}, {"error", *tracks[i].error}});
      continue;
    }
    json track = {{"file", truths[i].name}, {"kind", truths[i].kind}, {"style", truths[i].style}};
    for (std::size_t a = 0; a < n; ++a) {
      for (const Figure f : all_figures()) {
        track[names[a]][std::string(eval::info(f).id)] = number(tracks[i].by[a][f]);
      }
    }
    out["tracks"].push_back(std::move(track));
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace tactus::app
