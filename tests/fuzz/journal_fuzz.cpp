// Any bytes as a journal: what is read of it is written and read back the same, and becomes a set file; and an engine
// that starts on it makes something of it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "schedule/comeback.h"
#include "schedule/heard.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::schedule;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ReadJournal read = read_journal(text, ReadOutcomes::yes);
  static_cast<void>(read_journal_tail(text));
  for (const JournalRun& run : read.runs) {
    std::string written = to_line(run.header);
    for (const JournalEntry& e : run.entries) written += to_line(e);
    const ReadJournal again = read_journal(written);
    if (again.skipped != 0 || again.runs.size() != 1) std::abort();
    if (again.runs[0].entries.size() != run.entries.size() || again.runs[0].ended != run.ended) std::abort();
    for (std::size_t i = 0; i < run.entries.size(); ++i) {
      if (again.runs[0].entries[i].frame.v != run.entries[i].frame.v) std::abort();
    }
    static_cast<void>(to_set(run));
    // What was understood of an outcome is understood again.
    Outcomes outcomes;
    outcomes.map = run.outcomes.map;
    std::string lines;
    for (const TrackPoint& t : run.outcomes.tracks) lines += to_line(t);
    for (const TookCommand& t : run.outcomes.commands) lines += to_line(t);
    for (const TookMap& t : run.outcomes.maps) lines += to_line(t);
    for (const auto& o : run.outcomes.blocks) lines += to_line(o);
    for (const auto& o : run.outcomes.heard) lines += to_line(o);
    for (const DeckVoice& v : run.outcomes.voices) {
      lines += v.outcome.kind == tactus::msg::VoiceOutcome::Kind::hop ? hops_line({v}) : to_line(v);
    }
    for (std::size_t end = 0; (end = lines.find('\n')) != std::string::npos; lines.erase(0, end + 1)) {
      if (!read_outcome(lines.substr(0, end), &outcomes)) std::abort();
    }
  }
  // What was played is the same however the bytes come.
  HeardTracks whole, parts;
  whole.read(text);
  for (std::size_t at = 0; at < size; at += 13) parts.read(text.substr(at, 13));
  if (whole.all().size() != parts.all().size() || whole.mark().offset != parts.mark().offset) std::abort();
  const Comeback back = come_back(read, 1'000'000'000, "boot", ComebackMode::now);
  if (back.set && read_checkpoint(to_line(*back.set)) == std::nullopt) std::abort();
  if (back.set && settings_after(back.set->set, 3).size() != back.set->set.size()) std::abort();
  return 0;
}
