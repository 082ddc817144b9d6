// Where somebody put a track's cue and hot cues: kept by the content of the music file, so that a deck that loads it
// has them back, in this session or any other. One JSON file a track in $XDG_DATA_HOME/tactus/cues (by default
// ~/.local/share/tactus/cues), beside what `tactus edit` sets right (edits.h) and apart from it, since an engine writes
// it while somebody plays.
//
// Any thread and any number of processes: files appear whole or not at all, and each change goes into what the file has
// by then. A file that can't be understood isn't written over, but put aside.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "media/result.h"

namespace tactus::analysis {

constexpr int kHotcues = 16;

// Seconds of the track; nothing where nobody set any.
struct Cues {
  std::optional<double> cue;
  std::array<std::optional<double>, kHotcues> hotcues;
  bool operator==(const Cues&) const = default;
};

// What was set, or (nothing) cleared: 0 the cue, else the hot cue of that number.
using CueChanges = std::map<int, std::optional<double>>;
void apply(const CueChanges& changes, Cues& cues);

class CueStore {
 public:
  // `folder` empty: the XDG one. It is created when first written to.
  explicit CueStore(std::string folder = {});
  const std::string& folder() const { return folder_; }

  struct Found {
    Cues cues;
    std::string trouble;  // a plain sentence: there is a file, and it can't be understood
  };
  // `id`: media::content_id() of the music file.
  Found find(const std::string& id) const;
  // A file without any cue is taken away. `aside`, unless null: where one was put that can't be understood.
  media::Status change(const std::string& id, const CueChanges& changes, std::string* aside = nullptr) const;

 private:
  std::string path(const std::string& id) const;
  std::string folder_;
};

// One line of JSON; parse_cues gives nothing for what isn't whole and plausible.
std::string to_json(const Cues& cues);
std::optional<Cues> parse_cues(std::string_view text);

// A file's content and what the store has of it, as a media worker tells them.
struct StoredCues {
  std::string content;  // empty: unknown
  Cues cues;
  std::string trouble;
};
std::string to_json(const StoredCues& stored);
std::optional<StoredCues> parse_stored_cues(std::string_view text);

}  // namespace tactus::analysis
