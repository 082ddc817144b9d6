// One track of the library: its fields, marks, grid and files; what a person changes of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "library/store/edit.h"
#include "library/store/facts.h"
#include "library/store/fields.h"

namespace tactus::library {

using TrackId = std::int64_t;

// Nothing: it isn't known.
using FieldValue = std::variant<std::monostate, std::int64_t, double, std::string>;

// By its number ("#12", "12") or one of its files: an absolute path, or one from where the program runs.
std::optional<TrackId> find_track(Database& db, const std::string& named);

enum class MarkKind { hot_cue = 0, memory_cue = 1, loop = 2 };
struct Mark {
  std::int64_t id = 0;
  MarkKind kind = MarkKind::hot_cue;
  int number = 0;                   // hot cues from 0 on; of others their order
  double start = 0;                 // seconds on our timeline
  std::optional<double> stop = {};  // of a loop
  std::string name = {};
  std::optional<int> color = {};  // 0xRRGGBB
  std::string origin = {};        // "hand", or the format that it was imported from
};

struct TrackFile {
  std::string path;
  std::int64_t size = 0;
  std::optional<std::int64_t> missing_since;
  std::string error;
};

struct Track {
  TrackId id = 0;
  std::string content;             // empty: not analysed
  std::vector<FieldValue> fields;  // as kFields
  std::int64_t by_hand = 0;
  std::vector<TrackFile> files;
  std::vector<Mark> marks;  // in the order of kind, number and place
  std::vector<AnchorFact> grid;
  bool grid_by_hand = false;
  const FieldValue& field(std::string_view name) const;
};
std::optional<Track> read_track(Database& db, TrackId id);

// What a person writes for a field: "8A" or "Am" for a key, "#FF8800" for a color; empty: nothing. Throws `refused`
// with what the field takes.
FieldValue parse_field(const Field& field, std::string_view text);
// The same way round; empty for nothing.
std::string field_text(const Field& field, const FieldValue& value);

// Sets it by hand: no scan and no analysis changes it until it is set to nothing, which gives it back to the
// next of them.
void set_field(Edit& edit, TrackId track, const Field& field, const FieldValue& value);

// A hot cue takes the place of one with its number. Throws `refused` for what makes no sense: before the start, a loop
// without an end behind its start.
void put_mark(Edit& edit, TrackId track, const Mark& mark);
// False: there is none.
bool remove_mark(Edit& edit, TrackId track, MarkKind kind, int number);
// With it the track's tempo, which is the first anchor's. No anchors: gives both back to analysis.
void set_grid(Edit& edit, TrackId track, const std::vector<AnchorFact>& anchors);

}  // namespace tactus::library
