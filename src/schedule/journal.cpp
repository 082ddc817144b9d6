#include "schedule/journal.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tactus::schedule {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kState = "{\"state\"";

std::string line_of(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

double number(const Json& j, const char* key, double otherwise) {
  const auto at = j.find(key);
  return at != j.end() && at->is_number() ? at->get<double>() : otherwise;
}
std::string text(const Json& j, const char* key) {
  const auto at = j.find(key);
  return at != j.end() && at->is_string() ? at->get<std::string>() : std::string();
}
std::int64_t whole(const Json& j, const char* key) {
  const auto at = j.find(key);
  return at != j.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

bool read_header(const Json& j, JournalHeader* header) {
  if (whole(j, "tactus_journal") != 1) return false;
  header->rate = SampleRate{number(j, "rate", 48000)};
  header->tempo = Bpm{number(j, "tempo", 120)};
  header->started = text(j, "started");
  header->version = text(j, "version");
  header->ns = whole(j, "ns");
  header->boot = text(j, "boot");
  return header->rate.hz >= 8000 && header->rate.hz <= 192000 && header->tempo.v >= 20 && header->tempo.v <= 300;
}

bool read_entry(const Json& j, JournalEntry* entry) {
  entry->frame = Frame{whole(j, "frame")};
  if (j.contains("end")) {
    entry->what = JournalEntry::What::end;
    return true;
  }
  entry->what = j.contains("failed") ? JournalEntry::What::failed : JournalEntry::What::done;
  entry->text = text(j, entry->what == JournalEntry::What::failed ? "failed" : "do");
  entry->from = text(j, "from");
  entry->why = text(j, "why");
  const double beat = number(j, "beat", 0);
  entry->beat = beat > -1e9 && beat < 1e9 ? Beat::of(beat) : Beat{};
  return !entry->text.empty() && j.contains("frame");
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
      const bool wanted = outcomes == ReadOutcomes::yes && !read.runs.empty();
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
    set += line_of({{"time", static_cast<double>(e.frame.v) / run.header.rate.hz}, {"do", text + " @now"}});
  }
  return set;
}

}  // namespace tactus::schedule
