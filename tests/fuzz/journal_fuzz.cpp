// Any bytes as a journal: what is read of it is written and read back the same, and becomes a set file.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "schedule/journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tactus::schedule;
  const ReadJournal read = read_journal(std::string_view(reinterpret_cast<const char*>(data), size));
  for (const JournalRun& run : read.runs) {
    std::string text = to_line(run.header);
    for (const JournalEntry& e : run.entries) text += to_line(e);
    const ReadJournal again = read_journal(text);
    if (again.skipped != 0 || again.runs.size() != 1) std::abort();
    if (again.runs[0].entries.size() != run.entries.size() || again.runs[0].ended != run.ended) std::abort();
    for (std::size_t i = 0; i < run.entries.size(); ++i) {
      if (again.runs[0].entries[i].frame.v != run.entries[i].frame.v) std::abort();
    }
    static_cast<void>(to_set(run));
  }
  return 0;
}
