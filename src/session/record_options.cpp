// The words of --record-what, --record-split and --record-format.
#include <cstdlib>

#include "session/recorder.h"

namespace tactus::session {

bool parse_record_what(const std::string& text, int decks, RecordOptions* options, std::string* error) {
  const std::uint32_t all_decks = ((1u << decks) - 1) << rt::kStreamDeck;
  options->streams = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    if (word == "master") {
      options->streams |= 1u << rt::kStreamMaster;
    } else if (word == "cue") {
      options->streams |= 1u << rt::kStreamCue;
    } else if (word == "decks") {
      options->streams |= all_decks;
    } else if (word.size() == 5 && word.starts_with("deck") && word[4] >= '1' && word[4] < '1' + decks) {
      options->streams |= 1u << (rt::kStreamDeck + word[4] - '1');
    } else {
      *error = "\"" + word + "\" can't be recorded: say master, cue, decks, deck1 ... deck" + std::to_string(decks) +
               ", or several with commas";
      return false;
    }
  }
  return true;
}

bool parse_record_split(const std::string& text, RecordOptions* options, std::string* error) {
  options->split_minutes = 0;
  options->split_at_tracks = text == "tracks";
  if (text == "tracks" || text == "no") return true;
  if (text.starts_with("minutes:")) {
    char* end = nullptr;
    const double minutes = std::strtod(text.c_str() + 8, &end);
    if (*end == 0 && minutes >= 0.1 && minutes <= 1440) {
      options->split_minutes = minutes;
      return true;
    }
  }
  *error = "\"" + text + "\": a recording is split at minutes:N (0.1 to 1440), at tracks, or: no";
  return false;
}

bool parse_record_format(const std::string& text, RecordOptions* options, std::string* error) {
  if (text != "flac" && text != "wav") {
    *error = "\"" + text + "\": recordings are flac or wav";
    return false;
  }
  options->file.format = text == "wav" ? RecordFormat::wav : RecordFormat::flac;
  return true;
}

}  // namespace tactus::session
