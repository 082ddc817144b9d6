#include "deck_marks.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>

#include "analysis/cues.h"
#include "analysis/edits.h"
#include "analysis/user_files.h"
#include "base/json_number.h"
#include "library/store/tracks.h"

namespace tactus::app {

namespace {

using library::AnchorFact;
using library::Mark;
using library::MarkKind;
using library::TrackId;

// What both sides can say of a track.
struct Shared {
  std::map<int, double> hotcues;  // by their number from 1 on, seconds
  std::vector<AnchorFact> grid;   // set by hand; empty: not
  std::optional<int> key;         // set by hand; music::Key::index()
};

bool near(double a, double b) { return std::abs(a - b) < 1e-6; }
bool same(const std::map<int, double>& a, const std::map<int, double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && near(x.second, y.second); });
}
bool same(const std::vector<AnchorFact>& a, const std::vector<AnchorFact>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const AnchorFact& x, const AnchorFact& y) {
    return near(x.seconds, y.seconds) && near(x.beat, y.beat) && near(x.bpm, y.bpm);
  });
}
bool same(const Shared& a, const Shared& b) {
  return same(a.hotcues, b.hotcues) && same(a.grid, b.grid) && a.key == b.key;
}

// What was the same on both sides, of the file with this content.
std::string to_json(const Shared& s, const std::string& content) {
  nlohmann::json cues = nlohmann::json::object(), grid = nlohmann::json::array();
  for (const auto& [number, seconds] : s.hotcues) cues[std::to_string(number)] = seconds;
  for (const AnchorFact& a : s.grid) grid.push_back({a.seconds, a.beat, a.bpm});
  return nlohmann::json{{"content", content},
                        {"hotcues", cues},
                        {"grid", grid},
                        {"key", s.key ? nlohmann::json(*s.key) : nlohmann::json()}}
      .dump();
}

// Nothing, too, where it is of another content: that a deck has no cues of a file says nothing of those of another.
std::optional<Shared> shared_of_json(const std::string& text, const std::string& content) {
  try {
    Shared out;
    const auto j = nlohmann::json::parse(text);
    if (j.at("content") != content) return std::nullopt;
    for (const auto& [number, seconds] : j.at("hotcues").items()) out.hotcues[std::stoi(number)] = seconds;
    for (const auto& a : j.at("grid")) out.grid.push_back({a.at(0), a.at(1), a.at(2)});
    if (!j.at("key").is_null()) out.key = json_whole<int>(j.at("key"));
    return out;
  } catch (const std::exception&) {  // a damaged row
    return std::nullopt;
  }
}

// What a folder of the decks' files is known by, whatever it is called: kept in it, so that one that was lost or is of
// another machine isn't taken for this one with everything deleted. Nothing: it can't be written to.
std::optional<std::string> mark_of(const std::string& folder) {
  if (folder.empty()) return std::nullopt;
  const std::string path = folder + "/.folder";
  std::string known;
  if (std::ifstream(path) >> known) return known;
  std::random_device random;
  for (int i = 0; i < 4; ++i) known += std::to_string(random());
  return analysis::write_whole(path, known + '\n') ? std::optional(known) : std::nullopt;
}

Shared shared_of(const library::Track& track) {
  Shared out;
  for (const Mark& m : track.marks)
    if (m.kind == MarkKind::hot_cue && m.number < analysis::kHotcues) out.hotcues[m.number + 1] = m.start;
  if (track.grid_by_hand) out.grid = track.grid;
  const auto* key = std::get_if<std::int64_t>(&track.field("key"));
  if (key && (track.by_hand >> library::find_field("key")->bit & 1) != 0) out.key = static_cast<int>(*key);
  return out;
}

Shared shared_of(const analysis::Cues& cues, const analysis::Edits& edits) {
  Shared out;
  for (int i = 0; i < analysis::kHotcues; ++i)
    if (const auto& at = cues.hotcues[static_cast<std::size_t>(i)]) out.hotcues[i + 1] = *at;
  if (edits.grid)
    for (const analysis::Anchor& a : *edits.grid) out.grid.push_back({a.seconds, a.beat, a.bpm});
  if (edits.key) out.key = edits.key->index();
  return out;
}

