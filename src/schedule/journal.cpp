#include "schedule/journal.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "schedule/intent_table.h"
#include "schedule/numbers.h"
#include "schedule/parse.h"

namespace tactus::schedule {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kState = "{\"state\"";

std::string line_of(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

double number_at(const Json& j, const char* key, double otherwise) {
  const auto at = j.find(key);
  return at != j.end() && at->is_number() ? at->get<double>() : otherwise;
}
std::string text_at(const Json& j, const char* key) {
  const auto at = j.find(key);
  return at != j.end() && at->is_string() ? at->get<std::string>() : std::string();
}
std::int64_t whole_at(const Json& j, const char* key) {
  const auto at = j.find(key);
  return at != j.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

bool read_header(const Json& j, JournalHeader* header) {
  if (whole_at(j, "tactus_journal") != 1) return false;
  header->rate = SampleRate{number_at(j, "rate", 48000)};
  header->tempo = Bpm{number_at(j, "tempo", 120)};
  header->started = text_at(j, "started");
  header->version = text_at(j, "version");
  header->ns = whole_at(j, "ns");
  header->boot = text_at(j, "boot");
  return header->rate.hz >= 8000 && header->rate.hz <= 192000 && header->tempo.v >= 20 && header->tempo.v <= 300;
}

bool read_entry(const Json& j, JournalEntry* entry) {
  entry->frame = Frame{whole_at(j, "frame")};
  if (j.contains("end")) {
    entry->what = JournalEntry::What::end;
    return true;
  }
  entry->what = j.contains("failed") ? JournalEntry::What::failed : JournalEntry::What::done;
  entry->text = text_at(j, entry->what == JournalEntry::What::failed ? "failed" : "do");
  entry->from = text_at(j, "from");
  entry->why = text_at(j, "why");
  const double beat = number_at(j, "beat", 0);
  entry->beat = beat > -1e9 && beat < 1e9 ? Beat::of(beat) : Beat{};
  return !entry->text.empty() && j.contains("frame");
}

bool of_load(std::string_view line) {
  return line.starts_with("{\"track\"") ||
         (line.starts_with("{\"took\"") && line.find("\"op\":\"load\"") != std::string_view::npos);
}

// The track that a load at `frame` put on its deck, as it was brought; null when that isn't known.
const TrackPoint* loaded(const JournalRun& run, const Intent& load, Frame frame) {
  std::uint64_t latest = 0;
  const TrackPoint* found = nullptr;
  for (const TookCommand& took : run.outcomes.commands) {
    if (took.command.op != msg::Op::load || took.command.deck != load.deck || took.at > frame) continue;
    if (took.track > latest) latest = took.track;
  }
  for (const TrackPoint& t : run.outcomes.tracks) {
    if (t.ref == latest && t.path == load.word(0)) found = &t;
  }
  return found;
}

// The intents that put the cues of a track that was loaded where they were then.
std::vector<std::string> cues_of(const JournalRun& run, const JournalEntry& e) {
  std::vector<std::string> texts;
  const Parsed parsed = parse(e.text);
  if (!parsed || parsed.intent->row->pattern != "/deck/N/load") return texts;
  const TrackPoint* track = loaded(run, *parsed.intent, e.frame);
  if (!track) return texts;
  const std::string deck = "/deck/" + std::to_string(parsed.intent->deck + 1) + "/";
  const auto seconds = [&run](double frames) { return number_text(frames / run.header.rate.hz); };
  if (track->marks.cue >= 0) {
    texts.push_back(deck + "cue/set " + seconds(track->marks.cue));
    texts.push_back(deck + "seek " + seconds(track->marks.cue));
  }
  for (int k = 0; k < msg::kHotcues; ++k) {
    if (track->marks.hotcues[k] < 0) continue;
    texts.push_back(deck + "hotcue/" + std::to_string(k + 1) + "/set " + seconds(track->marks.hotcues[k]));
  }
  return texts;
}

}  // namespace

std::string to_line(const JournalHeader& h) {
  return line_of({{"tactus_journal", 1},
                  {"rate", h.rate.hz},
                  {"tempo", h.tempo.v},
                  {"started", h.started},
                  {"version", h.version},
                  {"ns", h.ns},
                  {"boot", h.boot}});
}

std::string to_line(const JournalEntry& e) {
  Json j = {{"frame", e.frame.v}};
  switch (e.what) {
    case JournalEntry::What::done:
      j["beat"] = e.beat.value();
      j["do"] = e.text;
      j["from"] = e.from;
      break;
    case JournalEntry::What::failed:
      j["failed"] = e.text;
      j["why"] = e.why;
      break;
    case JournalEntry::What::end:
      j["end"] = true;
      break;
  }
  return line_of(j);
}

std::optional<JournalHeader> header_of(std::string_view line) {
  const Json j = Json::parse(line, nullptr, false);
  JournalHeader header;
  return j.is_object() && read_header(j, &header) ? std::optional(header) : std::nullopt;
}

std::optional<JournalEntry> entry_of(std::string_view line) {
  const Json j = Json::parse(line, nullptr, false);
  JournalEntry entry;
  return j.is_object() && read_entry(j, &entry) ? std::optional(entry) : std::nullopt;
}

ReadJournal read_journal(std::string_view all, ReadOutcomes outcomes) {
  ReadJournal read;
  while (!all.empty()) {
    const std::size_t end = std::min(all.find('\n'), all.size());
    const std::string_view line = all.substr(0, end);
    all.remove_prefix(std::min(end + 1, all.size()));
    if (line.empty()) continue;
    if (line.starts_with(kState) && !read.runs.empty()) {
      if (line.ends_with("}}")) read.runs.back().state = line;
      continue;
    }
    if (is_outcome(line)) {
      const bool wanted =
          !read.runs.empty() && (outcomes == ReadOutcomes::yes || (outcomes == ReadOutcomes::loads && of_load(line)));
      if (wanted && !read_outcome(line, &read.runs.back().outcomes)) ++read.skipped;
      continue;
    }
    const Json j = Json::parse(line, nullptr, false);
    JournalHeader header;
    JournalEntry entry;
    if (j.is_object() && read_header(j, &header)) {
      read.runs.push_back({std::move(header), {}, {}, false, {}});
      Outcomes& run = read.runs.back().outcomes;
      run.map = music::TempoMap(read.runs.back().header.rate, read.runs.back().header.tempo);
    } else if (j.is_object() && !read.runs.empty() && read_entry(j, &entry)) {
      read.runs.back().ended = entry.what == JournalEntry::What::end;
      read.runs.back().entries.push_back(std::move(entry));
    } else {
      ++read.skipped;
    }
  }
  return read;
}

ReadJournal read_journal_tail(std::string_view all) {
  ReadJournal read;
  while (!all.empty()) {
    const std::size_t end = std::min(all.find('\n'), all.size());
    const std::string_view line = all.substr(0, end);
    all.remove_prefix(std::min(end + 1, all.size()));
    const bool state = line.starts_with(kState);
    const bool header = line.starts_with("{\"tactus_journal\"");
    if (line.empty()) continue;
    if (read.runs.empty() && !header) read.runs.emplace_back();
    if (state) {
      if (line.ends_with("}}")) read.runs.back().state = line;
      continue;
    }
    // Of a long journal only what matters here is parsed.
    if (!header && line.find("\"end\"") == std::string_view::npos) {
      read.runs.back().ended = false;
      continue;
    }
    ReadJournal one = read_journal(line);
    if (header && !one.runs.empty()) {
      read.runs.push_back(std::move(one.runs.front()));
    } else if (!header) {
      const Json j = Json::parse(line, nullptr, false);
      read.runs.back().ended = j.is_object() && j.contains("end");
    } else {
      ++read.skipped;
    }
  }
  return read;
}

JournalRun cut(const JournalRun& run, Frame from, Frame to) {
  JournalRun part = run;
  part.state.clear();
  part.outcomes = {};
  std::erase_if(part.entries, [&](const JournalEntry& e) { return e.frame < from || e.frame >= to; });
  part.ended = !part.entries.empty() && part.entries.back().what == JournalEntry::What::end;
  return part;
}

std::string to_set(const JournalRun& run) {
  std::string set = line_of({{"tactus_set", 1}, {"tempo", run.header.tempo.v}});
  for (const JournalEntry& e : run.entries) {
    if (e.what != JournalEntry::What::done) continue;
    // It happened at that frame: what it was asked to wait for has been waited for.
    std::string text = e.text;
    const std::size_t quant = text.rfind(" @");
    if (quant != std::string::npos && text.find('"', quant) == std::string::npos) {
      const std::size_t end = std::min(text.find(' ', quant + 1), text.size());
      text.erase(quant, end - quant);
    }
    const double time = static_cast<double>(e.frame.v) / run.header.rate.hz;
    set += line_of({{"time", time}, {"do", text + " @now"}});
    for (const std::string& cue : cues_of(run, e)) set += line_of({{"time", time}, {"do", cue + " @now"}});
  }
  return set;
}

}  // namespace tactus::schedule
