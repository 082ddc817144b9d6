// What was played, by a journal that may still be growing.
//
// A play goes from when a deck first moves after a load until that deck is given something else, or the run ends. A
// track that a crash of the engine interrupted, and that came back with the set, is one play. Any thread; never throws
// on what it reads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/intent_table.h"
#include "schedule/journal.h"

namespace tactus::schedule {

struct HeardTrack {
  std::string run;  // when its run began, as the journal's header has it
  int deck = 0;     // from 0
  std::string path;
  double from = 0, until = 0;  // seconds since 1970, by the clock as it was when the run began
  bool over = false;           // else `until` is as far as is known
};

class HeardTracks {
 public:
  // More of the journal, from where the last bytes ended; lines may be cut anywhere.
  void read(std::string_view bytes);
  // In the order in which they began.
  const std::vector<HeardTrack>& all() const { return all_; }
  // Of the last run that was read: by its own will; also where there was none.
  bool ended() const { return ended_; }
  // Where in the journal somebody has to begin to read who knows of all that is over: a header.
  struct Mark {
    std::uint64_t offset = 0;
    std::string run;
  };
  const Mark& mark() const { return mark_; }
  // For a journal that is read from a mark on.
  explicit HeardTracks(std::uint64_t offset = 0) : offset_(offset) {}

 private:
  struct Deck {
    std::string path;
    std::optional<std::size_t> play;  // of all_; nothing: it hasn't moved yet
  };
  using Decks = std::array<Deck, kDecks>;

  void line(std::string_view text);
  void begin(const JournalHeader& header);
  void entry(const JournalEntry& e);
  void at(Frame frame);
  void end_all();
  void end(Deck& deck);

  std::vector<HeardTrack> all_;
  std::string rest_;          // of a line that isn't whole yet
  std::uint64_t offset_ = 0;  // of the line that comes next
  Mark mark_;
  std::string run_;
  double started_ = -1, rate_ = 48000;  // seconds since 1970; negative: no run yet, or not known when
  Decks decks_, crashed_;               // crashed_: as the run before left them
  bool ended_ = true;
};

// "2026-11-23T21:04:05Z" as seconds since 1970; nothing for anything else.
std::optional<std::int64_t> seconds_of_utc(const std::string& text);

}  // namespace tactus::schedule
