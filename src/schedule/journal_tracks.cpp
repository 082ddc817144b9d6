// What was played, from a journal.
#include <algorithm>
#include <array>
#include <cstdio>

#include "schedule/journal.h"
#include "schedule/parse.h"

namespace tactus::schedule {

std::vector<PlayedTrack> tracks_of(const JournalRun& run) {
  std::vector<PlayedTrack> list;
  std::array<std::string, kDecks> waiting;  // loaded, not heard yet
  for (const JournalEntry& e : run.entries) {
    if (e.what != JournalEntry::What::done) continue;
    const Parsed parsed = parse(e.text);
    if (!parsed || parsed.intent->row->pattern.find("/N/") == std::string_view::npos) continue;
    const Intent& intent = *parsed.intent;
    std::string& file = waiting[static_cast<std::size_t>(intent.deck)];
    if (intent.row->pattern == "/deck/N/load") {
      file = intent.word(0);
    } else if (intent.row->pattern == "/deck/N/unload") {
      file.clear();
    } else if (!file.empty() && intent.row->pattern == "/deck/N/play") {
      list.push_back({e.frame, intent.deck, file});
      file.clear();
    }
  }
  return list;
}

std::string to_cue_sheet(const JournalRun& run, const std::string& audio) {
  // Its texts have no escapes.
  const auto plain = [](std::string text) {
    std::replace(text.begin(), text.end(), '"', '\'');
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
    return text;
  };
  std::string sheet = "FILE \"" + plain(audio) + "\" WAVE\n";
  int number = 0;
  for (const PlayedTrack& t : tracks_of(run)) {
    if (++number > 99) break;  // the format's most
    const std::size_t slash = t.path.rfind('/') + 1;
    const auto at = static_cast<std::int64_t>(static_cast<double>(t.frame.v) / run.header.rate.hz * 75);
    char line[64];
    std::snprintf(line, sizeof line, "  TRACK %02d AUDIO\n", number);
    sheet += line;
    sheet += "    TITLE \"" + plain(t.path.substr(slash, t.path.rfind('.') - slash)) + "\"\n";
    std::snprintf(line, sizeof line, "    INDEX 01 %02d:%02d:%02d\n", static_cast<int>(at / 75 / 60),
                  static_cast<int>(at / 75 % 60), static_cast<int>(at % 75));
    sheet += line;
  }
  return sheet;
}

}  // namespace tactus::schedule
