// Parts: what one of several machines found in its share of a catalogue, in a file that says all that merging it needs.
//
// JSON Lines (docs/formats.md): a header, a line for each file, a last line with the counts. Each line ends with a hash
// of itself, so that a line that was cut or damaged is known for one, and the others are still good. Nothing in it
// depends on the machine: paths are those below the catalogue.
//
// Everything here blocks on the disk. A PartWriter belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "library/parts/shard.h"
#include "library/store/music_file.h"

namespace tactus::library {

// What is known of one file.
struct PartEntry {
  std::string path;       // below the catalogue; any bytes
  std::int64_t size = 0;  // bytes of the file
  std::string error;      // why it could not be analysed; empty: it was, and only then there is what follows
  std::string content;    // media::content_id
  MusicFile scanned;      // its identity, tags and headers; with an error where none of them could be read
  std::string analysis;   // a JSON object: analysis::to_json
  // What its phrases sound like, one for each in their order; empty: not known.
  std::vector<std::string> words;
  bool operator==(const PartEntry&) const = default;
};

struct PartProblem {
  std::size_t line = 0;  // from 1 on
  std::string what;      // a sentence without the part's name
};

struct PartHeader {
  Shard shard;
  std::string catalogue;  // the folder that the paths are below, as that machine names it; any bytes
  bool operator==(const PartHeader&) const = default;
};

struct PartSummary {
  std::optional<PartHeader> header;  // none: it is cut or damaged, or this is no part
  std::size_t entries = 0;           // that were whole
  bool ended = false;                // the last line is there and agrees with them
  std::vector<PartProblem> problems;
};

// One line of a part, as it is in the file (without its end).
std::string part_line(const PartEntry& entry);

// Hands every whole entry to `take`, with its line, in the order of the file, until that returns false; what isn't
// whole is named in `problems` (the first 100 of them). A part whose job was killed just has not `ended`.
using TakeEntry = std::function<bool(const PartEntry& entry, std::string_view line)>;
PartSummary read_part(std::istream& in, const TakeEntry& take);
// The same of a file; nothing, and why in `error`, where it can't be read.
std::optional<PartSummary> read_part(const std::string& path, const TakeEntry& take, std::string* error);
// Its header alone.
std::optional<PartHeader> read_part_header(const std::string& path);

// Writes a part beside its name, as PATH.unfinished, a line at a time, each on the disk before append() returns;
// finish() gives it its name. Killed at any moment, it loses at most the line that it was writing, and open() goes on
// from there.
class PartWriter {
 public:
  // Goes on with what is at `path` and beside it. Of its entries those are kept that `keep` wants; the first of a path
  // wins. False: `error` says why, in a sentence with the file's name; another process that is writing this part is one
  // reason, a part of another shard there one more. Of a catalogue that has moved they are still good.
  using Keep = std::function<bool(const PartEntry&)>;
  bool open(const std::string& path, const PartHeader& header, const Keep& keep, std::string* error);
  bool append(const PartEntry& entry, std::string* error);
  bool finish(std::string* error);

  std::size_t entries() const { return entries_; }  // kept and appended
  std::size_t failed() const { return failed_; }    // of them, those with an error

 private:
  bool lock(std::string* error);
  bool rewrite(const PartHeader& header, const Keep& keep, std::string* error);
  bool write(std::string_view text, std::string* error);
  bool failed_to(const char* what, std::string* error) const;

  std::string path_;
  UniqueFd held_;  // what lies beside it at the beginning: locked, so that nobody else writes this part
  UniqueFd fd_;    // what is written to
  std::size_t entries_ = 0, failed_ = 0;
};

}  // namespace tactus::library