// Each thing by itself: the deck's where that was changed, else the library's.
Shared merged(const Shared& base, const Shared& deck, const Shared& mine) {
  Shared out;
  std::set<int> numbers;
  for (const auto* side : {&base, &deck, &mine})
    for (const auto& [number, seconds] : side->hotcues) numbers.insert(number);
  const auto at = [](const Shared& s, int number) {
    const auto found = s.hotcues.find(number);
    return found == s.hotcues.end() ? std::optional<double>() : found->second;
  };
  const auto equal = [](const std::optional<double>& a, const std::optional<double>& b) {
    return a.has_value() == b.has_value() && (!a || near(*a, *b));
  };
  for (const int number : numbers) {
    const auto value = equal(at(base, number), at(deck, number)) ? at(mine, number) : at(deck, number);
    if (value) out.hotcues[number] = *value;
  }
  out.grid = same(base.grid, deck.grid) ? mine.grid : deck.grid;
  out.key = base.key == deck.key ? mine.key : deck.key;
  return out;
}

class Sharing {
 public:
  explicit Sharing(library::Store& store) : store_(store), db_(store.db()) {
    const auto cues = mark_of(cues_.folder()), edits = mark_of(edits_.folder());
    if (cues && edits) source_ = source_of(*cues + " " + *edits);
  }

  template <class Tracks>
  SharedMarks run(const Tracks& tracks) {
    for (const TrackId id : tracks) one(id);
    return std::move(report_);
  }

  // Those that have something on either side, or had.
  std::set<TrackId> tracks() {
    std::set<TrackId> out;
    db_.statement(
           "SELECT t.id FROM track t WHERE t.content IS NOT NULL AND (t.by_hand & ?1 "
           "OR EXISTS(SELECT 1 FROM mark m WHERE m.track = t.id AND m.kind = 0) "
           "OR EXISTS(SELECT 1 FROM grid g WHERE g.track = t.id AND g.by_hand))")
        .bind(std::int64_t{1} << library::find_field("key")->bit)
        .each([&](const library::Statement& s) { out.insert(s.integer(0)); });
    db_.statement("SELECT track FROM source_item WHERE what = 'decks' AND track IS NOT NULL")
        .bind()
        .each([&](const library::Statement& s) { out.insert(s.integer(0)); });
    for (const std::string& folder : {cues_.folder(), edits_.folder()}) {
      std::error_code none;
      for (const auto& file : std::filesystem::directory_iterator(folder, none)) {
        if (file.path().extension() != ".json") continue;
        if (const auto id = db_.integer("SELECT id FROM track WHERE content = ?1", file.path().stem().string()))
          out.insert(*id);
      }
    }
    return out;
  }

 private:
  void one(TrackId id) {
    const auto track = library::read_track(db_, id);
    if (!track || track->content.empty()) return;
    const auto found = cues_.find(track->content);
    if (!found.trouble.empty()) return report_.problems.push_back(found.trouble);
    const analysis::Edits edits = edits_.find(track->content);
    for (const auto& [folder, none] : {std::pair(cues_.folder(), found.cues == analysis::Cues{}),
                                       std::pair(edits_.folder(), edits == analysis::Edits{})})
      if (none && unread(folder, track->content)) return;
    const Shared mine = shared_of(*track), deck = shared_of(found.cues, edits);
    const auto before = kept(id, track->content);
    const Shared base = before.value_or(Shared{});
    const Shared now = merged(base, deck, mine);
    if (!same(now, deck) && !give(track->content, deck, now, edits)) return;
    if (!same(now, mine)) take(*track, mine, now);
    report_.to_decks += !same(now, deck);
    report_.from_decks += !same(now, mine);
    if (!before || !same(base, now)) keep(id, now, track->content);
  }

  // A file without anything in it is taken away, so one that is there and seems to have nothing couldn't be read: what
  // it holds isn't taken for deleted.
  bool unread(const std::string& folder, const std::string& content) {
    const std::string path = folder + "/" + content + ".json";
    std::error_code none;
    if (folder.empty() || !std::filesystem::exists(path, none)) return false;
    report_.problems.push_back(path + ": it can't be read or understood; its track is left as it is");
    return true;
  }

