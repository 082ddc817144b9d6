#include "schedule/comeback.h"

#include <algorithm>
#include <cmath>

#include "schedule/intent_table.h"
#include "schedule/parse.h"

namespace tactus::schedule {

namespace {

struct Crash {
  std::optional<Checkpoint> last;
  std::int64_t ns = 0;  // the last that is known of it
  std::string boot;
};

// The crashes at the end of the journal, the latest first.
std::vector<Crash> crashes(const ReadJournal& tail) {
  std::vector<Crash> list;
  for (auto run = tail.runs.rbegin(); run != tail.runs.rend() && !run->ended; ++run) {
    Crash c{read_checkpoint(run->state), run->header.ns, run->header.boot};
    if (c.last) c.ns = c.last->ns, c.boot = c.last->boot;
    list.push_back(std::move(c));
  }
  return list;
}

std::set<std::string> suspects(const Crash& crash) {
  std::set<std::string> files;
  if (!crash.last) return files;
  files.insert(crash.last->opening.begin(), crash.last->opening.end());
  for (const DeckPoint& d : crash.last->decks) {
    if (d.age_seconds < kCrashWindow) files.insert(d.path);
  }
  return files;
}

// Where a control that goes from `from` to `to` is at `share` of the way; by gain, where its numbers are decibels.
double between(const Intent& intent, double from, double to, double share) {
  if (intent.row->meaning.convert != Meaning::Convert::gain) return std::lerp(from, to, share);
  const double gain = std::lerp(Decibels{from}.gain(), Decibels{to}.gain(), share);
  return gain > 0 ? Decibels::of_gain(gain).v : -INFINITY;
}

}  // namespace

std::vector<std::string> settings_after(std::vector<std::string> settings, double seconds) {
  // A ramp is two settings: where it was, and where it goes.
  for (std::size_t i = 1; seconds > 0 && i < settings.size(); ++i) {
    const auto from = parse(settings[i - 1]).intent;
    auto to = parse(settings[i]).intent;
    if (!from || !to || !to->over || to->over->unit != Over::Unit::seconds || to->args.empty()) continue;
    const double share = std::min(1.0, seconds / to->over->amount);
    to->over->amount -= seconds;
    if (share == 1) to->over.reset(), to->curve.reset();
    auto here = *from;
    here.args[0] = between(*to, from->number(0), to->number(0), share);
    settings[i - 1] = to_text(here);
    settings[i] = to_text(*to);
  }
  return settings;
}

Comeback come_back(const ReadJournal& tail, std::int64_t now_ns, const std::string& boot, ComebackMode mode) {
  Comeback back;
  const std::vector<Crash> list = crashes(tail);
  if (list.empty() || mode == ComebackMode::off) return back;
  const auto seconds_ago = [&](const Crash& c) { return static_cast<double>(now_ns - c.ns) * 1e-9; };
  const auto lately = static_cast<std::size_t>(std::count_if(list.begin(), list.end(), [&](const Crash& c) {
    return c.boot == boot && seconds_ago(c) >= 0 && seconds_ago(c) < kCrashWindow;
  }));
  if (lately >= kManyCrashes) {
    back.notices.push_back(
        "The engine crashed " + std::to_string(lately) +
        " times within a minute, so it starts on empty decks. What was on them: tactus journal show");
    return back;
  }
  if (lately >= 2) {
    const std::set<std::string> first = suspects(list[1]), second = suspects(list[0]);
    std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                          std::inserter(back.distrusted, back.distrusted.end()));
  }
  for (const std::string& file : back.distrusted) {
    back.notices.push_back(file + " was just loaded at two crashes in a row; " + kWhyDistrusted + ".");
  }
  // One that died before it could write anything leaves what the one before it had.
  const auto with = std::find_if(list.begin(), list.end(), [](const Crash& c) { return c.last.has_value(); });
  if (with == list.end()) return back;
  back.set = *with->last;
  std::erase_if(back.set->decks, [&](const DeckPoint& d) { return back.distrusted.contains(d.path); });
  const double gone = seconds_ago(*with);
  const bool same_boot = with->boot == boot && gone >= 0;
  back.play = same_boot && gone < kFreshSeconds && !back.set->held;
  if (back.play && mode == ComebackMode::now) {
    back.gone_seconds = gone;
    back.at_ns = now_ns;
  }
  const bool played =
      std::any_of(back.set->decks.begin(), back.set->decks.end(), [](const DeckPoint& d) { return d.law.playing; });
  if (played && !back.play) {
    back.notices.push_back(
        "The engine before this one ended without being stopped. Its tracks are on the decks, where they stopped; "
        "nothing plays.");
  }
  return back;
}

}  // namespace tactus::schedule
