#include "schedule/heard.h"

#include <cstdlib>
#include <ctime>

#include "schedule/parse.h"

namespace tactus::schedule {

namespace {

constexpr std::string_view kHeader = "{\"tactus_journal\"", kCheckpoint = "{\"state\":{\"frame\":";
// What brings a crashed set back says so (session/resumer.cpp).
constexpr std::string_view kCameBack = "script resume";

bool matters(std::string_view line) {
  for (const char* word : {"/load", "/unload", "/play", "\"end\""})
    if (line.find(word) != std::string_view::npos) return true;
  return false;
}

}  // namespace

std::optional<std::int64_t> seconds_of_utc(const std::string& text) {
  std::tm utc{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return end && *end == 0 ? std::optional<std::int64_t>(::timegm(&utc)) : std::nullopt;
}

void HeardTracks::read(std::string_view bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) break;
    if (rest_.empty()) {
      line(bytes.substr(0, end));
      offset_ += end + 1;
    } else {
      rest_ += bytes.substr(0, end);
      line(rest_);
      offset_ += rest_.size() + 1;
      rest_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  rest_ += bytes;
}

void HeardTracks::line(std::string_view text) {
  if (text.starts_with(kHeader)) {
    if (const auto header = header_of(text)) begin(*header);
  } else if (text.starts_with(kCheckpoint)) {
    at(Frame{std::strtoll(std::string(text.substr(kCheckpoint.size(), 20)).c_str(), nullptr, 10)});
  } else if (started_ >= 0 && text.starts_with("{\"frame\"") && matters(text)) {
    if (const auto e = entry_of(text)) entry(*e);
  }
}

void HeardTracks::begin(const JournalHeader& header) {
  if (ended_) mark_ = {offset_, header.started};
  if (ended_) crashed_ = {};
  // One that crashed before everything was back has still to bring back what the one before it left.
  for (std::size_t d = 0; d < decks_.size(); ++d)
    if (!decks_[d].path.empty()) crashed_[d] = decks_[d];
  end_all();
  ended_ = false;
  run_ = header.started;
  rate_ = header.rate.hz;
  started_ = static_cast<double>(seconds_of_utc(header.started).value_or(-1));
}

void HeardTracks::entry(const JournalEntry& e) {
  at(e.frame);
  if (e.what == JournalEntry::What::end) {
    end_all();
    decks_ = {};
    ended_ = true;
  }
  if (e.what != JournalEntry::What::done) return;
  const Parsed parsed = parse(e.text);
  if (!parsed || parsed.intent->deck < 0 || parsed.intent->deck >= kDecks) return;
  const Intent& intent = *parsed.intent;
  const auto d = static_cast<std::size_t>(intent.deck);
  Deck& deck = decks_[d];
  if (intent.row->pattern == "/deck/N/load") {
    end(deck);
    deck = {std::string(intent.word(0)), std::nullopt};
    if (e.from != kCameBack || crashed_[d].path != deck.path || !crashed_[d].play) return;
    deck.play = crashed_[d].play;
    all_[*deck.play].over = false;
    at(e.frame);
  } else if (intent.row->pattern == "/deck/N/unload") {
    end(deck);
    deck = {};
  } else if (intent.row->pattern == "/deck/N/play" && !deck.path.empty() && !deck.play) {
    const double now = started_ + static_cast<double>(e.frame.v) / rate_;
    deck.play = all_.size();
    all_.push_back({run_, intent.deck, deck.path, now, now, false});
  }
}

void HeardTracks::at(Frame frame) {
  if (started_ < 0) return;
  const double now = started_ + static_cast<double>(frame.v) / rate_;
  for (const Deck& d : decks_)
    if (d.play && now > all_[*d.play].until) all_[*d.play].until = now;
}

void HeardTracks::end_all() {
  for (Deck& d : decks_) {
    end(d);
    d = {};
  }
}

void HeardTracks::end(Deck& deck) {
  if (deck.play) all_[*deck.play].over = true;
}

}  // namespace tactus::schedule