  // What both sides had the last time.
  std::optional<Shared> kept(TrackId id, const std::string& content) {
    const auto raw =
        db_.text("SELECT raw FROM source_item WHERE what = 'decks' AND track = ?1 AND source = ?2", id, source_);
    return raw ? shared_of_json(*raw, content) : std::nullopt;
  }
  void keep(TrackId id, const Shared& now, const std::string& content) {
    if (!source_) return;
    library::Transaction transaction(db_);
    db_.run("DELETE FROM source_item WHERE what = 'decks' AND track = ?1 AND source = ?2", id, source_);
    db_.run("INSERT INTO source_item(source, track, what, raw) VALUES(?1, ?2, 'decks', ?3)", source_, id,
            library::Bytes{to_json(now, content)});
    transaction.commit();
  }

  bool give(const std::string& content, const Shared& deck, const Shared& now, analysis::Edits edits) {
    analysis::CueChanges changes;
    for (const auto& [number, seconds] : deck.hotcues)
      if (!now.hotcues.contains(number)) changes[number] = std::nullopt;
    for (const auto& [number, seconds] : now.hotcues) {
      const auto there = deck.hotcues.find(number);
      if (there == deck.hotcues.end() || !near(there->second, seconds)) changes[number] = seconds;
    }
    if (!changes.empty() && !told(cues_.change(content, changes))) return false;
    if (same(now.grid, deck.grid) && now.key == deck.key) return true;
    edits.grid.reset();
    for (const AnchorFact& a : now.grid) {
      if (!edits.grid) edits.grid.emplace();
      edits.grid->push_back({a.seconds, a.beat, a.bpm});
    }
    edits.key = now.key ? std::optional(music::Key::of_index(*now.key)) : std::nullopt;
    return told(edits_.store(content, edits));
  }

  bool told(const media::Status& done) {
    if (!done.ok()) report_.problems.push_back(done.error().text());
    return done.ok();
  }

  void take(const library::Track& track, const Shared& mine, const Shared& now) {
    library::Edit edit(store_, "a deck", "what was set on a deck");
    for (const auto& [number, seconds] : mine.hotcues)
      if (!now.hotcues.contains(number)) library::remove_mark(edit, track.id, MarkKind::hot_cue, number - 1);
    for (const auto& [number, seconds] : now.hotcues) {
      const auto there = mine.hotcues.find(number);
      if (there != mine.hotcues.end() && near(there->second, seconds)) continue;
      Mark mark;
      for (const Mark& m : track.marks)
        if (m.kind == MarkKind::hot_cue && m.number == number - 1) mark = m;
      mark.kind = MarkKind::hot_cue;
      mark.number = number - 1;
      mark.start = seconds;
      mark.origin = "hand";
      library::put_mark(edit, track.id, mark);
    }
    if (!same(now.grid, mine.grid)) library::set_grid(edit, track.id, now.grid);
    if (now.key != mine.key) {
      library::set_field(edit, track.id, *library::find_field("key"),
                         now.key ? library::FieldValue(std::int64_t{*now.key}) : library::FieldValue());
    }
    edit.commit();
  }

  std::int64_t source_of(const std::string& folders) {
    if (const auto known =
            db_.integer("SELECT id FROM source WHERE format = 'decks' AND path = ?1", library::Bytes{folders}))
      return *known;
    db_.run("INSERT INTO source(format, path, imported) VALUES('decks', ?1, 0)", library::Bytes{folders});
    return db_.last_id();
  }

  library::Store& store_;
  library::Database& db_;
  const analysis::CueStore cues_;
  const analysis::EditStore edits_;
  std::optional<std::int64_t> source_;  // of what was the same; nothing: that can't be kept
  SharedMarks report_;
};

}  // namespace

SharedMarks share_with_decks(library::Store& store) {
  Sharing sharing(store);
  return sharing.run(sharing.tracks());
}

SharedMarks share_with_decks(library::Store& store, const std::vector<std::int64_t>& tracks) {
  return Sharing(store).run(tracks);
}

}  // namespace tactus::app
